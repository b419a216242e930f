"""What the panel says while a person records: no value that was typed, and of a page's words plain ones only."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from tokenbroker.flow.mend import is_wording
from tokenbroker.human.checkpoint import Kind as HumanKind
from tokenbroker.human.overlay import Button, Card
from tokenbroker.record.recording import Event, Typing, What

HEADING: Final = "Recording: create your token as you always do"


class Mode(StrEnum):
    """What the next press on the page is for."""

    ACT = "act"
    PICK = "pick"
    """It points at the token."""
    HUMAN = "human"
    """It belongs to what only a person may do."""


_HEADINGS: Final = {
    Mode.ACT: HEADING,
    Mode.PICK: "Press the token, or the button that copies it",
    Mode.HUMAN: "Answer the site now: nothing is noted",
}
_DETAILS: Final = {
    Mode.PICK: "The page will not notice. Escape leaves this.",
    Mode.HUMAN: "A flow will ask for a person here. Press “I am done” once the site has let you pass.",
}


def card_of(events: Sequence[Event], mode: Mode, *, hint: str = "") -> Card:
    """The card for what was noted so far; `hint` is what the last press in the panel has done."""
    return Card(
        heading=_HEADINGS[mode],
        detail=_DETAILS.get(mode)
        or (f"Last: {in_words(events[-1])}." if events else "Nothing is noted yet."),
        count=f"{len(events)} act{'' if len(events) == 1 else 's'} noted",
        hint=hint,
        may_fold=True,
        buttons=_buttons(events, mode),
    )


def _buttons(events: Sequence[Event], mode: Mode) -> tuple[Button, ...]:
    cancel = Button(id="cancel", label="Cancel", is_quiet=True)
    if mode is Mode.PICK:  # the panel is small then: the token may stand in a small window
        return (Button(id="token", label="Not now"),)
    if mode is Mode.HUMAN:
        return (Button(id="human", label="I am done", is_primary=True), cancel)
    is_marked = any(each.what is What.TOKEN for each in events)
    has_typed = any(each.what is What.TYPE for each in events)
    return (
        Button(id="token", label="This is the token", is_primary=not is_marked),
        Button(id="human", label="I answer 2FA here"),
        Button(
            id="parameter",
            label="That differs each time",
            why_not="" if has_typed else "Type into a field first",
        ),
        Button(id="forget", label="Forget that", why_not="" if events else "Nothing is noted yet"),
        Button(id="finish", label="Finish", is_primary=is_marked),
        cancel,
    )


def in_words(event: Event) -> str:
    """`event` for a person, without any value."""
    name = _name_of(event)
    match event.what:
        case What.NAVIGATE:
            return "went to an address"
        case What.CLICK:
            return f"pressed {name}"
        case What.TYPE:
            return f"{'filled' if event.typing is Typing.FILLED else 'typed into'} {name}"
        case What.SELECT:
            return f"chose in {name}"
        case What.CHECK:
            return f"ticked {name}"
        case What.UNCHECK:
            return f"unticked {name}"
        case What.PRESS:
            return f"pressed the key {event.value}"
        case What.HUMAN:
            return {
                HumanKind.OTP: "you answered with a code",
                HumanKind.DEVICE: "you approved it elsewhere",
            }.get(event.human or HumanKind.ACTION, "you did what only a person may do")
        case What.TOKEN:
            return "the token is marked"


def _name_of(event: Event) -> str:
    label = event.element.label if event.element is not None else ""
    if is_wording(label):
        return f"“{label}”"
    is_field = event.what in (What.TYPE, What.SELECT, What.CHECK, What.UNCHECK)
    if event.element is not None and event.element.href:
        return "a link"
    return "a field" if is_field else "something without a plain name"
