"""Draw a page as a wireframe: boxes in the colours of their roles, and none of its words.

Everything in the drawing is ours but the places of boxes, and those are rounded to a grid, the widths
of texts and of what may be as wide as its text more coarsely. Nothing that the page says (text,
attribute, colour, address) goes in.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Final

from playwright.sync_api import ViewportSize

from tokenbroker.run.pictures.snapshot import Bounds, Box, Document

GRID_PX: Final = 8
"""Boxes begin and end on multiples of this."""
TEXT_GRID_PX: Final = 32
"""Lines of text, and boxes that may be as wide as their text, begin and end on multiples of this."""

_DEFAULT_VIEWPORT: Final = ViewportSize(width=1280, height=720)
_MAX_BOXES: Final = 5_000  # evidence of a huge page stays small


@dataclass(frozen=True, kw_only=True, slots=True)
class _Look:
    fill: str
    stroke: str
    radius: int = 2
    inset: int = 1
    wide: bool = False  # laid out by its container, so that its width tells nothing of its text


_AREA: Final = _Look(fill="none", stroke="#d5dae1", wide=True)
_FIELD: Final = _Look(fill="#ffffff", stroke="#5b6b80", radius=4, wide=True)
_BUTTON: Final = _Look(fill="#c9dcf7", stroke="#2f6fc4", radius=6)
_LINK: Final = _Look(fill="#e6effb", stroke="#8fb4e3")
_HEADING: Final = _Look(fill="#eceff3", stroke="#9aa5b4", wide=True)
_MEDIA: Final = _Look(fill="#ece4f5", stroke="#8d6cb5", wide=True)
_FRAME: Final = _Look(fill="none", stroke="#b07d2b", wide=True)
_TEXT: Final = _Look(fill="#8a94a3", stroke="none", radius=3, inset=4)

_BY_NAME: Final = {
    **dict.fromkeys(("BUTTON", "SUMMARY"), _BUTTON),
    **dict.fromkeys(("INPUT", "SELECT", "TEXTAREA"), _FIELD),
    **dict.fromkeys(("H1", "H2", "H3", "H4", "H5", "H6"), _HEADING),
    **dict.fromkeys(("IMG", "VIDEO", "CANVAS", "OBJECT", "EMBED", "svg"), _MEDIA),
    **dict.fromkeys(("IFRAME", "FRAME"), _FRAME),
    **dict.fromkeys(("MAIN", "NAV", "HEADER", "FOOTER", "SECTION", "ARTICLE", "ASIDE"), _AREA),
    **dict.fromkeys(("FORM", "FIELDSET", "DIALOG", "TABLE", "TR", "PRE", "UL", "OL"), _AREA),
    "A": _LINK,
}
_BY_ROLE: Final = {
    **dict.fromkeys(("button", "tab", "menuitem", "switch", "checkbox", "radio"), _BUTTON),
    **dict.fromkeys(("textbox", "combobox", "searchbox", "spinbutton"), _FIELD),
    **dict.fromkeys(("dialog", "alertdialog", "alert", "region", "form", "navigation", "main"), _AREA),
    "heading": _HEADING,
    "link": _LINK,
    "img": _MEDIA,
}
_INPUTS_LIKE_BUTTONS: Final = frozenset({"button", "submit", "reset", "image"})


def draw(documents: Sequence[Document], viewport: ViewportSize | None) -> bytes:
    """The visible part of the page as SVG, `viewport` large (1280 by 720 if the page has none of its own)."""
    size = viewport or _DEFAULT_VIEWPORT
    clip = (0.0, 0.0, float(size["width"]), float(size["height"]))
    shapes = []
    for shape in _shapes(documents, 0, (0.0, 0.0), clip):
        shapes.append(shape)
        if len(shapes) == _MAX_BOXES:
            break
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size["width"]}" height="{size["height"]}" '
        f'viewBox="0 0 {size["width"]} {size["height"]}"><title>Wireframe of the page</title>'
        '<rect width="100%" height="100%" fill="#fafbfc"/>'
    )
    return "\n".join([head, *shapes, "</svg>\n"]).encode("ascii")


def _shapes(
    documents: Sequence[Document], number: int, origin: tuple[float, float], clip: Bounds
) -> Iterator[str]:
    """The shapes of one document, whose top left corner stands at `origin`, and of the frames in it."""
    document = documents[number]
    left, top = origin[0] - document.scroll[0], origin[1] - document.scroll[1]
    for box in document.boxes:
        if box.is_text or (box.in_svg and box.name != "svg") or not box.visible:
            continue
        place = _moved(box.bounds, left, top)
        look = _look_of(box)
        if look is not None:
            yield from _rectangle(place, clip, look)
        if box.content_document is not None:
            inner = _intersection(place, clip)
            if inner is not None:
                yield from _shapes(documents, box.content_document, (place[0], place[1]), inner)
    for box, bounds in document.text_lines():
        if not box.in_svg:
            yield from _rectangle(_moved(bounds, left, top), clip, _TEXT)


def _look_of(box: Box) -> _Look | None:
    if box.name == "INPUT" and box.type in _INPUTS_LIKE_BUTTONS:
        return _BUTTON
    return _BY_ROLE.get(box.role) or _BY_NAME.get(box.name)


def _rectangle(place: Bounds, clip: Bounds, look: _Look) -> Iterator[str]:
    rounded = _rounded(place, GRID_PX if look.wide else TEXT_GRID_PX)
    seen = _intersection(rounded, clip) if place[2] > 0 and place[3] > 0 else None
    if seen is None:
        return
    left, top, width, height = (round(number) for number in seen)
    # Drawn a little smaller than its cells, so that neighbours stay apart.
    inset = look.inset if min(width, height) > 2 * look.inset else 1
    yield (
        f'<rect x="{left + inset}" y="{top + inset}" width="{max(width - 2 * inset, 1)}" '
        f'height="{max(height - 2 * inset, 1)}" rx="{look.radius}" '
        f'fill="{look.fill}" stroke="{look.stroke}"/>'
    )


def _rounded(place: Bounds, grid_x: int) -> Bounds:
    left = floor(place[0] / grid_x) * grid_x
    right = ceil((place[0] + place[2]) / grid_x) * grid_x
    top = round(place[1] / GRID_PX) * GRID_PX
    bottom = max(round((place[1] + place[3]) / GRID_PX) * GRID_PX, top + GRID_PX)
    return float(left), float(top), float(right - left), float(bottom - top)


def _moved(place: Bounds, left: float, top: float) -> Bounds:
    return place[0] + left, place[1] + top, place[2], place[3]


def _intersection(one: Bounds, other: Bounds) -> Bounds | None:
    left, top = max(one[0], other[0]), max(one[1], other[1])
    right, bottom = min(one[0] + one[2], other[0] + other[2]), min(one[1] + one[3], other[1] + other[3])
    return (left, top, right - left, bottom - top) if right > left and bottom > top else None
