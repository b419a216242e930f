"""What a target point is, and a way through a console."""

from dataclasses import dataclass
from enum import StrEnum


class Verb(StrEnum):
    """What a step does with its target; READ is a `capture_token` that reads the element itself."""

    CLICK = "click"
    TYPE = "type"
    CHECK = "check"
    SELECT = "select"
    READ = "read"


class Shape(StrEnum):
    """What kind of element a target is; a mutation that makes no sense for a shape is not drawn for it."""

    BUTTON = "button"
    LINK = "link"
    SUMMARY = "summary"
    FIELD = "field"
    BOX = "box"
    CHOICE = "choice"
    OUTPUT = "output"
    CELL = "cell"
    """An output that is a cell of a table; it can't leave its row."""
    OUTPUT_FIELD = "output field"


class Person(StrEnum):
    """What only a person may do; the kit does it at the page and on the phone."""

    PUZZLE = "puzzle"
    DEVICE = "device"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """A look at the page: the next step comes once this is visible."""

    selector: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """A step with a target, of the console of that name.

    Attributes:
        selector: the flow's own; on the unmutated page it says which element is right.
        words: the target's own: a control's name or a field's label; "" for outputs without a label.
        has_id: whether the target has an id.
        value: what is typed; for a SELECT the number of the option, from 0.
        frame: the name of the frame it is in.
        window: it is in the popup that an earlier step has opened.
        opens: the step opens a popup.
        bound: it belongs to a row or a group, and its words say nothing anywhere else.
    """

    console: str
    verb: Verb
    selector: str
    shape: Shape
    words: str
    has_id: bool
    value: str
    frame: str
    window: bool
    opens: bool
    bound: bool


Step = Point | Wait | Person


@dataclass(frozen=True, kw_only=True, slots=True)
class Console:
    """A flow's way through one console, from the address `start` on."""

    name: str
    start: str
    signed_in: bool
    steps: tuple[Step, ...]

    @property
    def points(self) -> tuple[Point, ...]:
        return tuple(step for step in self.steps if isinstance(step, Point))

    def before(self, point: Point) -> tuple[Step, ...]:
        """The steps that lead to `point`."""
        return self.steps[: self.steps.index(point)]
