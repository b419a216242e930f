"""The embedded store: one SQLite file.

A commit is on the disk when it returns: WAL with ``synchronous=FULL``
(https://www.sqlite.org/pragma.html#pragma_synchronous).
"""

import os
import sqlite3
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from tokenbroker.errors import BrokerError, SecretUnavailable
from tokenbroker.store.engine import WRITES, Store
from tokenbroker.store.setup_lock import setup_lock
from tokenbroker.store.sqlite_failure import explain

FILE_NAME = "store.db"
LOCK_NAME = "store.lock"
BUSY_TIMEOUT_S = 5.0
_HEADER_BYTES = 100


class SqliteStore(Store):
    """An open database file. Made by :func:`open_store`.

    Attributes:
        path: the file.
    """

    failures = (SQLAlchemyError, sqlite3.Error)
    is_shared = False

    def __init__(self, path: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self.path = path
        self.described = f"the store {path}"
        self.restoring = f"put {path.name} back from its backup"
        reading = _engine(path, busy_timeout_s)
        super().__init__(reading, reading.execution_options(**{WRITES: True}))

    def forget_what_was_overwritten(self) -> str:
        """Fold the write-ahead log into the file and empty it.

        A reader or writer may hold it: it is not waited for, and a later close does it.
        """
        with suppress(sqlite3.Error), closing(sqlite3.connect(_uri(self.path), uri=True, timeout=0)) as raw:
            is_busy, *_ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not is_busy:
                return ""
        return "Somebody reads the store: what was sealed before goes from its files when they are done."

    def setting_up(self) -> AbstractContextManager[None]:
        return setup_lock(self.path.with_name(LOCK_NAME))

    def sitting(self) -> AbstractContextManager[bool]:
        return nullcontext(True)  # its home's lock keeps sittings apart

    def explain(self, error: Exception, *, is_committing: bool = False) -> BrokerError:
        return explain(error, self.described)

    def migrate(self) -> None:
        self._use_write_ahead_log()
        super().migrate()

    def _use_write_ahead_log(self) -> None:
        failure = None
        try:
            raw = self._reading.raw_connection()
            try:
                raw.cursor().execute("PRAGMA journal_mode=WAL")
            finally:
                raw.close()
        except self.failures as error:
            failure = self.explain(error)
        if failure is not None:
            raise failure


def open_store(path: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> SqliteStore:
    """Open the database file at `path`, making or migrating it where needed.

    A new file is 0600, in a folder that is made 0700. Several processes may open a new one at once.

    Raises:
        SecretUnavailable: it is damaged, cut off, of a newer version, or its folder can't be written.
        SecretTimeout: another process has locked it.
        SecretAccessDenied: this user may not write it.
    """
    path = path.absolute()
    if not _is_there(path):
        _create(path)
    _require_content(path)
    store = SqliteStore(path, busy_timeout_s=busy_timeout_s)
    try:
        store.upgrade()
    except BaseException:
        store.close()
        raise
    return store


def _uri(path: Path) -> str:
    # mode=rw: SQLite never makes the file by itself, which it would do with the umask's permissions.
    return f"file:{quote(str(path))}?mode=rw"


def _engine(path: Path, busy_timeout_s: float) -> Engine:
    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            _uri(path), uri=True, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
        )
        try:
            # A removed record's bytes are overwritten, not just forgotten (secure_delete).
            connection.executescript(
                "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;"
            )
        except BaseException:
            connection.close()
            raise
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, hide_parameters=True)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # IMMEDIATE takes the write lock at once: two writers can't both read the chain's head and fork it.
        mode = "IMMEDIATE" if connection.get_execution_options().get(WRITES) else "DEFERRED"
        connection.connection.cursor().execute(f"BEGIN {mode}")  # spares a context and its events

    return engine


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder that can't be entered; making the store then says so
        return False


def _require_content(path: Path) -> None:
    """SQLite takes an empty file for a new database: its secrets would seem never to have been there."""
    try:
        size_bytes = path.stat().st_size
    except OSError:  # it can't be looked at; opening it then says so
        return
    if size_bytes < _HEADER_BYTES:
        raise SecretUnavailable(
            f"the store {path} has {size_bytes} bytes only: something cut it off",
            next_step="put it back from its backup, or move it away to start with an empty store",
        )


def _create(path: Path) -> None:
    """Build the database beside its place and rename it: whoever sees the file sees a whole one."""
    failure = ""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        failure = error.strerror or "unknown reason"
    if failure:
        raise SecretUnavailable(
            f"the store's folder {path.parent} can't be made: {failure}",
            next_step="name a folder that this user can write with TOKENBROKER_HOME",
        )
    with setup_lock(path.with_name(LOCK_NAME)):
        if not _is_there(path):
            _build(path)


def _build(path: Path) -> None:
    draft = path.with_name(f"{path.name}.new")
    failure = ""
    try:
        for rest in ("", "-wal", "-shm", "-journal"):
            draft.with_name(draft.name + rest).unlink(missing_ok=True)
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        with SqliteStore(draft) as store:
            store.migrate()
        # Closing the last connection folded the write-ahead log into the file, with an fsync.
        draft.rename(path)
        _sync_folder(path.parent)
    except OSError as error:
        failure = error.strerror or "unknown reason"
    if failure:
        raise SecretUnavailable(
            f"the store {path} can't be made: {failure}",
            next_step="make its folder writable and check that the disk has room",
        )


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
