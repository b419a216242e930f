"""The windows of a sitting: each with its panel and its listener, and one log of all that they tell."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

from playwright.sync_api import BrowserContext, Dialog, Frame, Page
from playwright.sync_api import Error as PlaywrightError

from tokenbroker.human.overlay import Panel, panel_of
from tokenbroker.record.codegen import Codegen
from tokenbroker.record.listener import Listener, Told
from tokenbroker.record.log import Log
from tokenbroker.record.matching import events_of
from tokenbroker.record.observed import Answered, Entry, Moved, Opened
from tokenbroker.record.reading import Reader, own_values
from tokenbroker.record.recording import Event, OwnValue

MAX_OWN: Final = 200
OWN_EVERY: Final = 10
"""Every so many ticks pages are asked for what they show as the account's own."""
_READY_S: Final = 10.0
_DIALOG_S: Final = 1.0
_OF_NO_LOG: Final = ("pointed", "escaped")


@dataclass(kw_only=True)
class Window:
    """One window, and what listens in it."""

    number: int
    page: Page
    panel: Panel
    listener: Listener
    reader: Reader
    url: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class _News:
    """Something that came and was not looked at yet."""

    window: int
    what: Told | Moved | Opened = field(repr=False)
    at_s: float


class Windows:
    """All windows of `context`, from `begin` to `end`.

    Attributes:
        log: what came, in order.
        own: what pages showed as the account's own.
        is_closed: the browser, or the context, has gone.
    """

    def __init__(self, context: BrowserContext, *, ask_dialog: Callable[[str], bool] | None) -> None:
        self._context = context
        self._ask_dialog = ask_dialog
        self._began = time.monotonic()
        self._pages: list[Page] = []
        self._windows: dict[int, Window] = {}
        self._news: deque[_News] = deque()
        self._dialogs: list[tuple[Page, Dialog]] = []
        self._codegen = Codegen(context, window_of=self.number_of)
        self._is_opening = True
        self._ticks = 0
        self._events: tuple[tuple[int, int], tuple[Event, ...]] = ((0, 0), ())
        self._log = Log()
        self.log = self._log.entries
        self.own: dict[tuple[str, str], OwnValue] = {}
        self.is_closed = False

    def begin(self, address: str) -> None:
        """Record from now on, and open `address`."""
        self._codegen.start()
        self._context.on("page", self._arrive)
        self._context.on("dialog", self._dialog)
        self._context.on("close", self._close)
        page = self._context.new_page()
        until = time.monotonic() + _READY_S
        while not self._windows and time.monotonic() < until:
            self.wait(0.01)  # handlers run beside this: the listener comes before the first document
        self.note(Moved(window=0, url=address, asked=address, how="typed"))
        with suppress(PlaywrightError):  # the browser says so itself, and the person may go elsewhere
            page.goto(address, wait_until="commit")

    def end(self) -> None:
        """Take what is still on its way, and leave nothing behind in the pages."""
        self.tick(is_last=True)
        if not self.is_closed:
            self._codegen.stop()
        self.take()
        self._context.remove_listener("page", self._arrive)
        self._context.remove_listener("dialog", self._dialog)
        self._context.remove_listener("close", self._close)
        for window in self.open:
            window.panel.hide()

    @property
    def open(self) -> list[Window]:
        """Those that are still open."""
        return [each for each in self._windows.values() if not (self.is_closed or each.page.is_closed())]

    @property
    def now_s(self) -> float:
        """Seconds since it began."""
        return round(time.monotonic() - self._began, 3)

    @property
    def is_full(self) -> bool:
        """Whether the log has no room for all that may come."""
        return self._log.is_full

    def events(self) -> tuple[Event, ...]:
        """What the log amounts to by now."""
        state = self._log.version, len(self._codegen.actions)
        if self._events[0] != state:
            self._events = state, events_of(self.log, self._codegen.actions)
        return self._events[1]

    def note(self, entry: Entry) -> None:
        """Add to the log."""
        self._log.add(entry, now_s=self.now_s)

    def wait(self, seconds: float) -> None:
        """Let news come in; needs no page."""
        try:
            self._context._sync(asyncio.sleep(seconds))
        except PlaywrightError:  # Playwright itself has gone
            self.is_closed = True

    def tick(self, *, pick: int = 0, is_last: bool = False) -> None:
        """Keep all listeners up; where `pick` is another number than before, the next press points at the token."""
        self._ticks += 1
        for window in self.open:
            if not window.listener.is_blocked:
                window.listener.attend()
                window.listener.tick(looks_for_own=is_last or self._ticks % OWN_EVERY == 0, pick=pick)
        self._let_go()

    def take(self) -> list[tuple[Window, Told]]:
        """Read the news into the log; answers those that belong into no log: where the person points."""
        others = []
        while self._news:
            news = self._news.popleft()
            window = self._windows.get(news.window)
            if isinstance(news.what, Opened):
                self.note(news.what)
            elif window is not None and isinstance(news.what, Moved):
                self._move(window, news.what)
            elif window is not None and isinstance(news.what, Told):
                if news.what.what.get("told") in _OF_NO_LOG:
                    others.append((window, news.what))
                else:
                    self._hear(window, news.what, news.at_s)
        for window in tuple(self._windows.values()):
            while window.listener.answers:
                was_accepted = window.listener.answers.popleft()
                self.note(Answered(window=window.number, answer="accept" if was_accepted else "dismiss"))
        return others

    def number_of(self, page: Any) -> int | None:
        """The number of a page, Playwright's inner one or the one that it shows to us."""
        inner = getattr(page, "_impl_obj", page)
        return next((n for n, each in enumerate(self._pages) if each._impl_obj is inner), None)

    def _arrive(self, page: Page) -> None:
        number = len(self._pages)
        self._pages.append(page)

        def hear(told: Told) -> None:
            self._news.append(_News(window=number, what=told, at_s=self.now_s))

        def moved(frame: Frame) -> None:
            if frame.parent_frame is not None:
                return
            at_s, window = self.now_s, self._windows.get(number)
            came = Moved(window=number, url=frame.url, at_s=at_s)
            if window is not None:
                came = replace(came, how=window.listener.how, asked=window.listener.asked)
                window.listener.how = ""
            self._news.append(_News(window=number, what=came, at_s=at_s))

        page.on("framenavigated", moved)
        if number:
            opener = None
            with suppress(PlaywrightError):
                opener = self.number_of(page.opener())
            is_blank = opener is None and page.url in ("", "about:blank")
            opened = Opened(window=number, opener=opener, is_blank=is_blank, at_s=self.now_s)
            self._news.append(_News(window=number, what=opened, at_s=self.now_s))
        panel = panel_of(page)  # before the listener: what is done in it is not heard
        self._windows[number] = Window(
            number=number,
            page=page,
            panel=panel,
            listener=Listener(page, hear),
            reader=Reader(number),
            url=page.url,
        )

    def _move(self, window: Window, moved: Moved) -> None:
        if window.number == 0 and self._is_opening:
            self._is_opening, moved = False, replace(moved, how="")  # noted when it was asked for
        self.note(replace(moved, from_url=window.url))
        window.url = moved.url

    def _hear(self, window: Window, told: Told, at_s: float) -> None:
        if told.what.get("told") == "own":
            for value in own_values(told.what):
                if len(self.own) < MAX_OWN:
                    self.own.setdefault((value.what, value.value), value)
            return
        is_main = told.frame_id == window.listener.main
        entry = window.reader.read(
            told.what,
            frame=told.frame_id,
            frames=() if is_main else window.listener.frames_of(told.frame_id, str(told.what["url"])),
            page_url=str(told.what["url"]) if is_main else window.url,
            at_s=at_s,
        )
        if entry is not None:
            self.note(entry)

    def _dialog(self, dialog: Dialog) -> None:
        if self._ask_dialog is not None:
            is_yes = dialog.type == "beforeunload" or self._ask_dialog(dialog.message)
            _answer(dialog, is_yes=is_yes)
        elif dialog.page is not None:
            self._leave(dialog.page, dialog)

    def _leave(self, page: Page, dialog: Dialog) -> None:
        """Leave `dialog` to the person if it has a window; one that has none would hold the page for ever."""
        until = time.monotonic() + _DIALOG_S
        window = self._window_of(page)
        while window is not None and not window.listener.is_blocked and time.monotonic() < until:
            self.wait(0.01)
            window = self._window_of(page)
        if window is not None and window.listener.is_blocked and window.listener.is_shown:
            self._dialogs.append((page, dialog))
        else:
            _answer(dialog, is_yes=True)

    def _let_go(self) -> None:
        """Tell Playwright of the dialogs that the person has answered."""
        for page, dialog in tuple(self._dialogs):
            window = self._window_of(page)
            if window is None or not window.listener.is_blocked or page.is_closed():
                self._dialogs.remove((page, dialog))
                _answer(dialog, is_yes=True)

    def _window_of(self, page: Page) -> Window | None:
        number = self.number_of(page)
        return self._windows.get(number) if number is not None else None

    def _close(self, _: object) -> None:
        self.is_closed = True


def _answer(dialog: Dialog, *, is_yes: bool) -> None:
    with suppress(PlaywrightError):  # it was answered, or went with its page
        if is_yes:
            dialog.accept(dialog.default_value)
        else:
            dialog.dismiss()
