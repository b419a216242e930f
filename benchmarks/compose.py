"""A sitting of 200 acts made into a flow: composed, and written as YAML."""

import statistics

from benchmarks.measure import Figure, alternate, spread
from tokenbroker.flow.selector import Alternative, Family
from tokenbroker.record.compose import compose
from tokenbroker.record.emit.yaml import emit_yaml
from tokenbroker.record.recording import TOKEN_MARK, Appeared, ElementSeen, Event, Recording, TokenSeen, What
from tokenbroker.run.targets.engine import Print

ACTS = 200
MAX_MS = 200
WHOLE, ALONE = "composed and written", "composed"
_CONSOLE = "https://console.example.com"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def measure(rounds: int) -> list[Figure]:
    """At most 200 ms."""
    recording = long_sitting(ACTS)
    ways = {
        WHOLE: lambda: emit_yaml(compose(recording, site="example", flow="sample")),
        ALONE: lambda: compose(recording, site="example", flow="sample"),
    }
    seconds = alternate(ways, rounds=rounds)
    for name, taken in seconds.items():
        print(f"{name:<58} {spread(taken)}")
    return [_figure(name, taken, is_promised=name == WHOLE) for name, taken in seconds.items()]


def long_sitting(acts: int) -> Recording:
    """A sitting of `acts` events in which forms are filled page after page, and a token is shown in the end."""
    events = [Event(what=What.NAVIGATE, value=f"{_CONSOLE}/forms", page_url="about:blank")]
    page = f"{_CONSOLE}/forms"
    while len(events) < acts - 1:
        word = _word(len(events))
        if len(events) % 4:
            events.append(
                Event(what=What.TYPE, page_url=page, element=_field(word), value=f"Words for {word}")
            )
            continue
        to = f"{_CONSOLE}/forms/{word}"
        title = Appeared(role="heading", name=f"Form {word}")
        events.append(
            Event(what=What.CLICK, page_url=page, element=_button(word), led_to=to, appeared=(title,))
        )
        page = to
    token = TokenSeen(source="text", text=f"Your key is {TOKEN_MARK}.", shape="[A-Za-z0-9_]{30,50}")
    shown = ElementSeen(alternatives=(_way(Family.CSS, ".token"),), print=None, tag="code")
    events.append(Event(what=What.TOKEN, page_url=page, element=shown, token=token))
    return Recording(events=tuple(events))


def _word(number: int) -> str:
    return "".join(_LETTERS[int(digit)] for digit in str(number))


def _field(word: str) -> ElementSeen:
    ways = (
        _way(Family.LABEL, f"Field {word}"),
        _way(Family.CSS, f"#{word}"),
        _way(Family.XPATH, "//form/input[2]"),
    )
    return ElementSeen(
        alternatives=ways, print=_print("textbox", word), tag="input", label=f"Field {word}", type="text"
    )


def _button(word: str) -> ElementSeen:
    ways = (
        Alternative(family=Family.ROLE, value="button", name=f"Save {word}"),
        _way(Family.CSS, "form button"),
    )
    return ElementSeen(
        alternatives=ways, print=_print("button", word), tag="button", label=f"Save {word}", type="submit"
    )


def _print(role: str, word: str) -> Print:
    return Print(
        role=role,
        tag="",
        type="submit" if role == "button" else "text",
        autocomplete="",
        form=f"{_CONSOLE}/forms",
        landmark="main",
        name=word,
        row="",
        caption="Form",
        near=("one", "two", "three"),
        alike=1,
    )


def _way(family: Family, value: str) -> Alternative:
    return Alternative(family=family, value=value)


def _figure(name: str, seconds: list[float], *, is_promised: bool) -> Figure:
    value = statistics.median(seconds) * 1000
    return Figure(
        name=f"{name}, {ACTS} acts",
        value=round(value, 1),
        unit="ms, median" + (" (at most)" if is_promised else ""),
        baseline="a recording without anything private",
        target=MAX_MS if is_promised else None,
        ok=value <= MAX_MS if is_promised else None,
    )
