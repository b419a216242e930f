"""One step that a person does: shown, watched, and noticed when it is done."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from playwright.sync_api import Error as PlaywrightError

from tokenbroker.errors import HumanDenied, HumanTimeout
from tokenbroker.flow.model import Step
from tokenbroker.human.overlay import Act, Button, Card, Panel, panel_of
from tokenbroker.human.overlay.panel import Box
from tokenbroker.run.by_hand import TYPED, ByHand, Place, is_ahead, is_key, is_the_act, moves_on, presses
from tokenbroker.run.failure import StepFailed, attempt
from tokenbroker.run.stage import Stage
from tokenbroker.run.targets import Found

if TYPE_CHECKING:  # which watches
    from tokenbroker.run.guide import Guide

LISTEN_MS: Final = 100.0
UNSEEN_S: Final = 15.0
"""A page that is only slow to come has shown the panel by then."""
SLICE_S: Final = 2.0
"""So long a target is looked for at a time: between, the person is heard."""
_BOX_MS: Final = 300.0
_LOST_CODES: Final = (
    "target.not_found",
    "target.ambiguous",
    "target.detached",
    "target.frame_detached",
    "target.frame_not_found",
)


class WentBack(Exception):
    """The person wants the step with the number `to` again."""

    def __init__(self, to: int) -> None:
        super().__init__()
        self.to = to


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """How the person has answered: "act" (it was seen), "done" (their word), "ahead" (what comes next is there),
    "type" (they let it be typed); "already": there was nothing to do."""

    how: str

    @property
    def told(self) -> str:
        """For the report."""
        return {
            "act": "done by hand",
            "already": "it was so already",
            "done": "done by hand, as the person says",
            "ahead": "done by hand: what comes next is there",
            "type": TYPED,
        }[self.how]


class Sight:
    """Whether the panel is to be seen, as far as a page lets it."""

    def __init__(self) -> None:
        self._seen_at = time.monotonic()

    def require(self, panel: Panel) -> None:
        """Stop where the panel has been out of sight for `UNSEEN_S`.

        Raises:
            StepFailed: `guided.covered`.
        """
        now = time.monotonic()
        if panel.is_seen:
            self._seen_at = now
        elif now - self._seen_at > UNSEEN_S:
            raise StepFailed(
                "the page keeps the panel out of sight, so that nothing can be pressed in it",
                code="guided.covered",
                next_step="close what lies over the page; a site that goes on like that is no site to be guided on",
            )


class Watch:
    """One step that the person does."""

    def __init__(
        self, guide: "Guide", step: Step, stage: Stage, by: ByHand, find: Callable[[], Found] | None
    ) -> None:
        self._guide = guide
        self._step = step
        self._stage = stage
        self._by = by
        self._find = find
        self._panel = panel_of(stage.page)
        self._lost: StepFailed | None = None
        self._place: Place | None = None
        self._sight = Sight()
        self._shown: Card | None = None
        self._moved_on = False
        self.found: Found | None = None
        self._heard_any = guide.was_early
        """Whether the person has done something in the page since the last step was done."""

    def until_done(self, *, look_for_s: float) -> Reply:
        """Look, show, and listen, until it is done."""
        ends_at = time.monotonic() + self._guide.deadline_s
        lost_at = time.monotonic() + look_for_s
        while time.monotonic() < ends_at:
            if self._find is not None and self.found is None:
                self._look(self._find, is_lost=time.monotonic() >= lost_at)
            reply = self._listened()
            if reply is not None:
                return reply
        raise HumanTimeout(
            f"nobody did the step before the deadline ({self._by.words})",
            next_step="give the person longer with the setting human.deadline_s",
        )

    def _look(self, find: Callable[[], Found], *, is_lost: bool) -> None:
        """Look for the target for a moment; what it fails with is told to the person once it `is_lost`."""
        self._stage.extend(SLICE_S)
        try:
            self.found = find()
        except StepFailed as error:
            if error.code not in _LOST_CODES:
                raise
            self._lost = error if is_lost else None
            return
        self._lost = None
        for frame in self._stage.page.frames:
            self._panel.watch(frame)
        with suppress(
            PlaywrightError
        ):  # a page may scroll as it likes; the frame is drawn where the target is
            self.found.element.scroll_into_view_if_needed(timeout=_BOX_MS)
            # From its use on the target counts as acted on.
            self.found.target.count()

    def _listened(self) -> Reply | None:
        stage, panel, by = self._stage, self._panel, self._by
        box = box_of(self.found) if self.found is not None else None
        if self.found is not None and box is not None:
            self._place = Place.of(box, self.found.frame, stage.page)
        if self._shown is None and self.found is not None and self._holds(self.found):
            return Reply(how="already")
        if self.found is not None or self._find is None:
            self._show(by.words, by.detail, box)
        elif self._lost is not None:
            self._show("I can't find what this step is about", f"{by.words}: {self._lost.sentence}", None)
        closed: StepFailed | None = None
        try:
            attempt(lambda: stage.page.wait_for_timeout(LISTEN_MS), what="waiting for the person")
            panel.point_at(box)
            self._sight.require(panel)
        except StepFailed as error:
            if not stage.page.is_closed():
                raise
            closed = error
        done = self._heard(stage)
        while panel.presses:
            reply = self._pressed(panel.presses.popleft().id)
            if reply is not None:
                return reply
        if closed is not None and not done:
            raise closed
        if done or (self.found is not None and by.holds is not None and self._holds(self.found)):
            return Reply(how="act")
        if self._heard_any and box is None and is_ahead(self._step, stage):
            return Reply(how="ahead")
        if self.found is not None and box is None:
            self.found = None  # the page may have put another in its place
        return None

    def _show(self, heading: str, detail: str, box: Box | None) -> None:
        answers = []
        if self._by.may_type:
            answers.append(Button(id="type", label="Type it for me", is_primary=True))
        answers.append(Button(id="done", label="I have done it", is_primary=not self._by.may_type))
        card = self._guide.card(
            self._step,
            self._stage,
            heading=heading,
            detail=detail,
            answers=tuple(answers),
        )
        card = replace(card, literal=self._by.literal)
        if card != self._shown:
            self._shown = card
            self._panel.show(card, box)

    def _pressed(self, button: str) -> Reply | None:
        step, stage = self._step, self._stage
        if button == "stop":
            raise HumanDenied("the person stopped the run at this step", code="human.stopped")
        if button == "other":
            raise StepFailed(
                "the person sees something else than what this step is about",
                code="guided.other_page",
                next_step="look at the evidence of this step; mend the flow where the site has changed",
                acted=self._heard_any,
            )
        if button == "back":
            to, _ = self._guide.back_from(step, stage)
            if to is not None:
                raise WentBack(to)
        if button == "type" and self._by.may_type:
            return Reply(how="type")
        if button == "done":
            self._guide.ahead.touch(pressed=True)
            return Reply(how="done")
        return None

    def _heard(self, stage: Stage) -> bool:
        """Whether one of the person's acts since the last time is what the step asks for."""
        done = False
        for act in self._guide.ahead.hear(stage.page):
            self._heard_any = True
            done = done or self._is_it(act)
            is_on_field = False
            if self._place is not None:
                is_on_field = self._step.verb == "type" and is_the_act(act, self._place)
                self._moved_on = self._moved_on or moves_on(act, self._place)
            if presses(act) and not (is_on_field and act.kind != "keydown"):
                self._guide.ahead.touch(pressed=True)
        return done

    def _is_it(self, act: Act) -> bool:
        if self._by.key and (act.kind != "keydown" or not is_key(act, self._by.key)):
            return False
        if self._by.key and self._find is None:
            return True
        if not self._by.key and not (self._by.is_click and act.kind == "click"):
            return False
        return self._place is not None and is_the_act(act, self._place)

    def _holds(self, found: Found) -> bool:
        with suppress(PlaywrightError, StepFailed):
            return self._by.holds is not None and self._by.holds(found, self._moved_on)
        return False


def box_of(found: Found) -> Box | None:
    """Where the element stands in the page's viewport now; None where it does not."""
    with suppress(PlaywrightError):
        box = found.element.bounding_box(timeout=_BOX_MS)
        if box is not None:
            return (box["x"], box["y"], box["width"], box["height"])
    return None
