"""Brings the faults of sinks about, and ends them again; tests/sinks/test_faults.py says what has to come of each."""

import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from tests.raw_sql import execute_raw
from tokenbroker.sinks import Sink
from tokenbroker.sinks.local import LocalSink
from tokenbroker.store.engine import Store
from tokenbroker.store.models import TOKENS
from tokenbroker.store.sqlite import SqliteStore

PATH = "example/key"
"""Where a secret rests before a fault."""
SHORT_S = 0.3

Opened = Iterator[Callable[[], Sink]]
PROVOKED: dict[
    tuple[str, str], tuple[Callable[..., AbstractContextManager[Callable[[], Sink]]], list[str]]
] = {}


def provokes(sink: str, fault: str, *, of: str = "get put probe") -> Callable[[Any], Any]:
    """Marks what brings `fault` about, opens the sink that suffers from it, and ends it; the acts `of` are refused."""

    def keep(provoke: Callable[..., Opened]) -> Callable[..., Opened]:
        PROVOKED[sink, fault] = contextmanager(provoke), of.split()
        return provoke

    return keep


@contextmanager
def locked(local: LocalSink) -> Iterator[None]:
    with closing(sqlite3.connect(path_of(local), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def nobody_listening() -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        yield int(free.getsockname()[1])


@contextmanager
def corrupted(store: Store) -> Iterator[None]:
    """One bit of the only ciphertext is another."""
    sealed = store.read(lambda c: c.execute(select(TOKENS.c.sealed)).scalar_one())
    _overwrite(store, bytes([sealed[0] ^ 1]) + sealed[1:])
    yield
    _overwrite(store, sealed)


def _overwrite(store: Store, sealed: bytes) -> None:
    literal = f"x'{sealed.hex()}'" if isinstance(store, SqliteStore) else rf"'\x{sealed.hex()}'"
    execute_raw(store, f"UPDATE tokens SET sealed = {literal}")


def path_of(local: LocalSink) -> Path:
    assert isinstance(local.store, SqliteStore)
    return local.store.path
