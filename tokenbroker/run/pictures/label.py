"""Words of the flow, and where on a picture they belong.

A picture shows blocks in the place of every character. What the *flow* says of an element (the text that it is
found by, the literal that was typed, the name of a reference) may be drawn at the element's box: it stands in
the YAML already. Nothing here is taken from the page but the box.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import FloatRect, Frame, Locator

from tokenbroker.flow.model import Step
from tokenbroker.flow.selector import SelectorSet
from tokenbroker.run.targets import bare_text
from tokenbroker.run.targets.engine import Way, look

Bounds = tuple[float, float, float, float]
"""Left, top, width and height in CSS pixels of the viewport."""

_IN_A_FRAME_MS: Final = 250.0
_FAR_PX: Final = 1e6
_QUOTED: Final = re.compile(r'(?:^text=|\[name=)"([^"]+)"')
_FILLING: Final = frozenset({"type", "select", "check"})
# What only Playwright's own selector engines understand; the rest is CSS.
_NOT_CSS: Final = re.compile(
    r"""^\s*(?:[\w:-]+=|\(?//|\.\.|['"])|>>|:(?:text|has-text|visible|light|near|above|below|nth-match|left-of|right-of)"""
)
# The first visible match, or nothing: no waiting, and no error for what has gone. The text of a field is its label.
_BOX: Final = """(elements, filling) => {
  for (const match of elements) {
    const element = (filling && match.closest('label')?.control) || match;
    const box = element.getBoundingClientRect();
    if (box.width && box.height) return [box.x, box.y, box.width, box.height];
  }
  return null;
}"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """One text of the flow and the box of the element that it is about.

    Attributes:
        text: stands in the flow, word for word; a reference stands there by its name, never by its value.
        box: left, top, width and height in CSS pixels of the viewport.
    """

    text: str
    box: Bounds


def words_of(step: Step) -> str:
    """What the flow says of the step's element: a reference's name, a literal, the text of ``text=…`` or of an
    accessible name, else the selector itself; "" for a step without any of these."""
    for name in ("value_ref", "secret_ref", "value", "text"):
        if step.options.get(name):
            return str(step.options[name])
    if not isinstance(step.selector, str):
        return _words_of_set(step.selector)
    selector = step.selector
    quoted = _QUOTED.search(selector)
    return bare_text(selector) or (quoted[1] if quoted else selector)


def _words_of_set(selector: SelectorSet | None) -> str:
    """The name that the primary alternative says, else the alternative."""
    if selector is None:
        return ""
    return selector.alternatives[0].name or str(selector)


def labels_of(
    step: Step, frame: Frame, acted_on: Locator | None, ask: Callable[[str], Any]
) -> tuple[Label, ...]:
    """The label of `step` at its element as that stands now, in one round trip or two; none if it has gone.

    `acted_on` is the element that the step has acted on; where it is not known, the selector is looked up in `frame`.
    `ask` evaluates an expression in the page's own document, out of reach of its scripts (`Camera.ask`).
    """
    if not step.options.get("selector"):
        return ()
    try:
        box = _box(step, frame, acted_on, ask)
    except PlaywrightError:  # gone with its page: the picture then shows what came instead
        return ()
    return (Label(text=words_of(step), box=box),) if box is not None else ()


def _box(step: Step, frame: Frame, acted_on: Locator | None, ask: Callable[[str], Any]) -> Bounds | None:
    selector, filling = step.selector, step.verb in _FILLING
    if not isinstance(selector, str):
        place = acted_on.bounding_box(timeout=_IN_A_FRAME_MS) if acted_on is not None else None
        return _placed(place)
    locator = frame.locator(selector)
    if frame.parent_frame is None:
        # The quickest way. What matches the selector now is what it stands for, also where the page was drawn anew.
        css = f"({_BOX})(document.querySelectorAll({json.dumps(selector)}), {json.dumps(filling)})"
        found = None if _NOT_CSS.search(selector) else _checked(ask(css))
        if found or acted_on is None:
            return found or _seen(frame, Way(locator=locator, to="field" if filling else None))
    # These two know where a frame stands in its page; what is evaluated inside it does not.
    place = (acted_on or locator.first).bounding_box(timeout=_IN_A_FRAME_MS)
    return _placed(place)


def _placed(place: FloatRect | None) -> Bounds | None:
    return _checked([place["x"], place["y"], place["width"], place["height"]]) if place else None


def _seen(frame: Frame, way: Way) -> Bounds | None:
    """The box of the first that is to be seen, in shadow roots too."""
    sight = look(frame, [way], timeout_ms=_IN_A_FRAME_MS, wordless=True)
    return _checked([*sight.candidates[0].shown.box]) if sight.candidates else None


def _checked(found: Any) -> Bounds | None:
    """`found` if it is a box that something may be drawn at."""
    if not isinstance(found, list) or len(found) != 4:
        return None
    if not all(
        type(each) in (int, float) and abs(each) < _FAR_PX for each in found
    ):  # not infinite, and a number
        return None
    left, top, wide, high = map(float, found)
    return (left, top, wide, high) if wide > 0 and high > 0 else None
