"""What a store is, whichever database it rests in: two kinds of transaction, and migrations.

A commit that must not be lost (a "used" mark, an audit row) is on the disk when :meth:`Store.write` returns.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Final, Self, TypeVar

from sqlalchemy import Connection, Engine, inspect, text

from tokenbroker.errors import BrokerError, SecretUnavailable

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008")
"""Every revision that ``migrations/`` knows, oldest first. Kept here so that opening needs no alembic."""
WRITES: Final = "tokenbroker_writes"
"""The option of a connection whose transaction is one of :meth:`Store.write`."""

_T = TypeVar("_T")


class Store(ABC):
    """An open database. Threads may share it; processes open their own.

    Attributes:
        described: what a sentence calls it, such as ``the store /home/me/store.db``.
        restoring: what puts it back when it was damaged or changed.
        failures: what the database's driver raises, and :meth:`explain` can put in plain words.
        is_shared: whether other machines may use it, too.
    """

    described: str
    restoring: str
    failures: ClassVar[tuple[type[Exception], ...]]
    is_shared: ClassVar[bool]

    def __init__(self, reading: Engine, writing: Engine) -> None:
        self._reading = reading
        self._writing = writing

    def read(self, work: Callable[[Connection], _T]) -> _T:
        """What `work` returns, from one consistent view of the database.

        Raises:
            SecretUnavailable: the database is damaged or out of reach.
            SecretTimeout: it is locked, or does not answer.
            SecretAccessDenied: it may not be read.
        """
        return self._run(self._reading, work)

    def write(self, work: Callable[[Connection], _T]) -> _T:
        """What `work` returns, once its changes are on the disk; all of them or, if it raises, none.

        Writers are alone: nothing changes between what `work` reads and what it writes.

        Raises:
            SecretUnavailable: the database is damaged, full or out of reach.
            SecretTimeout: it is locked, or does not answer. After this and the one before, where a server's answer to
                the commit was lost, the changes may have been made all the same; the sentence says so.
            SecretAccessDenied: it may not be written.
        """
        return self._run(self._writing, work)

    @abstractmethod
    def forget_what_was_overwritten(self) -> str:
        """Clear the database's files of what was there before; answers where it remains, in one sentence, or ""."""

    @abstractmethod
    def setting_up(self) -> AbstractContextManager[None]:
        """Hold off others that want to set this store up, or give it a key.

        Raises:
            SecretUnavailable, SecretTimeout: another one has been at it for too long.
        """

    @abstractmethod
    def sitting(self) -> AbstractContextManager[bool]:
        """Whether no other machine has a sitting on this store; none can begin one while this is held.

        What ends the process, or its way to the database, ends it too; closing the store does not.

        Raises:
            SecretUnavailable, SecretTimeout, SecretAccessDenied: the database can't be asked.
        """

    @abstractmethod
    def explain(self, error: Exception, *, is_committing: bool = False) -> BrokerError:
        """The error for a person that stands for one of :attr:`failures`, to be raised outside the ``except``.

        `is_committing`: it came while changes were being committed, so that they may have been made all the same.
        """

    def close(self) -> None:
        """Close every connection; the store can't be used afterwards."""
        self._reading.dispose()

    def is_set_up(self) -> bool:
        """Whether it has our tables, of whatever version. Makes nothing.

        Raises:
            SecretUnavailable, SecretTimeout, SecretAccessDenied: it can't be read.
        """
        return self.read(lambda connection: inspect(connection).has_table("store_meta"))

    def upgrade(self) -> None:
        """Make or migrate the tables, where that is needed.

        Raises:
            SecretUnavailable: it was made by a newer version, or can't be used.
        """
        if self.read(_revision) == REVISIONS[-1]:
            return
        with self.setting_up():
            found = self.read(_revision)
            if found is not None and found not in REVISIONS:
                if not self.read(lambda connection: inspect(connection).has_table("store_meta")):
                    raise SecretUnavailable(
                        f"{self.described} holds the tables of another program",
                        next_step="give tokenbroker a database or a schema of its own",
                    )
                raise SecretUnavailable(
                    f"{self.described} was made by a newer tokenbroker (its revision is {found})",
                    next_step="upgrade tokenbroker",
                )
            if found != REVISIONS[-1]:
                self.migrate()

    def migrate(self) -> None:
        """Run every migration that is not done yet, in one transaction."""
        from alembic import command  # late: it costs a fifth of a second, and a store in use never needs it
        from alembic.config import Config

        config = Config()
        folder = str(Path(__file__).with_name("migrations"))
        config.set_main_option("script_location", folder.replace("%", "%%"))

        def upgrade(connection: Connection) -> None:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

        self.write(upgrade)

    def _run(self, engine: Engine, work: Callable[[Connection], _T]) -> _T:
        is_committing = False
        try:
            with engine.connect() as connection, connection.begin() as transaction:
                answer = work(connection)
                is_committing = engine is self._writing
                transaction.commit()
                return answer
        except self.failures as error:
            failure = self.explain(error, is_committing=is_committing)
        raise failure

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
