"""``explain``: what policy would say, without a run, an audit entry, or an exception."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tokenbroker.clock import Clock
from tokenbroker.errors import BrokerError
from tokenbroker.flow.model import Flow
from tokenbroker.policy.approve import NO_HISTORY, History, Request, approve, decided, origins_of
from tokenbroker.policy.check import Check, Condition
from tokenbroker.policy.conditions import APPROVAL
from tokenbroker.settings import is_loopback


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """A decision in words.

    Attributes:
        code: of the reason, for or against.
        mode: who would act; "" where it is not allowed.
        next_step: what would change a no, or "".
        checks: what each condition said; empty where the question itself was no good.
        exit_code: what a command that was asked ends with.
    """

    allowed: bool
    code: str
    sentence: str
    mode: str
    next_step: str
    checks: tuple[Check, ...] = ()
    exit_code: int = 0

    @property
    def needs_approval(self) -> bool:
        """Whether a person has to approve the run before it begins."""
        return any(check.condition == APPROVAL for check in self.checks)


def explain(
    flow: Flow,
    request: Request,
    *,
    clock: Clock,
    history: History = NO_HISTORY,
    project: Sequence[Condition] = (),
) -> Explanation:
    """What `approve` decides on the same question, as a value."""
    checks: tuple[Check, ...] = ()
    now, begun = clock(), functools.cache(history.runs_today)
    asked: dict[str, Any] = {
        "clock": lambda: now,
        "history": replace(history, runs_today=begun),
        "project": project,
    }
    try:
        checks = decided(flow, request, **asked).checks
        plan = approve(flow, request, **asked)
    except BrokerError as error:
        return Explanation(
            allowed=False,
            code=error.code,
            sentence=error.sentence,
            mode="",
            next_step=error.next_step,
            checks=checks,
            exit_code=int(error.exit_code),
        )
    where = ", ".join(plan.reachable) or "nowhere"
    return Explanation(
        allowed=True,
        code=plan.reason_code,
        sentence=f"{flow.id} may run {plan.mode.value} ({plan.mode_reason}) and reach {where}",
        mode=plan.mode.value,
        next_step="",
        checks=checks,
    )


def reaches(flow: Flow, origin_map: Mapping[str, str]) -> tuple[str, ...]:
    """The origins that the browser would reach, after `origin_map`."""
    return tuple(dict.fromkeys(origin_map.get(origin, origin) for origin in origins_of(flow)))


def is_live(origins: tuple[str, ...]) -> bool:
    """Whether one of `origins` lies beyond this machine."""
    return any(not is_loopback(origin) for origin in origins)
