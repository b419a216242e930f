"""Kinds that put the target into other elements, elsewhere, or make another element of it."""

from random import Random

from benchmarks.ui_mutations.consoles import Point
from benchmarks.ui_mutations.kinds.kind import BUTTONS, EVERY_SHAPE, FIXED, LINKS, Kind, Options

_WRAPPERS = (
    ("div", "control"),
    ("span", "control-inner"),
    ("div", "tooltip-anchor"),
    ("div", "row"),
    ("span", "with-icon"),
)


def wrapped(chance: Random, _point: Point) -> Options:
    """One to three elements more lie around the target. Right: the target; a person sees no difference."""
    return {"wrappers": chance.sample(_WRAPPERS, k=chance.randint(1, 3))}


def moved(chance: Random, _point: Point) -> Options:
    """The target stands at the top or the bottom of its page or dialog, with its label. Right: the target.

    It keeps its words and names, its form and what it does; there is no second one, and no heading claims it for
    something else.
    """
    return {"to": chance.choice(("top", "bottom")), "className": chance.choice(("toolbar", "actions", "row"))}


def link_instead_of_button(_chance: Random, _point: Point) -> Options:
    """The button is a link now, with the same words and names, and does the same. Right: the link."""
    return {}


def button_instead_of_link(_chance: Random, _point: Point) -> Options:
    """The link is a button now, with the same words and names, and leads to the same. Right: the button."""
    return {}


def div_with_role(_chance: Random, _point: Point) -> Options:
    """The control is a `div` with `role=button`, with the same words and names. Right: the `div`."""
    return {"role": True}


def div_without_role(_chance: Random, _point: Point) -> Options:
    """The control is a bare `div` that can be clicked, with the same words and names. Right: the `div`.

    A person sees no difference; only a machine that asks for roles does.
    """
    return {"role": False}


def in_iframe(chance: Random, _point: Point) -> Options:
    """The target is in a frame of the same origin, in its old place, with its label. Right: the target."""
    return {"title": chance.choice(("Form", "Account", "Embedded view"))}


def in_shadow_root(chance: Random, _point: Point) -> Options:
    """The target is in an open shadow root, in its old place, with its label. Right: the target."""
    return {"tag": chance.choice(("ui-control", "app-panel", "x-field"))}


_LOOSE = EVERY_SHAPE - FIXED

STRUCTURE = (
    Kind(draw=wrapped, script="wrapped", shapes=_LOOSE),
    Kind(draw=moved, script="moved", shapes=_LOOSE, also=lambda point: not point.bound),
    Kind(draw=link_instead_of_button, script="link_instead", shapes=BUTTONS),
    Kind(draw=button_instead_of_link, script="button_instead", shapes=LINKS),
    Kind(draw=div_with_role, script="div_instead", shapes=BUTTONS | LINKS),
    Kind(draw=div_without_role, script="div_instead", shapes=BUTTONS | LINKS),
    Kind(draw=in_iframe, script="in_iframe", shapes=_LOOSE),
    Kind(draw=in_shadow_root, script="in_shadow_root", shapes=_LOOSE),
)
