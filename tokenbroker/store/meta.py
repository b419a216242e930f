"""Single facts about the store itself, by name."""

from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from tokenbroker.store.models import STORE_META

# Built once: building a statement takes longer than SQLite takes to do it.
_CALLED: Final = STORE_META.c.name == bindparam("called")
_READ: Final = select(STORE_META.c.value).where(_CALLED)
_REMOVE: Final = delete(STORE_META).where(_CALLED)
_ADD: Final = insert(STORE_META)


def read_meta(connection: Connection, name: str) -> str | None:
    """The fact called `name`, or None."""
    return connection.execute(_READ, {"called": name}).scalar()


def write_meta(connection: Connection, name: str, value: str) -> None:
    """Set the fact called `name`, in the caller's transaction."""
    connection.execute(_REMOVE, {"called": name})
    connection.execute(_ADD, {"name": name, "value": value})
