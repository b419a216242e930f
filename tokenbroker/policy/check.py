"""What a decision is made of: the facts, a condition's answer, and what a condition is (POLICY-1)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from tokenbroker.flow.model import Flow, Mode


class Code(StrEnum):
    """Why a flow may run or may not: the closed set."""

    ALLOWED = "policy.rule.allow.automation.permitted"
    MODE_DENIED = "policy.rule.deny.automation.not_permitted"
    ORIGIN_DENIED = "policy.rule.deny.origin.not_permitted"
    PLAIN_HTTP = "policy.rule.deny.origin.plain_http"
    REVIEW_EXPIRED = "policy.rule.deny.review.expired"
    REVIEW_MISSING = "policy.rule.deny.review.missing"
    SCOPE_DENIED = "policy.rule.deny.scope.not_permitted"
    AUTH_STALE = "policy.rule.deny.authentication.stale"
    RATE_EXCEEDED = "policy.rule.deny.rate.exceeded"
    NEEDS_LIVE = "run.needs_live"
    WOULD_DUPLICATE = "run.would_duplicate"


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """Whose access token a run is asked for with.

    Attributes:
        scopes: what the token may be used for (RFC 6749, section 3.3).
        authenticated_at: when the person behind it signed in; None where it does not say.
    """

    scopes: frozenset[str]
    authenticated_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """All that a decision is made of.

    Attributes:
        origins: where the flow may go, as its text says it.
        beyond: those that, after the origin map, are not on this machine.
        runs_today: how many runs of the flow have begun since midnight, UTC; asked only where it counts.
        created_before: when an earlier run created a key, if one did.
    """

    flow: Flow
    mode: Mode
    visited: tuple[str, ...]
    origins: tuple[str, ...]
    beyond: tuple[str, ...]
    live: bool
    again: bool
    now: datetime
    created_before: datetime | None = None
    runs_today: Callable[[], int] = field(default=lambda: 0)
    subject: Subject | None = None
    """None: it is asked for by this machine's own user, who needs no token."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """What one condition says.

    Attributes:
        code: why not; None for a yes.
        sentence: what was found, either way.
        next_step: what would change a no.
    """

    condition: str
    sentence: str
    code: Code | None = None
    next_step: str = ""

    @property
    def holds(self) -> bool:
        """Whether it says yes."""
        return self.code is None

    def as_record(self) -> dict[str, Any]:
        """For the evidence and for machines."""
        return {
            "condition": self.condition,
            "holds": self.holds,
            "code": self.code,
            "sentence": self.sentence,
        }


class Condition(Protocol):
    """Something that has to hold."""

    def check(self, facts: Facts) -> tuple[Check, ...]:
        """Its answer, or those of its parts in their order; none where nothing is asked of the run."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """All of these have to hold; deny wins.

    Raises:
        ValueError: there are none. Nothing to hold is no permission.
    """

    conditions: Sequence[Condition]

    def __post_init__(self) -> None:
        if not self.conditions:
            raise ValueError("an empty 'all of' permits nothing")

    def check(self, facts: Facts) -> tuple[Check, ...]:
        return tuple(check for condition in self.conditions for check in condition.check(facts))
