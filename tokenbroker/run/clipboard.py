"""The browser's clipboard, lent for one step: written by one origin only, read by us only, empty afterwards.

Contexts of one browser share a clipboard, and headed browsers share the desktop's: one step at a time has it.
What a page copies is pasted into a page of ours, in a context that the site's pages have no way into.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import platformdirs
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
_LOCK_NAME = "clipboard-lock"
NOT_EMPTIED = (
    "the clipboard could not be emptied: the token may still be on the clipboard, on the desktop's where the browser "
    "had a window; copy something else"
)


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
def lent_clipboard(
    page: Page, origin: str, remaining_s: Callable[[], float], *, tell: Callable[[str], None]
) -> Iterator[Clipboard]:
    """The clipboard of the browser of `page`, emptied first; pages of `origin` may write it meanwhile.

    No page may read it, before, meanwhile or afterwards. `tell` is given a sentence for the person where it could
    not be emptied at the end.

    Raises:
        StepFailed: `clipboard.busy`; another run had it for longer than this step may take.
        StepFailed: `clipboard.unavailable`; the browser has none, or the lock on it can't be made.
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
            _take_back(context, clipboard, tell)


def _take_back(context: BrowserContext, clipboard: Clipboard, tell: Callable[[str], None]) -> None:
    emptied = False
    try:
        _deny_all(context)
        # The desktop's clipboard outlives a browser that has gone.
        with suppress(PlaywrightError):
            clipboard.empty()
            emptied = True
    finally:  # a second Ctrl-C comes by here too
        if not emptied:
            tell(NOT_EMPTIED)


def _deny_all(context: BrowserContext) -> None:
    with suppress(PlaywrightError):
        context.clear_permissions()
        # Clearing leaves "ask"; a context of ours begins with "denied" (`gated_context`).
        context.grant_permissions([])


@contextmanager
def _alone(page: Page, remaining_s: Callable[[], float]) -> Iterator[None]:
    """Keep the person's other runs on this machine away from the clipboard, whatever they were installed into.

    The lock ends with the process, however that ends.
    """
    descriptor = _open_lock()
    try:
        while not _locked(descriptor):
            if remaining_s() <= POLL_S:
                raise StepFailed("another run is using the clipboard", code="clipboard.busy")
            attempt(lambda: page.wait_for_timeout(POLL_S * 1000), what="waiting for the clipboard")
        yield
    finally:
        os.close(descriptor)


def _open_lock() -> int:
    """A file that only this user can open: whoever can open it can hold it for ever."""
    folder = platformdirs.user_cache_path("tokenbroker")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        return os.open(folder / _LOCK_NAME, flags, 0o600)
    except OSError as error:
        why = error.strerror or type(error).__name__
    raise StepFailed(
        f"the lock on the clipboard can't be made in {folder}: {why}",
        code="clipboard.unavailable",
        next_step="make that folder writable, or name another cache folder with XDG_CACHE_HOME",
    )


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        # A file system without locks: the runs of one browser are one after the other in any case.
        return True
    return True
