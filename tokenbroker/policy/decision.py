"""A decision carries its whole explanation: every condition that was asked, and what it said."""

from collections.abc import Sequence
from dataclasses import dataclass

from tokenbroker.errors import PolicyDenied
from tokenbroker.policy.check import AllOf, Check, Code, Condition, Facts
from tokenbroker.policy.conditions import ASKED, OWN


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """Yes, or no and why."""

    checks: tuple[Check, ...]

    @property
    def denied(self) -> tuple[Check, ...]:
        """The checks that say no."""
        return tuple(check for check in self.checks if not check.holds)

    @property
    def allowed(self) -> bool:
        """Whether every condition holds."""
        return not self.denied

    @property
    def code(self) -> str:
        """Of the first no, else that of the yes."""
        first = next(iter(self.denied), None)
        return (first.code if first is not None and first.code is not None else Code.ALLOWED).value

    def require(self) -> None:
        """Raise PolicyDenied with the first no."""
        for check in self.denied:
            assert check.code is not None
            raise PolicyDenied(check.sentence, next_step=check.next_step, code=check.code.value)


def decide(facts: Facts, *, project: Sequence[Condition] = ()) -> Decision:
    """What the flow's own conditions and those of the `project` say; the project's can only tighten."""
    return Decision(checks=AllOf((*OWN, *project, *ASKED)).check(facts))
