"""``check``: tick a check box or radio button, or untick a box."""

from tokenbroker.flow.model import Step
from tokenbroker.run.by_hand import LOOK_MS, ByHand, spoken
from tokenbroker.run.stage import Stage
from tokenbroker.run.steps.act import act_on_target
from tokenbroker.run.steps.step import CREATES, DIALOG, PLACE, SELECTOR, StepKind, options


def _perform(step: Step, stage: Stage) -> str:
    checked = bool(step.options.get("checked", True))
    by = ByHand(
        words=f"{'Tick' if checked else 'Untick'} the framed box{spoken(step.selector)}",
        holds=lambda found, _: found.element.is_checked(timeout=LOOK_MS) == checked,
    )
    return act_on_target(
        step,
        stage,
        lambda target: target.set_checked(checked, timeout=stage.remaining_ms),
        what="ticking" if checked else "unticking",
        by=by,
    )


CHECK = StepKind(
    verb="check",
    summary="Tick a check box or radio button; with checked: false, untick it.",
    options=options(
        {
            "selector": SELECTOR,
            "checked": {"type": "boolean", "description": "false unticks."},
            **PLACE,
            "dialog": DIALOG,
            "creates": CREATES,
        },
        required=("selector",),
    ),
    shorthand="selector",
    may_create=True,
    perform=_perform,
)
