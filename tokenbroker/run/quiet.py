"""Waiting for a page to come to rest, without trusting the page to keep time.

The page only counts its changes; the pauses are ours. A page that never rests, or that has replaced its
timers, can therefore not hold a step longer than the step may take.
"""

import time
from collections.abc import Callable, Iterator
from itertools import count

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Frame, JSHandle, Page

from tokenbroker.run.failure import attempt

POLL_S = 0.05
QUIET_S = 0.6
# What is drawn late (a dialog, a list) is drawn by then. A page that still changes has a clock or an advertisement.
RESTLESS_S = 3.0

_WATCH = """() => {
  const seen = { changes: 0 };
  seen.observer = new MutationObserver(() => { seen.changes += 1; });
  seen.observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  return seen;
}"""
_LOOK = "seen => [seen.changes, document.readyState === 'complete']"


class ChangeCount:
    """Counts the changes of the document of a page, or of a frame, from now on.

    Raises:
        PlaywrightError: here and in `look`, when the document goes away.
    """

    def __init__(self, page: Page | Frame) -> None:
        self._seen: JSHandle = page.evaluate_handle(_WATCH)
        self._changes = 0
        self._since = time.monotonic()

    def look(self) -> tuple[float, bool]:
        """For how many seconds no change was seen, and whether the document is complete."""
        changes, complete = self._seen.evaluate(_LOOK)
        now = time.monotonic()
        if changes != self._changes:
            self._changes, self._since = changes, now
        return now - self._since, bool(complete)

    def close(self) -> None:
        """Stop counting; nothing to do where the document is gone."""
        try:
            self._seen.evaluate("seen => seen.observer.disconnect()")
            self._seen.dispose()
        except PlaywrightError:
            return


def rounds(page: Page, remaining_s: Callable[[], float]) -> Iterator[int]:
    """Counts up, a short pause between, until the time is up; at least once.

    Raises:
        StepFailed: the page has gone.
    """
    for number in count():
        yield number
        if remaining_s() <= POLL_S:
            return
        attempt(lambda: page.wait_for_timeout(POLL_S * 1000), what="waiting for the page")


def has_settled(page: Page | Frame, remaining_s: Callable[[], float]) -> bool:
    """Wait until `page` is complete and quiet; False where it was not within the step's time, or navigated.

    A page that is complete and keeps changing counts as settled after `RESTLESS_S`.
    """
    rest = Rest()
    try:
        return rest.has_settled(page, remaining_s)
    finally:
        rest.forget()


class Rest:
    """Whether a page is at rest; one that is stays watched, and is not waited for again while nothing changes.

    Attributes:
        was_left: whether the page went on to another document when it was waited for last.
    """

    def __init__(self) -> None:
        self.was_left = False
        self._page: Page | Frame | None = None
        self._count: ChangeCount | None = None

    def has_settled(
        self,
        page: Page | Frame,
        remaining_s: Callable[[], float],
        *,
        or_sooner: Callable[[], bool] = lambda: False,
    ) -> bool:
        """As the function of that name; at once where `page` was at rest the last time, and has not changed since, and
        as soon as it is `or_sooner`."""
        try:
            if self._page is page and self._count is not None:
                quiet_s, complete = self._count.look()
                if complete and quiet_s >= QUIET_S:
                    return True
        except PlaywrightError:
            pass  # it has another document now
        self.forget()
        self.was_left = False
        if remaining_s() <= QUIET_S:
            return False
        try:
            self._page, self._count = page, ChangeCount(page)
            return _comes_to_rest(page, self._count, remaining_s, or_sooner)
        except PlaywrightError:
            self.was_left = True
            return False

    def forget(self) -> None:
        """Something was done, from which changes may follow later: the next time is waited for."""
        if self._count is not None:
            self._count.close()
        self._page = self._count = None


def _comes_to_rest(
    page: Page | Frame, count: ChangeCount, remaining_s: Callable[[], float], or_sooner: Callable[[], bool]
) -> bool:
    began = time.monotonic()
    while remaining_s() > POLL_S:
        if or_sooner():
            return True
        page.wait_for_timeout(POLL_S * 1000)
        quiet_s, complete = count.look()
        if quiet_s >= QUIET_S or time.monotonic() - began >= RESTLESS_S:
            return complete
    return False
