"""What a person does at a page that a flow has no use for: it goes."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from tokenbroker.flow.selector import Family
from tokenbroker.record.compose.addresses import origin_in, page_of
from tokenbroker.record.compose.labels import copies, keeps, leaves, takes_away, unveils
from tokenbroker.record.compose.seen import (
    ENTER,
    FILLS,
    PRESSES,
    TICKS,
    content_of,
    form_of,
    is_closed_in,
    is_on_one_page,
    is_same,
    is_submit,
    is_way_around,
    label_of,
    leads_on,
    role_of,
)
from tokenbroker.record.recording import Event, What

_TEXT_FIELDS: Final = frozenset(
    {"", "text", "email", "password", "search", "tel", "url", "number", "date", "datetime-local", "month", "time",
     "week"}
)  # fmt: skip
_CONTROLS: Final = frozenset(
    {"button", "link", "menuitem", "tab", "option", "treeitem", "switch", "checkbox", "radio"}
)
_BACKGROUND: Final = frozenset(
    {"html", "body", "main", "header", "footer", "section", "article", "aside", "nav", "form", "fieldset", "dialog",
     "p", "h1", "h2", "h3", "h4", "ul", "ol", "dl", "table", "tbody", "tr"}
)  # fmt: skip
_BOXES: Final = frozenset({"div", "span", "li", "td", "th", "dt", "dd"})
"""Scripts make controls of these; then they have a word or two."""
_WORDS: Final = frozenset({Family.ROLE, Family.LABEL, Family.TEXT, Family.TEST_ID})
_PASSWORD: Final = re.compile(r"pass(word|wort|phrase)|kennwort|mot de passe|contrase")
_EDITING: Final = re.compile(
    r"((Control|Meta|ControlOrMeta|Shift|Alt)\+)*(Tab|Backspace|Delete|Home|End|Shift|Control|Alt|Meta|CapsLock)"
    r"|(Control|Meta|ControlOrMeta)\+(Shift\+)?[acvxyzACVXYZ]"
    r"|(Arrow(Left|Right))"
)


def without_noise(events: Sequence[Event]) -> tuple[Event, ...]:
    """`events` without those that change nothing, and without attempts that were made again."""
    kept = tuple(each for number, each in enumerate(events) if not _is_nothing(events, number))
    return tuple(_net(_without_failed(_presses_of_buttons(kept))))


def _is_nothing(events: Sequence[Event], number: int) -> bool:
    event = events[number]
    before = events[number - 1] if number else None
    after = events[number + 1] if number + 1 < len(events) else None
    match event.what:
        case What.NAVIGATE:
            return not origin_in(event.value) or event.value == event.page_url
        case What.PRESS:
            return _EDITING.fullmatch(event.value) is not None and not leads_on(event)
        case What.CLICK:
            return _is_idle_click(event, before, after) or _opens_in_vain(event, events)
        case What.CHECK | What.UNCHECK:
            return _toggles_password(event, before, after)
        case What.TOKEN:  # marked twice: the last mark counts
            return any(each.what is What.TOKEN and is_same(each, event) for each in events[number + 1 :])
        case _:
            return False


def _is_idle_click(event: Event, before: Event | None, after: Event | None) -> bool:
    element = event.element
    if element is None:
        return not leads_on(event)
    if _goes_with(event, before, after) or _toggles_password(event, before, after):
        return True
    if event.opens is not None or event.dialog or event.led_to:
        return is_way_around(event) and _only_scrolls(event)
    if is_way_around(event) and _only_scrolls(event):
        return True
    if copies(label_of(event)) or (after is not None and after.what is What.TOKEN and is_same(event, after)):
        return True
    is_field = element.tag == "textarea" or (element.tag == "input" and element.type in _TEXT_FIELDS)
    if is_field or element.tag in ("select", "option"):
        return role_of(event) != "combobox" or not event.appeared or element.tag in ("select", "option")
    if role_of(event) in _CONTROLS or element.href or leads_on(event):
        return False
    is_mute = element.tag in _BOXES and not any(each.family in _WORDS for each in element.alternatives)
    return is_mute or element.tag in _BACKGROUND


def _goes_with(event: Event, before: Event | None, after: Event | None) -> bool:
    """Whether the press is but how a field was filled: of its label, of the box itself."""
    fill = next((each for each in (after, before) if each is not None and each.what in FILLS), None)
    if fill is None or event.element is None or not is_on_one_page(event, fill):
        return False
    is_box = event.element.type in ("checkbox", "radio")
    if is_box or role_of(event) in ("checkbox", "radio", "switch"):
        return fill.what in TICKS and is_same(event, fill)
    return event.element.tag == "label" and not event.element.href


def _toggles_password(event: Event, before: Event | None, after: Event | None) -> bool:
    """Whether it only shows the person what they have typed as a password."""
    label = label_of(event)
    if event.led_to or not unveils(label):
        return False
    if _PASSWORD.search(label):
        return True
    beside = [each for each in (before, after) if each is not None and each.what is What.TYPE]
    return any(
        each.element is not None and each.element.is_secret and is_on_one_page(each, event) for each in beside
    )


def _only_scrolls(event: Event) -> bool:
    """Whether it is a link to a place of the page that shows it; behind #/ and #! pages have whole views."""
    href = event.element.href if event.element is not None else ""
    page, sign, place = href.partition("#")
    return bool(sign) and not place.startswith(("/", "!")) and page_of(page) == page_of(event.page_url)


