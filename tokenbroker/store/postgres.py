"""The store in a PostgreSQL database: the same tables, for several machines.

Connections come from psycopg's pool, 2 to 10 (https://www.psycopg.org/psycopg3/docs/advanced/pool.html). A writer holds
an advisory lock until it commits, so that writers are alone as they are in SQLite; a reader sees one snapshot.
"""

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final

import certifi
import psycopg
from psycopg import waiting
from psycopg_pool import ConnectionPool
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from tokenbroker.errors import BrokerError, SecretUnavailable
from tokenbroker.secret import Secret
from tokenbroker.store.engine import WRITES, Store
from tokenbroker.store.postgres_failure import explain, explain_connecting, explain_lost

POOL_MIN, POOL_MAX = 2, 10
_POOL_NAME: Final = "tokenbroker"
_WRITE_LOCK: Final = int.from_bytes(b"tokenbro")
_SETUP_LOCK: Final = _WRITE_LOCK + 1
_SITTING_LOCK: Final = _WRITE_LOCK + 2
_NOTICE_A_LOST_MACHINE: Final = (
    "SET tcp_keepalives_idle = 30",
    "SET tcp_keepalives_interval = 10",
    "SET tcp_keepalives_count = 3",
)
_STAY_WHILE_IDLE: Final = "SET idle_session_timeout = 0"
_KNOWS_IDLE_SESSIONS: Final = 140_000
"""The first version of the server that ends sessions for being idle."""
_IDLE_S: Final = 60
_SLACK_S: Final = 2
# Psycopg's pool tells of lost connections by itself; whoever asks is told in plain words.
logging.getLogger("psycopg.pool").addFilter(lambda entry: _POOL_NAME not in (entry.args or ()))


@dataclass(frozen=True, kw_only=True, slots=True)
class PostgresPlace:
    """Where a database is, and how to be let in.

    Attributes:
        host: a name or an address; a folder, for the socket in it; "" for the client library's own socket.
        password_from: the variable that gave the password, or "".
        ca_file: the certificates that are trusted instead of the public ones.
        is_local: whether the host is this machine: any other has to prove by TLS that it is the one.
        timeout_s: how long connecting, and each wait for the answer, may take.
    """

    host: str
    port: int | None
    user: str
    database: str
    password: Secret | None = field(repr=False)
    password_from: str = ""
    ca_file: Path | None
    is_local: bool
    timeout_s: float

    def __str__(self) -> str:
        at = f"{self.host}:{self.port}" if self.host and self.port else self.host or "this machine"
        return f"the PostgreSQL database {self.database} at {at}"


class PostgresStore(Store):
    """An open database. Made by :func:`open_postgres_store`.

    Attributes:
        place: where it is.
    """

    failures = (SQLAlchemyError, psycopg.Error)
    is_shared = True

    def __init__(self, place: PostgresPlace) -> None:
        self.described = str(place)
        self.restoring = "put the database back from its backup"
        self.place = place
        self._pool: ConnectionPool[_Connection] = ConnectionPool(
            connection_class=_connection_class(place.timeout_s),
            # Asked for with each connection: the pool keeps no clear password.
            kwargs=lambda: parameters(place),
            min_size=POOL_MIN,
            max_size=POOL_MAX,
            open=False,
            check=ConnectionPool.check_connection,
            close_returns=True,
            timeout=place.timeout_s,
            name=_POOL_NAME,
        )
        engine = create_engine(
            "postgresql+psycopg://",
            creator=self._pool.getconn,
            poolclass=NullPool,
            hide_parameters=True,
            use_native_hstore=False,
        )
        event.listen(engine, "begin", _begin)
        super().__init__(
            engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True),
            engine.execution_options(isolation_level="READ COMMITTED", **{WRITES: True}),
        )

    def open(self) -> None:
        """Let the pool connect.

        Raises:
            SecretUnavailable, SecretAccessDenied, SecretTimeout: no connection can be had.
        """
        refusal = self._refusal()
        if refusal is None:
            try:
                self._pool.open(wait=True, timeout=self.place.timeout_s)
            except psycopg.Error as error:
                refusal = self.explain(error)
        if refusal is not None:
            raise refusal

    def forget_what_was_overwritten(self) -> str:
        return (
            "The server keeps what was sealed before in its files, its write-ahead log and its backups "
            "until it writes over them."
        )

    @contextmanager
    def setting_up(self) -> Iterator[None]:
        failure: BrokerError | None = None
        try:
            with self._reading.begin() as connection:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SETUP_LOCK})
                yield
        except self.failures as error:
            failure = self.explain(error)
        if failure is not None:
            raise failure

    @contextmanager
    def sitting(self) -> Iterator[bool]:
        # A connection of its own: a lock of a session lasts as long as that.
        # https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
        connection, why_not = _connected(self.place)
        if connection is None:
            raise self._connecting_failed(why_not) or SecretUnavailable(
                f"{self.described} can't be asked now"
            )
        is_free, failure = False, None
        with closing(connection):
            try:
                connection.autocommit = True
                for setting in _NOTICE_A_LOST_MACHINE:
                    connection.execute(setting)
                if connection.info.server_version >= _KNOWS_IDLE_SESSIONS:
                    connection.execute(_STAY_WHILE_IDLE)
                row = connection.execute("SELECT pg_try_advisory_lock(%s)", (_SITTING_LOCK,)).fetchone()
                is_free = row is not None and row[0]
            except psycopg.Error as error:
                failure = self.explain(error)
            if failure is not None:
                raise failure
            yield is_free

    def explain(self, error: Exception, *, is_committing: bool = False) -> BrokerError:
        told = explain(error, self.described, self.place.timeout_s, is_committing=is_committing)
        # Lost, or none to be had: a fresh try finds out why.
        return told or explain_lost(error, self.described, self._refusal(), is_committing=is_committing)

    def close(self) -> None:
        super().close()
        self._pool.close()

    def _refusal(self) -> BrokerError | None:
        """Why no connection can be had; None where one can."""
        connection, failure = _connected(self.place)
        if connection is not None:
            connection.close()
        return self._connecting_failed(failure)

    def _connecting_failed(self, failure: BaseException | None) -> BrokerError | None:
        if isinstance(failure, psycopg.Error):
            return explain_connecting(failure, self.described, self.place.password_from)
        if failure is not None:
            # Raised here: the frames of psycopg, which a test's report may show, hold the password.
            raise failure.with_traceback(None)
        return None


