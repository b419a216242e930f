"""A sign-in that a wrong code has ended: the site shows its start, and the flow goes there again (RUN-12)."""

from collections.abc import Callable

from tokenbroker.flow.model import Step
from tokenbroker.run.failure import StepFailed, shown_address
from tokenbroker.run.postcondition import asks_for_password
from tokenbroker.run.stage import Stage


def way_here(stage: Stage) -> tuple[Step, ...]:
    """The steps that lead from the last `navigate` to the current one; () where going them again is not safe.

    A person's step or a capture among them, or one that creates something, is not done again without being asked for.
    """
    current = stage.step
    before = [step for step in stage.plan.flow.steps if step.number < current.number]
    starts = [index for index, step in enumerate(before) if step.verb == "navigate"]
    way = tuple(before[starts[-1] :]) if starts else ()
    is_safe = not stage.keeper.pressed_any and not any(
        step.verb in ("wait_human", "capture_token") or "creates" in step.options or "opens" in step.options
        for step in way
    )
    return way if is_safe else ()


def is_thrown_back(stage: Stage) -> bool:
    """Whether the page is the start of the sign-in again: it asks for the password, where that was asked for before."""
    way = way_here(stage)
    start = shown_address(stage.plan.address(str(way[0].options["url"]))) if way else ""
    return shown_address(stage.page.url) == start and asks_for_password(stage)


def go_again(stage: Stage, perform: Callable[[Step, Stage], str], *, limit_s: float) -> None:
    """Do the steps that led to the current one again; it is the current one afterwards as before.

    Raises:
        StepFailed: what one of them failed with.
    """
    current = stage.step
    try:
        for step in way_here(stage):
            stage.begin(step, step.timeout_s or limit_s)
            if stage.applies():
                perform(step, stage)
    except StepFailed as error:
        failed = error
    else:
        stage.begin(current, limit_s)
        return
    stage.begin(current, limit_s)
    raise failed
