"""Everything that a PostgreSQL database holds, taken out so that it can be searched.

That is each table as text, and as the server's own files have it, with what was deleted or overwritten there; and the
write-ahead log. For those the user has to be a superuser, as the tests' is.
"""

from collections.abc import Iterator

import psycopg
from psycopg.sql import SQL, Identifier

from tests.leak.canary import look_for
from tests.leak.search import Hit, Wanted

_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
_FILES = """SELECT relname, pg_read_binary_file(pg_relation_filepath(oid)) FROM pg_class
  WHERE relkind IN ('r', 'i', 't') AND (relnamespace = 'public'::regnamespace OR oid IN (
    SELECT reltoastrelid FROM pg_class WHERE relnamespace = 'public'::regnamespace))"""
_LOG = "SELECT name, pg_read_binary_file('pg_wal/' || name) FROM pg_ls_waldir()"


def dumped(url: str) -> Iterator[tuple[str, bytes]]:
    """Each part of the database at `url` with its name."""
    with psycopg.connect(url, autocommit=True) as connection:
        for (table,) in connection.execute(_TABLES).fetchall():
            rows = connection.execute(SQL("SELECT t::text FROM {} AS t").format(Identifier(table))).fetchall()
            yield f"table {table}", "\n".join(row for (row,) in rows).encode()
        connection.execute("CHECKPOINT")
        for name, data in connection.execute(_FILES).fetchall():
            yield f"file of {name}", data


def in_the_log(wanted: Wanted, url: str) -> list[Hit]:
    """Every canary in the write-ahead log, as it stands there plainly: decoding all of it would take minutes."""
    looks = [(canary.kind, look_for(canary)) for canary in wanted]
    with psycopg.connect(url, autocommit=True) as connection:
        files = connection.execute(_LOG).fetchall()
    return [
        Hit(kind=kind, encoding="raw", offset=found.offset, where=f"log {name}")
        for name, data in files
        for kind, look in looks
        if (found := look(data)) is not None
    ]
