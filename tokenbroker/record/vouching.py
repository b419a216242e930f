"""What of Playwright's recorder may be believed, and what it adds.

The listener vouches: an act is one only where it saw an input device at work, for the recorder lives in the page's own
world and its word can be forged. Where the listener saw a person but could not look at the element, the recorder's own
locator stands.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from tokenbroker.flow.selector import Alternative, Family
from tokenbroker.record.observed import Acted, CodegenAction, Entry
from tokenbroker.record.recording import ElementSeen

_SAID_AS: Final = {
    "input": "fill", "click": "click", "check": "check", "uncheck": "uncheck", "select": "select", "key": "press",
}  # fmt: skip
_BY_VALUE: Final = frozenset({"input", "key"})
_SAID_WITH_VALUE: Final = frozenset(_SAID_AS[each] for each in _BY_VALUE)
_Kind = tuple[int, str, str]
"""Window, what the recorder calls it, and the content where it says one."""


def with_locators(entries: Sequence[Entry], actions: Iterable[CodegenAction]) -> list[Entry]:
    """`entries`, where an act whose element could not be looked at has the locator of the action that fits it.

    Each action is taken for the first act of its window and kind, with the same content, that no other was taken for.
    An act that nobody knows the element of is left out, and so is an action that nobody vouches for.
    """
    located = _located(entries, actions)
    full: list[Entry] = []
    for place, entry in enumerate(entries):
        if isinstance(entry, Acted) and (entry.seen.element is None or not entry.seen.element.alternatives):
            locator = located.get(place)
            if locator is None and entry.seen.element is None:
                continue
            element = entry.seen.element or ElementSeen(alternatives=(), print=None, tag="")
            element = replace(
                element, alternatives=(locator,) if locator and _is_whole(locator, element) else ()
            )
            full.append(replace(entry, seen=replace(entry.seen, element=element)))
        else:
            full.append(entry)
    return full


def _located(entries: Sequence[Entry], actions: Iterable[CodegenAction]) -> dict[int, Alternative | None]:
    """The locators by the places of their acts; each place is passed once, however many actions a page may forge."""
    waiting: dict[_Kind, dict[str, deque[int]]] = {}
    for place, entry in enumerate(entries):
        if isinstance(entry, Acted):
            value = entry.value if entry.kind in _BY_VALUE else ""
            label = _folded(entry.seen.element.label) if entry.seen.element is not None else ""
            kind = entry.seen.window, _SAID_AS[entry.kind], value
            waiting.setdefault(kind, {}).setdefault(label, deque()).append(place)
    located: dict[int, Alternative | None] = {}
    for action in actions:
        value = action.value if action.name in _SAID_WITH_VALUE else ""
        places = waiting.get((action.window, action.name, value), {})
        words = _words_of(action.locator)  # a part of them is enough: the recorder may have left a click out
        fits = [label for label in places if words in label or label in words]
        if fits:
            first = min(fits, key=lambda label: places[label][0])
            located[places[first].popleft()] = action.locator
            if not places[first]:
                del places[first]
    return located


def _words_of(locator: Alternative | None) -> str:
    """The words that `locator` finds an element by, if it has any."""
    if locator is None or locator.family not in (Family.ROLE, Family.LABEL, Family.TEXT):
        return ""
    return _folded(locator.name if locator.family is Family.ROLE else locator.value)


def _is_whole(locator: Alternative, element: ElementSeen) -> bool:
    """Whether `locator` says all of the name: the recorder looks for a part of a long one, and a set for the whole."""
    return (
        locator.family is not Family.ROLE
        or not element.label
        or _folded(locator.name) == _folded(element.label)
    )


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
