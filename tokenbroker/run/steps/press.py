"""``press``: press a key, on an element or on whatever has the focus."""

from tokenbroker.flow.model import Step
from tokenbroker.run.by_hand import ByHand
from tokenbroker.run.failure import attempt
from tokenbroker.run.stage import Stage
from tokenbroker.run.steps.act import act_on_target, by_person, catching_what_comes
from tokenbroker.run.steps.step import CREATES, DIALOG, OPENS, PLACE, SELECTOR, StepKind, options


def _perform(step: Step, stage: Stage) -> str:
    key = str(step.options["key"])
    if "selector" in step.options:
        return act_on_target(
            step,
            stage,
            lambda target: target.press(key, timeout=stage.remaining_ms),
            what=f"pressing {key}",
            by=ByHand(words=f"Go to the framed element and press {key}", key=key),
        )
    if stage.guide is not None:
        return by_person(step, stage, ByHand(words=f"Press {key}", key=key), None)[0]
    catching_what_comes(step, stage, lambda: _press_focused(step, stage, key))
    return ""


def _press_focused(step: Step, stage: Stage, key: str) -> None:
    stage.keeper.before_press(step)
    attempt(lambda: stage.page.keyboard.press(key), what=f"pressing {key}")


PRESS = StepKind(
    verb="press",
    summary="Press a key such as Enter, Escape or Control+A.",
    options=options(
        {
            "key": {
                "type": "string",
                "pattern": "^((Control|Shift|Alt|Meta|ControlOrMeta)\\+)*[A-Za-z0-9]+$",
                "$comment": "a key such as Enter or Control+A",
                "description": "The key's name as Playwright has it: Enter, Tab, ArrowDown, a …",
            },
            "selector": SELECTOR,
            **PLACE,
            "opens": OPENS,
            "dialog": DIALOG,
            "creates": CREATES,
        },
        required=("key",),
        dependentRequired={"frame": ["selector"]},
        description="'frame' goes with a selector.",
    ),
    shorthand="key",
    may_create=True,
    perform=_perform,
)
