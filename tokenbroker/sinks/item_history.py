"""What an item of a store without versions remembers of ours, as text in a field of its own."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from tokenbroker.sinks.failure import MISREAD

KEPT: Final = 10
"""How many versions of a path stay readable; the number is Vault's."""

_LAST_MAX: Final = 999_999_999
"""The highest number that a reference can name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldVersion:
    """A version whose value lies in the item; one that somebody else has written has no `put_id`."""

    number: int
    created: str
    put_id: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """The versions of an item.

    Attributes:
        born: what tells an item from a copy of it that a person has made.
        last: the highest number that was ever used.
        versions: those whose value is there, in the order of their numbers.
    """

    born: str
    last: int = 0
    versions: tuple[HeldVersion, ...] = ()

    def with_version(self, version: HeldVersion) -> "History":
        """`version` is the newest one now, and of the others those that are kept are left."""
        kept = (*self.versions, version)[-KEPT:]
        return History(born=self.born, last=version.number, versions=kept)

    def without(self, numbers: frozenset[int]) -> "History":
        left = tuple(version for version in self.versions if version.number not in numbers)
        return History(born=self.born, last=self.last, versions=left)

    def to_text(self) -> str:
        """One line of JSON; no value."""
        told = [
            [version.number, version.created, version.put_id, version.fingerprint]
            for version in self.versions
        ]
        return json.dumps({"born": self.born, "last": self.last, "versions": told}, separators=(",", ":"))


def history_of(text: str) -> History | None:
    """What :meth:`History.to_text` has written, or None if this isn't that."""
    try:
        said = json.loads(text)
        versions = tuple(
            HeldVersion(number=int(number), created=_moment(created), put_id=str(put), fingerprint=str(mark))
            for number, created, put, mark in said["versions"]
        )
        numbers = [version.number for version in versions]
        last = int(said["last"])
        if numbers != sorted(set(numbers)) or not all(0 < number <= last for number in numbers):
            return None
        if not 0 <= last <= _LAST_MAX:
            return None
        return History(born=str(said["born"]), last=last, versions=versions)
    except MISREAD:
        return None


def _moment(text: object) -> str:
    moment = datetime.fromisoformat(str(text))
    if moment.tzinfo is None:
        raise ValueError("a moment names its offset")
    moment.astimezone(UTC)  # raises for one that is none there
    return str(text)
