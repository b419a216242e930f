"""A person who answers along another channel, or by `tokenbroker approve` at another terminal: the first one counts."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from tokenbroker.clock import Clock, system_clock
from tokenbroker.human.board import LOOK_S, Board, Posted, seldom
from tokenbroker.human.channels.overlay import OverlayChannel, nobody_to_ask
from tokenbroker.human.checkpoint import (
    Answer,
    Channel,
    Checkpoint,
    Outcome,
    PageChannel,
    PageSays,
    TellingChannel,
    has_hands,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

_HINT = 'nobody at another terminal is waited for (human.unattended = "wait" in the settings would)'


class AnywhereChannel:
    """Asks along `inner`, and lets what it asks be answered on `board` meanwhile.

    `waits`: whether to wait for the board alone, where `inner` can reach nobody; `on_waiting` is then told of each
    question and its id, and `on_parked` of one that is parked.
    """

    name = "anywhere"

    def __init__(
        self,
        inner: Channel,
        board: Board,
        *,
        waits: bool,
        clock: Clock = system_clock,
        on_waiting: Callable[[Checkpoint, str], None] = lambda *_: None,
        on_parked: Callable[[Checkpoint], None] = lambda _: None,
    ) -> None:
        self._inner = inner
        self._board = board
        self._waits = waits
        self._clock = clock
        self._on_waiting = on_waiting
        self._on_parked = on_parked

    def unreachable(self) -> str | None:
        why_not = self._inner.unreachable()
        return None if why_not is None or self._waits else f"{why_not}, and {_HINT}"

    @property
    def has_hands(self) -> bool:
        """Those of the inner channel's person."""
        return has_hands(self._inner)

    def ask(self, checkpoint: Checkpoint, page_says: PageSays) -> Answer:
        """As the contract says; whoever answers first is the answer's `who`, along that channel."""
        inner = self._inner.elsewhere if isinstance(self._inner, OverlayChannel) else self._inner
        why_not = inner.unreachable()
        if why_not and not self._waits:
            raise nobody_to_ask(f"{why_not}, and {_HINT}")
        return self._ask(checkpoint, page_says, inner.ask if why_not is None else None)

    def ask_at_page(self, page: "Page", checkpoint: Checkpoint, page_says: PageSays) -> Answer:
        """As `ask`, with the page for an inner channel that asks in it."""
        inner = self._inner
        if not isinstance(inner, PageChannel):
            return self.ask(checkpoint, page_says)
        if inner.unreachable() is not None:
            return self._ask(checkpoint, page_says, None)
        return self._ask(checkpoint, page_says, lambda asked, says: inner.ask_at_page(page, asked, says))

    def _ask(
        self,
        checkpoint: Checkpoint,
        page_says: PageSays,
        ask: Callable[[Checkpoint, PageSays], Answer] | None,
    ) -> Answer:
        """Ask by `ask`, where there is a way, and on the board."""
        with self._board.posted(checkpoint) as posted:
            if posted is None:
                return (ask or self._inner.ask)(checkpoint, page_says)
            now_and_then = seldom(page_says)

            settled_as: Outcome | None = None

            def settled() -> Outcome | None:
                nonlocal settled_as
                settled_as = posted.outcome() or now_and_then()
                return settled_as

            if ask is not None:
                own = ask(checkpoint, settled)
                first = posted.settled(own)
                if first is not own and settled_as is None and own.outcome is not Outcome.TIMED_OUT:
                    self._tell_too_late(first)
                return first
            self._on_waiting(checkpoint, posted.id)
            return posted.settled(self._wait(checkpoint, posted, now_and_then))

    def _tell_too_late(self, first: Answer) -> None:
        """Tell the person at `inner`, who has answered, that another's answer came before."""
        if isinstance(self._inner, TellingChannel):
            self._inner.tell(
                f"Too late: {first.who} has answered before ({first.channel}: {first.outcome.value})."
            )

    def _wait(self, checkpoint: Checkpoint, posted: Posted, page_says: PageSays) -> Answer:
        is_told = False
        while (now := self._clock()) < checkpoint.ends_at:
            if not is_told and checkpoint.parked_at(now) is not None:
                is_told = True
                self._on_parked(checkpoint)
            said = posted.outcome() or page_says()
            if said is not None:
                return self._by_nobody(said, "page")
            time.sleep(LOOK_S)
        return self._by_nobody(Outcome.TIMED_OUT, self.name)

    def _by_nobody(self, outcome: Outcome, channel: str) -> Answer:
        return Answer(outcome=outcome, code=None, who="nobody", channel=channel, at=self._clock())
