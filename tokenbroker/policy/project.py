"""The project's own conditions: ``policies/*.yaml`` beside the settings. None takes away what flows say."""

import os
from pathlib import Path
from typing import Any, Final

from tokenbroker.errors import FlowError, SettingsError
from tokenbroker.flow.document import read_document, without_excerpts
from tokenbroker.flow.model import Mode
from tokenbroker.flow.schema import SCOPE
from tokenbroker.flow.span import SPAN, span_of
from tokenbroker.policy.check import AllOf, Condition
from tokenbroker.policy.conditions import (
    ApprovalNeeded,
    AuthAge,
    Automation,
    Origins,
    RequiredScope,
    Review,
    RunsPerDay,
)
from tokenbroker.settings import origin_of

SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["version", "all_of"],
    "description": "version: 1, and all_of: a list of conditions",
    "properties": {
        "version": {"const": 1},
        "description": {"type": "string"},
        "all_of": {
            "type": "array",
            "minItems": 1,
            "description": "an empty all_of permits nothing: name a condition, or remove the file",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "minProperties": 1,
                "maxProperties": 1,
                "description": "one condition: automation, origins, review, runs_per_day, approval, required_scope or "
                "max_auth_age",
                "properties": {
                    "automation": {
                        "type": "array",
                        "items": {"enum": [mode.value for mode in Mode]},
                        "minItems": 1,
                        "description": "the modes that any flow may run in.",
                    },
                    "origins": {
                        "type": "array",
                        "items": {
                            "type": "string",
                            "pattern": "^https?://[^/?#*\\s]+$",
                            "$comment": "an origin such as https://console.example.com",
                        },
                        "minItems": 1,
                        "description": "all that any flow may reach, as flows write it.",
                    },
                    "review": {"const": "required"},
                    "runs_per_day": {"type": "integer", "minimum": 0},
                    "approval": {"const": "required"},
                    "required_scope": SCOPE,
                    "max_auth_age": SPAN,
                },
            },
        },
    },
}


def load_project_policy(folder: Path) -> tuple[Condition, ...]:
    """The conditions of all files in `folder`, in the order of their names; none where there is no such folder.

    Raises:
        SettingsError: with ``path:line:column`` of each mistake. A policy that can't be read permits nothing.
    """
    if not os.path.lexists(folder):
        return ()
    trouble, files = "", []
    try:
        files = sorted(folder.iterdir())
    except OSError as error:
        trouble = f"{folder}: can't read the folder: {error.strerror or type(error).__name__}"
    if trouble:
        raise _bad(trouble)
    for file in files:
        if file.suffix not in (".yaml", ".yml") or not file.is_file():
            raise _bad(f"{file}: only files that end with .yaml or .yml may stand here")
    return tuple(AllOf(_conditions(file)) for file in files)


def _bad(reason: str) -> SettingsError:
    return SettingsError(reason, next_step="mend the policy, or remove its file", code="settings.bad_policy")


def _conditions(file: Path) -> list[Condition]:
    # Late: most projects have no file of theirs, and these cost time.
    from tokenbroker.flow.mistakes import schema_mistakes
    from tokenbroker.flow.schema.validator import FlowValidator

    reason = ""
    try:
        document = read_document(file)
        mistakes = [
            document.error(each.path, each.sentence, key=each.is_key).sentence
            for each in schema_mistakes(FlowValidator(SCHEMA), document.data)
        ]
        if not mistakes:
            return [_condition(said, file.name) for said in document.data["all_of"]]
        reason = "\n".join(mistakes)
    except (FlowError, ValueError) as error:
        reason = error.sentence if isinstance(error, FlowError) else f"{file}: {error}"
    raise _bad(without_excerpts(reason))  # an agent may read it: no line of the file


def _condition(said: dict[str, Any], name: str) -> Condition:
    ((kind, value),) = said.items()
    match kind:
        case "automation":
            return Automation(tuple(map(Mode, value)), by=name)
        case "origins":
            return Origins(tuple(map(origin_of, value)), by=name)
        case "review":
            return Review(is_required=True, by=name)
        case "approval":
            return ApprovalNeeded(is_required=True, by=name)
        case "required_scope":
            return RequiredScope(value, by=name)
        case "max_auth_age":
            return AuthAge(span_of(value), by=name)
        case _:
            return RunsPerDay(value, by=name)
