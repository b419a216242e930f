"""The browser's clipboard, lent for one step: written by one origin only, read by us only, empty afterwards.

Contexts of one browser share a clipboard, and headed browsers share the desktop's: one step at a time has it.
What a page copies is pasted into a page of ours, in a context that the site's pages have no way into.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from playwright.sync_api import BrowserContext, Page
from playwright.sync_api import Error as PlaywrightError

from tokenbroker.run.browser import scratch_page
from tokenbroker.run.failure import StepFailed, attempt
from tokenbroker.run.quiet import POLL_S

# A copy of nothing: it puts an empty text in the place of what was there.
_EMPTY_COPY = """() => {
  document.body.innerHTML = '<textarea></textarea>';
  addEventListener('copy', event => { event.clipboardData.setData('text/plain', ''); event.preventDefault(); });
}"""
_FIELD = "textarea"
_CALL_MS = 5000


class Clipboard:
    """A lent clipboard; `scratch` is our own page."""

    def __init__(self, scratch: Page) -> None:
        self._scratch = scratch
        scratch.evaluate(_EMPTY_COPY)

    def text(self) -> str:
        """What was copied; "" where nothing was yet, and where it is no text."""
        self._scratch.fill(_FIELD, "", timeout=_CALL_MS)
        self._scratch.press(_FIELD, "ControlOrMeta+V", timeout=_CALL_MS)
        return self._scratch.input_value(_FIELD, timeout=_CALL_MS)

    def empty(self) -> None:
        """Overwrite what was copied."""
        self._scratch.press(_FIELD, "ControlOrMeta+C", timeout=_CALL_MS)


@contextmanager
def lent_clipboard(page: Page, origin: str, remaining_s: Callable[[], float]) -> Iterator[Clipboard]:
    """The clipboard of the browser of `page`, emptied first; pages of `origin` may write it meanwhile.

    No page may read it, before, meanwhile or afterwards.

    Raises:
        StepFailed: `clipboard.busy`; another run had it for longer than this step may take.
    """
    context = page.context
    browser = context.browser
    if browser is None:
        raise StepFailed("this browser has no clipboard of its own", code="clipboard.unavailable")
    with _alone(page, remaining_s), scratch_page(browser) as scratch:
        clipboard = attempt(lambda: Clipboard(scratch), what="opening the clipboard")
        attempt(clipboard.empty, what="emptying the clipboard")
        try:
            # Granting names what is allowed to that origin: everything else, reading too, stays denied.
            attempt(
                lambda: context.grant_permissions(["clipboard-write"], origin=origin),
                what="letting the page copy",
            )
            yield clipboard
        finally:
            _deny_all(context)
            with suppress(PlaywrightError):  # the browser is gone, and its clipboard with it
                clipboard.empty()


def _deny_all(context: BrowserContext) -> None:
    with suppress(PlaywrightError):
        context.clear_permissions()
        # Clearing leaves "ask"; a context of ours begins with "denied" (`gated_context`).
        context.grant_permissions([])


@contextmanager
def _alone(page: Page, remaining_s: Callable[[], float]) -> Iterator[None]:
    """Keep other runs of this machine away from the clipboard.

    The lock is on this very file: it is there, whoever runs, and needs no folder that all may write to. It ends
    with the process, however that ends.
    """
    descriptor = os.open(__file__, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while not _locked(descriptor):
            if remaining_s() <= POLL_S:
                raise StepFailed("another run is using the clipboard", code="clipboard.busy")
            attempt(lambda: page.wait_for_timeout(POLL_S * 1000), what="waiting for the clipboard")
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        # A file system without locks: the runs of one browser are one after the other in any case.
        return True
    return True
