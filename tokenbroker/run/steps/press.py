"""``press``: press a key, on an element or on whatever has the focus."""

from tokenbroker.flow.model import Step
from tokenbroker.run.failure import attempt
from tokenbroker.run.stage import Stage
from tokenbroker.run.steps.act import act_on_target
from tokenbroker.run.steps.step import CREATES, SELECTOR, StepKind, options


def _perform(step: Step, stage: Stage) -> str:
    key = str(step.options["key"])
    if "selector" in step.options:
        act_on_target(
            step, stage, lambda target: target.press(key, timeout=stage.remaining_ms), what=f"pressing {key}"
        )
    else:
        stage.keeper.before_press(step)
        attempt(lambda: stage.page.keyboard.press(key), what=f"pressing {key}")
    return ""


PRESS = StepKind(
    verb="press",
    summary="Press a key such as Enter, Escape or Control+A.",
    options=options(
        {
            "key": {
                "type": "string",
                "pattern": "^((Control|Shift|Alt|Meta|ControlOrMeta)\\+)*[A-Za-z0-9]+$",
                "description": "The key's name as Playwright has it: Enter, Tab, ArrowDown, a …",
            },
            "selector": SELECTOR,
            "creates": CREATES,
        },
        required=("key",),
    ),
    shorthand="key",
    may_create=True,
    perform=_perform,
)
