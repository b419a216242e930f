"""Kinds that put something else on the page, and kinds after which the target is late or not there."""

from random import Random
from typing import Any

from benchmarks.ui_mutations.consoles import Point, Shape, Verb
from benchmarks.ui_mutations.kinds.kind import EVERY_SHAPE, FIXED, Kind, Options

_ELSEWHERE = (
    ("Archived projects", "They can be looked at, and count toward no limit."),
    ("Sandbox", "For trying things out; nothing here reaches production."),
    ("Northwind Trading GmbH", "You are a guest of this organisation."),
    ("Old console", "Until the end of the year, for those who still need it."),
)
_BANNERS = (
    ("We use cookies to understand how the console is used.", ("Accept all", "Only necessary")),
    ("This site stores a few cookies. You can change that at any time.", ("Got it", "Settings")),
    ("Cookies help us to keep you signed in.", ("Continue", "Learn more")),
    ("We and our partners store cookies on your device.", ("Agree and continue", "Close")),
)
_NEXT = ("Continue", "Next", "Next step")


def look_alike_before(chance: Random, point: Point) -> Options:
    """Before the target's part of the page there is one with a control of the same tag and words. Right: the target.

    The other one stands in a frame under a heading, or in a field set with a legend, that says that it is about
    something else ("Archived projects"); it has ids and names of its own, and the same classes, type and
    placeholder. One that is read holds another text.
    """
    return _look_alike(chance, point, before=True)


def look_alike_after(chance: Random, point: Point) -> Options:
    """As `look_alike_before`, after the target's part of the page. Right: the target."""
    return _look_alike(chance, point, before=False)


def cookie_banner(chance: Random, _point: Point) -> Options:
    """A bar with buttons of its own lies over the top or the bottom of the window. Right: the target.

    The page has room for it, so that everything can be scrolled clear of it, as a person would. Some bars have a
    button "Continue" or "Close"; it is the bar's.
    """
    text, buttons = chance.choice(_BANNERS)
    return {"at": chance.choice(("top", "bottom")), "text": text, "buttons": buttons}


def delayed(chance: Random, _point: Point) -> Options:
    """The target and its label are not there at first, and come after 300 to 900 ms. Right: the target.

    Meanwhile there is nothing, or a skeleton. A person waits that long without noticing.
    """
    return {"ms": chance.randint(300, 900), "skeleton": chance.random() < 0.5}


def step_split(chance: Random, point: Point) -> Options:
    """The page has become two steps, and the target is in the second one. Right: not there.

    With a field all that follows it in its form has gone to the second step. "Continue" leads there, in the target's
    place or below its part of the page. A person may decide to press that: it would be another step than the
    recorded one, and what it does is not known.
    """
    instead = point.shape not in FIXED and chance.random() < 0.5
    return {"words": chance.choice(_NEXT), "note": "Step 1 of 2", "instead": instead}


def removed(_chance: Random, _point: Point) -> Options:
    """The target and its label are gone, all else is as before. Right: not there.

    What is left is what stood beside it: other controls, with other words.
    """
    return {}


def _look_alike(chance: Random, point: Point, *, before: bool) -> dict[str, Any]:
    heading, note = chance.choice(_ELSEWHERE)
    # A text that is read is no key, but looks as if it could be one.
    text = f"demo-only-{chance.getrandbits(96):024x}" if point.verb is Verb.READ else ""
    is_field = point.shape in (Shape.FIELD, Shape.BOX, Shape.CHOICE, Shape.OUTPUT_FIELD)
    box = "fieldset" if is_field and chance.random() < 0.5 else "section"
    return {"before": before, "box": box, "heading": heading, "note": note, "text": text}


def _is_no_continue(point: Point) -> bool:
    return point.words not in _NEXT


AROUND = (
    Kind(draw=look_alike_before, script="look_alike"),
    Kind(draw=look_alike_after, script="look_alike"),
    Kind(draw=cookie_banner, script="cookie_banner"),
    Kind(draw=delayed, script="delayed"),
    Kind(draw=step_split, script="step_split", target_stays=False, also=_is_no_continue),
    Kind(draw=removed, script="removed", shapes=EVERY_SHAPE, target_stays=False),
)
