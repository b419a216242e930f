"""The published JSON Schema of a flow (draft 2020-12), built from the table of step types.

``v1.json`` beside this file is what editors use; a test fails when it is not what `build_schema` gives.
"""

from collections.abc import Mapping
from importlib import resources
from typing import Any

from tokenbroker.flow.model import StepType
from tokenbroker.flow.schema.selector import SELECTOR
from tokenbroker.flow.span import SPAN

SCHEMA_ID = "https://tokenbroker.dev/schema/flow/v1.json"
DURATION: dict[str, Any] = {
    "description": "Seconds as a number, or a text such as 500ms, 10s or 2m.",
    "anyOf": [
        {"type": "number", "exclusiveMinimum": 0, "maximum": 86400},
        {
            "type": "string",
            "pattern": "^(?=.*[1-9])([0-9]{1,8}ms|[0-9]{1,5}(\\.[0-9]{1,3})?s|[0-9]{1,4}(\\.[0-9]{1,3})?m)$",
            "$comment": "a text such as 500ms, 10s or 2m",
        },
    ],
}
NAME = {
    "type": "string",
    "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$",
    "$comment": "a name of letters, digits, dots, underscores and hyphens",
}
# ECMA 262 and Python disagree on whether the last of these are white space: none of them is in an address.
_NO_SPACE = "[^\\s\\u001c-\\u001f\\u0085\\ufeff]+"
ADDRESS = {
    "type": "string",
    "pattern": f"^https?://{_NO_SPACE}$",
    "$comment": "an address that begins with http:// or https://",
}
_DATE = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "$comment": "a date such as 2026-11-30"}
# RFC 6749 section 3.3
SCOPE = {
    "type": "string",
    "pattern": "^[\\x21\\x23-\\x5b\\x5d-\\x7e]{1,200}$",
    "$comment": "one scope such as keys:create",
}
_MODE = {"enum": ["guided", "semi_auto"]}
_PARAM = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "default": {"type": "string", "description": "The value where none is given."},
        "pattern": {"type": "string", "description": "A regular expression that the whole value must match."},
        "required": {"type": "boolean", "description": "Whether a run without a value is refused."},
        "personal": {
            "type": "boolean",
            "description": "A value about a person: kept out of ids and reports.",
        },
        "description": {"type": "string"},
    },
}
MAX_RETRIES = 5
_TIMES = {"type": "integer", "minimum": 1, "maximum": MAX_RETRIES}
RETRY: dict[str, Any] = {
    "description": f"How often it may be done again: a number, 1 to {MAX_RETRIES}; for a step that presses something, "
    "times and an expect that proves that the press had no effect.",
    "anyOf": [
        _TIMES,
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["times", "expect"],
            "description": "times, and expect: what the page shows only after a press without effect.",
            "properties": {
                "times": _TIMES,
                "expect": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["selector"],
                    "description": "As in an expect step, of what is to be seen: selector, and text.",
                    "properties": {
                        "selector": SELECTOR,
                        "text": {"type": "string", "minLength": 1},
                    },
                },
            },
        },
    ],
}
STEP_COMMON: dict[str, Any] = {
    "id": {**NAME, "description": "A name for this step that reports and commands can use."},
    "name": {"type": "string", "minLength": 1, "description": "What this step is for, in words."},
    "timeout": {**DURATION, "description": f"How long this step may take. {DURATION['description']}"},
    "retry": RETRY,
    "when": {**SELECTOR, "description": "Do it only if this selector is visible."},
    "unless": {
        **SELECTOR,
        "description": "Beside when: what the page shows in its place. Whichever is visible first decides, without "
        "waiting until the page is quiet.",
    },
}
STEP_TOGETHER: dict[str, Any] = {"type": "object", "dependentRequired": {"unless": ["when"]}}
"""Which of the common keys need which."""
FLOW_PROPERTIES: dict[str, Any] = {
    "version": {"const": 1, "description": "The version of this format."},
    "site": {**NAME, "description": "The site, in one word."},
    "flow": {**NAME, "description": "This flow's name; site and flow together name it everywhere."},
    "description": {"type": "string", "description": "What the flow gets, for whom."},
    "allowed_automation": {
        "description": "guided, semi_auto, or both (guided|semi_auto, or a list).",
        "anyOf": [
            {"enum": ["guided", "semi_auto", "guided|semi_auto", "semi_auto|guided"]},
            {"type": "array", "items": _MODE, "minItems": 1, "uniqueItems": True},
        ],
    },
    "tags": {
        "description": "pytest marks for `-m`.",
        "type": "array",
        "items": {
            "type": "string",
            "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
            "$comment": "a word of letters, digits and underscores",
        },
        "uniqueItems": True,
    },
    "origins": {
        "description": "Where the flow may go; without it, the origins of its navigate steps.",
        "type": "array",
        "items": {
            "type": "string",
            "pattern": "^https?://[^/?#*]+$",
            "$comment": "an origin such as https://console.example.com",
        },
        "minItems": 1,
    },
    "sign_on": {
        "description": "The origin of the identity provider that signs the person in, one of the flow's origins.",
        "type": "string",
        "pattern": "^https?://[^/?#*]+$",
        "$comment": "an origin such as https://id.example.com",
    },
    "params": {
        "description": "Values that differ from run to run.",
        "type": "object",
        "propertyNames": NAME,
        "additionalProperties": {"anyOf": [_PARAM, {"type": "null"}]},
    },
    "matrix": {
        "description": "The same flow for several accounts: a name for each case, and its values of the parameters.",
        "type": "object",
        "minProperties": 1,
        "maxProperties": 100,
        "propertyNames": NAME,
        "additionalProperties": {
            "type": "object",
            "description": "a parameter and its value, such as { account: team-a }",
            "minProperties": 1,
            "propertyNames": NAME,
            "additionalProperties": {"type": "string"},
        },
        "examples": [{"team-a": {"account": "a"}, "team-b": {"account": "b"}}],
    },
    "expect_outcome": {
        "description": "The outcome that makes this flow's test pass.",
        "type": "object",
        "additionalProperties": False,
        "required": ["status"],
        "properties": {
            "status": {"enum": ["blocked", "failed"]},
            "reason": {"type": "string", "description": "The reason code that must be given."},
        },
    },
    "policy": {
        "description": "What the flow's owner has laid down for its runs; asked before a browser starts.",
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "dependentRequired": {"review_expires": ["reviewed"]},
        "properties": {
            "terms_of_service": {
                "type": "string",
                "pattern": f"^https://{_NO_SPACE}$",
                "$comment": "an address that begins with https://",
                "description": "The address of the site's terms.",
            },
            "reviewed": {**_DATE, "description": "When the terms were read."},
            "review_expires": {
                **_DATE,
                "description": "The last day on which that review holds; the flow is blocked after it.",
            },
            "note": {"type": "string", "minLength": 1, "description": "What a reader should know."},
            "runs_per_day": {
                "type": "integer",
                "minimum": 0,
                "description": "How many runs may begin in a day, from midnight to midnight UTC; 0 blocks the flow.",
            },
            "approval": {
                "const": "required",
                "description": "required: a person has to approve each run before a browser starts.",
            },
            "required_scope": {
                **SCOPE,
                "description": "The scope that a token must have with which a run is asked for.",
            },
            "max_auth_age": {
                **SPAN,
                "description": "How long ago the person behind that token may have signed in: 15m, 12h.",
            },
            "type_for_me": {
                "type": "boolean",
                "description": "false: in a guided run the person types each stored value themselves.",
            },
        },
    },
    "steps": {"type": "array", "minItems": 1, "maxItems": 500},
}
REQUIRED = ("version", "site", "flow", "allowed_automation", "steps")


