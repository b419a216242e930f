"""Guided mode: the person acts, the panel says what, and the runner watches until it is done (RUN-5)."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Final

from playwright.sync_api import Page

from tokenbroker.clock import Clock
from tokenbroker.errors import HumanDenied, HumanTimeout
from tokenbroker.flow.model import Flow, Step
from tokenbroker.human.checkpoint import Answer, Checkpoint, Kind, Outcome
from tokenbroker.human.overlay import Button, Card, Panel, panel_of
from tokenbroker.human.overlay.panel import Box
from tokenbroker.human.person import person_here
from tokenbroker.run.ahead import Ahead
from tokenbroker.run.by_hand import ByHand, presses
from tokenbroker.run.failure import StepFailed, attempt
from tokenbroker.run.stage import Stage
from tokenbroker.run.targets import Found, Purpose
from tokenbroker.run.watch import LISTEN_MS, Reply, Sight, Watch, box_of

CHANNEL: Final = "overlay"
_BACK = ("navigate", "type", "click", "select", "check", "press")
_PASSED_OVER = ("wait_for", "expect")
_MASK: Final = "•" * 12


class Guide:
    """Leads one person through one run.

    Attributes:
        deadline_s: how long the person has for each step.
    """

    def __init__(
        self,
        flow: Flow,
        page: Page,
        *,
        deadline_s: float,
        clock: Clock,
        on_checkpoint: Callable[[Checkpoint, Answer], None],
    ) -> None:
        self._flow = flow
        self.deadline_s = deadline_s
        self._clock = clock
        self._on_checkpoint = on_checkpoint
        self.ahead = Ahead(flow, page)
        self.was_early = False
        """Whether the person has done something between the last step and this one."""

    def begin(self, step: Step, stage: Stage) -> None:
        """Say that it is about `step`, which the tool does by itself until `done` asks for the person.

        A key that the person can make from here on is noted durably now: nobody keeps them from being ahead.
        """
        panel = self.ahead.watch(stage.page)
        self.ahead.expect(step.number, stage)
        heard = self.ahead.hear(stage.page)
        self.was_early = bool(heard)
        if any(map(presses, heard)):
            self.ahead.touch(pressed=True)
        panel.show(
            self.card(step, stage, heading="One moment", detail=step.title, answers=(), has_ways_out=False)
        )

    def rest(self, stage: Stage) -> None:
        """Take the panel away: the page is to be seen by itself."""
        panel_of(stage.page).hide()

    def done(
        self, step: Step, stage: Stage, by: ByHand, find: Callable[[], Found] | None, *, limit_s: float
    ) -> tuple[Reply, Found | None]:
        """Show the person what to do, and wait until it is done; answers how, and the target where it was found.

        `find` looks for the target, for as long as the stage says; `limit_s` is the time that the step has for what is
        not the person's.

        Raises:
            WentBack: the person wants an earlier step again.
            HumanDenied: `human.stopped`; the person stops the run.
            HumanTimeout: nothing was done before the deadline.
            StepFailed: `guided.other_page`; the person sees something else; `guided.covered`; and what looking for it
                fails with.
        """
        watch = Watch(self, step, stage, by, find)
        reply = watch.until_done(look_for_s=limit_s)
        if step.verb != "type":
            self.ahead.touch(pressed=True)
        elif reply.how not in ("type", "already"):
            self.ahead.touch(pressed=False)
        # The person's time is not the page's: what follows gets its whole time.
        stage.extend(limit_s)
        return reply, watch.found

    def confirm_token(self, step: Step, stage: Stage) -> None:
        """Ask whether what was read is the new token: its place is framed, and it is shown masked.

        Raises:
            HumanDenied: `human.denied`; the person says no.
            HumanTimeout: no answer before the deadline.
        """
        self.ahead.touch(pressed=True)  # there is a key
        limit_s = stage.remaining_s()
        answers = (Button(id="yes", label="Yes, store it", is_primary=True), Button(id="no", label="No"))
        card = self.card(
            step, stage, heading="Is this the new token?", detail=f"It will be stored as {step.options['secret_ref']}.",
            answers=answers, has_ways_out=False,
        )  # fmt: skip
        panel = panel_of(stage.page)
        box = _place_of_token(step, stage)
        panel.show(replace(card, literal=_MASK), box())
        outcome = self._answered(stage, panel, box)
        self.note(stage, "Is this the new token?", outcome)
        stage.extend(limit_s)
        if outcome is Outcome.DENIED:
            raise HumanDenied("the person says that what was read is not the new token")
        if outcome is Outcome.TIMED_OUT:
            raise HumanTimeout("nobody said before the deadline whether what was read is the new token")

    def _answered(self, stage: Stage, panel: Panel, box: Callable[[], Box | None]) -> Outcome:
        ends_at, sight = time.monotonic() + self.deadline_s, Sight()
        while time.monotonic() < ends_at:
            attempt(lambda: stage.page.wait_for_timeout(LISTEN_MS), what="waiting for the person")
            panel.point_at(box())
            sight.require(panel)
            while panel.presses:
                pressed = panel.presses.popleft().id
                if pressed in ("yes", "no"):
                    return Outcome.DONE if pressed == "yes" else Outcome.DENIED
        return Outcome.TIMED_OUT

    def note(self, stage: Stage, reason: str, outcome: Outcome) -> None:
        """Leave in evidence and audit what the person has decided in the panel."""
        checkpoint = Checkpoint(
            kind=Kind.CONFIRM,
            reason=reason,
            flow_id=self._flow.id,
            origin=stage.shown_origin,
            deadline=self._clock() + timedelta(seconds=self.deadline_s),
        )
        answer = Answer(outcome=outcome, who=person_here(), channel=CHANNEL, at=self._clock())
        self._on_checkpoint(checkpoint, answer)

    def back_from(self, step: Step, stage: Stage) -> tuple[int | None, str]:
        """Which step the person may go back to, and why there is none."""
        if not self.ahead.may_go_back(stage):
            return None, "a key may have been made: there is no way back"
        for each in reversed(self._flow.steps[: step.number - 1]):
            if each.verb in _BACK:
                return each.number, ""
            if each.verb not in _PASSED_OVER:
                return None, "what comes before can't be done again"
        return None, "this is the first step"

    def card(
        self,
        step: Step,
        stage: Stage,
        *,
        heading: str,
        detail: str,
        answers: tuple[Button, ...],
        has_ways_out: bool = True,
    ) -> Card:
        """What the panel shows about `step`; the ways out of it are Back, "This is not what I see" and Stop."""
        total = len(self._flow.steps)
        return Card(
            count=f"Step {step.number} of {total}",
            share=step.number / total,
            heading=heading,
            detail=detail,
            buttons=(*answers, *(self._ways_out(step, stage) if has_ways_out else ())),
        )

    def _ways_out(self, step: Step, stage: Stage) -> tuple[Button, ...]:
        _, why_not = self.back_from(step, stage)
        return (
            Button(id="back", label="Back", is_quiet=True, why_not=why_not),
            Button(id="other", label="This is not what I see", is_quiet=True),
            Button(id="stop", label="Stop", is_quiet=True),
        )


def _place_of_token(step: Step, stage: Stage) -> Callable[[], Box | None]:
    """Tells where the token stands; nowhere, where it was copied or has gone from the page."""
    found: Found | None = None
    if step.options.get("from") != "clipboard" and step.selector is not None:
        with suppress(StepFailed):
            found = stage.find(step.selector, purpose=Purpose.READ, wordless=True)
    return lambda: box_of(found) if found is not None else None
