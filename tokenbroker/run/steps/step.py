"""The contract of a step type, and schema parts that several share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tokenbroker.flow.model import Step
from tokenbroker.flow.schema import ADDRESS
from tokenbroker.flow.schema.selector import SELECTOR
from tokenbroker.run.stage import Stage

__all__ = [
    "CREATES",
    "DIALOG",
    "LAST_LOOK_S",
    "OPENS",
    "PLACE",
    "SECRET_REF",
    "SELECTOR",
    "VALUE_OPTIONS",
    "StepKind",
    "options",
]
LAST_LOOK_S = 2.0
"""How long a look may take that says why a step's time was up in vain."""
_HOLE = r"\$\{[A-Za-z0-9][A-Za-z0-9_.-]*\}"  # a parameter in the name of a reference
_PATH = f"([A-Za-z0-9_]|{_HOLE})([A-Za-z0-9_./-]|{_HOLE})*(#[A-Za-z0-9_.-]+)?"
REFERENCE = f"^(secrets:{_PATH}|(param|env):[A-Za-z0-9_][A-Za-z0-9_./-]*)$"
SECRET_REF: dict[str, Any] = {
    "type": "string",
    "pattern": f"^[A-Za-z0-9_-]+:{_PATH}$",
    "$comment": "a reference SINK:PATH[#FIELD] such as bitwarden:example/key",
    "maxLength": 255,
}
VALUE_OPTIONS: dict[str, Any] = {
    "value": {"type": "string", "description": "The text as it stands here; never a secret."},
    "value_ref": {
        "type": "string",
        "pattern": REFERENCE,
        "$comment": "a reference: secrets:NAME, param:NAME or env:NAME",
        "description": "Where the value comes from: secrets:NAME, param:NAME or env:NAME.",
    },
}
_FRAME: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": 1,
    "description": "A frame: one of { name: … }, { url: … } or { selector: … }.",
    "properties": {
        "name": {"type": "string", "minLength": 1, "description": "The frame's name, else its element's id."},
        "url": {
            **ADDRESS,
            "description": "Its address; * stands for anything within a part, ** for anything.",
        },
        "selector": {"type": "string", "minLength": 1, "description": "The iframe element."},
    },
}
FRAME: dict[str, Any] = {
    "description": "The frame that holds it: { name: … }, { url: … } or { selector: … }; a list for frames in frames.",
    "anyOf": [_FRAME, {"type": "array", "items": _FRAME, "minItems": 1, "maxItems": 5}],
    "examples": [{"url": "https://keys.example.com/**"}, [{"name": "console"}, {"selector": "iframe.keys"}]],
}
WINDOW_NAME: dict[str, Any] = {
    "type": "string",
    "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$",
    "$comment": "a name of letters, digits, dots, underscores and hyphens",
}
PAGE: dict[str, Any] = {
    **WINDOW_NAME,
    "description": "The window to work in, by the name that the step which opened it gave; else the first one.",
    "examples": ["keys"],
}
PLACE: dict[str, Any] = {"frame": FRAME, "page": PAGE}
"""Where a selector is looked for: options of every step that has one."""
OPENS: dict[str, Any] = {
    **WINDOW_NAME,
    "description": "A name for the window that this act opens; the step waits for it.",
    "examples": ["keys"],
}
DIALOG: dict[str, Any] = {
    "enum": ["accept", "dismiss"],
    "description": "What to answer to the JavaScript dialog that this act brings up; the step waits for it.",
    "examples": ["accept"],
}
CREATES: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "description": "Says that this step creates a key on the site.",
    "properties": {
        "name": {"type": "string", "description": "The key's name on the site."},
        "revoke": {"type": "string", "description": "How to revoke it: a flow (site/flow) or an address."},
    },
}


def options(properties: Mapping[str, Any], *, required: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    """The closed JSON Schema of a step's options."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": dict(properties),
        "required": list(required),
        **more,
    }


@dataclass(frozen=True, kw_only=True)
class StepKind:
    """A verb of the flow language; fulfils `tokenbroker.flow.model.StepType`."""

    verb: str
    summary: str
    options: Mapping[str, Any]
    perform: Callable[[Step, Stage], str]
    """Do it; answers a value-free remark for the report, or ""."""
    shorthand: str | None = None
    requires: frozenset[str] = frozenset()
    idempotent: bool = False
    retries: int = 0
    """How often it is done again, where the flow does not say, after what may pass by itself."""
    looks: bool = False
    """Whether it only looks at the page, which is then likely to be as it was before."""
    may_create: bool = False
    """Whether the step may be the one that creates a key on the site."""
