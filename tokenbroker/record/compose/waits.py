"""Where a flow has to wait although the next step waits for what it works on."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tokenbroker.flow.rules.brittle_selector import why_brittle
from tokenbroker.record.compose.addresses import origin_in, pattern_of
from tokenbroker.record.compose.people import asks_at_once
from tokenbroker.record.compose.seen import PRESSES, titles, tries_again
from tokenbroker.record.compose.targets import spelled_css, target_of_title
from tokenbroker.record.compose.ways import is_asked_again, is_thrown_back, was_there_before
from tokenbroker.record.draft import DraftStep
from tokenbroker.record.recording import Event, What

_EITHER: Final = "First an answer: what was asked for, or that it is not there yet."


def waits_before(events: Sequence[Event], number: int, windows: Mapping[int, str]) -> Iterator[DraftStep]:
    """The waiting that has to come before the step that the event becomes: one step, or none."""
    if not number:
        return
    event, before = events[number], events[number - 1]
    if is_thrown_back(events, number - 1):
        yield from _for_address(before.led_to)
    elif event.what is What.HUMAN:
        if asks_at_once(events, number):
            yield from _for_title(before, windows)
    elif event.what is What.NAVIGATE:
        # Going elsewhere at once would cut off what the press has begun.
        came_to = before.led_to if before.what in PRESSES and not before.window else ""
        if is_asked_again(events, number):
            came_to = event.page_url
        yield from _for_address(came_to)
    elif tries_again(event):
        yield from _for_either(events, number)
    elif was_there_before(events, number):
        yield from [*_for_title(before, windows)] or _for_address(before.led_to)


def _for_title(event: Event, windows: Mapping[int, str]) -> Iterator[DraftStep]:
    came = titles(event.appeared)
    window = event.window if event.opens is None else event.opens
    if not came or (window and window not in windows):
        return
    options: dict[str, Any] = {"selector": target_of_title(came[0]).option}
    yield DraftStep(verb="wait_for", options=options | ({"page": windows[window]} if window else {}))


def _for_either(events: Sequence[Event], number: int) -> Iterator[DraftStep]:
    """For what has failed, or what comes after it: whether it has to be tried again shows no sooner."""
    event, after = events[number], next(iter(events[number + 1 :]), None)
    if after is None or after.window or event.window or after.frames or event.frames:
        return
    ways = [
        spelled_css(each.element.alternatives if each.element is not None else ()) for each in (event, after)
    ]
    if all(ways) and not any(map(why_brittle, ways)):
        yield DraftStep(verb="wait_for", options={"selector": ", ".join(ways)}, comment=_EITHER)


def _for_address(address: str) -> Iterator[DraftStep]:
    if origin_in(address):
        yield DraftStep(verb="wait_for", options={"url": pattern_of(address)})
