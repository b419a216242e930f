"""What a run leaves: frozen, and value-free but for the pictures, which can't draw a value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tokenbroker.human.checkpoint import Kind, Outcome
from tokenbroker.policy.approve import Plan
from tokenbroker.run.egress import BlockedRequest
from tokenbroker.run.pictures.label import Label
from tokenbroker.run.pictures.picture import Picture
from tokenbroker.run.targets.found import TargetReport
from tokenbroker.sinks.sink import Reference


class Status(StrEnum):
    """How a step or a run ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, kw_only=True, slots=True)
class StepStarted:
    """A step begins; for those who follow a run live."""

    number: int
    total: int
    title: str
    only_if: str = ""
    """Of a step with `when`: what has to be there, or nothing is done; "" for a step that is always done."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StepResult:
    """One step as it went."""

    number: int
    verb: str
    title: str
    status: Status
    started_at: datetime
    duration_s: float
    remark: str
    """Value-free; such as the reference of what was stored."""
    code: str | None
    picture: Picture | None
    target: TargetReport | None = None
    """How the step's selector set came to its element; None for a single selector."""
    labels: tuple[Label, ...] = ()
    """Words of the flow for the picture, each with the box of the element that it is about."""
    attempt: int = 1
    """Counts from 1: a person may go back to a step, or let one be done again that has failed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckpointResult:
    """A person was asked, and this is how it ended."""

    step: int
    """The number of the step that asked."""
    kind: Kind
    reason: str
    attempt: int
    outcome: Outcome
    who: str
    channel: str
    at: datetime
    asked: str = ""
    """Who was asked: the person for whom the run acts."""
    parked_at: datetime | None = None
    """When it was parked, because nobody had answered in time; None where it was not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """Why a run did not pass."""

    code: str
    report: str
    """For a person: the flow's lines, what was tried, the page's address, what to do."""
    exit_code: int
    next_step: str = ""
    """What the report advises; "" where there is no advice."""
    nobody_reached: bool = False
    """Whether it ended because it needs a person and none could be reached."""
    internals: str = ""
    """A redacted traceback of our own code, for those who ask for it; "" for expected errors."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunResult:
    """A run, from the decision to the end."""

    run_id: str
    plan: Plan
    status: Status
    started_at: datetime
    duration_s: float
    steps: tuple[StepResult, ...]
    checkpoints: tuple[CheckpointResult, ...]
    references: tuple[Reference, ...]
    blocked: tuple[BlockedRequest, ...]
    possibly_created: tuple[str, ...]
    failure: Failure | None
    created_key: bool
    ends: Mapping[Reference, datetime] = field(default_factory=dict)
    """When stored tokens end, of those whose flow says it."""
    notes: tuple[str, ...] = ()
    """What else the person must be told: what could not be shown or recorded, and why."""


RunEvent = StepStarted | StepResult
