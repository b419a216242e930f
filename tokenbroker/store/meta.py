"""Single facts about the store itself, by name."""

from sqlalchemy import Connection, delete, insert, select

from tokenbroker.store.models import STORE_META


def read_meta(connection: Connection, name: str) -> str | None:
    """The fact called `name`, or None."""
    return connection.execute(select(STORE_META.c.value).where(STORE_META.c.name == name)).scalar()


def write_meta(connection: Connection, name: str, value: str) -> None:
    """Set the fact called `name`, in the caller's transaction."""
    connection.execute(delete(STORE_META).where(STORE_META.c.name == name))
    connection.execute(insert(STORE_META).values(name=name, value=value))
