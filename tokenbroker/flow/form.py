"""Mistakes in the form of a flow: told key by key, where the whole schema only says that something is wrong."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from tokenbroker.errors import FlowError
from tokenbroker.flow.document import Document, NodePath
from tokenbroker.flow.mistakes import schema_mistakes, unknown_sentence
from tokenbroker.flow.model import StepType, StepTypes
from tokenbroker.flow.schema import FLOW_PROPERTIES, REQUIRED, STEP_COMMON, STEP_TOGETHER
from tokenbroker.flow.schema.validator import FlowValidator


def form_mistakes(document: Document, data: dict[str, Any], steps: StepTypes) -> Iterator[FlowError]:
    """What of `data` is not as the schema of a flow has it, told at the key or value that is wrong."""
    yield from _unknown_keys(document, (), data, FLOW_PROPERTIES, "key")
    for key in REQUIRED:
        if key not in data:
            yield document.error((), f"the flow has no '{key}'", code="flow.missing_key")
    for key, value in data.items():
        if key in FLOW_PROPERTIES:
            yield from _schema_mistakes(document, (key,), _validator_of_key(key), value)
    entries = data.get("steps")
    if isinstance(entries, list):
        for index, entry in enumerate(entries):
            yield from _step_mistakes(document, ("steps", index), entry, steps)


def _step_mistakes(document: Document, path: NodePath, entry: Any, steps: StepTypes) -> Iterator[FlowError]:
    if not isinstance(entry, dict):
        yield document.error(path, "a step is a mapping such as '- click: { selector: … }'")
        return
    verbs = [key for key in entry if key in steps]
    unknown = [key for key in entry if key not in steps and key not in STEP_COMMON]
    for key in unknown:
        kind = "step" if not verbs else "key"
        choices = [*STEP_COMMON] if verbs else [*steps, *STEP_COMMON]
        yield _unknown(document, (*path, key), kind, key, choices)
    if not verbs and not unknown:
        yield document.error(path, f"this step has no verb; it needs one of {', '.join(steps)}")
    if len(verbs) > 1:
        yield document.error(path, f"one step does one thing, this one has {' and '.join(verbs)}")
    if len(verbs) != 1:
        return
    for key in STEP_COMMON.keys() & entry.keys():
        yield from _schema_mistakes(document, (*path, key), _validator_of_common(key), entry[key])
    yield from _schema_mistakes(document, path, _TOGETHER, entry)
    verb = verbs[0]
    yield from _option_mistakes(document, (*path, verb), entry[verb], steps[verb])


def _option_mistakes(
    document: Document, path: NodePath, said: Any, step_type: StepType
) -> Iterator[FlowError]:
    schema = step_type.options
    is_short = step_type.shorthand is not None and isinstance(said, (str, list))  # a selector may be a set
    value: Any = {step_type.shorthand: said} if is_short else said
    if not isinstance(value, dict):
        names = ", ".join(schema["properties"])
        yield document.error(path, f"'{step_type.verb}' takes a mapping with: {names}")
        return
    misplaced = [key for key in value if key in STEP_COMMON and key not in schema["properties"]]
    for key in misplaced:
        why = f"'{key}' belongs to the step: beside '{step_type.verb}', not inside of it"
        yield document.error((*path, key), why, key=True, code="flow.unknown_key")
    others = {key: each for key, each in value.items() if key not in misplaced}
    yield from _unknown_keys(document, path, others, schema["properties"], f"option of '{step_type.verb}'")
    known = {key: each for key, each in others.items() if key in schema["properties"]}
    # What is missing beside an unknown key is mostly what that key was meant to be.
    may_lack = len(known) == len(others)
    yield from _schema_mistakes(document, path, _validator_of_options(step_type), known, may_lack=may_lack)


def _unknown_keys(
    document: Document, path: NodePath, data: Mapping[str, Any], known: Iterable[str], kind: str
) -> Iterator[FlowError]:
    known = list(known)
    for key in data:
        if key not in known and (*path, key) in document.keys:
            yield _unknown(document, (*path, key), kind, key, known)


def _unknown(document: Document, path: NodePath, kind: str, key: str, choices: list[str]) -> FlowError:
    return document.error(path, unknown_sentence(kind, key, choices), key=True, code="flow.unknown_key")


def _schema_mistakes(
    document: Document, path: NodePath, validator: Draft202012Validator, value: Any, *, may_lack: bool = True
) -> Iterator[FlowError]:
    for mistake in schema_mistakes(validator, value):
        if mistake.is_missing and not mistake.path and not may_lack:
            continue
        code = "flow.unknown_key" if mistake.is_key else "flow.schema"
        yield document.error((*path, *mistake.path), mistake.sentence, key=mistake.is_key, code=code)


@cache
def _validator_of_key(key: str) -> Draft202012Validator:
    return FlowValidator(FLOW_PROPERTIES[key])


@cache
def _validator_of_common(key: str) -> Draft202012Validator:
    return FlowValidator(STEP_COMMON[key])


_TOGETHER = FlowValidator(STEP_TOGETHER)
_option_validators: dict[int, Draft202012Validator] = {}


def _validator_of_options(step_type: StepType) -> Draft202012Validator:
    # Keyed by identity: a table of step types lives as long as the process.
    found = _option_validators.get(id(step_type.options))
    if found is None:
        found = _option_validators[id(step_type.options)] = FlowValidator(step_type.options)
    return found
