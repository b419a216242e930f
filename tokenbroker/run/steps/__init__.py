"""The verbs of the flow language: one file each, one line here."""

from tokenbroker.flow.model import Step
from tokenbroker.run.failure import StepFailed
from tokenbroker.run.stage import Stage
from tokenbroker.run.steps import (
    capture_token,
    check,
    click,
    expect,
    navigate,
    press,
    select,
    type_,
    verify_token,
    wait_for,
    wait_human,
)
from tokenbroker.run.steps.step import StepKind

STEPS: dict[str, StepKind] = {
    kind.verb: kind
    for kind in (
        navigate.NAVIGATE,
        type_.TYPE,
        click.CLICK,
        select.SELECT,
        check.CHECK,
        press.PRESS,
        wait_for.WAIT_FOR,
        wait_human.WAIT_HUMAN,
        expect.EXPECT,
        capture_token.CAPTURE_TOKEN,
        verify_token.VERIFY_TOKEN,
    )
}


def perform(step: Step, stage: Stage) -> str:
    """Do `step`, which `stage` has begun; answers its remark.

    Raises:
        StepFailed: what the step failed with; `page.closed` where its window was closed meanwhile.
    """
    try:
        return STEPS[step.verb].perform(step, stage)
    except StepFailed as error:
        failed = error
    raise stage.windows.closed(str(step.options.get("page"))) or failed
