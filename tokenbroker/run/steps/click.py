"""``click``: press a control."""

from tokenbroker.flow.model import Step
from tokenbroker.run.by_hand import ByHand, spoken
from tokenbroker.run.stage import Stage
from tokenbroker.run.steps.act import act_on_target
from tokenbroker.run.steps.step import CREATES, DIALOG, OPENS, PLACE, SELECTOR, StepKind, options


def _perform(step: Step, stage: Stage) -> str:
    by = ByHand(words=f"Press the framed control{spoken(step.selector)}", is_click=True)
    return act_on_target(
        step, stage, lambda target: target.click(timeout=stage.remaining_ms), what="clicking", by=by
    )


CLICK = StepKind(
    verb="click",
    summary="Press a control.",
    options=options(
        {"selector": SELECTOR, **PLACE, "opens": OPENS, "dialog": DIALOG, "creates": CREATES},
        required=("selector",),
    ),
    shorthand="selector",
    may_create=True,
    perform=_perform,
)
