"""Stores whose items have no versions of their own: Bitwarden, 1Password.

The newest value is the item's own (its password), so that a person who opens it finds what they look for. A concealed
field ``version N`` holds each version's value, the newest one's too: so a value that a person has changed by hand is
seen to be a version of somebody else's. The field ``tokenbroker`` says which put wrote which.

An item whose secret was removed stays, empty: it keeps the numbers that must not come again.
"""

import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from tokenbroker.clock import Clock, iso
from tokenbroker.errors import SecretAccessDenied, SecretUnavailable
from tokenbroker.secret import Secret
from tokenbroker.sinks.item_history import HeldVersion, History, history_of
from tokenbroker.sinks.place import NotWritten, PathVersions, Place, Put, Record, Version
from tokenbroker.sinks.remote import PROBE_PATH

HISTORY_FIELD: Final = "tokenbroker"
"""The text field that holds the history."""

_EPOCH = datetime.fromtimestamp(0, UTC)
"""Stands for a moment that nobody knows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One item of the store, with its values.

    Attributes:
        path: the path that addresses it.
        handle: the store's own id, or "" for one that is not stored yet.
        revision: how the store tells whether it was changed since; "" for one that is not stored yet.
        created_at: when the item was made, as the store says; None if it doesn't.
        value: what stands in its password, or whatever the item is there for.
        held: the values of its versions, by their numbers: the concealed fields ``version N``.
        history: the text of the field ``tokenbroker``, or None if there is no such field.
        fields: every other text by the name of its field, for what others have put there.
        one_time: the names of fields that make one-time codes, whose seeds are not given out.
    """

    path: str
    handle: str = ""
    revision: str = ""
    created_at: datetime | None = None
    value: Secret | None = None
    held: Mapping[int, Secret] = field(default_factory=dict)
    history: str | None = None
    fields: Mapping[str, Secret] = field(default_factory=dict)
    one_time: frozenset[str] = frozenset()


class ItemVault(ABC):
    """The items of a store in one conversation; each method may raise as those of a :class:`Place`.

    Attributes:
        server: what the store is called in a sentence.
        field: what the item's own field is called, such as ``password``; it can be read by that name, too.
    """

    server: str
    field: str = "password"

    @abstractmethod
    def matching(self, path: str) -> list[Item]:
        """Every item that `path` addresses, as the store has it now; usually one or none."""

    @abstractmethod
    def save(self, item: Item) -> Item | NotWritten:
        """Store `item`, as a new one if it has no handle; of what it doesn't name, such as notes, nothing is changed.

        It is refused, as lost to a race, if the store has another revision by now, where the store can tell.
        """

    @abstractmethod
    def discard(self, item: Item) -> None:
        """Delete `item` for good; one that isn't there any more is no error."""

    @abstractmethod
    def all(self) -> Iterator[Item]:
        """Every item that can be read."""


