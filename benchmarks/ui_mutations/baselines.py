"""The two ways that others have: codegen's one locator, and the first alternative that can be acted on."""

from time import monotonic

from playwright.sync_api import ElementHandle, Frame, Locator, Page
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from benchmarks.ui_mutations.alternatives import codegen_selector, locate
from benchmarks.ui_mutations.consoles import Verb
from benchmarks.ui_mutations.ways import PATIENCE_MS, Claim, Ending, Task

_LOOK_AGAIN_MS = 50
_AMBIGUOUS = "strict mode violation"


class Codegen:
    """The locator that `playwright codegen` records, used as its scripts do: strictly, with a time-out."""

    name = "codegen"

    def learn(self, page: Page, frame: Frame, target: ElementHandle, task: Task) -> object:
        selector = codegen_selector(page, frame, target, reads=task.point.verb is Verb.READ)
        if _count(page.locator(selector)) == 1:
            return selector
        # It tells the words around a key that is not there: a person would put in what else identifies the element.
        return next(f"css={one['css']}" for one in task.alternatives if "css" in one)

    def act(self, page: Page, frame: Frame, task: Task) -> Ending:
        locator = page.locator(str(task.learned))
        reason = _performed(task, locator)
        if reason is None:
            return Ending(claim=Claim.ACTED)
        if reason == "timeout" and not _count(locator):
            return Ending(claim=Claim.NOT_THERE)
        return Ending(claim=Claim.STOPPED, reason=reason)


class FirstActionable:
    """As DevTools' replay does it: the alternatives in their order, again and again, until one has a match that is
    visible and enabled; its first such match is used, whatever the other alternatives say."""

    name = "first_actionable"

    def learn(self, page: Page, frame: Frame, target: ElementHandle, task: Task) -> object:
        return None

    def act(self, page: Page, frame: Frame, task: Task) -> Ending:
        ends_at = monotonic() + PATIENCE_MS / 1000
        while monotonic() < ends_at:
            for alternative in task.alternatives:
                found = _actionable(locate(frame, alternative))
                if found is not None:
                    reason = _performed(task, found)
                    if reason is None:
                        return Ending(claim=Claim.ACTED)
                    return Ending(claim=Claim.STOPPED, reason=reason)
            page.wait_for_timeout(_LOOK_AGAIN_MS)
        return Ending(claim=Claim.NOT_THERE)


def _performed(task: Task, element: ElementHandle | Locator) -> str | None:
    """None when it is done, or why it is not."""
    try:
        task.perform(element, PATIENCE_MS)
    except PlaywrightTimeout:
        return "timeout"
    except PlaywrightError as error:
        # The message holds pieces of the page; only its kind is told.
        return "ambiguous" if _AMBIGUOUS in error.message else "unusable"
    return None


def _actionable(locator: Locator) -> ElementHandle | None:
    """The first visible and enabled match there is now."""
    try:
        for element in locator.element_handles():
            if element.is_visible() and element.is_enabled():
                return element
    except PlaywrightError:
        return None  # the page was just changing: it is looked at again
    return None


def _count(locator: Locator) -> int:
    try:
        return locator.count()
    except PlaywrightError:
        return 0
