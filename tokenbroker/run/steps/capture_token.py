"""``capture_token``: read the token that the page shows, and bring it to rest in a sink."""

from playwright.sync_api import ElementHandle

from tokenbroker.flow.model import Step
from tokenbroker.run import fault_points
from tokenbroker.run.failure import StepFailed, attempt
from tokenbroker.run.stage import Stage
from tokenbroker.run.steps.step import SELECTOR, StepKind, options
from tokenbroker.run.targets import POLL_S
from tokenbroker.secret import Secret

_READ = """element => (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement)
  ? element.value : element.innerText"""
_MASKS = frozenset("•●∙·*…⋯")
MIN_CHARACTERS = 8


def _perform(step: Step, stage: Stage) -> str:
    selector = str(step.options["selector"])
    fault_points.reached("before_read")
    token = _read_whole(selector, stage)
    stage.redactor.add(token, label=str(step.options["secret_ref"]))
    fault_points.reached("read")
    return f"stored as {stage.keeper.keep(step, token)}"


def _read_whole(selector: str, stage: Stage) -> Secret:
    """The shown token, once two readings agree on a text that is whole: not empty, not masked, one word."""
    before = ""
    element = stage.seek().target(selector)
    while True:
        stage.require_declared_origin()
        text = _text(element)
        if text and text == before:
            return Secret(text)
        before = text if _is_whole(text) else ""
        if before:
            continue  # read once more: a text that is still being written differs
        if stage.remaining_s() <= 2 * POLL_S:
            raise StepFailed(
                "no whole token is shown: the text is empty, masked, short or not one word",
                code="capture.no_token",
            )
        attempt(lambda: stage.page.wait_for_timeout(POLL_S * 1000), what="waiting for the token")
        element = _again(selector, stage, element)


def _again(selector: str, stage: Stage, element: ElementHandle) -> ElementHandle:
    """The element looked for afresh: the page may have put another in its place. The old one where none is found."""
    try:
        return stage.seek().target(selector)
    except StepFailed as error:
        if error.code != "target.not_found":
            raise
        return element


def _text(element: ElementHandle) -> str:
    try:
        return str(attempt(lambda: element.evaluate(_READ), what="reading the token")).strip()
    except StepFailed as error:
        if error.code in ("browser.closed", "browser.crashed"):
            raise
        return ""  # the element went away while the page was changing: it is looked for again


def _is_whole(text: str) -> bool:
    return len(text) >= MIN_CHARACTERS and not _MASKS & set(text) and len(text.split()) == 1


CAPTURE_TOKEN = StepKind(
    verb="capture_token",
    summary="Read the token that the page shows and store it in a sink.",
    options=options(
        {
            "selector": {**SELECTOR, "description": "The element that shows the token, and nothing else."},
            "secret_ref": {
                "type": "string",
                "pattern": "^[A-Za-z0-9_-]+:[A-Za-z0-9_][A-Za-z0-9_./-]*$",
                "description": "Where it goes: SINK:PATH; the sink's name is an alias in the settings.",
            },
        },
        required=("selector", "secret_ref"),
    ),
    requires=frozenset({"sink"}),
    perform=_perform,
)