def open_postgres_store(place: PostgresPlace) -> PostgresStore:
    """Open the database at `place`, making or migrating the tables where needed.

    Raises:
        SecretUnavailable, SecretAccessDenied, SecretTimeout: it can't be reached or used, or is of a newer version.
    """
    store = PostgresStore(place)
    try:
        store.open()
        store.upgrade()
    except BaseException:
        store.close()
        raise
    return store


def is_set_up(place: PostgresPlace) -> bool:
    """Whether our tables are in the database at `place`. Makes nothing.

    Raises:
        SecretUnavailable, SecretAccessDenied, SecretTimeout: it can't be reached or read.
    """
    store = PostgresStore(place)
    try:
        store.open()
        return store.is_set_up()
    finally:
        store.close()


def _connected(place: PostgresPlace) -> tuple[psycopg.Connection[Any] | None, BaseException | None]:
    try:
        return psycopg.connect(**parameters(place)), None
    except BaseException as error:  # noqa: BLE001  an interrupt, too
        return None, error


class _Connection(psycopg.Connection[Any]):
    """One whose every wait ends: libpq itself waits for ever for a server that says nothing."""

    wait_s: ClassVar[float]

    def wait(
        self, gen: Any, interval: float = 0.1, timeout: float | None = None
    ) -> Any:  # psycopg's own types
        try:
            patience = self.wait_s if timeout is None else timeout
            return waiting.wait(gen, self.pgconn.socket, interval=interval, timeout=patience)
        except (psycopg.errors._WaitTimeout, KeyboardInterrupt, SystemExit):
            # Whatever the server does now, nobody waits for it: not the rollback either.
            self.pgconn.finish()
            raise

    def add_notice_handler(self, callback: Any) -> None:
        """Notices are the server's own words: nobody is told."""


def _connection_class(timeout_s: float) -> type[_Connection]:
    # The server ends a statement that takes too long; this is for a server that does not even do that.
    return type("_TimedConnection", (_Connection,), {"wait_s": timeout_s + _SLACK_S})


def parameters(place: PostgresPlace) -> dict[str, Any]:
    """What libpq is told (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS).

    Each is given, so that no variable and no service file stands in for it, leads elsewhere or lets TLS go.
    """
    milliseconds = max(1, int(place.timeout_s * 1000))
    has_to_prove = not place.is_local or place.ca_file is not None
    options = {
        "statement_timeout": milliseconds,
        # Sooner: waiting for a writer is told apart from a server that is slow.
        "lock_timeout": max(1, milliseconds * 9 // 10),
        # A writer that was stopped or lost its network must not hold up the others for ever.
        "idle_in_transaction_session_timeout": _IDLE_S * 1000,
        "synchronous_commit": "on",
    }
    return {
        "host": place.host,
        "hostaddr": "",
        "port": place.port or "",
        "user": place.user,
        "dbname": place.database,
        "password": place.password.reveal() if place.password is not None else "",
        # Never in clear, nor in a form that can be used again: whoever answers may not be the one that was meant.
        "require_auth": "!password,!md5",
        "sslmode": "verify-full" if has_to_prove else "prefer",
        "sslrootcert": str(place.ca_file or certifi.where()) if has_to_prove else "",
        "connect_timeout": max(1, round(place.timeout_s)),
        "application_name": "tokenbroker",
        "client_encoding": "UTF8",
        "gssencmode": "disable",
        "target_session_attrs": "any",
        "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
    }


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get(WRITES):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITE_LOCK})")
