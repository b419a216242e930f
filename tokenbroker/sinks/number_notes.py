"""What this home's store remembers of numbers that no put of its own has made.

A store whose secrets have no versions of their own gives a value that a person has set the next number, and writes it
down with the next put only: a second change by hand has the same number until then. So this home notes which value it
has told of under a number, and gives out no other one under it.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from sqlalchemy import Connection, select

from tokenbroker.errors import SecretAccessDenied, SecretTimeout, SecretUnavailable
from tokenbroker.store.engine import Store
from tokenbroker.store.meta import write_meta
from tokenbroker.store.models import STORE_META

Number = tuple[str, int]
"""A path and a version."""

_BATCH: Final = 500
"""How many names one statement asks for; SQLite has a limit."""


class NumberNotes:
    """The notes of the sink `alias`, as long as it stands for the same `place`; they hold fingerprints, no value."""

    def __init__(self, store: Store, *, alias: str, place: str) -> None:
        self._store = store
        self._prefix = f"told:{alias}:{place}:"

    def first(self, told: Mapping[Number, str]) -> dict[Number, str]:
        """The fingerprint that each number of `told` was told of with first; where it never was, that is now."""
        wanted = {f"{self._prefix}{path}@{version}": (path, version) for path, version in told}
        known = self._known([*wanted])
        missing = {name: told[number] for name, number in wanted.items() if name not in known}
        if missing:
            known |= self._store.write(lambda connection: _noted(connection, missing))
        return {number: known[name] for name, number in wanted.items()}

    def note(self, told: Mapping[Number, str]) -> None:
        """As :meth:`first`, for a list, which is told all the same where the store can't be written now."""
        with suppress(SecretAccessDenied, SecretTimeout, SecretUnavailable):
            self.first(told)

    def _known(self, names: list[str]) -> dict[str, str]:
        return self._store.read(lambda connection: _read(connection, names))


def _noted(connection: Connection, missing: Mapping[str, str]) -> dict[str, str]:
    # Another process may have told of another value since the look.
    known = _read(connection, [*missing])
    for name in missing.keys() - known.keys():
        write_meta(connection, name, missing[name])
    return {**missing, **known}


def _read(connection: Connection, names: list[str]) -> dict[str, str]:
    known: dict[str, str] = {}
    for start in range(0, len(names), _BATCH):
        query = select(STORE_META.c.name, STORE_META.c.value).where(
            STORE_META.c.name.in_(names[start : start + _BATCH])
        )
        known |= {row.name: row.value for row in connection.execute(query)}
    return known
