"""``explain``: what policy would say, without a run, an audit entry, or an exception."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tokenbroker.clock import Clock
from tokenbroker.errors import BrokerError
from tokenbroker.flow.model import Flow
from tokenbroker.policy.approve import Request, approve, origins_of
from tokenbroker.settings import is_loopback


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """A decision in words.

    Attributes:
        code: of the reason, for or against.
        mode: who would act; "" where it is not allowed.
        next_step: what would change a no, or "".
    """

    allowed: bool
    code: str
    sentence: str
    mode: str
    next_step: str


def explain(flow: Flow, request: Request, *, created_before: datetime | None, clock: Clock) -> Explanation:
    """What `approve` decides on the same question, as a value."""
    try:
        plan = approve(flow, request, created_before=created_before, clock=clock)
    except BrokerError as error:
        return Explanation(
            allowed=False, code=error.code, sentence=error.sentence, mode="", next_step=error.next_step
        )
    where = ", ".join(plan.reachable) or "nowhere"
    return Explanation(
        allowed=True,
        code=plan.reason_code,
        sentence=f"{flow.id} may run {plan.mode.value} ({plan.mode_reason}) and reach {where}",
        mode=plan.mode.value,
        next_step="",
    )


def reaches(flow: Flow, origin_map: Mapping[str, str]) -> tuple[str, ...]:
    """The origins that the browser would reach, after `origin_map`; those that the flow must not are left out."""
    try:
        origins = origins_of(flow)
    except BrokerError:
        origins = flow.origins
    return tuple(dict.fromkeys(origin_map.get(origin, origin) for origin in origins))


def is_live(origins: tuple[str, ...]) -> bool:
    """Whether one of `origins` lies beyond this machine."""
    return any(not is_loopback(origin) for origin in origins)
