"""``approve``: a Flow becomes a Plan, or is refused with a reason code before a browser starts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from tokenbroker.clock import Clock
from tokenbroker.errors import RunError, SettingsError
from tokenbroker.flow.cases import filled, require_paths
from tokenbroker.flow.model import Flow, Mode
from tokenbroker.policy.check import Code, Condition, Facts, Subject
from tokenbroker.policy.conditions import OWN, RunsPerDay, limits_of, needs_approval
from tokenbroker.policy.decision import Decision, decide
from tokenbroker.policy.params import params_of
from tokenbroker.secret import Secret
from tokenbroker.settings import checked_origin_map, is_loopback, origin_of

PLAN_LIFE = timedelta(hours=1)

NEEDS_LIVE = Code.NEEDS_LIVE.value
WOULD_DUPLICATE = Code.WOULD_DUPLICATE.value


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What is asked for: who wants which mode, with which values, against which addresses."""

    actor: str
    mode: Mode | None = None
    """None leaves the choice to the product."""
    params: Mapping[str, str]
    origin_map: Mapping[str, str]
    live: bool = False
    """Whether sites beyond this machine may be touched."""
    again: bool = False
    """Whether a flow that has created a key on a live site before may do so again."""
    attended: bool = False
    """Whether a person sits before the browser's window, and can be guided."""
    subject: Subject | None = None
    """Whose access token it comes with; None for this machine's own user."""
    instead: Mapping[str, str] = field(default_factory=dict)
    """References whose tokens are to go to another one: a key that replaces one is proven before it is in its place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """A person's word that a run may begin: whose, along which channel, and when."""

    who: str
    channel: str
    at: datetime
    parked_at: datetime | None = None
    """When the question was parked, because nobody had answered in time; None where it was not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A flow that policy has allowed for one actor, pinned to the text it was approved for."""

    flow: Flow
    flow_sha256: str
    actor: str
    mode: Mode
    mode_reason: str
    origins: tuple[str, ...]
    """Where the flow may go, as its text says it."""
    origin_map: Mapping[str, str]
    params: Mapping[str, str | Secret]
    """Values by name; personal ones as `Secret`."""
    instead: Mapping[str, str] = field(default_factory=dict)
    """As in the request."""
    decision: Decision
    limits: tuple[RunsPerDay, ...]
    """Those of runs a day: asked again when the run begins."""
    decided_at: datetime
    expires_at: datetime
    needs_approval: bool
    """Whether a person has to approve it before a browser starts."""
    approval: Approval | None = None
    """Who has, once somebody has."""

    @property
    def reason_code(self) -> str:
        """Why it was allowed."""
        return self.decision.code

    def require_valid(self, now: datetime) -> None:
        """Refuse a plan that is too old, or that nobody has approved where somebody has to; raises RunError."""
        if now > self.expires_at:
            raise RunError("the plan is no longer valid; approve the flow again", code="run.plan_expired")
        if self.needs_approval and self.approval is None:
            raise RunError(f"nobody has approved the run of {self.flow.id}", code="run.not_approved")

    def admit(self, begun_today: int) -> None:
        """Refuse to begin where, since the decision, as many runs have begun today as may; raises PolicyDenied."""
        for limit in self.limits:
            limit.refuse(self.flow, begun_today)

    def lands_at(self, reference: str) -> str:
        """Where the token goes that the flow would bring to `reference`."""
        return self.instead.get(reference, reference)

    def as_written(self, url: str) -> str:
        """`url` as the flow would write it: with the origin that the map leads away from; "" for ""."""
        for origin, target in self.origin_map.items():
            if url == target or url.startswith(f"{target}/"):
                return origin + url.removeprefix(target)
        return url

    def address(self, url: str) -> str:
        """`url` as the browser will see it: its origin replaced where the origin map says so."""
        origin = origin_of(url)
        target = self.origin_map.get(origin)
        return url if target is None else target + url[_origin_length(url) :]

    @property
    def reachable(self) -> tuple[str, ...]:
        """The origins that the browser may reach, after the origin map."""
        return tuple(dict.fromkeys(self.origin_map.get(origin, origin) for origin in self.origins))


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """What the store knows of earlier runs of a flow.

    Attributes:
        created_before: when one of them created a key at its site, if one did.
        runs_today: how many have begun since midnight, UTC; asked only where it counts.
    """

    created_before: datetime | None = None
    runs_today: Callable[[], int] = lambda: 0


NO_HISTORY: Final = History()


