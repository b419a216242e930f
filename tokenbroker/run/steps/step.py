"""The contract of a step type, and schema parts that several share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tokenbroker.flow.model import Step
from tokenbroker.run.stage import Stage

SELECTOR: dict[str, Any] = {
    "type": "string",
    "minLength": 1,
    "description": "What to act on, in Playwright's selector syntax; it must match exactly one element.",
}
REFERENCE = "^(secrets|param|env):[A-Za-z0-9_][A-Za-z0-9_./-]*$"
VALUE_OPTIONS: dict[str, Any] = {
    "value": {"type": "string", "description": "The text as it stands here; never a secret."},
    "value_ref": {
        "type": "string",
        "pattern": REFERENCE,
        "description": "Where the value comes from: secrets:NAME, param:NAME or env:NAME.",
    },
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
    may_create: bool = False
    """Whether the step may be the one that creates a key on the site."""
