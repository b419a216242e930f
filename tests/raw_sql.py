"""SQL beside the store: what someone does who owns the database."""

import sqlite3
from contextlib import closing

import psycopg

from tokenbroker.store.engine import Store
from tokenbroker.store.postgres import PostgresStore, parameters
from tokenbroker.store.sqlite import SqliteStore


def execute_raw(store: Store, *statements: str) -> None:
    """Execute `statements`, each in a transaction of its own."""
    if isinstance(store, SqliteStore):
        with closing(sqlite3.connect(store.path, isolation_level=None)) as raw:
            for statement in statements:
                raw.executescript(statement) if ";" in statement else raw.execute(statement)
    else:
        assert isinstance(store, PostgresStore)
        with psycopg.connect(**parameters(store.place), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)
