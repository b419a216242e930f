"""What a person does by hand in a guided run, and how it is recognised."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Frame, Page

from tokenbroker.flow.model import Step
from tokenbroker.flow.selector import Selector, SelectorSet
from tokenbroker.human.overlay.panel import Act, Box
from tokenbroker.run.challenge import find_challenge
from tokenbroker.run.failure import StepFailed
from tokenbroker.run.frames import address_pattern
from tokenbroker.run.stage import Stage
from tokenbroker.run.targets import Found, bare_text

LOOK_MS = 300.0
"""How long one look at a target may take."""
TOLERANCE_PX = 4.0
TYPED = "typed at the person's press"
"""The remark of a step whose value was typed for the person."""
LOOK_AHEAD = 3
"""So many of the steps that follow may show that a step has been done."""
_BEYOND = ("navigate", "verify_token")


@dataclass(frozen=True, kw_only=True, slots=True)
class ByHand:
    """One act of a person's.

    Attributes:
        words: what to do, for the person.
        detail: how, or with what.
        literal: a text of the flow that is to be typed.
        is_click: a click on the target, by pointer or keys, is it.
        key: this key is it, as Playwright names it.
        holds: whether the target shows that it was done, given whether the person has moved on from it.
        may_type: whether "Type it for me" is offered.
    """

    words: str
    detail: str = ""
    literal: str = ""
    is_click: bool = False
    key: str = ""
    holds: Callable[[Found, bool], bool] | None = None
    may_type: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where the target was seen last.

    Attributes:
        box: in the page's viewport.
        origin: where the viewport of its frame begins in the page's.
        frame: the address of its frame then, "" for the page's own: an act may lead the frame elsewhere.
    """

    box: Box
    origin: tuple[float, float] = (0.0, 0.0)
    frame: str = field(default="", repr=False)

    @classmethod
    def of(cls, box: Box, frame: Frame, page: Page) -> "Place":
        """Of a target at `box`, in `frame` of `page`, as they are now."""
        if frame == page.main_frame:
            return cls(box=box)
        return cls(box=box, origin=_offset(frame), frame=frame.url)


def is_the_act(act: Act, place: Place) -> bool:
    """Whether `act` was made on the element at `place`."""
    if act.frame != place.frame:
        return False
    box, (left, top) = place.box, place.origin
    if act.at is not None:
        x, y = act.at[0] + left, act.at[1] + top
        return _inside(box, x, y)
    return any(_same((each[0] + left, each[1] + top, each[2], each[3]), box) for each in act.path)


def moves_on(act: Act, place: Place) -> bool:
    """Whether whoever made `act` has done with the field at `place`: they have left it, or sent it."""
    if act.kind == "keydown":
        return act.key in ("Tab", "Shift+Tab", "Enter")
    return not is_the_act(act, place)


def is_key(act: Act, key: str) -> bool:
    """Whether `act` has pressed `key`, as Playwright names it."""
    return act.key.casefold() == key.replace("ControlOrMeta", "Control").casefold()


def presses(act: Act) -> bool:
    """Whether `act` may have pressed something: by the pointer, or by a key that presses what has the focus."""
    return act.kind != "keydown" or act.key.endswith("Enter")


def is_ahead(step: Step, stage: Stage) -> bool:
    """Whether the page shows what one of the next steps is about: whoever is there has done this one."""
    steps = stage.plan.flow.steps[step.number : step.number + LOOK_AHEAD]
    for each in steps:
        if each.verb in _BEYOND:
            return False
        if each.when is None and _shows(each, stage):
            return True
        if each.verb in ("capture_token", "wait_human"):
            return False
    return False


def _shows(step: Step, stage: Stage) -> bool:
    if not step.options.keys().isdisjoint(("frame", "page")):
        return False
    with suppress(PlaywrightError, StepFailed):
        if step.verb == "wait_human" and "until" not in step.options:
            return find_challenge(stage.page) is not None
        if "url" in step.options:
            pattern = address_pattern(stage.plan.address(str(step.options["url"])))
            return pattern.fullmatch(stage.page.url) is not None
        if step.selector is not None and step.options.get("state", "visible") == "visible":
            return stage.seek(wordless=True).shows(step.selector)
    return False


def _offset(frame: Frame) -> tuple[float, float]:
    """Where the viewport of `frame` begins in the page's; next to nothing is known of its border."""
    with suppress(PlaywrightError):
        box = frame.frame_element().bounding_box()
        if box is not None:
            return box["x"], box["y"]
    return 0.0, 0.0


def _inside(box: Box, x: float, y: float) -> bool:
    left, top, width, height = box
    return (
        left - TOLERANCE_PX <= x <= left + width + TOLERANCE_PX
        and top - TOLERANCE_PX <= y <= top + height + TOLERANCE_PX
    )


def _same(one: Box, other: Box) -> bool:
    return all(abs(mine - its) <= TOLERANCE_PX for mine, its in zip(one, other, strict=True))


def spoken(selector: Selector | None) -> str:
    """What `selector` calls its element, in quotation marks, where it says a word that stands on the page."""
    word = ""
    if isinstance(selector, SelectorSet):
        said = {each.family.value: each.name or each.value for each in reversed(selector.alternatives)}
        word = next(
            (said[family] for family in ("role", "label", "text", "placeholder") if family in said), ""
        )
    elif selector is not None:
        word = bare_text(selector) or ""
    return f" “{word}”" if word else ""
