"""Secrets Manager's secrets, as items: their versions lie in the note, and writers take turns."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from tokenbroker.clock import Clock
from tokenbroker.errors import UsageError
from tokenbroker.sinks.items import Item, ItemVault
from tokenbroker.sinks.place import NotWritten
from tokenbroker.sinks.secrets_manager_claim import Claims
from tokenbroker.sinks.secrets_manager_failure import SERVER, UNCERTAIN, Failure, explain
from tokenbroker.sinks.secrets_manager_note import Told, texts_of, told_by
from tokenbroker.sinks.secrets_manager_sdk import Access, Sdk
from tokenbroker.sinks.sink import checked_path

VALUE: Final = "value"
_READS: Final = ("list", "read")
_LOST: Final = (Failure.CUT_OFF, Failure.ENDED)


class SecretsManagerVault(ItemVault):
    """The secrets of one project. Threads may share it."""

    field = VALUE

    def __init__(self, access: Access, *, clock: Clock) -> None:
        self.server = f"{SERVER} at {access.address}"
        self.sdk = Sdk(access)
        self._address = access.address
        self._clock = clock
        self._claims = Claims(self._asked, self._had, timeout_s=access.timeout_s, clock=clock)

    def matching(self, path: str) -> list[Item]:
        handles = [each["handle"] for each in self._had("list") if each["key"] == path]
        return [_item(each) for each in self._read(handles) if each["key"] == path]

    def all(self) -> Iterator[Item]:
        handles = [each["handle"] for each in self._had("list") if is_path(each["key"])]
        return (_item(each) for each in self._read(handles))

    def save(self, item: Item) -> Item | NotWritten:
        with self._claims.on(item.path) as claim:
            if claim is None:
                raise explain(Failure.BUSY, self._address)
            now = self._read([item.handle]) if item.handle else []
            outdated = [_item(each).revision for each in now] != [item.revision] * bool(item.handle)
            if outdated or (not item.handle and self.matching(item.path)):
                return NotWritten(error=explain(Failure.BUSY, self._address), raced=True)
            if not claim.has_time(self._clock()):
                return NotWritten(error=explain(Failure.BUSY, self._address), raced=True)
            remark = told_by(now[0]["value"], now[0]["note"]).remark if now else ""
            return self._written(item, remark)

    def discard(self, item: Item) -> None:
        gone = self._asked("delete", handle=item.handle)
        if gone is Failure.NOT_FOUND and not any(each["handle"] == item.handle for each in self._had("list")):
            return
        if isinstance(gone, Failure):
            raise explain(gone, self._address)

    def _written(self, item: Item, remark: str) -> Item | NotWritten:
        texts = texts_of(Told(value=item.value, history=item.history, held=item.held, remark=remark))
        if texts is None:
            raise explain(Failure.TOO_LONG, self._address)
        do, where = ("update", {"handle": item.handle}) if item.handle else ("create", {})
        answer = self._asked(do, key=item.path, value=texts[0], note=texts[1], **where)
        if not isinstance(answer, Failure):
            return _item(answer)
        if answer in UNCERTAIN:
            return NotWritten(error=explain(answer, self._address), raced=False)
        raise explain(answer, self._address)

    def _read(self, handles: list[str]) -> list[dict[str, str]]:
        """Those that are still there: the server refuses all of them where one is gone."""
        if not handles:
            return []
        answer = self._asked("read", handles=handles)
        if answer is Failure.NOT_FOUND:
            there = {each["handle"] for each in self._had("list")}
            left = [handle for handle in handles if handle in there]
            answer = self._asked("read", handles=left) if left and left != handles else answer
            if not left:
                return []
        if isinstance(answer, Failure):
            raise explain(answer, self._address)
        found: list[dict[str, str]] = answer
        return found

    def _had(self, do: str, **fields: Any) -> Any:
        answer = self._asked(do, **fields)
        if isinstance(answer, Failure):
            raise explain(answer, self._address)
        return answer

    def _asked(self, do: str, **fields: Any) -> Any:
        """The answer or why there is none; a read whose answer was lost is done once more."""
        answer = self.sdk.ask(do, **fields)
        return self.sdk.ask(do, **fields) if do in _READS and answer in _LOST else answer


def is_path(key: str) -> bool:
    """Whether the secret called `key` is one that a path can name."""
    try:
        return checked_path(key) == key
    except UsageError:
        return False


def _item(told: dict[str, str]) -> Item:
    said = told_by(told["value"], told["note"])
    seen = hashlib.sha256("\0".join((told["value"], told["note"])).encode()).hexdigest()
    return Item(
        path=told["key"],
        handle=told["handle"],
        revision=f"{told['revised']} {seen}",
        created_at=datetime.fromisoformat(told["created"]),
        value=said.value,
        held=said.held,
        history=said.history,
    )
