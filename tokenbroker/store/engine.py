"""Opening the database, and the two kinds of transaction.

A commit that must not be lost (a "used" mark, an audit row) is on the disk when :meth:`Store.write` returns:
WAL with ``synchronous=FULL`` (https://www.sqlite.org/pragma.html#pragma_synchronous).
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from tokenbroker.errors import SecretUnavailable, SettingsError
from tokenbroker.store.failure import explain
from tokenbroker.store.setup_lock import setup_lock

FILE_NAME = "store.db"
LOCK_NAME = "store.lock"
BUSY_TIMEOUT_S = 5.0
REVISIONS = ("0001", "0002", "0003")
"""Every revision that ``migrations/`` knows, oldest first. Kept here so that opening needs no alembic."""

_T = TypeVar("_T")
_URL_PREFIX = "sqlite:///"
_BEGIN = "tokenbroker_begin"


class Store:
    """An open database. Threads may share it; processes open their own.

    Attributes:
        path: the database's file.
    """

    def __init__(self, path: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self.path = path
        self._reading = _engine(path, busy_timeout_s)
        # IMMEDIATE takes the write lock at once: two writers can't both read the chain's head and fork it.
        self._writing = self._reading.execution_options(**{_BEGIN: "IMMEDIATE"})

    def read(self, work: Callable[[Connection], _T]) -> _T:
        """What `work` returns, from one consistent view of the database.

        Raises:
            SecretUnavailable: the database is locked, damaged or out of reach.
        """
        return self._run(self._reading, work)

    def write(self, work: Callable[[Connection], _T]) -> _T:
        """What `work` returns, once its changes are on the disk; all of them or, if it raises, none.

        Raises:
            SecretUnavailable: the database is locked, damaged, full or out of reach.
        """
        return self._run(self._writing, work)

    def forget_what_was_overwritten(self) -> bool:
        """Fold the write-ahead log into the file and empty it; answers whether that was done.

        A reader or writer may hold it: it is not waited for, and a later close does it.
        """
        with suppress(sqlite3.Error), closing(sqlite3.connect(_uri(self.path), uri=True, timeout=0)) as raw:
            is_busy, *_ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not is_busy
        return False

    def _run(self, engine: Engine, work: Callable[[Connection], _T]) -> _T:
        try:
            with engine.begin() as connection:
                return work(connection)
        except (SQLAlchemyError, sqlite3.Error) as error:
            failure = explain(error, self.path)
        raise failure

    def close(self) -> None:
        """Close every connection; the store can't be used afterwards."""
        self._reading.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(place: Path | str, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Store:
    """Open the database at `place` (a path, or ``sqlite:///PATH``), making or migrating it where needed.

    A new file is 0600, in a folder that is made 0700. Several processes may open a new one at once.

    Raises:
        SecretUnavailable: it is locked, damaged, of a newer version, or its folder can't be written.
        SettingsError: `place` is a URL of a database that this version doesn't know.
    """
    path = _path(place)
    if not _is_there(path):
        _create(path)
    store = Store(path, busy_timeout_s=busy_timeout_s)
    try:
        if store.read(_revision) != REVISIONS[-1]:
            _upgrade(store)
    except BaseException:
        store.close()
        raise
    return store


def _path(place: Path | str) -> Path:
    if isinstance(place, str) and "://" in place:
        if not place.startswith(_URL_PREFIX):
            # Only the scheme is named: the rest of a database URL can hold a password.
            raise SettingsError(
                f"the store's URL begins with '{place.split('://', 1)[0]}://', which is not supported",
                next_step=f"use {_URL_PREFIX}PATH",
            )
        place = place.removeprefix(_URL_PREFIX)
    return Path(place).absolute()


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
        mode = connection.get_execution_options().get(_BEGIN, "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")

    return engine


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder that can't be entered; making the store then says so
        return False


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
        with Store(draft) as store:
            _migrate(store)
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


def _upgrade(store: Store) -> None:
    with setup_lock(store.path.with_name(LOCK_NAME)):
        found = store.read(_revision)
        if found is not None and found not in REVISIONS:
            raise SecretUnavailable(
                f"the store {store.path} was made by a newer tokenbroker (its revision is {found})",
                next_step="upgrade tokenbroker",
            )
        if found != REVISIONS[-1]:
            _migrate(store)


def _migrate(store: Store) -> None:
    from alembic import command  # late: it costs a fifth of a second, and a store in use never needs it
    from alembic.config import Config

    _use_write_ahead_log(store)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))

    def upgrade(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    store.write(upgrade)


def _use_write_ahead_log(store: Store) -> None:
    failure = None
    try:
        raw = store._reading.raw_connection()
        try:
            raw.cursor().execute("PRAGMA journal_mode=WAL")
        finally:
            raw.close()
    except (SQLAlchemyError, sqlite3.Error) as error:
        failure = explain(error, store.path)
    if failure is not None:
        raise failure


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
