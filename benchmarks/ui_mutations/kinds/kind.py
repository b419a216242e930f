"""What a kind of mutation is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from benchmarks.ui_mutations.consoles import Point, Shape

Options = Mapping[str, Any]

BUTTONS = frozenset({Shape.BUTTON})
LINKS = frozenset({Shape.LINK})
EVERY_SHAPE = frozenset(Shape)
FIXED = frozenset({Shape.SUMMARY, Shape.CELL})
"""Shapes that HTML ties to their parent: a summary to its details, a cell to its row."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A kind of mutation.

    Attributes:
        draw: draws the options of one mutation; its docstring says what changes and what is right afterwards.
        script: the function of `page/*.js` that changes the page.
        shapes: the shapes of target for which it makes sense.
        target_stays: whether the target can be found and used afterwards; else "not there" is right.
        also: what else a point must be.
    """

    draw: Callable[[Random, Point], Options]
    script: str
    shapes: frozenset[Shape] = EVERY_SHAPE
    target_stays: bool = True
    also: Callable[[Point], bool] = lambda _point: True

    @property
    def name(self) -> str:
        return self.draw.__name__

    def suits(self, point: Point) -> bool:
        return point.shape in self.shapes and self.also(point)
