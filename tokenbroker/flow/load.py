"""Flow text to a frozen `Flow`: ``load`` is the only way that a Flow comes to be."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema_rs

from tokenbroker.errors import FlowError
from tokenbroker.flow.document import Document, NodePath, parse_document, read_document
from tokenbroker.flow.meaning import POLICY_DATES, meaning_mistakes
from tokenbroker.flow.model import ExpectedOutcome, Flow, FlowPolicy, Mode, Param, Step, StepTypes
from tokenbroker.flow.schema import build_schema
from tokenbroker.flow.selector import selector_of
from tokenbroker.flow.span import span_of

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
        sign_on=data.get("sign_on", ""),
        steps=tuple(_step(document, index, entry, steps) for index, entry in enumerate(data["steps"])),
    )


def _mistakes(document: Document, steps: StepTypes) -> Iterator[FlowError]:
    data = document.data
    if not isinstance(data, dict):
        yield document.error((), "a flow is a mapping that begins with 'version: 1'")
        return
    if not _fits(data, steps):
        # Late: jsonschema costs more than all the flows of a project, and few have mistakes.
        from tokenbroker.flow.form import form_mistakes

        yield from form_mistakes(document, data, steps)
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
    said = {**spec, **dates, "approval": "approval" in spec}
    return FlowPolicy(**said | {"max_auth_age": span_of(spec.get("max_auth_age"))})


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
        unless=selector_of(entry["unless"]) if "unless" in entry else None,
        retry=entry.get("retry"),
    )


def seconds(duration: float | str) -> float:
    """A duration as the schema allows it (a number of seconds, ``500ms``, ``10s``, ``2m``) in seconds."""
    if not isinstance(duration, str):
        return float(duration)
    number = duration.rstrip("ms")
    return float(number) * _UNITS[duration[len(number) :]]
