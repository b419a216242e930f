"""Small recordings, made of what a test names."""

from typing import Any

from tokenbroker.flow.selector import Alternative, Family
from tokenbroker.record.recording import Appeared, ElementSeen, Event, OwnValue, Recording, TokenSeen, What
from tokenbroker.record.sanitise import Sanitised, sanitise
from tokenbroker.run.targets.engine import Print

SITE = "example"


def print_(**said: Any) -> Print:
    empty: dict[str, Any] = {
        "role": "",
        "tag": "",
        "type": "",
        "autocomplete": "",
        "form": "",
        "landmark": "",
    }
    return Print(**{**empty, "name": "", "row": "", "caption": "", "near": (), "alike": 1, **said})


def element(label: str = "", **said: Any) -> ElementSeen:
    return ElementSeen(**{"alternatives": (), "print": None, "tag": "input", "label": label, **said})


def button(words: str, **said: Any) -> ElementSeen:
    ways = (
        Alternative(family=Family.ROLE, value="button", name=words),
        Alternative(family=Family.TEXT, value=words),
    )
    seen = print_(role="button", name=words)
    return element(words, **{"tag": "button", "alternatives": ways, "print": seen, **said})


def typed(content: str, label: str = "", *, is_parameter: bool = False, **said: Any) -> Event:
    return Event(what=What.TYPE, value=content, is_parameter=is_parameter, element=element(label, **said))


def clicked(words: str, **said: Any) -> Event:
    return Event(what=What.CLICK, element=button(words, **said))


def selected(option: str, label: str = "Permission") -> Event:
    return Event(what=What.SELECT, value=option, element=element(label, tag="select"))


def gone_to(address: str) -> Event:
    return Event(what=What.NAVIGATE, value=address)


def shown(text: str = "", **said: Any) -> Event:
    seen = TokenSeen(**{"source": "text", "text": text, **said})
    return Event(what=What.TOKEN, element=element(tag="code"), token=seen)


def heading(words: str) -> Appeared:
    return Appeared(role="heading", name=words)


def own(what: str, value: str) -> OwnValue:
    return OwnValue(what=what, value=value)


def recording(*events: Event, owns: tuple[OwnValue, ...] = (), **said: Any) -> Recording:
    return Recording(events=events, own=owns, **said)


def sanitised(
    *events: Event, owns: tuple[OwnValue, ...] = (), keep: frozenset[str] = frozenset(), **said: Any
) -> Sanitised:
    return sanitise(recording(*events, owns=owns, **said), site=SITE, keep=keep)


def ref_of(event: Event, **said: Any) -> str:
    """The reference that `event`, the only one, gets."""
    return sanitised(event, **said).recording.events[0].ref
