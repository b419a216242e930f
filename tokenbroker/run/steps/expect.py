"""``expect``: state what must be so; the run stops where it isn't."""

from collections.abc import Callable, Mapping
from typing import Any

from playwright.sync_api import Locator

from tokenbroker.flow.model import Step
from tokenbroker.flow.selector import Selector, SelectorSet, selector_of
from tokenbroker.run.failure import StepFailed, Tried, attempt
from tokenbroker.run.quiet import POLL_S
from tokenbroker.run.stage import Stage
from tokenbroker.run.steps.act import target_of
from tokenbroker.run.steps.step import PLACE, SELECTOR, StepKind, options

_STATES: dict[str, Callable[[Locator], bool]] = {
    "visible": lambda match: match.filter(visible=True).count() > 0,
    "hidden": lambda match: match.filter(visible=True).count() == 0,
    "enabled": lambda match: match.filter(visible=True).first.is_enabled(timeout=1000),
    "disabled": lambda match: match.filter(visible=True).first.is_disabled(timeout=1000),
    "checked": lambda match: match.first.is_checked(timeout=1000),
    "unchecked": lambda match: not match.first.is_checked(timeout=1000),
}
_FINAL = ("target.bad_selector", "browser.closed", "browser.crashed")


def _perform(step: Step, stage: Stage) -> str:
    # Playwright's own expect() is not used: its messages hold a snapshot of the page, with the fields' values.
    selector = target_of(step)
    text = step.options.get("text")
    state = str(step.options.get("state", "visible"))
    if state != "hidden" or text is not None:
        stage.frame()  # it has to be there
    while not _holds(selector, stage, state, text):
        if stage.remaining_s() <= POLL_S:
            wanted = f"its text has '{text}'" if text is not None else f"it is {state}"
            tried = Tried(selector=str(selector), why=f"it is not so that {wanted}")
            raise StepFailed("what the flow expects is not so", code="expect.failed", tried=(tried,))
        attempt(lambda: stage.page.wait_for_timeout(POLL_S * 1000), what="waiting for what is expected")
    return ""


def holds_now(options: Mapping[str, Any], stage: Stage) -> bool | None:
    """Whether what `options` (a selector, and perhaps a text) ask for is to be seen at this moment.

    None where that can't be told: the page is just changing, or more than one thing may be meant.

    Raises:
        StepFailed: `target.bad_selector`; the page or the browser has gone.
    """
    if not stage.has_frame():
        return False  # it went with its frame
    selector, text = selector_of(options["selector"]), options.get("text")
    try:
        match = stage.frame().locator(selector) if isinstance(selector, str) else _match(selector, stage)
        if match is None:
            return False if isinstance(selector, SelectorSet) and stage.seek().is_gone(selector) else None
        shown = match.filter(visible=True, has_text=text)
        return attempt(shown.count, what="looking at the element") > 0
    except StepFailed as error:
        if error.code in _FINAL:
            raise
        return None


def _holds(selector: Selector, stage: Stage, state: str, text: str | None) -> bool:
    if not stage.has_frame():
        return state == "hidden" and text is None  # it went with its frame, or is still to come with it
    try:
        if isinstance(selector, SelectorSet) and state == "hidden" and text is None:
            return stage.seek().is_gone(selector)
        match = stage.frame().locator(selector) if isinstance(selector, str) else _match(selector, stage)
        if match is None:
            return False
        if text is not None:
            shown = match.filter(visible=True, has_text=text)
            return attempt(shown.count, what="looking for the text") > 0
        return attempt(lambda: _STATES[state](match), what="looking at the element")
    except StepFailed as error:
        if error.code in _FINAL:
            raise
        return False


def _match(selector: SelectorSet, stage: Stage) -> Locator | None:
    """What `selector` means now; None where nothing is to be seen of it."""
    found = stage.seek().now(selector)
    return found.element if found is not None else None


EXPECT = StepKind(
    verb="expect",
    summary="State what must be so before the flow goes on.",
    options=options(
        {
            "selector": SELECTOR,
            "state": {"enum": list(_STATES), "description": "visible is the default."},
            "text": {"type": "string", "minLength": 1, "description": "A text that the element must show."},
            **PLACE,
        },
        required=("selector",),
    ),
    shorthand="selector",
    idempotent=True,
    looks=True,
    perform=_perform,
)
