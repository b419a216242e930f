"""Acting on a found element: announced first, done once, and what it brings up caught with it."""

from collections.abc import Callable
from functools import partial

from playwright.sync_api import ElementHandle

from tokenbroker.flow.model import Step
from tokenbroker.run.failure import StepFailed, attempt
from tokenbroker.run.stage import Stage


def act_on_target(
    step: Step, stage: Stage, act: Callable[[ElementHandle], object], *, what: str, wordless: bool = False
) -> None:
    """Find the step's target, note that the step is about to act, and act once; the window that `opens` names
    and the dialog that `dialog` announces are waited for. `wordless` is as in `Stage.seek`.

    An element that went away *before* the act is looked for again; nothing is repeated after it.

    Raises:
        StepFailed: what the search or the act failed with; `page.not_opened`, `navigation.timeout`, `dialog.not_shown`.
    """
    catching_what_comes(step, stage, lambda: _act(step, stage, act, what=what, wordless=wordless))


def catching_what_comes(step: Step, stage: Stage, act: Callable[[], None]) -> None:
    """Do `act`, and catch the window and the dialog that `step` says it brings up; raises as `act_on_target`."""
    if "dialog" in step.options:
        answer = str(step.options["dialog"])
        act = partial(
            stage.dialogs.answering, answer, act, page=stage.page, remaining_ms=lambda: stage.remaining_ms
        )
    if "opens" in step.options:
        name, frame = str(step.options["opens"]), stage.frame()
        act = partial(stage.windows.catching, name, act, frame=frame, remaining_ms=lambda: stage.remaining_ms)
    act()


def _act(
    step: Step, stage: Stage, act: Callable[[ElementHandle], object], *, what: str, wordless: bool
) -> None:
    selector = str(step.options["selector"])
    announced = False
    while True:
        element = stage.seek(wordless=wordless).target(selector)
        if not announced:
            stage.keeper.before_press(step)
            announced = True
        try:
            attempt(lambda target=element: act(target), what=what)  # type: ignore[misc]  # bound for this round
        except StepFailed as error:
            if error.code == "target.detached" and stage.remaining_s() > 0.05:
                continue
            # A button that closes its own window may do so before the browser has told that it was pressed.
            if not (error.acted and "page" in step.options and stage.page.is_closed()):
                raise
        stage.last_acted = element
        return
