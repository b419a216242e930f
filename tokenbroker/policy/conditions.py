"""What has to hold before a flow may run: small conditions, each with one answer, that compose (POLICY-1, POLICY-2).

A condition looks at the `Facts` and answers with a `Check`. `AllOf` answers with all of its checks: one no is a no.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Final

from tokenbroker.errors import PolicyDenied
from tokenbroker.flow.model import Flow, Mode
from tokenbroker.policy.check import AllOf, Check, Code, Condition, Facts

APPROVAL: Final = "approval"
_OWN_USER: Final = "this machine's own user asks"
_CLOCKS_DIFFER: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Automation:
    """The mode is one of those that `modes` (None: the flow itself) allow."""

    modes: tuple[Mode, ...] | None = None
    by: str = "the flow"

    def check(self, facts: Facts) -> tuple[Check, ...]:
        allowed = facts.flow.modes if self.modes is None else self.modes
        if facts.mode in allowed:
            return (Check(condition="automation", sentence=f"{self.by} allows {facts.mode}"),)
        return (
            Check(
                condition="automation",
                code=Code.MODE_DENIED,
                sentence=f"{facts.flow.id} allows only {', '.join(allowed)}; {facts.mode} was asked for"
                if self.modes is None
                else f"{self.by} allows only {', '.join(allowed)}; {facts.mode} was asked for",
                next_step=_way_out(facts)
                if self.modes is None
                else f"a person has to do it, or the owner of {self.by} adds {facts.mode}",
            ),
        )


def _way_out(facts: Facts) -> str:
    adds = f"the flow's owner adds {facts.mode} to allowed_automation"
    if facts.flow.modes == (Mode.GUIDED,):
        return f"let it guide you: tokenbroker run {facts.flow.path} --headed; or {adds}"
    return f"leave --mode away, or {adds}"


@dataclass(frozen=True, slots=True)
class Origins:
    """No step leads out of the declared origins (None: the flow's own)."""

    permitted: tuple[str, ...] | None = None
    by: str = "its origins"

    def check(self, facts: Facts) -> tuple[Check, ...]:
        permitted = facts.origins if self.permitted is None else self.permitted
        asked = facts.visited if self.permitted is None else (*facts.origins, *facts.visited)
        foreign = next((origin for origin in asked if origin not in permitted), None)
        if foreign is None:
            return (Check(condition="origins", sentence=f"all that it reaches is named by {self.by}"),)
        verb = "don't" if self.permitted is None else "doesn't"
        return (
            Check(
                condition="origins",
                code=Code.ORIGIN_DENIED,
                sentence=f"{facts.flow.id} goes to {foreign}, which {self.by} {verb} name",
                next_step=f"add it to {self.by} if it belongs there",
            ),
        )


@dataclass(frozen=True, slots=True)
class Live:
    """Sites beyond this machine are reached only where that was asked for, and never without TLS."""

    def check(self, facts: Facts) -> tuple[Check, ...]:
        if not facts.beyond:
            return (Check(condition="live", sentence="all that it reaches is on this machine"),)
        checks = []
        if not facts.live:
            checks.append(
                Check(
                    condition="live",
                    code=Code.NEEDS_LIVE,
                    sentence=f"{facts.flow.id} reaches {', '.join(facts.beyond)}, which is not on this machine",
                    next_step="give --live to touch real sites, or map the origin to a test site in [origin_map]",
                )
            )
        plain = [origin for origin in facts.beyond if origin.startswith("http://")]
        if plain:
            checks.append(
                Check(
                    condition="live",
                    code=Code.PLAIN_HTTP,
                    sentence=f"{facts.flow.id} reaches {', '.join(plain)} without TLS: whoever is on the way could "
                    "read what is typed",
                    next_step="write https:// where the site has it; plain http is for this machine only",
                )
            )
        return tuple(checks) or (Check(condition="live", sentence="real sites were asked for with --live"),)


@dataclass(frozen=True, slots=True)
class Review:
    """The review of the site's terms has not expired; where it `is_required`, there is one."""

    is_required: bool = False
    by: str = "the flow"

    def check(self, facts: Facts) -> tuple[Check, ...]:
        policy = facts.flow.policy
        expires = policy.review_expires if policy is not None else None
        if expires is not None and facts.now.astimezone(UTC).date() > expires:
            return (
                Check(
                    condition="review",
                    code=Code.REVIEW_EXPIRED,
                    sentence=f"the review of the site's terms for {facts.flow.id} expired on {expires}",
                    next_step=f"read the site's terms again{_at(facts)}, then set policy.reviewed and "
                    "policy.review_expires",
                ),
            )
        reviewed = policy.reviewed if policy is not None else None
        if self.is_required and (reviewed is None or expires is None):
            return (
                Check(
                    condition="review",
                    code=Code.REVIEW_MISSING,
                    sentence=f"{self.by} wants the site's terms reviewed, and {facts.flow.id} does not say when "
                    "they were, and until when that holds",
                    next_step=f"read the site's terms{_at(facts)}, then set policy.reviewed and policy.review_expires",
                ),
            )
        if reviewed is not None and reviewed > facts.now.astimezone(UTC).date():
            return (
                Check(
                    condition="review",
                    code=Code.REVIEW_MISSING,
                    sentence=f"the review of the site's terms for {facts.flow.id} is dated {reviewed}, which is still "
                    "to come",
                    next_step="set policy.reviewed to the day on which the terms were read",
                ),
            )
        told = (
            f"the site's terms were reviewed on {reviewed}"
            if reviewed
            else "no review of the site's terms is noted"
        )
        return (
            Check(
                condition="review", sentence=f"{told}{f', which holds until {expires}' if expires else ''}"
            ),
        )


def _at(facts: Facts) -> str:
    address = facts.flow.policy.terms_of_service if facts.flow.policy is not None else ""
    return f" at {address}" if address else ""


@dataclass(frozen=True, slots=True)
class RunsPerDay:
    """Fewer runs have begun today (UTC) than `limit`; None: than the flow itself says."""

    limit: int | None = None
    by: str = "the flow"

    def check(self, facts: Facts) -> tuple[Check, ...]:
        limit = self._of(facts.flow)
        if limit is None:
            return (Check(condition="rate", sentence=f"{self.by} sets no limit of runs a day"),)
        return (self._checked(facts.flow, limit, facts.runs_today()),)

    def refuse(self, flow: Flow, begun_today: int) -> None:
        """Raise PolicyDenied where as many runs of `flow` have begun today as may."""
        limit = self._of(flow)
        found = self._checked(flow, limit, begun_today) if limit is not None else None
        if found is not None and found.code is not None:
            raise PolicyDenied(found.sentence, next_step=found.next_step, code=found.code.value)

    def _of(self, flow: Flow) -> int | None:
        own = flow.policy.runs_per_day if flow.policy is not None else None
        return own if self.limit is None else self.limit

    def _checked(self, flow: Flow, limit: int, begun: int) -> Check:
        if begun < limit:
            return Check(condition="rate", sentence=f"{begun} of {limit} runs have begun today, UTC")
        return Check(
            condition="rate",
            code=Code.RATE_EXCEEDED,
            sentence=f"{flow.id} has begun {begun} runs today, UTC, and {self.by} allows {limit}",
            next_step="wait until midnight UTC, or raise runs_per_day",
        )


@dataclass(frozen=True, slots=True)
class RequiredScope:
    """The token that a run is asked for with has the `scope`; None: the one that the flow itself wants."""

    scope: str | None = None
    by: str = "the flow"

    def check(self, facts: Facts) -> tuple[Check, ...]:
        policy = facts.flow.policy
        scope = (policy.required_scope if policy is not None else "") if self.scope is None else self.scope
        if not scope:
            return ()
        if facts.subject is None:
            return (Check(condition="scope", sentence=f"{_OWN_USER}: the scope {scope} is for tokens"),)
        if scope in facts.subject.scopes:
            return (Check(condition="scope", sentence=f"the token has the scope {scope}"),)
        return (
            Check(
                condition="scope",
                code=Code.SCOPE_DENIED,
                sentence=f"{self.by} wants a token with the scope {scope}, which this one has not",
                next_step=f"ask with a token that has the scope {scope}",
            ),
        )


@dataclass(frozen=True, slots=True)
class AuthAge:
    """The person behind the token signed in no longer ago than `limit`; None: than the flow itself says."""

    limit: timedelta | None = None
    by: str = "the flow"

    def check(self, facts: Facts) -> tuple[Check, ...]:
        policy = facts.flow.policy
        limit = (policy.max_auth_age if policy is not None else None) if self.limit is None else self.limit
        if limit is None:
            return ()
        if facts.subject is None:
            return (Check(condition="sign-in", sentence=f"{_OWN_USER}: no token tells of a sign-in"),)
        at = facts.subject.authenticated_at
        # A sign-in that is still to come is none: a clock may differ by so much, and no more.
        if at is not None and -_CLOCKS_DIFFER <= facts.now - at <= limit:
            return (Check(condition="sign-in", sentence="the sign-in is recent enough"),)
        told = "is not of that time" if at is not None else "has no time in the token"
        return (
            Check(
                condition="sign-in",
                code=Code.AUTH_STALE,
                sentence=f"{self.by} wants a sign-in of the last {limit}, and this one {told}",
                next_step="sign in again, then ask with the new token",
            ),
        )


@dataclass(frozen=True, slots=True)
class ApprovalNeeded:
    """A person approves each run before a browser starts, where that `is_required`; it is no reason against one."""

    is_required: bool = False
    by: str = "the flow"

    def check(self, facts: Facts) -> tuple[Check, ...]:
        if not self.wanted(facts.flow):
            return ()
        sentence = f"{self.by} wants a person's approval, who is asked before a browser starts"
        return (Check(condition=APPROVAL, sentence=sentence),)

    def wanted(self, flow: Flow) -> bool:
        """Whether runs of `flow` wait for a person's approval."""
        return self.is_required or (flow.policy is not None and flow.policy.approval)


def needs_approval(flow: Flow, conditions: Sequence[Condition]) -> bool:
    """Whether one of `conditions`, at any depth, makes runs of `flow` wait for a person's approval."""
    return any(
        (isinstance(each, ApprovalNeeded) and each.wanted(flow))
        or (isinstance(each, AllOf) and needs_approval(flow, each.conditions))
        for each in conditions
    )


def limits_of(conditions: Sequence[Condition]) -> tuple[RunsPerDay, ...]:
    """All limits of runs a day among `conditions`, at any depth."""
    found: list[RunsPerDay] = []
    for each in conditions:
        found += [each] if isinstance(each, RunsPerDay) else []
        found += limits_of(each.conditions) if isinstance(each, AllOf) else ()
    return tuple(found)


@dataclass(frozen=True, slots=True)
class NotTwice:
    """No run has created a key on the live site before, unless another was asked for."""

    def check(self, facts: Facts) -> tuple[Check, ...]:
        if not facts.beyond or facts.created_before is None or facts.again:
            return (Check(condition="no duplicate", sentence="it would not make a second key unasked"),)
        return (
            Check(
                condition="no duplicate",
                code=Code.WOULD_DUPLICATE,
                sentence=f"{facts.flow.id} has created a key there on {facts.created_before:%Y-%m-%d %H:%M} UTC; again "
                "would make a second",
                next_step="give --again to create another key, or revoke the first",
            ),
        )


OWN: tuple[Condition, ...] = (
    Automation(),
    Origins(),
    Review(),
    RunsPerDay(),
    RequiredScope(),
    AuthAge(),
    ApprovalNeeded(),
)
"""What a flow says of itself."""
ASKED: tuple[Condition, ...] = (Live(), NotTwice())
"""What whoever asks can allow; of no use where anything else says no."""
