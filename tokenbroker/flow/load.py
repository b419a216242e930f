"""Flow text to a frozen `Flow`: ``load`` is the only way that a Flow comes to be."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema_rs
from jsonschema import Draft202012Validator

from tokenbroker.errors import FlowError
from tokenbroker.flow.document import Document, NodePath, parse_document, read_document
from tokenbroker.flow.meaning import POLICY_DATES, meaning_mistakes
from tokenbroker.flow.mistakes import schema_mistakes, unknown_sentence
from tokenbroker.flow.model import ExpectedOutcome, Flow, FlowPolicy, Mode, Param, Step, StepType
from tokenbroker.flow.schema import FLOW_PROPERTIES, REQUIRED, STEP_COMMON, FlowValidator, build_schema
from tokenbroker.flow.selector import selector_of

StepTypes = Mapping[str, StepType]
MAX_MISTAKES = 20
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}


def load(path: Path, steps: StepTypes) -> Flow:
    """Read the flow file at `path`, whose steps are of the types in `steps`.

    Raises:
        FlowError: with one ``path:line:column: sentence`` for each mistake.
    """
    return flow_of(read_document(path), steps)


def loads(text: str | bytes, steps: StepTypes, *, path: Path = Path("flow.yaml")) -> Flow:
    """Read a flow from `text`, named `path` in its errors; raises FlowError as `load` does."""
    raw = text.encode() if isinstance(text, str) else text
    return flow_of(parse_document(raw, path), steps)


def examine(document: Document, steps: StepTypes) -> tuple[Flow | None, list[FlowError]]:
    """The flow in `document`; else None, and its mistakes in the order of their places, some twenty at most."""
    mistakes = list(islice(_mistakes(document, steps), MAX_MISTAKES))
    if mistakes:
        return None, sorted(mistakes, key=lambda each: (each.line, each.column))
    return _built(document, steps), []


def flow_of(document: Document, steps: StepTypes) -> Flow:
    """Check `document` and freeze it; raises FlowError with all its mistakes."""
    mistakes = list(islice(_mistakes(document, steps), MAX_MISTAKES + 1))
    if mistakes:
        sentences = [error.sentence for error in mistakes[:MAX_MISTAKES]]
        sentences += ["… and more"] if len(mistakes) > MAX_MISTAKES else []
        raise FlowError("\n".join(sentences), code=mistakes[0].code)
    return _built(document, steps)


def _built(document: Document, steps: StepTypes) -> Flow:
    data = document.data
    return Flow(
        path=document.path,
        text=document.text,
        sha256=hashlib.sha256(document.text.encode()).hexdigest(),
        site=data["site"],
        name=data["flow"],
        modes=_modes(data["allowed_automation"]),
        tags=tuple(data.get("tags", ())),
        params=tuple(_param(name, spec or {}) for name, spec in data.get("params", {}).items()),
        matrix=data.get("matrix", {}),
        origins=tuple(data.get("origins", ())),
        expect_outcome=_expected(data.get("expect_outcome")),
        policy=_policy(data.get("policy")),
        steps=tuple(_step(document, index, entry, steps) for index, entry in enumerate(data["steps"])),
    )


def _mistakes(document: Document, steps: StepTypes) -> Iterator[FlowError]:
    data = document.data
    if not isinstance(data, dict):
        yield document.error((), "a flow is a mapping that begins with 'version: 1'")
        return
    if not _fits(data, steps):
        yield from _form_mistakes(document, data, steps)
    if isinstance(data.get("steps"), list):
        yield from meaning_mistakes(document, data, steps)


_whole_validators: dict[int, jsonschema_rs.Draft202012Validator] = {}


def _fits(data: Any, steps: StepTypes) -> bool:
    """Whether `data` is as the published schema has it: most flows are, and this says so in no time.

    Of what is not, it tells less than a person needs, so that the other validator looks again.
    """
    # Keyed by identity: a table of step types lives as long as the process.
    whole = _whole_validators.get(id(steps))
    if whole is None:
        whole = _whole_validators[id(steps)] = jsonschema_rs.Draft202012Validator(build_schema(steps))
    try:
        return whole.is_valid(data)
    except (
        ValueError
    ):  # YAML has what JSON has no words for, such as half a character or a key that is a number
        return False


def _form_mistakes(document: Document, data: dict[str, Any], steps: StepTypes) -> Iterator[FlowError]:
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


_option_validators: dict[int, Draft202012Validator] = {}


def _validator_of_options(step_type: StepType) -> Draft202012Validator:
    # Keyed by identity: a table of step types lives as long as the process.
    found = _option_validators.get(id(step_type.options))
    if found is None:
        found = _option_validators[id(step_type.options)] = FlowValidator(step_type.options)
    return found


def _modes(value: str | list[str]) -> tuple[Mode, ...]:
    names = value.split("|") if isinstance(value, str) else value
    return tuple(Mode(name) for name in names)


def _param(name: str, spec: Mapping[str, Any]) -> Param:
    return Param(
        name=name,
        default=spec.get("default"),
        pattern=spec.get("pattern"),
        required=spec.get("required", "default" not in spec),
        personal=spec.get("personal", False),
    )


def _expected(spec: Mapping[str, Any] | None) -> ExpectedOutcome | None:
    return ExpectedOutcome(status=spec["status"], reason=spec.get("reason")) if spec else None


def _policy(spec: Mapping[str, Any] | None) -> FlowPolicy | None:
    if spec is None:
        return None
    dates = {key: date.fromisoformat(spec[key]) for key in POLICY_DATES if key in spec}
    return FlowPolicy(**{**spec, **dates})


def _step(document: Document, index: int, entry: Mapping[str, Any], steps: StepTypes) -> Step:
    verb = next(key for key in entry if key in steps)
    path: NodePath = ("steps", index)
    value = entry[verb]
    shorthand = steps[verb].shorthand
    options = value if isinstance(value, dict) else {str(shorthand): value}
    places = {key: document.at((*path, verb, key)) for key in options}
    return Step(
        number=index + 1,
        verb=verb,
        options=options,
        position=document.at(path),
        option_positions=places,
        id=entry.get("id"),
        name=entry.get("name"),
        timeout_s=seconds(entry["timeout"]) if "timeout" in entry else None,
        when=selector_of(entry["when"]) if "when" in entry else None,
        retry=entry.get("retry"),
    )


def seconds(duration: float | str) -> float:
    """A duration as the schema allows it (a number of seconds, ``500ms``, ``10s``, ``2m``) in seconds."""
    if not isinstance(duration, str):
        return float(duration)
    number = duration.rstrip("ms")
    return float(number) * _UNITS[duration[len(number) :]]
