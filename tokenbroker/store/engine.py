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

REVISIONS = ("0001", "0002", "0003")
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
    """

    described: str
    restoring: str
    failures: ClassVar[tuple[type[Exception], ...]]

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
            SecretUnavailable: the database is damaged, full or out of reach. Where a server's answer was cut off,
                the changes may have been made all the same.
            SecretTimeout: it is locked, or does not answer.
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
            SecretUnavailable: another one has been at it for too long.
        """

    @abstractmethod
    def explain(self, error: Exception) -> BrokerError:
        """The error for a person that stands for one of :attr:`failures`, to be raised outside the ``except``."""

    def close(self) -> None:
        """Close every connection; the store can't be used afterwards."""
        self._reading.dispose()

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
        try:
            with engine.begin() as connection:
                return work(connection)
        except self.failures as error:
            failure = self.explain(error)
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
