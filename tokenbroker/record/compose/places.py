"""Where a step works: the windows and frames of a sitting, by the names that a flow gives them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from tokenbroker.flow.mend import is_lasting
from tokenbroker.record.compose.addresses import origin_in
from tokenbroker.record.compose.labels import names_nobody
from tokenbroker.record.recording import Event, FrameSeen

_MAX_FRAMES: Final = 5
_WORD: Final = re.compile(r"[a-z]{2,15}")
_NO_NOUNS: Final = re.compile(
    r"an?|the|your|my|new|create|generate|make|add|get|open|show|start|issue|request|of|for|to|in|and|with|this"
)


def names_of_windows(events: Sequence[Event]) -> Mapping[int, str]:
    """A name for each window that a press opened, by its number; of words of the page only if they can name nobody."""
    names: dict[int, str] = {}
    for event in events:
        if event.opens is None or event.opens in names or not event.opens:
            continue
        label = event.element.label if event.element is not None else ""
        headings = [each.name for each in event.appeared if each.role == "heading"]
        nouns = next((said for text in (label, *headings) if (said := _nouns(text))), "")
        name = f"{nouns}-window" if nouns else f"window-{event.opens + 1}"
        names[event.opens] = name if name not in names.values() else f"{name}-{event.opens + 1}"
    return names


def _nouns(text: str) -> str:
    if not names_nobody(text):
        return ""
    words = [each for each in re.split(r"[^a-z]+", text.lower()) if _WORD.fullmatch(each)]
    return "-".join([each for each in words if not _NO_NOUNS.fullmatch(each)][:2])


def frame_option(frames: Sequence[FrameSeen]) -> Any:
    """The step's option `frame`: a mapping, a list of them, or None where no frame of the sitting can be told."""
    if len(frames) > _MAX_FRAMES:
        return None
    ways = [_way(each) for each in frames]
    if any(each is None for each in ways):
        return None
    return ways[0] if len(ways) == 1 else ways


def _way(frame: FrameSeen) -> dict[str, str] | None:
    if frame.name and is_lasting(frame.name) and names_nobody(frame.name):
        return {"name": frame.name}
    origin = origin_in(frame.url)
    if origin:
        return {"url": f"{origin}/**"}
    if frame.selector.strip() and frame.selector.isprintable():
        return {"selector": frame.selector}
    return None


def origins_of(events: Iterable[Event]) -> tuple[str, ...]:
    """The origins that `events` have to do with, in their order."""
    found: dict[str, None] = {}
    for event in events:
        addresses = [event.value] if event.what.value == "navigate" else []
        addresses += [event.page_url, *(each.url for each in event.frames), event.led_to]
        found |= {origin: None for each in addresses if (origin := origin_in(each))}
    return tuple(found)
