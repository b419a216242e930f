"""The validator that tells what is wrong; it is imported only once something is."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend


@cache
def _ecma(pattern: str) -> re.Pattern[str]:
    # In JSON Schema a pattern is ECMA 262's, where `$` is the very end; Python's `$` lets a line feed follow.
    return re.compile(re.sub(r"(?<!\\)\$", r"\\Z", pattern))


def _pattern(
    validator: Draft202012Validator,
    pattern: str,
    instance: Any,
    schema: Any,  # noqa: ARG001  jsonschema's contract
) -> Iterator[ValidationError]:
    if validator.is_type(instance, "string") and not _ecma(pattern).search(instance):
        yield ValidationError("does not match the pattern")


def _unique_items(
    validator: Draft202012Validator,
    wanted: bool,
    instance: Any,
    schema: Any,  # noqa: ARG001  jsonschema's contract
) -> Iterator[ValidationError]:
    # jsonschema compares each with each where the items can't be sorted: minutes for a hostile list.
    if wanted and validator.is_type(instance, "array"):
        texts = [json.dumps(item, sort_keys=True) for item in instance]
        if len(set(texts)) < len(texts):
            yield ValidationError("has an item twice")


FlowValidator: type[Draft202012Validator] = extend(  # type: ignore[no-untyped-call]  # jsonschema ships no types for it
    Draft202012Validator, {"pattern": _pattern, "uniqueItems": _unique_items}
)
"""Draft 2020-12, with patterns as editors understand them, and quick whatever it is given."""
