"""``expect``: state what must be so; the run stops where it isn't."""

from collections.abc import Callable

from playwright.sync_api import Locator

from tokenbroker.flow.model import Step
from tokenbroker.run.failure import StepFailed, Tried, attempt
from tokenbroker.run.quiet import POLL_S
from tokenbroker.run.stage import Stage
from tokenbroker.run.steps.step import PLACE, SELECTOR, StepKind, options

_STATES: dict[str, Callable[[Locator], bool]] = {
    "visible": lambda match: match.filter(visible=True).count() > 0,
    "hidden": lambda match: match.filter(visible=True).count() == 0,
    "enabled": lambda match: match.filter(visible=True).first.is_enabled(timeout=1000),
    "disabled": lambda match: match.filter(visible=True).first.is_disabled(timeout=1000),
    "checked": lambda match: match.first.is_checked(timeout=1000),
    "unchecked": lambda match: not match.first.is_checked(timeout=1000),
}


def _perform(step: Step, stage: Stage) -> str:
    # Playwright's own expect() is not used: its messages hold a snapshot of the page, with the fields' values.
    selector = str(step.options["selector"])
    text = step.options.get("text")
    state = str(step.options.get("state", "visible"))
    while not _holds(selector, stage, state, text):
        if stage.remaining_s() <= POLL_S:
            wanted = f"its text has '{text}'" if text is not None else f"it is {state}"
            tried = Tried(selector=selector, why=f"it is not so that {wanted}")
            raise StepFailed("what the flow expects is not so", code="expect.failed", tried=(tried,))
        attempt(lambda: stage.page.wait_for_timeout(POLL_S * 1000), what="waiting for what is expected")
    return ""


def _holds(selector: str, stage: Stage, state: str, text: str | None) -> bool:
    if state == "hidden" and text is None and not stage.has_frame():
        return True  # it went with its frame
    match = stage.frame().locator(selector)
    try:
        if text is not None:
            shown = match.filter(visible=True, has_text=text)
            return attempt(shown.count, what="looking for the text") > 0
        return attempt(lambda: _STATES[state](match), what="looking at the element")
    except StepFailed as error:
        if error.code in ("target.bad_selector", "browser.closed", "browser.crashed"):
            raise
        return False


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
