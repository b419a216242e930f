"""The names in a spec: environment variables, constants, and the windows and frames that it works in."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

_KNOWN: Final = frozenset({
    "page", "human", "keep", "test", "expect", "environment", "origin", "enter", "shown", "gone", "named", "frameAt",
    "mayClose", "readToken", "copyToken", "process",
})  # fmt: skip
_ORIGIN: Final = re.compile(r"https?://[^/?#*]+", re.IGNORECASE)
_HOLE: Final = re.compile(r"\$\{([^}]*)\}")


@dataclass(kw_only=True, slots=True)
class Names:
    """The names of one file; asked for the same thing again, they answer the same."""

    _given: dict[tuple[str, str], str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=lambda: set(_KNOWN))

    def of(self, kind: str, thing: str, wanted: Iterable[str]) -> str:
        """The name of `thing`: the first of `wanted` that nothing else has, else the last one with a number."""
        key = (kind, thing)
        if key not in self._given:
            self._given[key] = self.fresh(wanted)
        return self._given[key]

    def fresh(self, wanted: Iterable[str]) -> str:
        """A name that nothing has yet, chosen as `of` does."""
        last = ""
        for last in wanted:
            if last not in self._taken:
                break
        name, number = last, 1
        while name in self._taken:
            number += 1
            name = f"{last}{'_' if last.isupper() else ''}{number}"
        self._taken.add(name)
        return name

    def value(self, reference: str) -> "Value":
        """The constant and the environment variable for a `value_ref`: EXAMPLE_EMAIL for secrets:example.email."""
        source, _, name = reference.partition(":")
        shouted = screaming(_HOLE.sub(r"\1", name))
        constant = self.of("value", reference, (f"PARAM_{shouted}" if source == "param" else shouted,))
        return Value(constant=constant, variable=name if source == "env" else constant)

    def place(self, origin: str) -> "Place":
        """The constant that holds where `origin` is, and the variable that can say so."""
        host = urlsplit(origin).netloc.rpartition("@")[2]
        whole = screaming(host)
        label = next((each for each in host.split(".") if each.lower() != "www"), host)
        short = () if screaming(label) in ("HOST", "URL") or label[:1].isdigit() else (screaming(label),)
        variable = self.of("variable", origin, (f"{whole}_URL",))
        return Place(constant=self.of("place", origin, (*short, whole)), variable=variable, origin=origin)


@dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """What a reference stands for: a constant, and the environment variable that it comes from."""

    constant: str
    variable: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where an origin of the flow is."""

    constant: str
    variable: str
    origin: str


def origin_of(address: str) -> str:
    """The scheme, host and port that `address` begins with; "" where they are not said, or with a wildcard."""
    found = _ORIGIN.match(address)
    return found[0] if found is not None else ""


def screaming(text: str) -> str:
    """`text` as the name of an environment variable."""
    words = "_".join(re.findall(r"[A-Za-z0-9]+", text)).upper()
    return words if words and not words[0].isdigit() else f"HOST_{words}".rstrip("_")


def camel(text: str, ending: str) -> str:
    """`text` as the name of a window or frame, which ends with `ending`."""
    words = re.findall(r"[A-Za-z0-9]+", text)
    if words and words[-1].lower() == ending:
        words.pop()
    name = "".join(word[0].upper() + word[1:] for word in (*words, ending))
    return ending + name if name[0].isdigit() else name[0].lower() + name[1:]