def step_schema(step_type: StepType) -> dict[str, Any]:
    """The schema of one entry of `steps` that has this type's verb."""
    options = dict(step_type.options)
    value: dict[str, Any] = options
    if step_type.shorthand:
        value = {"anyOf": [_short(options["properties"][step_type.shorthand]), options]}
    return {
        **STEP_TOGETHER,
        "additionalProperties": False,
        "required": [step_type.verb],
        "properties": {step_type.verb: value, **STEP_COMMON},
    }


def _short(option: dict[str, Any]) -> dict[str, Any]:
    """`option` as it may stand right behind the verb: a mapping there holds the options."""
    if "anyOf" not in option:
        return option
    return {**option, "anyOf": [each for each in option["anyOf"] if each["type"] != "object"]}


def build_schema(steps: Mapping[str, StepType]) -> dict[str, Any]:
    """The whole schema; each step is dispatched by its verb, so that an error names one step type only."""
    dispatch = [
        {"if": {"type": "object", "required": [verb]}, "then": {"$ref": f"#/$defs/step_{verb}"}}
        for verb in steps
    ]
    one_verb = {"type": "object", "oneOf": [{"required": [verb]} for verb in steps]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "tokenbroker flow, version 1",
        "type": "object",
        "additionalProperties": False,
        "required": list(REQUIRED),
        "properties": {
            **FLOW_PROPERTIES,
            "steps": {**FLOW_PROPERTIES["steps"], "items": {"$ref": "#/$defs/step"}},
        },
        "$defs": {
            "selector": SELECTOR,
            "step": {**one_verb, "allOf": dispatch},
            **{f"step_{verb}": _referring(step_schema(step_type)) for verb, step_type in steps.items()},
        },
    }


def _referring(schema: Any) -> Any:
    """`schema` with a reference in the place of each selector's own, which is long."""
    if isinstance(schema, list):
        return [_referring(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("anyOf") is SELECTOR["anyOf"]:
        return {"$ref": "#/$defs/selector", "description": schema["description"]}
    return {key: _referring(value) for key, value in schema.items()}


def published_schema() -> str:
    """The text of the schema that this release ships."""
    return resources.files(__package__).joinpath("v1.json").read_text(encoding="utf-8")
