"""A picture with the words of the flow drawn at the elements that they are about."""

import base64
import re
import struct
from collections.abc import Sequence
from html import escape
from typing import Final

from tokenbroker.evidence.xml_text import xml_text
from tokenbroker.run.pictures.label import Bounds, Label
from tokenbroker.run.pictures.picture import Picture

_COLOUR: Final = "#b3005e"  # no colour of a wireframe, and rare on pages: what is drawn in it is ours
_FONT_PX: Final = 15
_CHARACTER_PX: Final = _FONT_PX * 0.602  # the width of a monospace character
_PLATE_PX: Final = 22
_LARGE_PX: Final = 64
_PADDING_PX: Final = 5
_MAX_CHARACTERS: Final = 80
_SVG_SIZE: Final = re.compile(rb'<svg [^>]*?width="(\d+)" height="(\d+)"')


def labelled(picture: Picture, labels: Sequence[Label]) -> bytes:
    """An SVG that holds `picture` byte for byte and, over it, a frame around each element with its label.

    Self-contained. Labels whose element lies outside of the picture are left out.

    Raises:
        ValueError: `picture` is neither a PNG nor a wireframe of ours.
    """
    width, height = _size(picture)
    data = base64.b64encode(picture.data).decode("ascii")
    drawn = [_drawn(label, width, height) for label in labels if _is_inside(label.box, width, height)]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">'
    )
    return "\n".join(
        [
            head,
            "<title>The page without its characters; the words in the frame stand in the flow</title>",
            f'<image width="{width}" height="{height}" href="data:{picture.media_type};base64,{data}"/>',
            *drawn,
            "</svg>\n",
        ]
    ).encode()


def _size(picture: Picture) -> tuple[int, int]:
    if picture.media_type == "image/png" and len(picture.data) >= 24:
        width, height = struct.unpack(">II", picture.data[16:24])  # IHDR comes first (PNG, section 5.6)
        return width, height
    found = _SVG_SIZE.match(picture.data)
    if not found:
        raise ValueError("neither a PNG nor a wireframe")
    return int(found[1]), int(found[2])


def _is_inside(box: Bounds, width: int, height: int) -> bool:
    left, top, wide, high = box
    return left < width and top < height and left + wide > 0 and top + high > 0


def _drawn(label: Label, width: int, height: int) -> str:
    left, top, wide, high = label.box
    text = xml_text(" ".join(label.text.split()))
    if len(text) > _MAX_CHARACTERS:
        text = text[: _MAX_CHARACTERS - 1] + "…"
    needed = round(len(text) * _CHARACTER_PX) + 2 * _PADDING_PX
    if (
        high <= _LARGE_PX and needed <= wide
    ):  # a control or a line: the words stand in the place of its blocks
        x, y, plate_wide, plate_high = round(left), round(top), round(wide), round(high)
    else:  # at the top of something larger, and whole in the picture
        x, plate_wide, plate_high = max(0, min(round(left), width - needed)), needed, _PLATE_PX
        y = max(0, min(round(top), height - _PLATE_PX))
    middle = y + plate_high // 2
    frame = f'x="{round(left)}" y="{round(top)}" width="{round(wide)}" height="{round(high)}" rx="4"'
    plate = f'x="{x}" y="{y}" width="{plate_wide}" height="{plate_high}" rx="4"'
    return (
        f'<rect {frame} fill="none" stroke="{_COLOUR}" stroke-width="2"/>\n'
        f'<rect {plate} fill="#fff" stroke="{_COLOUR}"/>\n'
        f'<text x="{x + _PADDING_PX}" y="{middle}" dominant-baseline="central" font-family="monospace" '
        f'font-size="{_FONT_PX}" fill="{_COLOUR}">{escape(text, quote=False)}</text>'
    )
