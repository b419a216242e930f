"""What a :class:`tokenbroker.sinks.remote.RemoteSink` asks of a store elsewhere."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tokenbroker.errors import BrokerError
from tokenbroker.secret import Secret

REMOVED: Final = "removed by tokenbroker"
"""What stands in the place of a removed value, where a store wants one; something beside it says that it is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """What a store tells of a version without its value.

    Attributes:
        created: when it was written, to the letter as the store says it.
        created_at: the same, as a moment; None where the store can't know it.
        deleted: from when on it isn't given out, though it still is there; None for never.
        destroyed: it is gone for good, and only its number is left.
    """

    number: int
    created: str
    created_at: datetime | None
    deleted: datetime | None = None
    destroyed: bool = False

    def readable(self, now: datetime) -> bool:
        """Whether its value is given out at `now`."""
        return not self.destroyed and (self.deleted is None or self.deleted > now)


@dataclass(frozen=True, kw_only=True, slots=True)
class PathVersions:
    """The versions at a path, in the order of their numbers, and the number of the newest (0: none ever was)."""

    current: int
    versions: tuple[Version, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One version's data: `secret` is None where it has no text in the field that was asked for."""

    version: int
    created: str
    secret: Secret | None
    put_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Put:
    """What shall be written once: `put_id` names the act, and lies beside the secret with the fingerprint."""

    path: str
    secret: Secret
    put_id: str
    fingerprint: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NotWritten:
    """Why a write has not been done, or may not have been.

    Attributes:
        error: what the person is told where it is not tried again.
        raced: another writer was faster, so it has not been done.
    """

    error: BrokerError
    raced: bool


class Place(ABC):
    """One conversation with a store elsewhere, of one thread.

    Every method may raise SecretUnavailable, SecretTimeout and SecretAccessDenied, in the words of the store's own
    kind and without any of the store's.
    """

    @abstractmethod
    def look(self, path: str) -> PathVersions:
        """What versions there are at `path`; none where nothing ever was."""

    @abstractmethod
    def read(self, path: str, version: int | None = None, *, field: str = "") -> Record | None:
        """The data of `version`, or of the newest one, with `field` as its secret; None if it isn't there.

        Without a `field` the secret is what a put of ours has written.
        """

    def peek(self, path: str, version: int) -> Record | None:
        """As :meth:`read`, for a list: None also where this one may not be read."""
        return self.read(path, version)

    @abstractmethod
    def write(self, put: Put, *, after: int) -> Record | NotWritten:
        """Write the secret of `put` as the version that follows on `after`, unless one has been written there.

        What is not known to be done, such as a write whose answer was lost, is a :class:`NotWritten` too.
        """

    def show_newest(self, path: str) -> None:
        """Let people who look at `path` in the store see its newest version, where a put was cut off before that.

        Nothing is to be done where they see it anyhow.
        """
        return

    @abstractmethod
    def destroy(self, path: str, versions: list[int]) -> None:
        """Destroy `versions`; their numbers stay used. Doing it again changes nothing."""

    @abstractmethod
    def paths(self) -> Iterator[tuple[str, PathVersions]]:
        """Every path that may be looked at, with what is there; the rest is left out."""
