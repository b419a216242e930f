"""``capture_token``: read the token that the page shows or copies, and bring it to rest in a sink."""

import time
from collections.abc import Callable
from typing import Any, Final

from tokenbroker.flow.life import LIFE
from tokenbroker.flow.model import Step
from tokenbroker.flow.selector import Selector
from tokenbroker.run import fault_points
from tokenbroker.run.by_hand import ByHand, spoken
from tokenbroker.run.clipboard import lent_clipboard
from tokenbroker.run.failure import StepFailed, attempt
from tokenbroker.run.quiet import POLL_S
from tokenbroker.run.stage import Stage
from tokenbroker.run.steps.act import act_on_target, target_of
from tokenbroker.run.steps.reading import CLIPBOARD, Reading, Recipe
from tokenbroker.run.steps.step import PLACE, SECRET_REF, SELECTOR, StepKind, options
from tokenbroker.secret import Secret

_PARSING_POLL_S: Final = 0.01
"""How soon a document that is still being parsed is looked at again: most are whole a moment later."""


def _perform(step: Step, stage: Stage) -> str:
    recipe = Recipe.of(step)
    secret_ref = str(step.options["secret_ref"])
    fault_points.reached("before_read")
    if recipe.source == CLIPBOARD:
        token = _copied(step, stage, recipe)
    else:
        selector = target_of(step)
        token = _finished(lambda: _read(selector, stage, recipe), stage, secret_ref)
    fault_points.reached("read")
    if stage.guide is not None:
        stage.guide.confirm_token(step, stage)
    stored = stage.keeper.keep(step, token)
    stage.note_captured(secret_ref, token)
    return f"stored as {stored}"


def _copied(step: Step, stage: Stage, recipe: Recipe) -> Secret:
    """What the step's target copies when it is pressed."""
    stage.require_declared_origin()
    limit_s = stage.remaining_s()
    # To a frame the browser lends what its page may do.
    with lent_clipboard(
        stage.page, stage.window_origin(), stage.remaining_s, tell=stage.notes.append
    ) as clipboard:
        stage.extend(limit_s)  # the time that others had the clipboard is not this step's
        act_on_target(
            step,
            stage,
            lambda target: target.click(timeout=stage.remaining_ms),
            what="pressing the control that copies",
            wordless=True,
            by=ByHand(
                words=f"Press the framed control that copies the token{spoken(step.selector)}", is_click=True
            ),
        )

        def paste() -> Reading:
            return Reading(token=recipe.token_in(attempt(clipboard.text, what="reading the clipboard")))

        return _finished(paste, stage, str(step.options["secret_ref"]))


def _finished(read: Callable[[], Reading], stage: Stage, secret_ref: str) -> Secret:
    """The token, once it is whole and has stayed as it is for its quiet interval."""
    before, since, quiet_s = Reading(), 0.0, 0.0
    while True:
        stage.require_declared_origin()
        reading = read()
        stage.require_declared_origin()  # what was read may have come from another document: nothing is asked anew
        now = time.monotonic()
        pause_s = POLL_S
        if not reading.is_whole:
            before = Reading()
        else:
            # The end of its parsing is a beginning, too: scripts that waited for it may still change what was sent.
            if (reading.token, reading.parsing) != (before.token, before.parsing):
                before, since, quiet_s = reading, now, reading.quiet_s
                _learn(stage, reading.token, secret_ref)
            elif now - since >= quiet_s:
                return Secret(reading.token)
            pause_s = since + quiet_s - now
            if reading.parsing:
                pause_s = min(pause_s, _PARSING_POLL_S)
        if stage.remaining_s() <= pause_s + POLL_S:
            raise StepFailed(
                "no whole token is there: the text is empty, masked, short, not one word, without what the "
                "pattern looks for, or still changing",
                code="capture.no_token",
            )
        _pause(stage, pause_s - (time.monotonic() - now))


def _learn(stage: Stage, text: str, secret_ref: str) -> None:
    """Redact `text` from now on, also where it turns out to be a beginning; the work is done while we wait anyway."""
    stage.redactor.add(Secret(text), label=secret_ref)
    stage.redactor.text(secret_ref)


def _pause(stage: Stage, seconds: float) -> None:
    if seconds > 0:
        attempt(lambda: stage.page.wait_for_timeout(seconds * 1000), what="waiting for the token")


def _read(selector: Selector, stage: Stage, recipe: Recipe) -> Reading:
    """What the element has now, looked for afresh: the page may have put another in its place."""
    try:
        content = stage.read(selector, recipe.where)
    except StepFailed as error:
        gone = error.code in ("target.detached", "target.frame_detached")
        if not gone and error.code.startswith(("browser.", "target.")):
            raise
        return Reading()  # the page was just changing: it is looked for again
    return Reading(
        token=recipe.token_in(content.text or ""), age_s=content.age_ms / 1000, parsing=content.parsing
    )


_SAYS_ATTRIBUTE = {"properties": {"from": {"const": "attribute"}}, "required": ["from"]}
_ATTRIBUTE_NEEDS_A_NAME: dict[str, Any] = {
    "if": _SAYS_ATTRIBUTE,
    "then": {"required": ["attribute"]},
    "else": {"not": {"required": ["attribute"]}, "description": "'attribute' goes with from: attribute."},
}
CAPTURE_TOKEN = StepKind(
    verb="capture_token",
    summary="Read the token that the page shows and store it in a sink.",
    options=options(
        {
            "selector": {
                **SELECTOR,
                "description": "The element that shows or holds the token, or the control that copies it.",
            },
            "secret_ref": {
                **SECRET_REF,
                "description": "Where it goes: SINK:PATH; the sink's name is an alias in the settings.",
                "examples": ["tokens:example/api-key", "tokens:${account}/api-key"],
            },
            "from": {
                "enum": ["text", "value", "attribute", "clipboard"],
                "description": "Where the element has it; without it, the value of a form field, else the text.",
                "examples": ["clipboard"],
            },
            "attribute": {
                "type": "string",
                "pattern": "^[A-Za-z_:][A-Za-z0-9_.:-]{0,99}$",
                "$comment": "the name of an attribute",
                "description": "The attribute's name, with from: attribute.",
                "examples": ["data-clipboard-text"],
            },
            "pattern": {
                "type": "string",
                "minLength": 1,
                "maxLength": 500,
                "description": "A Python regular expression, looked for in what was read; its one group is the token.",
                "examples": ["Your key is (\\S+)\\."],
            },
            "life": LIFE,
            "unwrap": {
                "type": "boolean",
                "description": "Take white space out, for a token that is wrapped over lines.",
                "examples": [True],
            },
            **PLACE,
        },
        required=("selector", "secret_ref"),
        **_ATTRIBUTE_NEEDS_A_NAME,
    ),
    requires=frozenset({"sink"}),
    looks=True,
    perform=_perform,
)
