"""Where only a person may act: what they did there is theirs, and no step of a flow."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from tokenbroker.flow.rules.answers_captcha import names_a_captcha
from tokenbroker.flow.rules.answers_otp import takes_a_code
from tokenbroker.human.checkpoint import Kind
from tokenbroker.record.compose.seen import ENTER, PRESSES, TICKS, form_of, is_on_one_page, label_of
from tokenbroker.record.recording import Event, What

_SENDS: Final = re.compile(
    r"(verify|continue|submit|confirm|sign in|log in|login|next|send|ok|done|weiter|bestätigen|anmelden|valider"
    r"|continuer|verificar|continuar|enviar)\b"
)


def with_people(events: Sequence[Event]) -> tuple[Event, ...]:
    """`events` with a HUMAN one wherever a person has to act, marked or not, and without what it stands for."""
    marked = [_marked(each) for each in events]
    kept: list[Event] = []
    number = 0
    while number < len(marked):
        event = marked[number]
        number += 1
        if event.what is What.HUMAN and event.human is Kind.OTP:
            taken, came = _answer(marked, number, event)
            number += taken
            if came is not None:
                event = replace(event, led_to=came.led_to, appeared=(*event.appeared, *came.appeared))
        before = kept[-1] if kept else None
        if before is not None and _is_one(before, event):
            appeared = (*before.appeared, *event.appeared)
            kept[-1] = replace(before, led_to=event.led_to or before.led_to, appeared=appeared)
        else:
            kept.append(event)
    return tuple(kept)


def takes_code(event: Event) -> bool:
    """Whether the element is a field for a one-time code."""
    element = event.element
    if event.what is not What.TYPE or element is None:
        return False
    if "one-time-code" in element.autocomplete.split():
        return True
    ways = " ".join(f"{each.value} {each.name}" for each in element.alternatives)
    return takes_a_code(f"{element.label} {element.name} {ways}".lower())


def _marked(event: Event) -> Event:
    if takes_code(event):
        return replace(event, what=What.HUMAN, human=Kind.OTP, value="", ref="")
    if event.what in PRESSES | TICKS and _is_captcha(event):
        return replace(event, what=What.HUMAN, human=Kind.ACTION, value="", ref="")
    return event


def _is_captcha(event: Event) -> bool:
    ways = [each.value for each in event.element.alternatives] if event.element is not None else []
    frames = [
        said for each in event.frames for said in (f"url: {each.url}", f"title={each.name}", each.selector)
    ]
    return any(map(names_a_captcha, [*ways, *frames]))


def _answer(events: Sequence[Event], start: int, asked: Event) -> tuple[int, Event | None]:
    """How many events from `start` on belong to the answer to what was `asked`, and the one that sent it."""
    taken = 0
    for number in range(start, len(events)):
        event = events[number]
        if not is_on_one_page(asked, event):
            break
        if (event.what is What.HUMAN and event.human is Kind.OTP) or _is_digit(event):
            taken = number + 1 - start
        elif _sends(event, asked):
            return number + 1 - start, event
        elif event.what not in TICKS:  # a box beside the code, which the runner has no time for
            break
    return taken, None


def _is_digit(event: Event) -> bool:
    element = event.element
    return (
        event.what is What.TYPE and element is not None and (element.max_length == 1 or bool(_numeric(event)))
    )


def _numeric(event: Event) -> bool:
    element = event.element
    return element is not None and element.inputmode == "numeric" and 4 <= element.max_length <= 10


def _sends(event: Event, asked: Event) -> bool:
    if event.what is What.PRESS:
        return event.value == ENTER
    if event.what is not What.CLICK:
        return False
    forms = form_of(event), form_of(asked)
    return forms[0] == forms[1] if all(forms) else _SENDS.match(label_of(event)) is not None


def _is_one(before: Event, event: Event) -> bool:
    both = before.what is What.HUMAN and event.what is What.HUMAN
    return both and before.human is event.human and is_on_one_page(before, event)
