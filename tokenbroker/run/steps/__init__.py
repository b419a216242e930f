"""The verbs of the flow language: one file each, one line here."""

from tokenbroker.run.steps import (
    capture_token,
    check,
    click,
    expect,
    navigate,
    press,
    select,
    type_,
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
    )
}
