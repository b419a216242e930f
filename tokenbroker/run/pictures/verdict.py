"""Judge whether what was on a page during a shot can have drawn a secret."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from tokenbroker.run.pictures.media import Cover, needed
from tokenbroker.run.pictures.target import Loads, View

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


def covers_for(view: View) -> set[Cover]:
    """What has to be covered before a shot of what `view` shows."""
    covers = _visible_media(view)
    # A loaded image may be drawn by parts that stand in no snapshot, such as ::first-line or a scrollbar.
    if view.has_images:
        covers.add(Cover.ELEMENTS)
    return covers


def judge(loads: Loads, after: View, fonts: Mapping[str, int], covers: Collection[Cover]) -> Verdict:
    """Judge a shot that was taken under `covers`.

    Args:
        loads: what each frame showed before the shot, when the covers were put on.
        after: the look after the shot, with the covers on.
        fonts: for each frame that answered, how many usable fonts made by script it holds.
        covers: what was covered.
    """
    if any(fonts.values()):
        return Verdict(objection=SCRIPT_FONT, final=True)
    missing = _visible_media(after)
    if after.has_images and Cover.ELEMENTS not in covers:
        missing.add(Cover.ELEMENTS)
    if missing:
        return Verdict(objection=MEDIA, missing=frozenset(missing))
    for document in after.documents:
        frame = document.frame_id
        same = frame in fonts and after.loads.get(frame) == loads.get(frame)
        if document.boxes and not same:
            return Verdict(objection=MOVED)
    return Verdict(objection="")


def _visible_media(view: View) -> set[Cover]:
    return {cover for document in view.documents for box in document.boxes for cover in needed(box)}
