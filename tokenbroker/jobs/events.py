"""What a run in a process of its own tells whoever started it: one line of JSON an event, no values."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from tokenbroker.clock import iso
from tokenbroker.errors import BrokerError
from tokenbroker.evidence.bundle.place import bundle_of
from tokenbroker.policy.approve import Plan
from tokenbroker.run.result import RunEvent, RunResult, StepStarted


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowed:
    """Policy has allowed the run."""

    mode: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StepBegan:
    """A step begins; `number` counts from 1."""

    number: int
    total: int
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StepEnded:
    """A step is over."""

    number: int
    title: str
    status: str
    duration_s: float
    remark: str
    code: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """The run did not begin, and why."""

    code: str
    sentence: str
    next_step: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """A token that rests in a sink."""

    reference: str
    fingerprint: str
    ends: str | None = None
    """When it ends, RFC 3339 in UTC, where the flow says it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """The run is over.

    Attributes:
        report: what a person is told of a failure, or "".
        next_step: what the report advises, or "".
        possibly_created: each key that may be on the site and in no sink, with its way to revoke it.
        blocked: how many requests went to origins that the flow does not name.
        evidence: the folder of the evidence.
        bundle: the sealed bundle's file, where one was made.
    """

    run: str
    flow: str
    status: str
    code: str | None
    report: str
    next_step: str
    stored: tuple[Stored, ...]
    possibly_created: tuple[str, ...]
    notes: tuple[str, ...]
    blocked: int
    evidence: str
    bundle: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """Something outside the steps failed (the flow's text, a fixture, a conftest), or the whole run did."""

    code: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """The last event: what `tokenbroker run` would answer to its shell."""

    exit_code: int


Event = Allowed | StepBegan | StepEnded | Refused | Finished | Trouble | Ended
_KINDS: Mapping[str, type[Event]] = {
    "allowed": Allowed,
    "step_began": StepBegan,
    "step_ended": StepEnded,
    "refused": Refused,
    "finished": Finished,
    "trouble": Trouble,
    "ended": Ended,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def encode(event: Event) -> bytes:
    """`event` as a line."""
    return json.dumps({"event": _NAMES[type(event)], **asdict(event)}).encode() + b"\n"


def decode(line: bytes) -> Event:
    """The event of a line that `encode` made; raises ValueError for any other."""
    try:
        told = json.loads(line)
        kind = _KINDS[told.pop("event")]
        return kind(**{field.name: _frozen(field.name, told[field.name]) for field in fields(kind)})
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not an event ({type(error).__name__})") from None


def _frozen(name: str, value: Any) -> Any:
    if name == "stored":
        return tuple(Stored(**each) for each in value)
    return tuple(value) if isinstance(value, list) else value


def of_plan(plan: Plan) -> Allowed:
    """The event of an approved plan."""
    return Allowed(mode=plan.mode.value)


def of_refusal(error: BrokerError) -> Refused:
    """The event of a run that did not begin."""
    return Refused(code=error.code, sentence=error.sentence, next_step=error.next_step)


def of_step(event: RunEvent) -> StepBegan | StepEnded:
    """The event of a step that begins or ended."""
    if isinstance(event, StepStarted):
        return StepBegan(number=event.number, total=event.total, title=event.title)
    return StepEnded(
        number=event.number,
        title=event.title,
        status=event.status.value,
        duration_s=round(event.duration_s, 3),
        remark=event.remark,
        code=event.code,
    )


def of_result(result: RunResult, folder: Path) -> Finished:
    """The event of a run that is over, with its evidence in `folder`."""
    failure = result.failure
    bundle = bundle_of(folder)
    return Finished(
        run=result.run_id,
        flow=result.plan.flow.id,
        status=result.status.value,
        code=failure.code if failure else None,
        report=failure.report if failure else "",
        next_step=failure.next_step if failure else "",
        stored=tuple(
            Stored(
                reference=str(each),
                fingerprint=each.fingerprint,
                ends=iso(result.ends[each]) if each in result.ends else None,
            )
            for each in result.references
        ),
        possibly_created=result.possibly_created,
        notes=result.notes,
        blocked=sum(each.count for each in result.blocked),
        evidence=str(folder),
        bundle=str(bundle) if bundle.is_file() else None,
    )
