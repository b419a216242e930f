"""Judge whether what was on a page during a shot can have drawn a secret."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from tokenbroker.run.pictures.media import Cover, is_frame, needed
from tokenbroker.run.pictures.target import Target, View

SCRIPT_FONT: Final = "the page holds a font made by script"
MEDIA: Final = "the page shows media that could not be hidden"
MOVED: Final = "the page was replaced while the picture was taken"

Views = Mapping[Target, View]


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


def covers_for(views: Views) -> set[Cover]:
    """What has to be covered before a shot of what `views` show."""
    covers = _visible_media(views)
    # A loaded image may be drawn by parts that stand in no snapshot, such as ::first-line or a scrollbar.
    if any(view.has_images for view in views.values()):
        covers.add(Cover.ELEMENTS)
    return covers


def judge(
    before: Views, after: Views, fonts: Mapping[Target, Mapping[str, int]], covers: Collection[Cover]
) -> Verdict:
    """Judge a shot that was taken under `covers` between two looks.

    Args:
        before: the look before the covers were put on.
        after: the look after the shot, with the covers on.
        fonts: for each target and frame that answered, how many fonts made by script it holds.
        covers: what was covered.
    """
    if any(count for frames in fonts.values() for count in frames.values()):
        return Verdict(objection=SCRIPT_FONT, final=True)
    missing = _visible_media(after)
    if any(view.has_images for view in after.values()) and Cover.ELEMENTS not in covers:
        missing.add(Cover.ELEMENTS)
    if missing:
        return Verdict(objection=MEDIA, missing=frozenset(missing))
    for target, view in after.items():
        for document in view.documents:
            frame = document.frame_id
            same = view.loads.get(frame) == before[target].loads.get(frame) and frame in fonts[target]
            if document.boxes and not same:
                return Verdict(objection=MOVED)
    return Verdict(objection="")


def unseen_frames(views: Views) -> bool:
    """Whether a visible frame shows a document that is in none of `views`."""
    seen = {view.documents[0].frame_id for view in views.values() if view.documents}
    return any(
        target.frame_shown_by(box.backend_id) not in seen
        for target, view in views.items()
        for document in view.documents
        for box in document.boxes
        if is_frame(box) and box.visible and box.content_document is None
    )


def _visible_media(views: Views) -> set[Cover]:
    found = {
        cover
        for view in views.values()
        for document in view.documents
        for box in document.boxes
        for cover in needed(box)
    }
    if unseen_frames(views):
        found.add(Cover.FRAMES)
    return found
