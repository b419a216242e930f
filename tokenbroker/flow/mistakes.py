"""What the JSON Schema has against a value, said for the person who wrote it; never with the value itself.

A value may be a secret that stands where it must not.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import relevance

from tokenbroker.flow.document import printable

_TYPES: Final = {
    "string": "text",
    "array": "a list",
    "object": "a mapping",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "empty",
}
_LIMITS: Final = {
    "minimum": "this must be {} at least",
    "maximum": "this must be {} at most",
    "exclusiveMinimum": "this must be more than {}",
    "maxLength": "this must have {} characters at most",
    "maxProperties": "this must have no more keys than {}",
}

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")
_ENOUGH: Final = 100  # a text of thousands of mistakes is not worth the time to find them all


@dataclass(frozen=True, kw_only=True, slots=True)
class SchemaMistake:
    """One thing that is not as the schema has it.

    Attributes:
        path: where, from the value that was checked.
        is_key: it is the key there that is wrong, not what it holds.
        is_missing: something is not there at all.
    """

    path: tuple[str | int, ...]
    sentence: str
    is_key: bool = False
    is_missing: bool = False


def schema_mistakes(validator: Draft202012Validator, value: Any) -> Iterator[SchemaMistake]:
    """What `validator` has against `value`: all of it, or the first hundred."""
    found = islice(validator.iter_errors(value), _ENOUGH)
    errors = [each for error in found for each in _telling(error)]
    with_unknown = {tuple(each.absolute_path) for each in errors if each.validator == "additionalProperties"}
    of_other_type = {tuple(each.absolute_path) for each in errors if each.validator == "type"}
    for each in errors:
        path = tuple(each.absolute_path)
        if each.validator == "additionalProperties":
            yield from _unknown_keys(each, path)
        elif each.validator == "type" or path not in of_other_type | (
            with_unknown if _is_missing(each) else set()
        ):
            yield SchemaMistake(path=path, sentence=_sentence(each), is_missing=_is_missing(each))


def unknown_sentence(kind: str, key: str, choices: Sequence[str], *, hint: str = "") -> str:
    """That `key` is none of the `choices`, and which of them may be meant."""
    if not _NAME.fullmatch(key):
        # A value that is missing its key, or the space before it, is read as a key; and it may be a secret.
        hint = "; a space is missing after a colon" if ":" in key else ""
        return f"unknown {kind}, which is no name{hint}"
    shown = printable(key)
    near = difflib.get_close_matches(shown, choices, n=1, cutoff=0.6)
    said = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(choices)}{hint and f' ({hint})'}"
    return f"unknown {kind} '{shown}'; {said}"


def _telling(error: ValidationError) -> Iterator[ValidationError]:
    """The errors of the one branch that a value of this type was meant for, where there is only one."""
    if error.validator == "anyOf" and error.context:
        branches: dict[Any, list[ValidationError]] = {}
        for each in error.context:
            branches.setdefault(each.schema_path[0], []).append(each)
        meant = [each for each in branches.values() if not any(_is_other_type(one) for one in each)]
        if len(meant) == 1:
            for one in meant[0]:
                yield from _telling(one)
            return
    yield error


def _is_other_type(error: ValidationError) -> bool:
    return error.validator == "type" and not error.path


def _is_missing(error: ValidationError) -> bool:
    """Whether something is not there: beside an unknown key, that is mostly what the key was meant to be."""
    branches: Any = error.validator_value
    if error.validator in ("anyOf", "oneOf") and isinstance(error.instance, dict):
        keys = [key for each in branches for key in each.get("required", ())]
        return bool(keys) and not any(key in error.instance for key in keys)
    return error.validator == "required"


def _unknown_keys(error: ValidationError, path: tuple[str | int, ...]) -> Iterator[SchemaMistake]:
    schema: Any = error.schema
    choices = [*schema["properties"]]
    value: Any = error.instance
    for key in value:
        if key not in choices:
            sentence = unknown_sentence("key", key, choices, hint=schema.get("description", "").rstrip("."))
            yield SchemaMistake(path=(*path, key), sentence=sentence, is_key=True)


def _sentence(error: ValidationError) -> str:
    schema: Any = error.schema
    expected: Any = error.validator_value
    instance: Any = error.instance
    said = schema.get("description", "see the schema")
    match error.validator:
        case "oneOf" if isinstance(instance, dict) and all(each.keys() == {"required"} for each in expected):
            return _choice(expected, instance)
        case "anyOf" | "oneOf" if error.context and "description" not in schema:
            return _sentence(min(error.context, key=relevance))
        case "type":
            names = [expected] if isinstance(expected, str) else expected
            if names == ["string"] and "$comment" in schema and not _fits_in_quotes(schema, instance):
                return f"this must be {schema['$comment']}"
            hint = f": {said}" if "object" in names and "description" in schema else ""
            hint = (
                ": put it in quotes" if names == ["string"] and isinstance(instance, (int, float)) else hint
            )
            return f"this must be {' or '.join(_TYPES[name] for name in names)}{hint}"
        case "enum":
            return f"this must be one of {', '.join(map(str, expected))}"
        case "const" if isinstance(expected, str):
            return f"this must be '{expected}'"
        case "const":
            return (
                f"this must be {expected}, without quotes"
                if isinstance(instance, str)
                else f"this must be {expected}"
            )
        case "required":
            missing = [key for key in expected if key not in instance]
            return f"'{missing[0]}' is missing"
        case "dependentRequired":
            return _lone(expected, instance, said)
        case "minLength" | "minProperties" if expected == 1:
            return "this must not be empty"
        case "minLength":
            return f"this must have {expected} characters at least"
        case "pattern":
            return f"this must be {schema.get('$comment', f'of the form {expected}')}"
        case "minItems" | "maxItems":
            return f"there are {len(instance)} here: {schema.get('description', f'{expected} is the limit')}"
        case "uniqueItems":
            return "the same stands here twice"
        case "maxContains":
            return f"two of one kind stand here: {said}"
        case "not":
            return f"these options don't go together: {said}"
        case "anyOf" | "oneOf":
            return f"not as expected here: {said}"
        case rule if rule in _LIMITS:
            return _LIMITS[str(rule)].format(expected)
        case _:
            return f"this breaks the rule {error.validator}: {expected}"


def _fits_in_quotes(schema: Any, instance: Any) -> bool:
    """Whether a number would be as it must be if it were a text."""
    is_number = isinstance(instance, (int, float)) and not isinstance(instance, bool)
    return is_number and re.search(schema.get("pattern", ""), str(instance)) is not None


def _choice(branches: Sequence[Any], instance: Any) -> str:
    """Of several sets of keys, one has to be there, and is not alone or not at all."""
    there = [
        " and ".join(each["required"])
        for each in branches
        if all(key in instance for key in each["required"])
    ]
    if there:
        return f"{' and '.join(there)} don't go together: keep one of them"
    return f"one of {', '.join(' and '.join(each['required']) for each in branches)} is missing"


def _lone(expected: Any, instance: Any, said: str) -> str:
    for key, needed in expected.items():
        missing = [each for each in needed if key in instance and each not in instance]
        if missing:
            return f"'{key}' goes with '{missing[0]}', which is missing"
    return f"these options don't go together: {said}"
