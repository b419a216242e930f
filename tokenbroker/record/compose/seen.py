"""What an event says of itself, and whether two of them are about the same thing."""

import re
from collections.abc import Sequence
from typing import Final

from tokenbroker.flow.mend import is_wording
from tokenbroker.record.compose.addresses import page_of
from tokenbroker.record.recording import Appeared, Event, What

FILLS: Final = frozenset({What.TYPE, What.SELECT, What.CHECK, What.UNCHECK})
TICKS: Final = frozenset({What.CHECK, What.UNCHECK})
PRESSES: Final = frozenset({What.CLICK, What.PRESS})
ENTER: Final = "Enter"
_AROUND: Final = frozenset({"navigation", "banner"})
_CLOSED_IN: Final = frozenset({"dialog", "alertdialog"})
_BUTTONS: Final = frozenset({"submit", "image"})
_TRIES_AGAIN: Final = re.compile(r"(retry|try again|reload|refresh|erneut versuchen|réessayer|reintentar)\b")
_PAUSES: Final = re.compile(r"\W+")


def place_of(event: Event) -> tuple[object, ...]:
    """The window and the frames that it happened in."""
    return (event.window, *((each.name, each.selector or page_of(each.url)) for each in event.frames))


def is_on_one_page(one: Event, other: Event) -> bool:
    """Whether both happened in one place of one page."""
    return place_of(one) == place_of(other) and page_of(one.page_url) == page_of(other.page_url)


def shares_a_way(one: Event, other: Event) -> bool:
    """Whether the best way, or two others, lead to both elements: a place alone may soon be another's."""
    if one.element is None or other.element is None or place_of(one) != place_of(other):
        return False
    ways, others = one.element.alternatives, other.element.alternatives
    return bool(ways) and (ways[:1] == others[:1] or len({*ways} & {*others}) > 1)


def is_same(one: Event, other: Event) -> bool:
    """Whether both are about one element of one page."""
    return is_on_one_page(one, other) and shares_a_way(one, other)


def label_of(event: Event) -> str:
    """What the page calls the element, in lower case and without signs."""
    return _PAUSES.sub(" ", event.element.label).strip().lower() if event.element else ""


def role_of(event: Event) -> str:
    """The role of the element; "" for none."""
    around = event.element.print if event.element else None
    return around.role if around is not None else ""


def form_of(event: Event) -> str:
    """Where the form that the element belongs to is sent; "" outside of forms."""
    around = event.element.print if event.element else None
    return around.form if around is not None else ""


def landmark_of(event: Event) -> str:
    """The nearest landmark around the element."""
    around = event.element.print if event.element else None
    return around.landmark if around is not None else ""


def is_way_around(event: Event) -> bool:
    """Whether it is a press on a link that stands on many pages of the site."""
    return event.what is What.CLICK and is_link(event) and landmark_of(event) in _AROUND


def is_link(event: Event) -> bool:
    """Whether the element is a link, and only that."""
    return event.element is not None and bool(event.element.href) and role_of(event) in ("", "link")


def is_submit(event: Event) -> bool:
    """Whether the element is a button that sends its form; without one it sends nothing, whatever its type."""
    if event.what is not What.CLICK or event.element is None or not form_of(event):
        return False
    around = event.element.print
    kind = event.element.type or (around.type if around is not None else "")
    # A button without a type is one that sends its form (HTML, 4.10.6).
    return kind in _BUTTONS or (event.element.tag == "button" and not kind)


def tries_again(event: Event) -> bool:
    """Whether it is a press on what a page shows only where it has failed."""
    return event.what is What.CLICK and _TRIES_AGAIN.match(label_of(event)) is not None


def is_closed_in(event: Event) -> bool:
    """Whether the element stands in a dialog, a frame or a window of its own."""
    return landmark_of(event) in _CLOSED_IN or event.window > 0 or bool(event.frames)


def leads_on(event: Event) -> bool:
    """Whether anything is known to have come of it."""
    return bool(event.led_to or event.dialog or event.appeared) or event.opens is not None


def content_of(event: Event) -> tuple[What, str, str]:
    """What a field has after it."""
    return event.what, event.ref, event.value


def titles(appeared: Sequence[Appeared]) -> list[Appeared]:
    """What of it has words that may be waited for: headings first, then the names of dialogs."""
    by_role = {
        role: [each for each in appeared if each.role == role and is_wording(each.name)]
        for role in ("heading", "dialog", "alertdialog")
    }
    return [each for found in by_role.values() for each in found]


def title_before(events: Sequence[Event], index: int) -> Appeared | None:
    """What stood over the page when the event at `index` happened, as far as it was seen to come."""
    for event in reversed(events[:index]):
        if event.window != events[index].window and event.opens != events[index].window:
            continue
        found = titles(event.appeared)
        if found:
            return found[0]
        if event.led_to or event.what is What.NAVIGATE:
            return None  # another page has come since
    return None
