"""One sitting: a person uses a browser by hand, and what they do becomes a `Recording`.

All of it stays in memory. It holds what they typed, by design: no secret is wrapped here, and nothing is logged or put
into an error. `tokenbroker.record.sanitise` is the only way out.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from playwright.sync_api import BrowserContext

from tokenbroker.human.checkpoint import Kind as HumanKind
from tokenbroker.human.overlay import Card, panel_mark
from tokenbroker.human.overlay.panel import Box
from tokenbroker.record.cards import Mode, card_of, in_words
from tokenbroker.record.listener import Told
from tokenbroker.record.observed import Mark, Marked, Picked
from tokenbroker.record.recording import Recording, TokenSeen, What
from tokenbroker.record.windows import Window, Windows
from tokenbroker.run.steps.reading import MASKS, MIN_CHARACTERS
from tokenbroker.settings.origins import origin_of

POLL_S: Final = 0.05
_NOT_WHOLE: Final = (
    "That is covered, or too short for a token. If so: Forget that, and point at it where all of it is shown."
)
_FULL: Final = (
    "this sitting is too long, or its page never rests: the recording ends here, with what was noted"
)
_HUMAN: Final = {"otp": HumanKind.OTP, "action": HumanKind.ACTION, "device": HumanKind.DEVICE}


def record(
    context: BrowserContext,
    *,
    address: str,
    origins: Mapping[str, str],
    say: Callable[[str], None] = lambda _: None,
    ask_dialog: Callable[[str], bool] | None = None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Recording | None:
    """Open `address`, and note what the person does until they end it in the panel; None where they cancel.

    It ends too once every window is closed, the browser has gone, the log is full, or `is_stopped` says so. What comes
    in between, such as Ctrl-C, goes on after everything was put back.

    Args:
        context: a fresh one, without a page: see `tokenbroker.run.browser.recorded_context`.
        origins: the origin map: for the origin of a site the one where it is reached on this machine.
        say: tells the person a sentence, elsewhere than in the browser.
        ask_dialog: answers the question of a page's JavaScript dialog. Without it the person answers in the browser's
            own window; where the browser has none, every dialog is accepted.

    Raises:
        RecorderUnsupported: this Playwright can't record from here.
    """
    sitting = _Sitting(Windows(context, ask_dialog=ask_dialog))
    sitting.windows.begin(mapped(address, origins))
    try:
        say(
            f"the browser is open; its panel is marked “{panel_mark()}”: mark the token there, then press Finish"
        )
        ended = sitting.attend(is_stopped)
        if sitting.windows.is_full:
            say(_FULL)
    except BaseException:
        # Ctrl-C may have left a call half done, after which Playwright takes no other.
        with suppress(Exception):
            sitting.windows.end()
        raise
    sitting.windows.end()
    if ended == "cancelled":
        return None
    return Recording(
        events=sitting.windows.events(),
        own=tuple(sitting.windows.own.values()),
        origins={target: site for site, target in origins.items()},
        ended=ended,
    )


def mapped(address: str, origins: Mapping[str, str]) -> str:
    """`address` where the browser finds it: its origin traded by the origin map."""
    try:
        target = origins.get(origin_of(address))
    except ValueError:
        return address
    if target is None:
        return address
    to, parts = urlsplit(target), urlsplit(address)
    return urlunsplit((to.scheme, to.netloc, parts.path, parts.query, parts.fragment))


def may_be_whole(token: TokenSeen) -> bool:
    """Whether what was pointed at may be a whole token, or copies one."""
    return token.source == "clipboard" or (len(token.text) >= MIN_CHARACTERS and not MASKS & set(token.text))


class _Sitting:
    """What the panel says, and what the person presses in it."""

    def __init__(self, windows: Windows) -> None:
        self.windows = windows
        self._mode = Mode.ACT
        self._hint = ""
        self._cards: dict[int, Card] = {}
        self._pointed: tuple[int, Box] | None = None
        self._asked = self._picked = 0

    def attend(self, is_stopped: Callable[[], bool]) -> str:
        """Until it ends: "finished", "closed" or "cancelled"."""
        while True:
            for window, told in self.windows.take():
                self._point(window, told)
            self._leave_picking()
            ended = self._take_press()
            if ended:
                return ended
            if not self.windows.open:
                return "closed"
            if self.windows.is_full or is_stopped():
                return "finished"
            self.windows.tick(pick=self._asked if self._mode is Mode.PICK else 0)
            self._show()
            self.windows.wait(POLL_S)

    def _take_press(self) -> str:
        """Do what was pressed first: any other press was for a card that is no longer true, as a double click's second.

        Answers how the sitting ends by that, "" where it goes on.
        """
        ended = ""
        for window in self.windows.open:
            if window.panel.presses:
                ended = self._press(window, window.panel.presses.popleft().id)
                break
        for window in self.windows.open:
            window.panel.presses.clear()
        return ended

    def _show(self) -> None:
        card = card_of(self.windows.events(), self._mode, hint=self._hint)
        for window in self.windows.open:
            if window.listener.is_blocked:
                continue
            pointed = self._pointed
            box = pointed[1] if pointed is not None and pointed[0] == window.number else None
            if self._cards.get(window.number) != card:
                self._cards[window.number] = card
                window.panel.show(card, box)
            else:
                window.panel.point_at(box)

    def _press(self, window: Window, button: str) -> str:
        """Do what a button of the panel says; answers how the sitting ends by that, "" where it goes on."""
        self._hint = ""
        match button:
            case "finish":
                return "finished"
            case "cancel":
                return "cancelled"
            case "token":
                self._to(Mode.ACT if self._mode is Mode.PICK else Mode.PICK)
            case "human" if self._mode is Mode.HUMAN:
                self._to(Mode.ACT)
                self._mark("human over", window)
            case "human":
                self._to(Mode.HUMAN)
                self._mark("human", window, human=_HUMAN[window.listener.asks()])
            case "parameter":
                typed = next((e for e in reversed(self.windows.events()) if e.what is What.TYPE), None)
                if typed is not None:
                    self._hint = f"Noted as a parameter: what you {in_words(typed)}."
                    self._mark("parameter", window)
            case "forget":
                last = next(reversed(self.windows.events()), None)
                if last is not None:
                    self._hint = f"Forgotten: {in_words(last)}."
                    self._to(Mode.ACT)
                    self._mark("forget", window)
        return ""

    def _mark(self, kind: Mark, window: Window, *, human: HumanKind | None = None) -> None:
        at_s = self.windows.now_s
        self.windows.note(
            Marked(kind=kind, window=window.number, human=human, page_url=window.url, at_s=at_s)
        )

    def _point(self, window: Window, told: Told) -> None:
        if self._mode is not Mode.PICK:
            return
        if told.what["told"] == "escaped":
            self._to(Mode.ACT)
            return
        offset = window.listener.offset_of(told.frame_id)
        left, top, width, height = told.what["box"]
        self._pointed = (
            (window.number, (left + offset[0], top + offset[1], width, height)) if offset else None
        )

    def _leave_picking(self) -> None:
        """Once the token is pointed at."""
        picked = [each.token for each in self.windows.log if isinstance(each, Picked)]
        if len(picked) != self._picked:
            self._picked = len(picked)
            self._to(Mode.ACT)
            self._hint = "" if may_be_whole(picked[-1]) else _NOT_WHOLE

    def _to(self, mode: Mode) -> None:
        self._mode, self._pointed = mode, None
        self._asked += mode is Mode.PICK