def approve(
    flow: Flow,
    request: Request,
    *,
    clock: Clock,
    history: History = NO_HISTORY,
    project: Sequence[Condition] = (),
) -> Plan:
    """Decide whether `flow` may run as `request` asks, by its own policy and by the conditions of the `project`.

    Raises:
        PolicyDenied: with its reason code; nothing was started.
        UsageError: a parameter is missing, unknown, or does not match its pattern; of a flow with a matrix no case was
            chosen.
        SettingsError: the origin map is not one, or leads beyond this machine.
    """
    mode, mode_reason = _mode(flow, request.mode, attended=request.attended)
    origin_map = _origin_map(request.origin_map)
    params = params_of(flow, request.params)
    flow = filled(flow, params)
    require_paths(flow)
    now = clock()
    facts = _facts(flow, request, mode=mode, origin_map=origin_map, history=history, now=now)
    decision = decide(facts, project=project)
    decision.require()
    return Plan(
        flow=flow,
        flow_sha256=flow.sha256,
        actor=request.actor,
        mode=mode,
        mode_reason=mode_reason,
        origins=facts.origins,
        origin_map=origin_map,
        params=params,
        instead=dict(request.instead),
        decision=decision,
        limits=limits_of((*OWN, *project)),
        decided_at=now,
        expires_at=now + PLAN_LIFE,
        needs_approval=needs_approval(flow, (*OWN, *project)),
    )


def decided(
    flow: Flow,
    request: Request,
    *,
    clock: Clock,
    history: History = NO_HISTORY,
    project: Sequence[Condition] = (),
) -> Decision:
    """What `approve` decides on the same question, without its refusals of parameters.

    Raises:
        SettingsError: the origin map is not one, or leads beyond this machine.
    """
    mode, _ = _mode(flow, request.mode, attended=request.attended)
    origin_map = _origin_map(request.origin_map)
    facts = _facts(flow, request, mode=mode, origin_map=origin_map, history=history, now=clock())
    return decide(facts, project=project)


def _facts(
    flow: Flow,
    request: Request,
    *,
    mode: Mode,
    origin_map: Mapping[str, str],
    history: History,
    now: datetime,
) -> Facts:
    origins = origins_of(flow)
    reached = (origin_map.get(origin, origin) for origin in origins)
    return Facts(
        flow=flow,
        mode=mode,
        visited=(*_visited(flow), *_told(flow)),
        origins=origins,
        beyond=tuple(origin for origin in reached if not is_loopback(origin)),
        live=request.live,
        again=request.again,
        now=now,
        created_before=history.created_before,
        runs_today=history.runs_today,
        subject=request.subject,
    )


def _origin_map(given: Mapping[str, str]) -> dict[str, str]:
    """`given`, checked here as well: a project's own fixture may have made it."""
    reason = ""
    try:
        return checked_origin_map(given)
    except ValueError as error:
        reason = str(error)
    raise SettingsError(reason)


def _mode(flow: Flow, asked: Mode | None, *, attended: bool) -> tuple[Mode, str]:
    if asked is not None:
        return asked, "asked for with --mode"
    if Mode.GUIDED not in flow.modes:
        return Mode.SEMI_AUTO, "the only mode that the flow allows"
    if attended:
        why = (
            "a person is at the window"
            if Mode.SEMI_AUTO in flow.modes
            else "the only mode that the flow allows"
        )
        return Mode.GUIDED, why
    # A flow for a person alone is not led by nobody: policy says why.
    return Mode.SEMI_AUTO, "the flow allows both, and nobody is at a window to be guided"


def origins_of(flow: Flow) -> tuple[str, ...]:
    """Where `flow` may go, as its text says it: its `origins`, else those that its steps go to."""
    return _declared(flow) or tuple(dict.fromkeys(_visited(flow)))


def _declared(flow: Flow) -> tuple[str, ...]:
    return tuple(map(origin_of, flow.origins))


def _visited(flow: Flow) -> tuple[str, ...]:
    return tuple(origin_of(str(step.options["url"])) for step in flow.steps if step.verb == "navigate")


def _told(flow: Flow) -> tuple[str, ...]:
    """The origins that get a token which the flow has captured."""
    return tuple(origin_of(str(step.options["url"])) for step in flow.steps if step.verb == "verify_token")


def _origin_length(url: str) -> int:
    start = url.index("://") + 3
    ends = [index for index in (url.find(mark, start) for mark in "/?#") if index >= 0]
    return min(ends, default=len(url))
