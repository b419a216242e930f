"""The phone that the demo's simulated person holds: the demo site's phone page."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as PlaywrightError

from tokenbroker.errors import RunError, UsageError
from tokenbroker.secret import Secret
from tokenbroker.settings import is_loopback, origin_of

PATIENCE_MS = 5000
_CODE, _ANSWER = "[data-latest-code]", "[data-captcha-answer]"
_SHOWN = "selector => document.querySelector(selector)?.innerText ?? ''"
_APPROVE, _DENY = "[data-approve]", "[data-deny]"


class Phone(Protocol):
    """What a person reads and presses on a phone."""

    def newest_code(self) -> Secret:
        """The one-time code of the newest message."""

    def approve(self) -> None:
        """Press Approve in the question on the screen."""

    def deny(self) -> None:
        """Press Deny in the question on the screen."""

    def captcha_answer(self) -> str:
        """The answer to the picture puzzle in the browser, as the site's help line tells it."""


class PhonePage:
    """A phone page on this machine, looked at in a browser context that is the person's own.

    Never in a context of a run's: a run must not be able to read its own codes. `browser` is asked for the
    browser when the phone is first looked at.

    Raises:
        UsageError: `human.simulated`; the address is not on loopback, and no real person may be played.
    """

    def __init__(self, address: str, browser: Callable[[], Browser]) -> None:
        if not is_loopback(origin_of(address)):
            raise UsageError("the simulated person works on loopback addresses only", code="human.simulated")
        self._address = address
        self._browser = browser

    def newest_code(self) -> Secret:
        """See `Phone`; raises RunError (`human.no_code`) where the phone shows none."""
        code = self._read(_CODE)
        if not code:
            raise RunError("the phone page shows no code", code="human.no_code")
        return Secret(code)

    def captcha_answer(self) -> str:
        """See `Phone`; raises RunError (`human.simulated_failed`) where the phone shows none."""
        answer = self._read(_ANSWER)
        if not answer:
            raise _not_there("no answer to a puzzle")
        return answer

    def approve(self) -> None:
        """See `Phone`; raises RunError (`human.simulated_failed`) where nothing is asked there."""
        self._press(_APPROVE)

    def deny(self) -> None:
        """See `Phone`; raises RunError (`human.simulated_failed`) where nothing is asked there."""
        self._press(_DENY)

    def _read(self, selector: str) -> str:
        with self._opened() as page, suppress(PlaywrightError):
            # What came with the page needs no locator, whose script would take as long to come as the page has.
            shown = str(page.evaluate(_SHOWN, selector))
            return (shown or page.locator(selector).inner_text(timeout=PATIENCE_MS)).strip()
        return ""

    def _press(self, selector: str) -> None:
        pressed = False
        with self._opened() as page, suppress(PlaywrightError):
            button = page.locator(selector).element_handle(timeout=PATIENCE_MS)
            button.click(timeout=PATIENCE_MS)
            pressed = True
            # The question leaves the screen once the site has the answer; closed before, it might never arrive.
            button.wait_for_element_state("hidden", timeout=PATIENCE_MS)
        if not pressed:
            raise _not_there("nothing to approve or deny")

    @contextmanager
    def _opened(self) -> Iterator[Page]:
        context = self._browser().new_context(service_workers="block", accept_downloads=False)
        try:
            page = context.new_page()
            with suppress(PlaywrightError):  # a page that did not come shows nothing
                page.goto(self._address, wait_until="domcontentloaded")
            yield page
        finally:
            with suppress(PlaywrightError):
                context.close()


def _not_there(what: str) -> RunError:
    return RunError(f"the phone page shows {what}", code="human.simulated_failed")