def _opens_in_vain(event: Event, events: Iterable[Event]) -> bool:
    """Whether it opened a window in which nothing was done."""
    is_link = event.element is not None and bool(event.element.href)
    return event.opens is not None and is_link and not any(each.window == event.opens for each in events)


def _presses_of_buttons(events: Sequence[Event]) -> tuple[Event, ...]:
    """With the press of the form's button in the place of Enter, where it is known: browsers press it, too."""
    kept: list[Event] = []
    for number, event in enumerate(events):
        if event.what is not What.PRESS or event.value != ENTER or not form_of(event):
            kept.append(event)
            continue
        buttons = [each for each in events if _sends(each, event)]
        if number + 1 < len(events) and events[number + 1] in buttons:
            continue
        if buttons:
            event = replace(
                buttons[0],
                opens=event.opens,
                dialog=event.dialog,
                led_to=event.led_to,
                appeared=event.appeared,
            )
        kept.append(event)
    return tuple(kept)


def _sends(button: Event, key: Event) -> bool:
    return is_submit(button) and is_on_one_page(button, key) and form_of(button) == form_of(key)


def _without_failed(events: Sequence[Event]) -> tuple[Event, ...]:
    """Without presses that a site refused: the same fields were filled, and the same button pressed, once more."""
    return tuple(each for number, each in enumerate(events) if not _was_refused(events, number))


def _was_refused(events: Sequence[Event], number: int) -> bool:
    press = events[number]
    if press.what not in PRESSES:
        return False
    between: list[Event] = []
    for event in events[number + 1 :]:
        if not is_on_one_page(press, event):
            return False
        if event.what in FILLS:
            between.append(event)
            continue
        if event.what is not press.what or event.value != press.value or not is_same(press, event):
            return False
        earlier = [each for each in events[:number] if each.what in FILLS]
        again = [(old, new) for new in between for old in earlier if is_same(old, new)]
        was_told = any(each.role == "alert" for each in press.appeared)
        return bool(again) and (was_told or all(content_of(old) == content_of(new) for old, new in again))
    return False


def _net(events: Sequence[Event]) -> list[Event]:
    """With one event for each field that was filled more than once before anything used it."""
    gone: set[int] = set()
    for number, event in enumerate(events):
        if event.what not in FILLS or number in gone:
            continue
        for later, other in enumerate(events[number + 1 :], number + 1):
            if other.what not in FILLS:
                break
            if later in gone or not is_same(event, other):
                continue
            if content_of(event) == content_of(other):
                gone.add(later)
                continue
            gone.add(number)
            if event.what in TICKS:  # there and back
                gone.add(later)
            break
    return [each for number, each in enumerate(events) if number not in gone]


def once_captured(events: Sequence[Event]) -> tuple[Event, ...]:
    """Without what was done once the last token had been seen, but for what closes it and what keeps or enables it.

    Fields that were filled right before such a press stay with it. Where the sitting went elsewhere by a way that is
    left out, only what closes the token stays.
    """
    last = max((number for number, each in enumerate(events) if each.what is What.TOKEN), default=len(events))
    kept: list[Event] = []
    filled: list[Event] = []
    has_left = False
    for event in events[last + 1 :]:
        if event.what in FILLS:
            filled.append(event)
            continue
        if not has_left and _completes(event):
            kept += [each for each in filled if is_on_one_page(each, event)]
            kept.append(event)
        elif _closes(event):
            kept.append(event)
        else:
            has_left = has_left or event.what is What.NAVIGATE or bool(event.led_to)
        filled = []
    return (*events[: last + 1], *kept)


def _completes(event: Event) -> bool:
    label = label_of(event)
    if event.what is not What.CLICK or takes_away(label) or leaves(label) or is_way_around(event):
        return False
    return is_submit(event) or keeps(label)


def _closes(event: Event) -> bool:
    return event.what is What.CLICK and is_closed_in(event) and not event.led_to and not is_way_around(event)
