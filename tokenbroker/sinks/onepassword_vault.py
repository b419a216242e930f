"""The items of one vault of 1Password, by either client."""

import threading
from collections.abc import Iterator
from typing import TypeVar

from tokenbroker.errors import SecretAccessDenied, UsageError
from tokenbroker.sinks.items import Item, ItemVault
from tokenbroker.sinks.onepassword_connect import Client, Document
from tokenbroker.sinks.onepassword_failure import UNCERTAIN, Failure, explain
from tokenbroker.sinks.onepassword_items import CREDENTIAL, changed, item_of, new_document
from tokenbroker.sinks.place import NotWritten
from tokenbroker.sinks.sink import checked_path

_T = TypeVar("_T")


class OnePasswordVault(ItemVault):
    """The items of the vault `name`. Threads may share it; those of one process write in turns."""

    field = CREDENTIAL

    def __init__(self, client: Client, name: str) -> None:
        self.server = client.server
        self.client = client
        self._name = name
        self._id = ""
        self._turn = threading.Lock()

    def matching(self, path: str) -> list[Item]:
        return self._matching(self._vault(), path)

    def all(self) -> Iterator[Item]:
        vault = self._vault()
        for each in self._told(self.client.items(vault)):
            if is_path(each["title"]):
                yield from self._read(vault, each["id"])

    def save(self, item: Item) -> Item | NotWritten:
        vault = self._vault()
        with self._turn:
            if not item.handle:
                return self._written(self.client.create(vault, new_document(item)))
            now = self.client.read(vault, item.handle)
            # A replacement is not known to be refused for an outdated version by every server: so we look ourselves.
            if now is Failure.NOT_FOUND:
                return self._raced()
            document = self._told(now)
            if str(document["version"]) != item.revision:
                return self._raced()
            return self._written(self.client.replace(vault, changed(document, item)))

    def discard(self, item: Item) -> None:
        gone = self.client.delete(self._vault(), item.handle)
        if gone is not Failure.NOT_FOUND:
            self._told(gone)

    def elsewhere(self, vault: str, title: str) -> Item | None:
        """The one item called `title`, of any vault that the token may use; None if there is none.

        Raises:
            SecretAccessDenied: several have that title.
        """
        found = self._matching(self._id_of(vault), title)
        if len(found) > 1:
            raise SecretAccessDenied(
                f"1Password holds {len(found)} items called '{title}' in the vault '{vault}'",
                next_step="give each item a name of its own, so that the path addresses one",
            )
        return found[0] if found else None

    def _matching(self, vault: str, title: str) -> list[Item]:
        listed = self._told(self.client.items(vault, title))
        return [
            item
            for each in listed
            if each["title"] == title
            for item in self._read(vault, each["id"])
            if item.path == title
        ]

    def _read(self, vault: str, handle: str) -> list[Item]:
        answer = self.client.read(vault, handle)
        return [] if answer is Failure.NOT_FOUND else [item_of(self._told(answer))]

    def _vault(self) -> str:
        self._id = self._id or self._id_of(self._name)
        return self._id

    def _id_of(self, name: str) -> str:
        vaults = self._told(self.client.vaults())
        found = [each["id"] for each in vaults if each["id"] == name]
        found = found or [each["id"] for each in vaults if each["name"] == name]
        if len(found) != 1:
            raise explain(Failure.SEVERAL_VAULTS if found else Failure.NO_VAULT, self.server)
        return str(found[0])

    def _written(self, answer: Document | Failure) -> Item | NotWritten:
        if answer is Failure.CONFLICT:
            return self._raced()
        if isinstance(answer, Failure) and answer in UNCERTAIN:
            return NotWritten(error=explain(answer, self.server), raced=False)
        return item_of(self._told(answer))

    def _raced(self) -> NotWritten:
        return NotWritten(error=explain(Failure.CONFLICT, self.server), raced=True)

    def _told(self, answer: _T | Failure) -> _T:
        if isinstance(answer, Failure):
            raise explain(answer, self.server)
        return answer


def is_path(title: str) -> bool:
    """Whether a path of ours can name the item called `title`."""
    try:
        return checked_path(title) == title and not title.startswith(("op://", "//"))
    except UsageError:
        return False
