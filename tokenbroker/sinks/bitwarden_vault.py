"""The items of Bitwarden's password manager, in one conversation with `bw`.

An edit says which revision it is of, and the server refuses one that is out of date, by more than a second. So nothing
is written to an item whose newest revision is not older than that, and what the server has is looked at once more then:
two writers can't both be within that second.
"""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from tokenbroker.clock import Clock
from tokenbroker.errors import SecretUnavailable
from tokenbroker.sinks.bitwarden_client import BitwardenSession
from tokenbroker.sinks.bitwarden_failure import UNCERTAIN, Failure, explain
from tokenbroker.sinks.bitwarden_item import (
    LOGIN,
    NOTE,
    Kept,
    being_cleared,
    cleared,
    in_the_way,
    item_of,
    kept,
    new_raw,
    with_values,
)
from tokenbroker.sinks.items import Item, ItemVault
from tokenbroker.sinks.place import NotWritten

TOLERANCE_S: Final = 1.1
"""A little more than what the server takes for one revision: a second (bitwarden/server, CipherService.cs)."""
_SKEW: Final = timedelta(minutes=5)
"""How wrong the clock of this machine may be."""
_SYNCS, _LOOKS, _LOOK_AGAIN_S = 4, 10, 0.03
_UNREADABLE: Final = ("", "[error: cannot decrypt]")
"""What an item is called whose name does not open."""


