"""What a step may see and use while it acts."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from playwright.sync_api import ElementHandle, Page

from tokenbroker.clock import Clock
from tokenbroker.errors import HumanDenied, HumanTimeout, HumanUnreachable
from tokenbroker.flow.model import Step
from tokenbroker.human.checkpoint import Answer, Channel, Checkpoint, Kind, Outcome
from tokenbroker.policy.approve import Plan
from tokenbroker.redact import Redactor
from tokenbroker.run.failure import StepFailed
from tokenbroker.run.targets import Seeker
from tokenbroker.secret import Secret
from tokenbroker.settings import origin_of

MIN_REMAINING_S = 0.001


class Keeper(Protocol):
    """Where creating steps announce themselves and captured tokens go; see `tokenbroker.run.creation`."""

    @property
    def pressed_any(self) -> bool:
        """Whether a step that may create a key has acted in this run."""

    def before_press(self, step: Step) -> None:
        """Note durably that `step` is about to act, if it may create a key."""

    def keep(self, step: Step, token: Secret) -> str:
        """Bring `token` to rest and answer its reference."""


@dataclass(kw_only=True)
class Stage:
    """The page and everything around it, for one run; the runner sets `deadline` before each step."""

    page: Page
    plan: Plan
    inputs: Mapping[str, str | Secret]
    """The values behind the flow's references, by reference (``secrets:NAME`` …)."""
    redactor: Redactor
    channel: Channel
    keeper: Keeper
    clock: Clock
    human_deadline_s: float
    on_checkpoint: Callable[[Checkpoint, Answer], None]
    deadline: float = 0.0
    """When the current step must be done, on the monotonic clock."""
    last_acted: ElementHandle | None = None

    def remaining_s(self) -> float:
        """How long the current step still has; never zero, which Playwright takes for "no limit"."""
        return max(self.deadline - time.monotonic(), MIN_REMAINING_S)

    @property
    def remaining_ms(self) -> float:
        """`remaining_s` in milliseconds, as Playwright's time-outs want it."""
        return self.remaining_s() * 1000

    def extend(self, seconds: float) -> None:
        """Give the current step `seconds` from now on: the time a person took is not the page's."""
        self.deadline = time.monotonic() + seconds

    def seek(self, *, wordless: bool = False) -> Seeker:
        """A seeker for the page as it is now. Once a key may have been made, its stops show no words of the
        page; with `wordless` they never do."""
        return Seeker(
            page=self.page,
            remaining_s=self.remaining_s,
            last_acted=self.last_acted,
            redact=self.redactor.text,
            wordless=wordless or self.keeper.pressed_any,
        )

    def value(self, step: Step) -> str | Secret:
        """The value that `step` types: its literal, or what its reference stands for."""
        if "value" in step.options:
            return str(step.options["value"])
        return self.inputs[str(step.options["value_ref"])]

    def require_declared_origin(self) -> None:
        """Stop before a secret is typed into, or a token read from, a page of a foreign origin.

        Raises:
            StepFailed: `origin.not_declared`.
        """
        url = self.page.main_frame.url
        try:
            origin = origin_of(url)
        except ValueError:
            origin = "a page without an origin"
        if origin not in self.plan.reachable:
            raise StepFailed(
                f"the page belongs to {origin}, which this flow does not name", code="origin.not_declared"
            )

    def ask(
        self,
        kind: Kind,
        reason: str,
        *,
        attempt: int,
        deadline_s: float | None,
        page_says_done: Callable[[], bool],
    ) -> Answer:
        """Put a checkpoint to the person.

        Raises:
            HumanUnreachable, HumanDenied, HumanTimeout: no channel, a no, or no answer in time.
        """
        why_not = self.channel.unreachable()
        if why_not:
            raise HumanUnreachable(
                f"this step needs a person ({reason}), and {why_not}",
                next_step="run it with `tokenbroker run FLOW` at a terminal",
            )
        checkpoint = Checkpoint(
            kind=kind,
            reason=reason,
            flow_id=self.plan.flow.id,
            origin=_shown_origin(self.page.url),
            deadline=self.clock() + timedelta(seconds=deadline_s or self.human_deadline_s),
            attempt=attempt,
        )
        answer = self.channel.ask(checkpoint, page_says_done)
        if answer.code is not None:
            self.redactor.add(answer.code, label="one-time code")
        self.on_checkpoint(checkpoint, answer)
        if answer.outcome is Outcome.DENIED:
            raise HumanDenied(f"{answer.who} said no ({reason})")
        if answer.outcome is Outcome.TIMED_OUT:
            raise HumanTimeout(f"nobody answered before the deadline ({reason})")
        return answer


def _shown_origin(url: str) -> str:
    """The origin of `url` for a person to read; a page that has none is named by its scheme."""
    try:
        return origin_of(url)
    except ValueError:
        return url if url == "about:blank" else f"{url.partition(':')[0]}: (a page without an origin)"
