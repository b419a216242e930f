"""What the camera answers."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """One picture of a page, safe to keep.

    Attributes:
        kind: "pixels" (a PNG in which every character is the same block and media is hidden),
            "wireframe" (an SVG that we drew from layout boxes) or "none".
        media_type: ``image/png``, ``image/svg+xml``, or "" without a picture.
        data: the bytes of the file; empty without a picture.
        note: why these are not pixels, for a person; "" for pixels. Never holds the page's text.
    """

    kind: Literal["pixels", "wireframe", "none"]
    media_type: str
    data: bytes = field(repr=False)
    note: str


def pixels(png: bytes) -> Picture:
    """A PNG that was proven safe."""
    return Picture(kind="pixels", media_type="image/png", data=png, note="")


def wireframe(svg: bytes, *, note: str) -> Picture:
    """An SVG drawn from layout boxes; `note` says why it isn't pixels."""
    return Picture(kind="wireframe", media_type="image/svg+xml", data=svg, note=note)


def nothing(note: str) -> Picture:
    """No picture; `note` says why."""
    return Picture(kind="none", media_type="", data=b"", note=note)
