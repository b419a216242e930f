"""The JSON Schema of a selector: one string, or a set of alternatives."""

from typing import Any, Final

from tokenbroker.flow.selector import MAX_ALTERNATIVES, Family

_TEXT: Final = {"type": "string", "minLength": 1, "maxLength": 1000}
_HASH: Final = {
    "type": "string",
    "pattern": "^[0-9a-f]{4}$",
    "$comment": "four hexadecimal digits, as run.json tells them",
}
_FAMILIES: Final = {
    Family.TEST_ID: "The data-testid attribute, exactly.",
    Family.ROLE: "The ARIA role; goes with name.",
    Family.LABEL: "The field's label, exactly.",
    Family.PLACEHOLDER: "The field's placeholder, exactly.",
    Family.TEXT: "The whole text; of a control, or of the label of a field.",
    Family.CSS: "A CSS selector; it sees into open shadow roots.",
    Family.XPATH: "An XPath expression; it does not see into shadow roots.",
}
_ALTERNATIVE: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "description": "One way to find the element, such as { css: '#save' }: "
    "one of test_id, role with name, label, placeholder, text, css, xpath.",
    "properties": {
        **{family.value: {**_TEXT, "description": said} for family, said in _FAMILIES.items()},
        "name": {**_TEXT, "description": "The accessible name, exactly; goes with role."},
    },
    "oneOf": [{"required": [family.value]} for family in _FAMILIES],
    "dependentRequired": {"role": ["name"], "name": ["role"]},
}
_ONE_OF_EACH: Final = [
    {
        "contains": {"type": "object", "required": [family.value]},
        "minContains": 0,
        "maxContains": 1,
        "description": f"each alternative is of another family, and {family.value} is there twice.",
    }
    for family in _FAMILIES
]


def _alternatives(at_least: int) -> dict[str, Any]:
    return {
        "type": "array",
        "description": f"{at_least} to {MAX_ALTERNATIVES} alternatives, each of another family; the primary first.",
        "items": _ALTERNATIVE,
        "minItems": at_least,
        "maxItems": MAX_ALTERNATIVES,
        "allOf": _ONE_OF_EACH,
    }


_FINGERPRINT: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "minProperties": 1,
    "description": "What the element was when it was recorded; a run's evidence tells it.",
    "properties": {
        "role": {**_TEXT, "description": "Its ARIA role."},
        "tag": {**_TEXT, "description": "The name of its tag, where it has no role."},
        "type": {**_TEXT, "description": "The type of an input or button."},
        "autocomplete": {**_TEXT, "description": "Its autocomplete attribute."},
        "form": {
            **_TEXT,
            "description": "Origin and path of its form's action; a part that is not mere words is *.",
        },
        "landmark": {**_TEXT, "description": "The nearest landmark around it."},
        "name": {**_HASH, "description": "Keyed hash of its accessible name."},
        "caption": {
            **_HASH,
            "description": "Keyed hash of what stands over it: a legend, a heading, a container's label.",
        },
        "row": {**_HASH, "description": "Keyed hash of the head of the table row that it stands in."},
        "near": {
            "type": "array",
            "items": _HASH,
            "maxItems": 12,
            "description": "Keyed hashes of the names of the controls beside it.",
        },
        "alike": {"type": "integer", "minimum": 1, "description": "How many of its kind its frame showed."},
    },
}
SELECTOR: Final[dict[str, Any]] = {
    "description": "What to act on: one string in Playwright's selector syntax, or a set of alternatives.",
    "anyOf": [
        {
            "type": "string",
            "minLength": 1,
            "description": "In Playwright's selector syntax; it must match exactly one element.",
        },
        _alternatives(2),
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["any"],
            "description": "A set: a list of alternatives such as { css: '#save' }, under any "
            "where its fingerprint stands beside it.",
            "properties": {"any": _alternatives(1), "fingerprint": _FINGERPRINT},
            "anyOf": [{"required": ["fingerprint"]}, {"properties": {"any": {"minItems": 2}}}],
        },
    ],
    "examples": ["#name", [{"role": "button", "name": "Create"}, {"css": "form.keys button[type=submit]"}]],
}
