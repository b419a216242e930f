"""Sealing all tokens of a store anew, against the bare loop of decrypt, encrypt and update in the same database."""

import os
import sqlite3
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, insert

from benchmarks.measure import Figure, alternate, ratio, spread
from tests.postgres_server import new_database, place_of, serve_postgres
from tokenbroker.clock import system_clock
from tokenbroker.secret import Secret
from tokenbroker.sinks.databases import Database
from tokenbroker.sinks.key_check import keys_of
from tokenbroker.sinks.local import open_local
from tokenbroker.sinks.master_key import MasterKey
from tokenbroker.sinks.rotation import rotate
from tokenbroker.sinks.sealing import RecordIdentity
from tokenbroker.store.models import TOKENS
from tokenbroker.store.postgres import open_postgres_store

SIZES = {10_000: 1.0, 100_000: 5.0}
"""How many tokens, and in how many seconds they are to be sealed anew."""
_VALUE_BYTES = 64
_NONCE_BYTES = 12


def measure(rounds: int) -> list[Figure]:
    """The figures of the issue, on SQLite and PostgreSQL: ≤ 1.5 of the bare loop, and the times that it names."""
    figures = []
    with serve_postgres(fsync=True) as server:
        for size, limit_s in SIZES.items():
            for opened in (_in_sqlite, lambda: _in_postgres(server)):
                with opened() as (where, database, bare):
                    some = max(3, rounds * 10_000 // size)
                    figures += _measured(where, database, bare, size, limit_s, rounds=some)
    return figures


@contextmanager
def _in_sqlite() -> Iterator[tuple[str, Database, "_Bare"]]:
    with (
        tempfile.TemporaryDirectory(prefix="tokenbroker-bench-") as scratch,
        open_local(Path(scratch) / "home", default_home=False) as sink,
        _BareSqlite(Path(scratch) / "bare.db") as bare,
    ):
        yield "SQLite", Database(store=sink.store, keys=sink.custody.data_keys), bare


@contextmanager
def _in_postgres(server: str) -> Iterator[tuple[str, Database, "_Bare"]]:
    key = MasterKey.generate()
    with (
        new_database(server) as url,
        new_database(server) as other,
        open_postgres_store(place_of(url)) as store,
        _BarePostgres(other) as bare,
    ):
        keys = keys_of(store, key, where="here", clock=system_clock)
        yield "PostgreSQL", Database(store=store, keys=keys), bare


def _measured(
    where: str, database: Database, bare: "_Bare", size: int, limit_s: float, *, rounds: int
) -> list[Figure]:
    rotation, loop = f"rotation of {size:,} tokens, {where}", f"bare loop over {size:,} tokens, {where}"
    _fill(database, size)
    bare.fill(size)
    seconds = alternate(
        {
            rotation: lambda: rotate(database.store, database.keys, actor="bench", clock=system_clock),
            loop: bare.loop,
        },
        rounds=rounds,
        warm_up=1,
    )
    for name, taken in seconds.items():
        print(f"{name:<58} {spread(taken)}")
    slowest_s = max(seconds[rotation])
    return [
        ratio(rotation, seconds, rotation, loop, target=1.5),
        Figure(
            name=f"{rotation}, the slowest",
            value=round(slowest_s, 3),
            unit="s",
            baseline="none",
            target=limit_s,
            ok=slowest_s < limit_s,
        ),
    ]


def _fill(database: Database, size: int) -> None:
    """Tokens in the store by one statement: putting each with its audit row would take minutes."""
    database.store.write(lambda connection: _insert(database, connection, size))


def _insert(database: Database, connection: Connection, size: int) -> None:
    sealer = database.keys.current(connection)
    rows = []
    for number in range(size):
        path = f"bench/key-{number}"
        identity = RecordIdentity(sink="local", path=path, version=1, put_id=path, key_id=sealer.key_id)
        nonce, sealed = sealer.seal(identity, Secret(os.urandom(_VALUE_BYTES // 2).hex()))
        rows.append(
            {
                **{name: getattr(identity, name) for name in ("sink", "path", "version", "put_id", "key_id")},
                "service_id": "bench",
                "fingerprint": "0" * 16,
                "nonce": nonce,
                "sealed": sealed,
                "created_at": "2026-01-01T00:00:00.000000Z",
            }
        )
    connection.execute(insert(TOKENS), rows)


class _Bare(ABC):
    """The same number of sealed values in a table of its own, with the same settings."""

    def __init__(self) -> None:
        self._cipher = AESGCM(bytes(32))

    def rows(self, size: int) -> Iterator[tuple[int, str, str, bytes, bytes]]:
        for number in range(size):
            nonce, path = os.urandom(_NONCE_BYTES), f"bench/key-{number}"
            yield (
                number,
                "0",
                path,
                nonce,
                self._cipher.encrypt(nonce, os.urandom(_VALUE_BYTES), path.encode()),
            )

    def sealed_anew(
        self, rows: Iterable[tuple[int, str, bytes, bytes]]
    ) -> list[tuple[str, bytes, bytes, int]]:
        fresh, moved = AESGCM(os.urandom(32)), []
        for row_id, path, nonce, sealed in rows:
            value = self._cipher.decrypt(nonce, sealed, path.encode())
            new_nonce = os.urandom(_NONCE_BYTES)
            moved.append(("1", new_nonce, fresh.encrypt(new_nonce, value, path.encode()), row_id))
        self._cipher = fresh
        return moved

    @abstractmethod
    def fill(self, size: int) -> None: ...

    @abstractmethod
    def loop(self) -> None: ...

    @abstractmethod
    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class _BareSqlite(_Bare):
    def __init__(self, file: Path) -> None:
        super().__init__()
        self._raw = sqlite3.connect(file, isolation_level=None)
        self._raw.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
            "CREATE TABLE tokens (id INTEGER PRIMARY KEY, key_id TEXT, path TEXT, nonce BLOB, sealed BLOB)"
        )

    def fill(self, size: int) -> None:
        self._raw.execute("BEGIN")
        self._raw.executemany("INSERT INTO tokens VALUES (?, ?, ?, ?, ?)", self.rows(size))
        self._raw.execute("COMMIT")

    def loop(self) -> None:
        self._raw.execute("BEGIN IMMEDIATE")
        moved = self.sealed_anew(self._raw.execute("SELECT id, path, nonce, sealed FROM tokens"))
        self._raw.executemany("UPDATE tokens SET key_id = ?, nonce = ?, sealed = ? WHERE id = ?", moved)
        self._raw.execute("COMMIT")
        self._raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        self._raw.close()


class _BarePostgres(_Bare):
    """Its update is the quickest that we know: one statement over arrays."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._raw = psycopg.connect(url)
        self._raw.execute(
            "CREATE TABLE tokens (id int PRIMARY KEY, key_id text, path text, nonce bytea, sealed bytea)"
        )
        self._raw.commit()

    def fill(self, size: int) -> None:
        with self._raw.cursor() as cursor, cursor.copy("COPY tokens FROM STDIN") as copy:
            for row in self.rows(size):
                copy.write_row(row)
        self._raw.commit()

    def loop(self) -> None:
        moved = self.sealed_anew(self._raw.execute("SELECT id, path, nonce, sealed FROM tokens").fetchall())
        columns = [[*column] for column in zip(*moved, strict=True)]
        self._raw.execute(
            "UPDATE tokens SET key_id = fresh.key_id, nonce = fresh.nonce, sealed = fresh.sealed "
            "FROM unnest(%s::text[], %s::bytea[], %s::bytea[], %s::int[]) AS fresh (key_id, nonce, sealed, id) "
            "WHERE tokens.id = fresh.id",
            columns,
        )
        self._raw.commit()

    def close(self) -> None:
        self._raw.close()
