"""The PostgreSQL databases that sinks rest in, each opened once, when it is first needed."""

import threading
from collections.abc import Callable
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


class Databases:
    """Those of one broker. Threads may share it; it is closed once, at the end."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int | None, str, str], Database] = {}
        self._lock = threading.Lock()

    def at(self, place: "PostgresPlace", keys_of: "Callable[[Store], DataKeys]") -> Database:
        """The database at `place`; `keys_of` proves, of a store just opened, that the master key is its own.

        Raises:
            SecretUnavailable, SecretAccessDenied, SecretTimeout: it can't be reached, or its key is another.
            SettingsError: what `place` names can't be used.
        """
        from tokenbroker.store.postgres import open_postgres_store

        name = (place.host, place.port, place.user, place.database)
        with self._lock:
            if name not in self._open:
                store = open_postgres_store(place)
                try:
                    self._open[name] = Database(store=store, keys=keys_of(store))
                except BaseException:
                    store.close()
                    raise
            return self._open[name]

    def close(self) -> None:
        """Close them all."""
        with self._lock:
            while self._open:
                self._open.popitem()[1].store.close()
