"""The person before the browser's window: asked in the page, beside another channel; the first answer counts."""

from contextlib import suppress
from dataclasses import replace

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from tokenbroker.clock import Clock, system_clock
from tokenbroker.errors import HumanUnreachable
from tokenbroker.human.board import seldom
from tokenbroker.human.checkpoint import (
    Answer,
    Channel,
    Checkpoint,
    Kind,
    Outcome,
    PageSays,
    TellingChannel,
    parked_in_words,
)
from tokenbroker.human.overlay import Button, Card, Panel, panel_of
from tokenbroker.human.person import person_here

PUMP_MS = 20.0
"""For so long the page's events are heard at a time."""
_YES, _NO = "done", "deny"
_LABELS = {
    Kind.DEVICE: "I have approved it",
    Kind.CONFIRM: "Go on",
    Kind.ACTION: "I have done it",
    Kind.RETRY: "Do the step again",
}
_HOW = {
    Kind.OTP: "Type it into the page, where the site asks for it; this goes on when the site has taken it.",
    Kind.DEVICE: "Approve it on your device.",
    Kind.CONFIRM: "",
    Kind.ACTION: "Do it here in the page.",
    Kind.RETRY: "Mend the page first: everything in it is yours to press.",
}


class OverlayChannel:
    """Asks in the page, whose browser has a window, and along `inner` meanwhile."""

    name = "overlay"
    has_hands = False

    def __init__(self, inner: Channel, *, clock: Clock = system_clock) -> None:
        self._inner = inner
        self._clock = clock

    def unreachable(self) -> str | None:
        """Always None: whoever sees the window can answer in it."""
        return None

    @property
    def elsewhere(self) -> Channel:
        """What asks before there is a page."""
        return self._inner

    def ask(self, checkpoint: Checkpoint, page_says: PageSays) -> Answer:
        """Before there is a page only `elsewhere` can ask; raises HumanUnreachable where it reaches nobody."""
        why_not = self._inner.unreachable()
        if why_not:
            raise nobody_to_ask(why_not)
        return self._inner.ask(checkpoint, page_says)

    def tell(self, sentence: str) -> None:
        """See `TellingChannel`: the panel has gone by then, and what can be told is told at `inner`."""
        if isinstance(self._inner, TellingChannel):
            self._inner.tell(sentence)

    def ask_at_page(self, page: Page, checkpoint: Checkpoint, page_says: PageSays) -> Answer:
        """As the contract says; an answer that was pressed in the panel has this channel's name."""
        asked = _Asked(page, checkpoint, page_says, self._clock)
        answer: Answer | None = None
        try:
            if self._inner.unreachable() is None:
                with suppress(HumanUnreachable):  # a terminal that went away: the window is still there
                    answer = self._inner.ask(checkpoint, asked.settled)
            return asked.own or answer or asked.waited_for()
        finally:
            asked.panel.hide()


class _Asked:
    """One question in the panel."""

    def __init__(self, page: Page, checkpoint: Checkpoint, page_says: PageSays, clock: Clock) -> None:
        self._page = page
        self._page_says = seldom(page_says)
        self._checkpoint = checkpoint
        self._clock = clock
        self._is_parked = False
        self.own: Answer | None = None
        self.panel: Panel = panel_of(page)
        self.panel.presses.clear()
        self.panel.show(card_of(checkpoint))

    def settled(self) -> Outcome | None:
        """How it ended in the panel or the page, if it did; to be asked often."""
        try:
            self._page.wait_for_timeout(PUMP_MS)
        except PlaywrightError:
            return self._page_says()  # the window is closed: what that means, the page's own word tells
        self._tell_parked()
        self.panel.point_at(None)
        while self.panel.presses and self.own is None:
            press = self.panel.presses.popleft()
            if press.id in (_YES, _NO):
                self.own = Answer(
                    outcome=Outcome.DENIED if press.id == _NO else Outcome.DONE,
                    who=person_here(),
                    channel=OverlayChannel.name,
                    at=self._clock(),
                )
        return self.own.outcome if self.own is not None else self._page_says()

    def _tell_parked(self) -> None:
        if not self._is_parked and self._checkpoint.parked_at(self._clock()) is not None:
            self._is_parked = True
            self.panel.show(replace(card_of(self._checkpoint), hint=parked_in_words(self._checkpoint)))

    def waited_for(self) -> Answer:
        """The answer, where nobody else is asked."""
        outcome = None
        while outcome is None and self._clock() < self._checkpoint.ends_at:
            outcome = self.settled()
        return Answer(
            outcome=outcome or Outcome.TIMED_OUT,
            who=person_here(),
            channel="page" if outcome else OverlayChannel.name,
            at=self._clock(),
        )


def card_of(checkpoint: Checkpoint) -> Card:
    """`checkpoint` as the panel shows it."""
    kind = checkpoint.kind
    again = checkpoint.attempt > 1
    refused = "The code was not accepted." if kind is Kind.OTP else "It is still there."
    no = Button(id=_NO, label="Stop the run")
    yes = [Button(id=_YES, label=_LABELS[kind], is_primary=True)] if kind in _LABELS else []
    return Card(
        count=f"{checkpoint.flow_id} asks",
        share=1.0,
        heading=checkpoint.reason,
        detail=_HOW[kind],
        hint=refused if again else "",
        buttons=(*yes, no),
    )


def nobody_to_ask(why_not: str) -> HumanUnreachable:
    """Nobody can be asked where there is no page to ask in."""
    return HumanUnreachable(f"a person has to be asked, and {why_not}", next_step="run it at a terminal")
