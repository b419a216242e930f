"""How a person got around on the site, and how a flow does."""

from collections.abc import Sequence
from dataclasses import replace

from tokenbroker.flow.mend import MAX_WORDS
from tokenbroker.record.compose.addresses import is_plain, origin_in, page_of
from tokenbroker.record.compose.seen import PRESSES, is_link, is_way_around, shares_a_way
from tokenbroker.record.recording import Event, What


def with_addresses(events: Sequence[Event]) -> tuple[Event, ...]:
    """`events` with an address in the place of each press on a link that stands on many pages; of several in a row
    the last is enough. The first goes to where the sitting began."""
    origins = {origin_in(each.page_url) for each in events} | {origin_in(each.value) for each in events}
    kept: list[Event] = []
    for event in events:
        gone = _gone(event) if _leads_exactly(event) and origin_in(_came_to(event)) in origins else event
        if kept and gone.what is What.NAVIGATE and _passes(kept[-1], gone):
            kept.pop()
        kept.append(gone)
    return _from_the_beginning(kept)


def _leads_exactly(event: Event) -> bool:
    if event.window or event.frames or event.opens is not None or event.dialog:
        return False
    if not is_way_around(event) and not _is_nameless(event):
        return False
    href = event.element.href if event.element is not None else ""
    return is_plain(href) and href.rstrip("/") == _came_to(event).rstrip("/")


def _is_nameless(event: Event) -> bool:
    """Whether it is a press on a link that nothing short and lasting leads to: a card with a paragraph in it, say."""
    ways = event.element.alternatives if event.element is not None else ()
    return (
        event.what is What.CLICK
        and is_link(event)
        and all(len(each.name or each.value) > MAX_WORDS for each in ways)
    )


def _came_to(event: Event) -> str:
    return event.led_to or event.page_url  # a link to the very page that shows it


def _gone(event: Event) -> Event:
    href = event.element.href if event.element is not None else ""
    return replace(event, what=What.NAVIGATE, value=href, element=None, led_to="")


def _passes(before: Event, event: Event) -> bool:
    """Whether what was gone to before was only passed through."""
    return before.what is What.NAVIGATE and before.window == event.window


def _from_the_beginning(events: Sequence[Event]) -> tuple[Event, ...]:
    if not events or (events[0].what is What.NAVIGATE and events[0].window == 0):
        return tuple(events)
    began = next((each.page_url for each in events if each.window == 0 and origin_in(each.page_url)), "")
    return (Event(what=What.NAVIGATE, value=began), *events) if began else tuple(events)


def is_thrown_back(events: Sequence[Event], number: int) -> bool:
    """Whether the event goes to an address that the site led away from, and that is asked for again later."""
    event = events[number]
    came_to = page_of(event.led_to).rstrip("/")
    if event.what is not What.NAVIGATE or came_to in ("", page_of(event.value).rstrip("/")):
        return False
    return any(_goes_to(each, event.value) for each in events[number + 1 :])


def is_asked_again(events: Sequence[Event], number: int) -> bool:
    """Whether the event goes to where an earlier one was thrown back from."""
    event = events[number]
    return event.what is What.NAVIGATE and any(
        _goes_to(events[earlier], event.value) and is_thrown_back(events, earlier)
        for earlier in range(number)
    )


def _goes_to(event: Event, address: str) -> bool:
    return event.what is What.NAVIGATE and event.value == address


def was_there_before(events: Sequence[Event], number: int) -> bool:
    """Whether what the event is about may have been there before the press right before it had come to anything."""
    event, press = events[number], events[number - 1]
    if press.what not in PRESSES or not (press.appeared or press.led_to) or event.element is None:
        return False
    for earlier in reversed(events[:number]):
        if page_of(earlier.page_url) != page_of(press.page_url) or earlier.what is What.NAVIGATE:
            return False
        if shares_a_way(earlier, event):
            return True
    return False