class ItemPlace(Place):
    """Versions of secrets in items."""

    def __init__(self, vault: ItemVault, *, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock
        self._seen: dict[str, Item | None] = {}

    def look(self, path: str) -> PathVersions:
        self._seen.pop(path, None)
        item = self._item(path)
        return _versions(self._told(item), item) if item else PathVersions(current=0)

    def read(self, path: str, version: int | None = None, *, field: str = "") -> Record | None:
        """As a place does; a `field` has no older versions, and that of one-time codes is refused."""
        item = self._item(path)
        if item is None:
            return None
        told = self._told(item)
        if field and field != self._vault.field:
            return self._field(item, told, version, field)
        number = told.last if version is None else version
        held = next((each for each in told.versions if each.number == number), None)
        value = item.value if version is None else _values(item).get(number)
        if held is None or value is None:
            return None
        return Record(version=number, created=held.created, secret=value, put_id=held.put_id)

    def write(self, put: Put, *, after: int) -> Record | NotWritten:
        self._seen.pop(put.path, None)
        item = self._item(put.path)
        told = self._told(item) if item else History(born="")
        if told.last != after:
            return self._raced()
        version = HeldVersion(
            number=after + 1, created=iso(self._clock()), put_id=put.put_id, fingerprint=put.fingerprint
        )
        told = replace(told, born=told.born or secrets.token_hex(8)).with_version(version)
        values = {**(_values(item) if item else {}), version.number: put.secret}
        wanted = replace(
            item or Item(path=put.path),
            value=put.secret,
            held={each.number: values[each.number] for each in told.versions if each.number in values},
            history=told.to_text(),
        )
        self._seen.pop(put.path, None)
        saved = self._vault.save(wanted)
        if isinstance(saved, NotWritten):
            return saved
        if item is None and not self._is_first(saved):
            return self._raced()
        return Record(version=version.number, created=version.created, secret=put.secret, put_id=put.put_id)

    def destroy(self, path: str, versions: list[int]) -> None:
        """As a place does; what a writer who was killed has left beside the item goes first, for good."""
        self._seen.pop(path, None)
        items = self._vault.matching(path)
        item = self._only(path, items)
        if item is None:
            return
        for other in items:
            if other.handle != item.handle:
                self._vault.discard(other)
        told = self._told(item)
        left = told.without(frozenset(versions))
        if path == PROBE_PATH and not left.versions:  # another probe may have its version there
            self._vault.discard(item)
            return
        emptied = replace(
            item,
            value=item.value if told.last not in versions else None,
            held={number: value for number, value in _values(item).items() if number not in versions},
            history=left.to_text(),
        )
        saved = self._vault.save(emptied)
        if isinstance(saved, NotWritten):
            raise saved.error

    def paths(self) -> Iterator[tuple[str, PathVersions]]:
        """As a place does; where a person has made several for a path it is left out, as is what can't be made out."""
        at: dict[str, list[Item]] = {}
        for item in self._vault.all():
            at.setdefault(item.path, []).append(item)
        for path, items in at.items():
            item = min(items, key=_order)
            told = None if _are_several(items) else _history(item)
            if told is not None:
                self._seen[path] = item
                yield path, _versions(told, item)

    def _item(self, path: str) -> Item | None:
        if path not in self._seen:
            self._seen[path] = self._only(path, self._vault.matching(path))
        return self._seen[path]

    def _only(self, path: str, items: list[Item]) -> Item | None:
        """The one item; of several that writers have made in the same moment the first, which is the one that stays.

        Raises:
            SecretAccessDenied: a person has made several.
        """
        if _are_several(items):
            raise SecretAccessDenied(
                f"{self._vault.server} holds {len(items)} items at the path '{path}'",
                next_step="give each item a name of its own, so that the path addresses one",
            )
        return min(items, key=_order, default=None)

    def _is_first(self, made: Item) -> bool:
        """Whether `made` stays: another writer may have made an item for the same path in the same moment."""
        others = [item for item in self._vault.matching(made.path) if item.handle != made.handle]
        if all(_order(made) < _order(other) for other in others):
            return True
        self._vault.discard(made)
        return False

    def _told(self, item: Item) -> History:
        """As :func:`_history`.

        Raises:
            SecretUnavailable: somebody has changed the field that holds it.
        """
        told = _history(item)
        if told is None:
            raise SecretUnavailable(
                f"the item '{item.path}' was changed in {self._vault.server}: its field "
                f"'{HISTORY_FIELD}' is not as it was written",
                next_step="put the item back from its history or a backup, or rename it and store the secret anew",
            )
        return told

    def _field(self, item: Item, told: History, version: int | None, name: str) -> Record | None:
        if name in item.one_time:
            raise SecretAccessDenied(
                f"the field '{name}' of '{item.path}' in {self._vault.server} makes one-time codes",
                next_step="let the person answer for the code: a step wait_human asks for it",
            )
        if version not in (None, told.last):
            return None
        return Record(version=told.last, created=item.revision, secret=item.fields.get(name), put_id="")

    def _raced(self) -> NotWritten:
        error = SecretUnavailable(
            f"{self._vault.server} got other writes to the same path each time, and took none of ours",
            next_step="try again when nobody else writes there",
        )
        return NotWritten(error=error, raced=True)


def _are_several(items: list[Item]) -> bool:
    """Whether a person has made one of `items`, or a copy of one: writers of ours have each given theirs a birth."""
    births = {told.born for item in items if item.history is not None and (told := _history(item))}
    return len(items) > 1 and len(births) < len(items)


def _history(item: Item) -> History | None:
    """The history of `item`, with what a person has changed by hand as the newest version; None for a damaged one.

    One that a person has emptied has no such version, and its last one is not given out as the newest.
    """
    told = History(born="") if item.history is None else history_of(item.history)
    if told is None or item.value is None or item.value == item.held.get(told.last):
        return told
    theirs = item.created_at if item.history is None else None
    version = HeldVersion(number=told.last + 1, created=iso(theirs or _EPOCH))
    return told.with_version(version)


def _values(item: Item) -> dict[int, Secret]:
    """The value of each version, a person's own included."""
    told = _history(item)
    newest = {told.last: item.value} if told is not None and item.value is not None else {}
    return {**item.held, **newest}


def _versions(told: History, item: Item) -> PathVersions:
    values = _values(item)
    found = tuple(
        Version(number=each.number, created=each.created, created_at=_created_at(each.created))
        for each in told.versions
        if each.number in values
    )
    return PathVersions(current=told.last, versions=found)


def _created_at(text: str) -> datetime | None:
    moment = datetime.fromisoformat(text)
    return None if moment == _EPOCH else moment


def _order(item: Item) -> tuple[datetime, str]:
    return item.created_at or _EPOCH, item.handle
