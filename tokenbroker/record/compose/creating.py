"""Which press made the key, what the key is called, and where it can be revoked (RUN-10)."""

import re
from collections.abc import Sequence
from typing import Any, Final

from tokenbroker.record.compose.addresses import origin_in, page_of, parent_among
from tokenbroker.record.compose.labels import makes, only_shows, takes_away
from tokenbroker.record.compose.seen import (
    FILLS,
    PRESSES,
    form_of,
    is_link,
    is_on_one_page,
    is_submit,
    label_of,
)
from tokenbroker.record.recording import Event, What

_NAMES: Final = re.compile(
    r"\b(name|label|title|note|description|purpose|caller|app|application|used by|for|bezeichnung|nom|nombre)\b"
)


def creating(events: Sequence[Event], token: int) -> int | None:
    """The number of the press that made what the TOKEN event `token` shows; None where none may have.

    It is the last press before it that did more than go somewhere, show something or sign in. A press without words,
    an eye say, is taken only where no press before it says that it makes something.
    """
    has_left = False
    signed_in: int | None = None
    nameless: int | None = None
    for number in range(token - 1, -1, -1):
        event = events[number]
        if event.what is What.TOKEN:
            break
        if event.what is What.NAVIGATE:
            has_left = True
        if event.what not in PRESSES or _only_shows(event):
            continue
        if _signs_in(events, number):
            if has_left:
                break
            signed_in = number if signed_in is None else signed_in
        elif _is_nameless(event):
            nameless = number if nameless is None and not has_left else nameless
        elif makes(label_of(event)) or is_submit(event) or not (has_left or nameless is not None):
            return number
    return signed_in if nameless is None else nameless


def _is_nameless(event: Event) -> bool:
    return event.what is What.CLICK and not label_of(event)


def _only_shows(event: Event) -> bool:
    leads_away = is_link(event) and event.element is not None and event.led_to == event.element.href
    return leads_away or only_shows(label_of(event))


def _signs_in(events: Sequence[Event], number: int) -> bool:
    """Whether a password was typed on the page before the press."""
    for event in reversed(events[:number]):
        if event.what not in FILLS or not is_on_one_page(event, events[number]):
            return False
        if event.element is not None and event.element.is_secret:
            return True
    return False


def destroys(event: Event) -> bool:
    """Whether it is a press that takes a key away."""
    return event.what is What.CLICK and takes_away(label_of(event))


def asks_for_agreement(event: Event) -> bool:
    """Whether the press is one of those that a wrong element would do harm with."""
    return destroys(event) or is_submit(event)


def creates_option(events: Sequence[Event], number: int, pages: Sequence[str]) -> dict[str, Any]:
    """The option `creates` of the step that the press at `number` becomes; `pages` are those of the whole sitting."""
    name = _name_of(events, number)
    revoke = _keys_page(events, number, pages)
    return ({"name": name} if name else {}) | ({"revoke": revoke} if revoke else {})


def _name_of(events: Sequence[Event], number: int) -> str:
    """The name that was typed for the key, if it is the same in each run."""
    press = events[number]
    typed: list[Event] = []
    for event in reversed(events[:number]):
        if event.what is What.NAVIGATE:
            break
        if event.what is What.TYPE and (
            is_on_one_page(event, press) or form_of(event) == form_of(press) != ""
        ):
            typed.insert(0, event)
    called = [each for each in typed if _NAMES.search(_called(each))]
    named = called[0] if called else typed[0] if len(typed) == 1 else None
    if named is None or named.ref or (named.element is not None and named.element.is_secret):
        return ""
    return named.value


def _called(event: Event) -> str:
    return f"{label_of(event)} {re.sub(r'[_-]', ' ', event.element.name.lower()) if event.element else ''}"


def _keys_page(events: Sequence[Event], number: int, pages: Sequence[str]) -> str:
    """The page of the console that lists the keys: where the press was, or the nearest one above it."""
    here = [each.page_url for each in events[: number + 1] if each.window == 0 and origin_in(each.page_url)]
    return parent_among(pages, page_of(here[-1])) if here else ""
