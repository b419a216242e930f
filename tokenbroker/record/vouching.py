"""What of Playwright's recorder may be believed, and what it adds.

The listener vouches: an act is one only where it saw an input device at work, for the recorder lives in the page's own
world and its word can be forged. Where the listener saw a person but could not look at the element, the recorder's own
locator stands.
"""

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


def with_locators(entries: Sequence[Entry], actions: Iterable[CodegenAction]) -> list[Entry]:
    """`entries`, where an act whose element could not be looked at has the locator of the action that fits it.

    Each action is taken for the first act of its window and kind, with the same content, that no other was taken for.
    An act that nobody knows the element of is left out, and so is an action that nobody vouches for.
    """
    located: dict[int, Alternative | None] = {}
    for action in actions:
        for place, entry in enumerate(entries):
            if place not in located and isinstance(entry, Acted) and _fits(action, entry):
                located[place] = action.locator
                break
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


def _fits(action: CodegenAction, act: Acted) -> bool:
    same = action.window == act.seen.window and action.name == _SAID_AS[act.kind]
    if act.kind in _BY_VALUE and action.value != act.value:
        return False
    return same and _may_lead_to(action.locator, act.seen.element)


def _may_lead_to(locator: Alternative | None, element: ElementSeen | None) -> bool:
    """Whether the words of `locator`, if it has any, are about `element`: the recorder may have left a click out."""
    if locator is None or element is None or not element.label:
        return True
    said = locator.name if locator.family is Family.ROLE else locator.value
    if locator.family not in (Family.ROLE, Family.LABEL, Family.TEXT):
        return True
    words, label = _folded(said), _folded(element.label)
    return words in label or label in words


def _is_whole(locator: Alternative, element: ElementSeen) -> bool:
    """Whether `locator` says all of the name: the recorder looks for a part of a long one, and a set for the whole."""
    return (
        locator.family is not Family.ROLE
        or not element.label
        or _folded(locator.name) == _folded(element.label)
    )


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
