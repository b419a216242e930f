"""What the page itself proves at a checkpoint: that the person has acted, or that it was denied (HUMAN-1)."""

from dataclasses import dataclass, replace

from playwright.sync_api import Error as PlaywrightError

from tokenbroker.flow.selector import Selector
from tokenbroker.human.checkpoint import Answer, Outcome, PageSays
from tokenbroker.run.failure import StepFailed, attempt, shown_address
from tokenbroker.run.quiet import POLL_S
from tokenbroker.run.stage import Stage

_SIGN_IN = "input[type=password]"
_WHERE = """() => [location.href, document.readyState === 'complete',
  performance.getEntriesByType('navigation')[0]?.responseStatus || 0]"""
_REFUSING = (401, 403)


@dataclass(kw_only=True)
class Postcondition:
    """How the end of a checkpoint shows in the page; `look` tells what it shows now.

    Where it `is_needed`, a person's "done" counts only once the page bears it out, for which the page has
    `limit_s` seconds: the person's time is not the page's.
    """

    stage: Stage
    look: PageSays
    is_needed: bool
    limit_s: float
    _said: Outcome | None = None

    def says(self) -> Outcome | None:
        """What the page has proven so far."""
        if self._said is None:
            self._said = self.look()
        return self._said

    def bear_out(self, answer: Answer) -> Answer:
        """`answer`, or DENIED where the page shows that a person's "done" was none."""
        self.stage.extend(self.limit_s)
        if answer.outcome is not Outcome.DONE:
            return answer
        while self.says() is None and self.is_needed and self.stage.remaining_s() > POLL_S:
            pause(self.stage)
        return replace(answer, outcome=Outcome.DENIED) if self._said is Outcome.DENIED else answer

    def require(self, shows: str) -> None:
        """Stop where the page has not shown what it must: `shows`, in words for a person.

        Raises:
            StepFailed: `human.not_proven`.
        """
        if self.is_needed and self._said is not Outcome.DONE:
            raise StepFailed(
                f"the person is done, and the page should show {shows}: it did not before the step's time-out",
                code="human.not_proven",
                next_step="say with `until` what the page shows once the person is done",
            )


def shown(stage: Stage, *, until: Selector | None, denied: Selector | None) -> PageSays:
    """The page shows `denied`, or it shows `until`; a no comes first: a yes must not be claimed beside it."""

    def look() -> Outcome | None:
        if denied is not None and sees(stage, denied):
            return Outcome.DENIED
        return Outcome.DONE if until is not None and sees(stage, until) else None

    return look


def left(stage: Stage, *, until: Selector | None, denied: Selector | None) -> PageSays:
    """As `shown`; besides, the waiting page itself tells: it moves on once the sign-in was approved elsewhere.

    Its address is that of the page that shows no password field any more; one that is only loaded anew, or
    whose query or fragment changes, still waits. Back at a password field, or at an answer 401 or 403, it was
    denied. With `until`, moving on is no proof of a yes.
    """
    while asks_for_password(stage) and stage.remaining_s() > POLL_S:
        pause(stage)
    waits_at = shown_address(stage.page.main_frame.url)
    told = shown(stage, until=until, denied=denied)

    def look() -> Outcome | None:
        said = told()
        if said is not None:
            return said
        try:
            # Asked of the page: what Playwright knows of its address is as old as the last word with the browser.
            address, is_complete, status = stage.page.evaluate(_WHERE)
        except PlaywrightError:
            return None  # on its way
        if not is_complete or shown_address(address) in (waits_at, ""):
            return None
        if status in _REFUSING or asks_for_password(stage):
            return Outcome.DENIED
        return Outcome.DONE if until is None else None

    return look


def asks_for_password(stage: Stage) -> bool:
    """Whether the page shows a sign-in form."""
    return sees(stage, _SIGN_IN)


def sees(stage: Stage, selector: Selector) -> bool:
    """Whether what `selector` means is to be seen; False while the page is just changing.

    Raises:
        StepFailed: `target.bad_selector`.
    """
    try:
        return attempt(lambda: stage.seek().shows(selector), what="looking at the page")
    except StepFailed as error:
        if error.code == "target.bad_selector":
            raise
        return False


def pause(stage: Stage) -> None:
    """Wait a moment."""
    attempt(lambda: stage.page.wait_for_timeout(POLL_S * 1000), what="waiting for the page")
