"""Sealing all tokens of a store anew, against the bare loop of decrypt, encrypt and update in the same database."""

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, insert

from benchmarks.measure import Figure, alternate, ratio, spread
from tokenbroker.clock import system_clock
from tokenbroker.secret import Secret
from tokenbroker.sinks.local import LocalSink, open_local
from tokenbroker.sinks.rotation import rotate
from tokenbroker.sinks.sealing import RecordIdentity
from tokenbroker.store.models import TOKENS

SIZES = {10_000: 1.0, 100_000: 5.0}
"""How many tokens, and in how many seconds they are to be sealed anew."""
_VALUE_BYTES = 64
_NONCE_BYTES = 12


def measure(rounds: int) -> list[Figure]:
    """The figures of the issue, on SQLite: ≤ 1.5 of the bare loop, and the times that it names."""
    figures = []
    for size, limit_s in SIZES.items():
        with tempfile.TemporaryDirectory(prefix="tokenbroker-bench-") as scratch:
            figures += _measured(Path(scratch), size, limit_s, rounds=max(3, rounds * 10_000 // size))
    return figures


def _measured(scratch: Path, size: int, limit_s: float, *, rounds: int) -> list[Figure]:
    rotation, bare = f"rotation of {size:,} tokens", f"bare loop over {size:,} tokens"
    with open_local(scratch / "home", default_home=False) as sink, _bare(scratch / "bare.db", size) as raw:
        _fill(sink, size)
        key = [AESGCM(bytes(32))]
        seconds = alternate(
            {
                rotation: lambda: rotate(
                    sink.store, sink.custody.data_keys, actor="bench", clock=system_clock
                ),
                bare: lambda: _loop(raw, key),
            },
            rounds=rounds,
            warm_up=1,
        )
    for name, taken in seconds.items():
        print(f"{name:<58} {spread(taken)}")
    slowest_s = max(seconds[rotation])
    return [
        ratio(rotation, seconds, rotation, bare, target=1.5),
        Figure(
            name=f"{rotation}, the slowest",
            value=round(slowest_s, 3),
            unit="s",
            baseline="none",
            target=limit_s,
            ok=slowest_s < limit_s,
        ),
    ]


def _fill(sink: LocalSink, size: int) -> None:
    """Tokens in the store by one statement: putting each with its audit row would take minutes."""
    sink.store.write(lambda connection: _insert(sink, connection, size))


def _insert(sink: LocalSink, connection: Connection, size: int) -> None:
    sealer = sink.custody.data_keys.current(connection)
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


def _bare(file: Path, size: int) -> "closing[sqlite3.Connection]":
    """The same number of sealed values in a table of its own, with the same settings."""
    raw = sqlite3.connect(file, isolation_level=None)
    raw.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;")
    raw.execute(
        "CREATE TABLE tokens (id INTEGER PRIMARY KEY, key_id TEXT, path TEXT, nonce BLOB, sealed BLOB)"
    )
    cipher = AESGCM(bytes(32))
    rows = []
    for number in range(size):
        nonce = os.urandom(_NONCE_BYTES)
        path = f"bench/key-{number}"
        rows.append(
            (number, "0", path, nonce, cipher.encrypt(nonce, os.urandom(_VALUE_BYTES), path.encode()))
        )
    raw.execute("BEGIN")
    raw.executemany("INSERT INTO tokens VALUES (?, ?, ?, ?, ?)", rows)
    raw.execute("COMMIT")
    return closing(raw)


def _loop(raw: sqlite3.Connection, key: list[AESGCM]) -> None:
    fresh = AESGCM(os.urandom(32))
    raw.execute("BEGIN IMMEDIATE")
    moved = []
    for row_id, path, nonce, sealed in raw.execute("SELECT id, path, nonce, sealed FROM tokens"):
        value = key[0].decrypt(nonce, sealed, path.encode())
        new_nonce = os.urandom(_NONCE_BYTES)
        moved.append(("1", new_nonce, fresh.encrypt(new_nonce, value, path.encode()), row_id))
    raw.executemany("UPDATE tokens SET key_id = ?, nonce = ?, sealed = ? WHERE id = ?", moved)
    raw.execute("COMMIT")
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    key[0] = fresh
