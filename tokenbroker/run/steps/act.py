"""Acting on a found element: announced first, done once."""

from collections.abc import Callable

from playwright.sync_api import ElementHandle

from tokenbroker.flow.model import Step
from tokenbroker.run.failure import StepFailed, attempt
from tokenbroker.run.stage import Stage


def act_on_target(step: Step, stage: Stage, act: Callable[[ElementHandle], object], *, what: str) -> None:
    """Find the step's target, note that the step is about to act, and act once.

    An element that went away *before* the act is looked for again; nothing is repeated after it.
    """
    selector = str(step.options["selector"])
    announced = False
    while True:
        element = stage.seek().target(selector)
        if not announced:
            stage.keeper.before_press(step)
            announced = True
        try:
            attempt(lambda target=element: act(target), what=what)  # type: ignore[misc]  # bound for this round
        except StepFailed as error:
            if error.code == "target.detached" and stage.remaining_s() > 0.05:
                continue
            raise
        stage.last_acted = element
        return