class BitwardenVault(ItemVault):
    """Items of one account. What `bw` holds is fetched anew with the conversation, and after each doubt."""

    field = "password"

    def __init__(
        self,
        session: BitwardenSession,
        *,
        server: str,
        address: str,
        clock: Clock,
        organization_id: str | None = None,
        collection_id: str | None = None,
        tolerance_s: float = TOLERANCE_S,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.server = server
        self._session = session
        self._address = address
        self._clock = clock
        self._organization_id = organization_id
        self._collection_id = collection_id
        self.tolerance_s = tolerance_s
        self._wait = wait
        self._fresh = False

    def matching(self, path: str) -> list[Item]:
        items = self._items()
        found = [each for each in items if path in each.names]
        if not found and any(each.raw["name"] in _UNREADABLE for each in items):
            # It may be the one: to go on would give the path's numbers once more.
            raise explain(Failure.DAMAGED, self._address)
        unfinished = [each for each in found if each.is_being_cleared]
        for each in unfinished:
            self._session.had(self._put(cleared(each.raw)))
        if unfinished:
            found = [each for each in self._items() if path in each.names]
        return [item_of(each.raw, path) for each in found if self._holds_a_secret(each)]

    def save(self, item: Item) -> Item | NotWritten:
        if not item.handle:
            return self._saved(item.path, self._create(item))
        raw = self._unchanged(item)
        if isinstance(raw, Failure):
            return self._saved(item.path, raw)
        field = in_the_way(raw)
        if field is not None:
            raise SecretUnavailable(
                f"Bitwarden at {self._address} has a field '{field}' there that is not ours, and would be lost",
                next_step="rename that field of the item, or use another path",
            )
        if self._let_settle(raw["revisionDate"]):
            # Who has changed it meanwhile may still be within the server's second.
            self._fresh = False
            self._listed()
            raw = self._unchanged(item)
            if isinstance(raw, Failure):
                return self._saved(item.path, raw)
        wanted = with_values(raw, item)
        if item.value is not None or item.held:
            return self._saved(item.path, self._put(wanted))
        emptied = self._put(being_cleared(wanted))
        if not isinstance(emptied, Failure):
            # What a field was is told by what `bw` holds, which may lag behind what it has just sent.
            self._fresh = False
            self._listed()
            emptied = self._put(cleared(emptied))
        return self._saved(item.path, emptied)

    def discard(self, item: Item) -> None:
        answer = self._session.ask("DELETE", f"/object/item/{item.handle}?permanent=true")
        self._fresh = False
        if answer is not Failure.NOT_FOUND:
            self._session.had(answer)

    def all(self) -> Iterator[Item]:
        for each in self._items():
            if self._holds_a_secret(each):
                # The longest: the folder tells apart what has the same name.
                yield item_of(each.raw, max(each.names, key=len) if not _is_named(each) else each.raw["name"])

    def _items(self) -> list[Kept]:
        listed = self._listed()
        folders = self._session.had(self._session.ask("GET", "/list/object/folders"))["data"]
        names = {str(each["id"]): str(each["name"]) for each in folders if each.get("id")}
        return [kept(raw, names) for raw in listed if self._is_in_reach(raw)]

    def _listed(self) -> list[dict[str, Any]]:
        """What the server has, since the last doubt."""
        for _ in range(_SYNCS):
            if not self._fresh:
                self._session.had(self._session.ask("POST", "/sync?force=true"))
            for _ in range(_LOOKS):
                listed = self._session.had(self._session.ask("GET", "/list/object/items"))["data"]
                if _tells_of_all(listed, self._session.held()):
                    self._fresh = True
                    return list(listed)
                self._wait(_LOOK_AGAIN_S)
            self._fresh = False
        raise explain(Failure.UNSETTLED, self._address)

    def _unchanged(self, item: Item) -> dict[str, Any] | Failure:
        """What `bw` holds of `item`; CONFLICT if that is another revision by now, or nothing."""
        raw = self._session.ask("GET", f"/object/item/{item.handle}")
        if isinstance(raw, Failure):
            return Failure.CONFLICT if raw is Failure.NOT_FOUND else raw
        return dict(raw) if raw["revisionDate"] == item.revision else Failure.CONFLICT

    def _is_in_reach(self, raw: dict[str, Any]) -> bool:
        if (raw.get("organizationId") or None) != self._organization_id:
            return False
        return self._collection_id is None or self._collection_id in (raw.get("collectionIds") or ())

    def _holds_a_secret(self, each: Kept) -> bool:
        """Whether it is of a kind that has one, and can be read."""
        return each.raw["type"] in (LOGIN, NOTE) and each.raw["name"] not in _UNREADABLE

    def _create(self, item: Item) -> dict[str, Any] | Failure:
        raw = with_values(new_raw(item.path), item)
        if self._organization_id is not None:
            raw["organizationId"] = self._organization_id
            raw["collectionIds"] = [self._collection_id] if self._collection_id else []
        answer = self._session.ask("POST", "/object/item", raw)
        self._fresh = False
        return self._noted(answer)

    def _put(self, raw: dict[str, Any]) -> dict[str, Any] | Failure:
        return self._noted(self._session.ask("PUT", f"/object/item/{raw['id']}", raw))

    def _noted(self, answer: Any) -> dict[str, Any] | Failure:
        if isinstance(answer, Failure):
            self._fresh = False
            return answer
        return dict(answer)

    def _saved(self, path: str, answer: dict[str, Any] | Failure) -> Item | NotWritten:
        if not isinstance(answer, Failure):
            return item_of(answer, path)
        # An item that isn't there was deleted since the look.
        raced = answer in (Failure.CONFLICT, Failure.NOT_FOUND)
        if raced or answer in UNCERTAIN:
            self._fresh = False
            told = explain(Failure.CONFLICT if raced else answer, self._address)
            return NotWritten(error=told, raced=raced)
        raise explain(answer, self._address)

    def _let_settle(self, revision: str) -> bool:
        """Wait until the server can tell a revision of now from `revision`, and say whether that was needed.

        Its clock and ours may differ.
        """
        age = self._clock() - datetime.fromisoformat(revision)
        if age < _SKEW:
            self._wait(self.tolerance_s)
        return age < _SKEW


def _is_named(each: Kept) -> bool:
    """Whether its name alone is its path, as that of ours is."""
    return any(field.get("name") == "tokenbroker" for field in each.raw.get("fields") or ())


def _tells_of_all(listed: list[dict[str, Any]], held: dict[str, str] | None) -> bool:
    if held is None:
        return False
    told = {raw["id"]: _ms(raw["revisionDate"]) for raw in listed}
    return told == {id_: _ms(revision) for id_, revision in held.items()}


def _ms(moment: str) -> int:
    """Milliseconds: `bw` tells no more of what a server says more exactly."""
    return int(datetime.fromisoformat(moment).timestamp() * 1000)
