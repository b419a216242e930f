"""The steps in which a flow waits for a person (RUN-12)."""

from collections.abc import Sequence
from typing import Any, Final

from tokenbroker.flow.mend import is_wording
from tokenbroker.human.checkpoint import Kind
from tokenbroker.record.compose.addresses import page_of
from tokenbroker.record.compose.seen import PRESSES, role_of, title_before, titles
from tokenbroker.record.compose.targets import target_of, target_of_title
from tokenbroker.record.recording import Event, What

_WORDS: Final = {
    Kind.OTP: "Enter the code",
    Kind.DEVICE: "Approve it on the other device",
    Kind.ACTION: "Do by hand what the page asks for",
}
_KINDS: Final = {Kind.OTP, Kind.DEVICE, Kind.ACTION}


def options_of(events: Sequence[Event], number: int) -> dict[str, Any]:
    """The options of the `wait_human` that the HUMAN event becomes."""
    event = events[number]
    kind = event.human if event.human in _KINDS else Kind.ACTION
    assert kind is not None  # one of those
    until = None if kind is Kind.OTP else _until(events, number)
    said: dict[str, Any] = {"reason": f"{_WORDS[kind]}{_about(events, number, kind)}", "kind": kind.value}
    return said | ({"until": until} if until is not None else {})


def _about(events: Sequence[Event], number: int, kind: Kind) -> str:
    """What the page calls it, in brackets."""
    element, title = events[number].element, title_before(events, number)
    names = [title.name if title is not None else "", element.label if element is not None else ""]
    found = next(
        (each for each in (names if kind is not Kind.ACTION else names[::-1]) if is_wording(each)), ""
    )
    return f" ({found})" if found else ""


def _until(events: Sequence[Event], number: int) -> Any:
    """What the page shows only once the person is done; None where nothing is known to come then."""
    event = events[number]
    if event.window or event.frames:
        return None  # it is looked for in the first window
    after = events[number + 1] if number + 1 < len(events) else None
    if after is not None and after.element is not None and not after.window and not after.frames:
        is_new = page_of(after.page_url) != page_of(event.page_url)
        if after.what is What.TOKEN or (is_new and after.what is not What.HUMAN):
            target = target_of(after.element.alternatives, role=role_of(after))
            return None if target.why_brittle else target.option
    came = titles(event.appeared)
    return target_of_title(came[0]).option if came else None


def asks_at_once(events: Sequence[Event], number: int) -> bool:
    """Whether the person is asked right after something was pressed, so that the question has yet to come."""
    return number > 0 and events[number - 1].what in PRESSES
