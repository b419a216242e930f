"""The PostgreSQL databases that sinks rest in, each opened once, when it is first needed."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # so that a project without such a sink loads none of it; the driver is an extra
    from tokenbroker.sinks.data_key import DataKeys
    from tokenbroker.store.engine import Store
    from tokenbroker.store.postgres import PostgresPlace


@dataclass(frozen=True, kw_only=True, slots=True)
class Database:
    """An open one, and what seals its records."""

    store: "Store"
    keys: "DataKeys"

    def identity(self) -> str:
        """The id of the key that seals it now: equal for two ways to one database."""
        return self.store.read(lambda connection: self.keys.current(connection).key_id)


class Databases:
    """Those of one broker. Threads may share it; it is closed once, at the end."""

    def __init__(self) -> None:
        # Looked through, for a place is as secret as its password: two that differ in anything are two.
        self._open: list[tuple[PostgresPlace, Database]] = []
        self._lock = threading.Lock()

    def at(self, place: "PostgresPlace", keys_of: "Callable[[Store], DataKeys]") -> Database:
        """The database at `place`; `keys_of` proves, of a store just opened, that the master key is its own.

        Raises:
            SecretUnavailable, SecretAccessDenied, SecretTimeout: it can't be reached, or its key is another.
        """
        from tokenbroker.store.postgres import open_postgres_store

        with self._lock:
            for known, database in self._open:
                if known == place:
                    return database
            store = open_postgres_store(place)
            try:
                database = Database(store=store, keys=keys_of(store))
            except BaseException:
                store.close()
                raise
            self._open.append((place, database))
            return database

    def close(self) -> None:
        """Close them all."""
        with self._lock, ExitStack() as stack:
            while self._open:
                stack.callback(self._open.pop()[1].store.close)
