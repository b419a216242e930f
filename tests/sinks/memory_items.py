"""Items in a store that is in memory, and a sink in it; whoever uses the fixtures imports them."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest

from tokenbroker.clock import system_clock
from tokenbroker.errors import SecretUnavailable
from tokenbroker.secret import Secret
from tokenbroker.sinks.items import Item, ItemPlace, ItemVault
from tokenbroker.sinks.local import LocalSink
from tokenbroker.sinks.place import NotWritten, Place
from tokenbroker.sinks.remote import RemoteSink
from tokenbroker.sinks.sink import SinkInputs


class MemoryVault(ItemVault):
    """Items as a store keeps them, which tells an outdated revision."""

    server = "the store"

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.before_save: Callable[[], None] = lambda: None
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def matching(self, path: str) -> list[Item]:
        with self._lock:
            return [item for item in self.items.values() if item.path == path]

    def save(self, item: Item) -> Item | NotWritten:
        self.before_save()
        with self._lock:
            number = next(self._numbers)
            kept = self.items.get(item.handle)
            if item.handle and (kept is None or kept.revision != item.revision):
                return NotWritten(error=SecretUnavailable("changed meanwhile"), raced=True)
            made_at = item.created_at or datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
            handle = item.handle or f"item-{number}"
            self.items[handle] = replace(item, handle=handle, revision=str(number), created_at=made_at)
            return self.items[handle]

    def discard(self, item: Item) -> None:
        with self._lock:
            self.items.pop(item.handle, None)

    def all(self) -> Iterator[Item]:
        return iter([*self.items.values()])

    def make(self, path: str, value: Secret | None = None, **more: object) -> Item:
        """As a person makes an item."""
        made = self.save(Item(path=path, value=value, **more))  # type: ignore[arg-type]
        assert isinstance(made, Item)
        return made

    def change(self, path: str, **changes: object) -> None:
        """As a person changes an item."""
        (item,) = self.matching(path)
        self.save(replace(item, **changes))  # type: ignore[arg-type]


class MemorySink(RemoteSink):
    vendor: ClassVar = "the store"
    path_rule: ClassVar = "any"
    own_field: ClassVar = "password"

    def __init__(self, vault: MemoryVault, inputs: SinkInputs) -> None:
        super().__init__(name="items", server="the store", place="memory", inputs=inputs)
        self.vault = vault

    @contextmanager
    def _talk(self) -> Iterator[Place]:
        yield ItemPlace(self.vault, clock=system_clock)

    def _takes(self, path: str) -> bool:
        return bool(path)


@pytest.fixture
def vault() -> MemoryVault:
    return MemoryVault()


@pytest.fixture
def sink(vault: MemoryVault, local: LocalSink) -> MemorySink:
    return MemorySink(vault, SinkInputs(store=local.store, custody=local.custody, variables={}))
