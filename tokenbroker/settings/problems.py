"""Each wrong setting in a sentence, with where it came from."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tokenbroker.settings.model import ALWAYS_THERE, Settings, unknown_sink
from tokenbroker.settings.sinks import SinkSettings, hidden, misnamed
from tokenbroker.settings.variables import PREFIX, VAULT_ADDRESS
from tokenbroker.settings.wrong import wrong

_CREDENTIALS = frozenset(
    {
        "password",
        "secret",
        "client_id",
        "client_secret",
        "token",
        "access_token",
        "session",
        "role_id",
        "secret_id",
    }
)
Place = tuple[int | str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    """Where settings came from.

    Attributes:
        file: the settings file, if there is one, and what it says.
        variables: the names of those variables that hold settings.
    """

    file: Path | None
    from_file: Mapping[str, Any]
    variables: frozenset[str]

    def of(self, place: Place) -> str:
        """In words, of the setting at `place`, or of all below it."""
        if whole := self._variable_of(place):
            return f"environment: {whole}"
        is_in_file = self._is_in_file(place)
        if not is_in_file and place[0] == "sinks" and place[2:] == ("address",):
            return f"environment: {VAULT_ADDRESS}"
        below = f"{_variable(place)}__"
        told = [f"environment: {below}…"] if any(name.startswith(below) for name in self.variables) else []
        if is_in_file or (not told and self._is_in_file(place[:-1])):
            told.insert(0, str(self.file))
        return " and ".join(told) or "settings"

    def _is_in_file(self, place: Place) -> bool:
        inside: Any = self.from_file
        for part in place:
            if not isinstance(inside, Mapping) or part not in inside:
                return False
            inside = inside[part]
        return bool(place)

    def _variable_of(self, place: Place) -> str:
        """The variable that gave the setting at `place`, by itself or with what is around it."""
        around = (_variable(place[:count]) for count in range(len(place), 0, -1))
        return next((name for name in around if name in self.variables), "")


def problems(error: ValidationError, merged: Mapping[str, Any], sources: Sources) -> list[str]:
    """What is wrong with the settings `merged`: all that pydantic found, and what it did not come to for that."""
    found = error.errors(include_input=False, include_url=False)
    told = [each for item in found for each in _told(item)]
    sinks = merged.get("sinks")
    if isinstance(sinks, Mapping):
        told += _hidden_in(sinks, [item["loc"] for item in found])
    order = {place[:2]: number for number, (place, _) in reversed([*enumerate(told)])}
    told.sort(key=lambda each: order[each[0][:2]])  # what is about one sink stands together
    return [_line(place, sentence, sources) for place, sentence in told]


def _line(place: Place, sentence: str, sources: Sources) -> str:
    return f"{_dotted(place)} ({sources.of(place)}): {sentence}"


def misled(merged: Mapping[str, Any], sources: Sources) -> list[str]:
    """What is wrong where one setting names another: the sink of inputs is not there."""
    inputs, sinks = merged.get("inputs"), merged.get("sinks", {})
    alias = inputs.get("sink") if isinstance(inputs, Mapping) else None
    if not isinstance(alias, str) or not isinstance(sinks, Mapping) or alias in (*sinks, *ALWAYS_THERE):
        return []
    return [_line(("inputs", "sink"), unknown_sink(alias, sinks), sources)]


def _told(item: Any) -> Iterator[tuple[Place, str]]:
    place = item["loc"]
    if item["type"] == "extra_forbidden":
        yield place, f"there is no such setting{_instead(place)}"
    else:
        yield from ((place, sentence) for sentence in wrong(_dotted(place), item).splitlines())


def _hidden_in(sinks: Mapping[str, Any], places: Sequence[Place]) -> Iterator[tuple[Place, str]]:
    bad: dict[str, set[str]] = {}
    for place in places:
        match place:
            case ("sinks", str(alias), str(name), *_):
                bad.setdefault(alias, set()).add(name)
            case ("sinks", str(alias)):
                bad.setdefault(alias, set()).add("type")  # what it is has been looked at
    for alias, names in bad.items():
        yield from ((("sinks", alias), sentence) for sentence in hidden(sinks[alias], names))
    if bad:
        types = {name: sink.get("type") for name, sink in sinks.items() if isinstance(sink, Mapping)}
        yield from ((("sinks",), sentence) for sentence in misnamed(types))


def _dotted(place: Place) -> str:
    return ".".join(map(str, place))


def _variable(place: Place) -> str:
    return f"{PREFIX}{'__'.join(map(str, place))}".upper()


def _instead(place: Sequence[Any]) -> str:
    """What may be meant by the unknown setting at `place`, or where a credential belongs."""
    name = str(place[-1])
    if name in _CREDENTIALS:
        return "; a credential comes by a variable of the environment, which docs/settings.md names, never by a file"
    known: Iterable[str] = Settings.model_fields
    if len(place) > 1:
        inner = SinkSettings if place[0] == "sinks" else Settings.model_fields[place[0]].annotation
        known = getattr(inner, "model_fields", {})
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean '{near[0]}'?" if near else ""
