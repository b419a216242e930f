"""Acting on a found element: announced first, done once, and what it brings up caught with it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator

from tokenbroker.flow.model import Step
from tokenbroker.flow.selector import Selector
from tokenbroker.run.by_hand import ByHand
from tokenbroker.run.failure import StepFailed, attempt
from tokenbroker.run.stage import Stage
from tokenbroker.run.targets import Found, bare_text
from tokenbroker.run.targets.engine import acting

GRACE_S = 0.2
LOAD_S = 3.0
"""What has not loaded by then is an advertisement, or never ends."""


def act_on_target(
    step: Step,
    stage: Stage,
    act: Callable[[Locator], object],
    *,
    what: str,
    by: ByHand,
    wordless: bool = False,
    look_first: bool = False,
) -> str:
    """Find the step's target, note that the step is about to act, and act once; the window that `opens` names
    and the dialog that `dialog` announces are waited for. `wordless` is as in `Stage.seek`; with `look_first` nothing
    is done before the target has been found. In a guided run the person does it, as `by` says. Answers a remark.

    An element that went away *before* the act is looked for again; nothing is repeated after it.

    Raises:
        StepFailed: what the search or the act failed with; `page.not_opened`, `navigation.timeout`, `dialog.not_shown`.
    """
    if stage.guide is not None:
        return by_person(step, stage, by, lambda: stage.find(target_of(step), wordless=wordless))[0]
    is_careful = look_first or stage.keeper.announces(step)
    catching_what_comes(
        step, stage, lambda: _act(step, stage, act, what=what, wordless=wordless, is_careful=is_careful)
    )
    return ""


def by_person(
    step: Step, stage: Stage, by: ByHand, find: Callable[[], Found] | None
) -> tuple[str, Found | None]:
    """Let the person do it, and catch what it brings up; answers a remark, and the target.

    Raises as `Guide.done`, and as `catching_what_comes`.
    """
    guide = stage.guide
    assert guide is not None  # asked for by the callers
    stage.keeper.before_press(step)  # as far as it was not foreseen
    limit_s = stage.remaining_s()
    done: list[tuple[str, Found | None]] = []

    def act() -> None:
        reply, found = guide.done(step, stage, by, find, limit_s=limit_s)
        done.append((reply.told, found))
        if found is not None:
            stage.acts.note(found.frame)

    if "dialog" in step.options:
        answer = "yes" if step.options["dialog"] == "accept" else "no"
        by = replace(
            by, detail=f"{by.detail} What the browser then asks is answered for you: {answer}.".strip()
        )
    stage.extend(guide.deadline_s)
    catching_what_comes(step, stage, act)
    return done[0]


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


def acted_at_once(stage: Stage, selector: Selector, act: Callable[[Locator], object], *, what: str) -> bool:
    """Look and act in one go, which refuses a second match; False where nothing was done, and it takes a closer
    look to say why not.

    Raises:
        StepFailed: what the act failed with.
    """
    if not isinstance(selector, str) or bare_text(selector) is not None:
        return False
    frame = stage.frame()
    target, undo = acting(frame, frame.locator(selector))
    try:
        attempt(lambda: act(target), what=what)
    except StepFailed as error:
        take_back(undo, error)
        if error.code in ("target.ambiguous", "target.bad_selector"):
            return False
        if error.code == "step.timeout" and not error.acted:
            stage.extend(GRACE_S)  # to tell an element that is not there from one that can't be used
            return False
        raise
    stage.acts.note(frame)
    return True


def take_back(undo: Locator, error: StepFailed) -> None:
    """What an act that came to nothing was about does not count as acted on."""
    if not error.acted:
        with suppress(PlaywrightError):  # its frame may have gone, and what it knew with it
            undo.count()


def _act(
    step: Step,
    stage: Stage,
    act: Callable[[Locator], object],
    *,
    what: str,
    wordless: bool,
    is_careful: bool,
) -> None:
    try:
        if is_careful or not acted_at_once(stage, target_of(step), act, what=what):
            _act_with_care(step, stage, act, what=what, wordless=wordless)
    except StepFailed as error:
        # A button that closes its own window may do so before the browser has told that it was pressed.
        if not (error.acted and "page" in step.options and stage.page.is_closed()):
            raise


def _act_with_care(
    step: Step, stage: Stage, act: Callable[[Locator], object], *, what: str, wordless: bool
) -> None:
    """Find first, announce, then act."""
    _let_load(stage)
    announced = False
    while True:
        found = stage.find(target_of(step), wordless=wordless)
        if not announced:
            stage.keeper.before_press(step)
            announced = True
        try:
            attempt(lambda target=found.target: act(target), what=what)  # type: ignore[misc]  # bound for this round
        except StepFailed as error:
            take_back(found.undo, error)
            if error.code == "target.detached" and not error.acted and stage.remaining_s() > 0.05:
                continue
            raise
        stage.acts.note(found.frame)
        return


def target_of(step: Step) -> Selector:
    """The selector of an acting step, whose schema asks for one."""
    assert step.selector is not None
    return step.selector


def _let_load(stage: Stage) -> None:
    """Wait for the page's scripts, for a while: what is pressed before they listen is lost, or sent by the form."""
    frame = stage.frame()
    with suppress(StepFailed):
        attempt(
            lambda: frame.wait_for_load_state("load", timeout=min(LOAD_S, stage.remaining_s()) * 1000),
            what="waiting for the page's scripts",
        )
