"""Judge whether what was on a page during a shot can have drawn a secret."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from tokenbroker.run.pictures.media import Cover, needed
from tokenbroker.run.pictures.snapshot import Document

SCRIPT_FONT: Final = "the page holds a font made by script"
MEDIA: Final = "the page shows media that could not be hidden"
MOVED: Final = "the page was replaced while the picture was taken"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What can be said of a shot.

    Attributes:
        objection: why its pixels can't be kept, for a person; "" if they can.
        missing: what another shot should cover.
        final: whether another shot can't do better.
    """

    objection: str
    missing: frozenset[Cover] = frozenset()
    final: bool = False


def judge(documents: Collection[Document], fonts: Mapping[str, int]) -> Verdict:
    """Judge a shot by what stood there after it.

    Args:
        documents: the layout after the shot, with the covers on.
        fonts: for each frame that still shows the load that was covered, how many usable fonts made by
            script it holds.
    """
    if any(fonts.values()):
        return Verdict(objection=SCRIPT_FONT, final=True)
    missing = {cover for document in documents for box in document.boxes for cover in needed(box)}
    if missing:
        return Verdict(objection=MEDIA, missing=frozenset(missing))
    if any(document.boxes and document.frame_id not in fonts for document in documents):
        return Verdict(objection=MOVED)
    return Verdict(objection="")
