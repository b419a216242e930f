"""What on a page could draw a secret although every character is a block: media, and how to cover it."""

import re
from collections.abc import Collection
from enum import Enum
from typing import Final

from tokenbroker.run.pictures.snapshot import Box


class Cover(Enum):
    """What a style sheet of ours takes out of sight for the moment of a shot."""

    ELEMENTS = "elements"
    """Elements that paint pictures: images, video, canvas, SVG, plug-ins."""
    STYLES = "styles"
    """Pictures named by CSS: backgrounds, borders, bullets, masks, filters."""
    GENERATED = "generated"
    """``::before`` and ``::after`` whose content is a picture."""
    FRAMES = "frames"
    """Frames, because one of them is drawn by another process.

    Such a frame hands its pixels in when it likes: a shot can show what it drew before our style sheet
    came to it (seen in about one shot of ten), and no look at its layout would tell.
    """


_ELEMENTS: Final = frozenset({"IMG", "PICTURE", "VIDEO", "CANVAS", "OBJECT", "EMBED", "FENCEDFRAME", "SVG"})
_FRAMES: Final = frozenset({"IFRAME", "FRAME"})
_PICTURE: Final = re.compile(r"(?:url|image-set|cross-fade|paint|element|image|gradient)\(", re.IGNORECASE)
"""What draws a picture. A gradient does too: hard stops side by side are pixels of any colour."""

# Three ids that no page has raise the specificity above that of ordinary `!important` rules. Without
# `transition: none` a page that says `* {transition: all 1s}` would keep media visible for that second.
_WINS: Final = ":not(#tb#tb#tb)"
_HIDDEN: Final = "{visibility:hidden!important;transition:none!important}"
_PICTURES_OFF: Final = (
    "{background-image:none!important;border-image-source:none!important;list-style-image:none!important;"
    "mask-image:none!important;-webkit-mask-box-image-source:none!important;-webkit-box-reflect:none!important;"
    "filter:none!important;backdrop-filter:none!important;clip-path:none!important;"
    "text-emphasis:none!important;transition:none!important}"
)
_RULES: Final = {
    Cover.ELEMENTS: (
        ":is(img,picture,video,canvas,object,embed,fencedframe,svg,svg *,input[type=image i])"
        f"{_WINS}{_HIDDEN}"
        # These draw, but stand in no snapshot, so they are always covered.
        "::first-line,::first-letter,::selection,::-webkit-scrollbar,::-webkit-scrollbar-track,"
        "::-webkit-scrollbar-thumb,::-webkit-scrollbar-button,::-webkit-scrollbar-corner,::-webkit-resizer"
        "{background-image:none!important;border-image-source:none!important;text-emphasis:none!important}"
    ),
    Cover.STYLES: f"*{_WINS},*{_WINS}::before,*{_WINS}::after,*{_WINS}::marker,*{_WINS}::backdrop,"
    f"*{_WINS}::placeholder,*{_WINS}::file-selector-button{_PICTURES_OFF}*{_WINS}{{content:normal!important}}",
    Cover.GENERATED: f"*{_WINS}::before,*{_WINS}::after,*{_WINS}::marker{_HIDDEN}",
    Cover.FRAMES: f":is(iframe,frame){_WINS}{_HIDDEN}",
}


def style_sheet(covers: Collection[Cover]) -> str:
    """The CSS that takes `covers` out of sight and moves nothing."""
    return "\n".join(rule for cover, rule in _RULES.items() if cover in covers)


def needed(box: Box) -> set[Cover]:
    """What would have to be covered so that the box draws blocks and plain boxes only; empty if it does."""
    # A hidden box paints nothing of its own; its children, and the element of a text, speak for themselves.
    if box.is_text or not box.visible:
        return set()
    found = set()
    is_media = box.name.upper() in _ELEMENTS or box.in_svg or (box.name == "INPUT" and box.type == "image")
    if is_media or box.name.startswith("::view-transition"):
        found.add(Cover.ELEMENTS)
    if box.name in _FRAMES and box.content_document is None:
        found.add(Cover.FRAMES)
    generated = box.name.startswith("::")
    for name, value in box.styles.items():
        if name == "content":
            if _PICTURE.search(value):
                found.add(Cover.GENERATED if generated else Cover.STYLES)
        # Emphasis marks are left out above spaces and punctuation, and so tell them from letters.
        elif name == "text-emphasis-style" or _PICTURE.search(value):
            found.add(Cover.STYLES)
    return found
