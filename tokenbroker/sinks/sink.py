"""The contract of every sink; ``tokenbroker.sinks.testing`` holds the tests that every sink inherits."""

import hashlib
import hmac
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from tokenbroker.clock import Clock, system_clock
from tokenbroker.errors import SecretAccessDenied, UsageError
from tokenbroker.secret import Secret
from tokenbroker.sinks.databases import Databases

if TYPE_CHECKING:  # so that naming a Reference doesn't load the database library
    from tokenbroker.sinks.custody import KeyCustody
    from tokenbroker.store.engine import Store

_VERSION = re.compile(r"(?P<path>.+)@(?P<version>[1-9][0-9]{0,8})")
_PATH_MAX = 255


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """Where a secret rests; it may be shown to anyone.

    Attributes:
        sink: the alias of the sink.
        path: such as ``example/opendiscourse``, or ``example/login#password`` for one field of several.
        version: 1, 2, …; each put makes a new one.
        fingerprint: 16 hex digits of a keyed hash; equal secrets of one master key have equal ones.
    """

    sink: str
    path: str
    version: int
    fingerprint: str

    def __str__(self) -> str:
        return f"{self.sink}:{self.path}@{self.version}"


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredSecret:
    """What a list tells of one version, never the value; `created_at` is None if the sink can't know it."""

    path: str
    version: int
    fingerprint: str
    created_at: datetime | None


def _tell_nobody(_secret: Secret) -> None:
    """Where nothing is redacted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SinkInputs:
    """What a sink may draw on when it is opened.

    Attributes:
        store: takes the audit rows, and the records of the kinds that rest there.
        custody: the master key.
        variables: secrets taken out of the environment (:func:`tokenbroker.sinks.env.take_environment`).
        databases: those that sinks have opened already; whoever gives it closes it.
        learn: is told each further secret that the sink comes to hold, such as the token of a login, so that it is
            redacted from then on.
    """

    store: "Store"
    custody: "KeyCustody"
    variables: Mapping[str, Secret]
    clock: Clock = system_clock
    databases: Databases = field(default_factory=Databases)
    learn: Callable[[Secret], None] = _tell_nobody


class SecretChanged(SecretAccessDenied):
    """What the sink holds under that number is another secret than the one it was told to be."""


class Sink(ABC):
    """A place where secrets rest.

    Every method may raise SecretUnavailable, SecretTimeout and SecretAccessDenied, and no other error but
    those it names. Every read and write of a value, refused ones too, leaves an audit row; if that row can't
    be written, the value is not given.

    Attributes:
        name: the alias under which settings and flows know it.
        writable: whether put and remove can succeed at all.
        stale_s: for how many seconds after a put another process may still be given the version before.
    """

    name: str
    writable: bool
    stale_s: float = 0.0

    @abstractmethod
    def probe(self) -> None:
        """Prove by doing that a put would succeed now; leaves no secret behind."""

    @abstractmethod
    def put(self, path: str, secret: Secret, *, put_id: str, actor: str) -> Reference:
        """Store `secret` as a new version of `path`; it is durable when this returns.

        `put_id` names this one act: done again with the same `path` and `secret` it changes nothing and
        returns the first reference, even if the secret was removed since, so that a recovery may repeat it.

        Raises:
            UsageError: `path` is not usable (:func:`checked_path`).
            SecretAccessDenied: the sink is read only, or `put_id` stands for another secret or path.
        """

    @abstractmethod
    def get(self, path: str, *, version: int | None = None, actor: str) -> Secret:
        """The secret at `path`: its newest version, or `version`.

        Raises:
            SecretNotFound: there is none.
        """

    @abstractmethod
    def find(self, put_id: str) -> Reference | None:
        """What a put with this `put_id` stored, or None if there was no such put."""

    @abstractmethod
    def list(self) -> "list[StoredSecret]":
        """Every version that can be read, by path and version."""

    @abstractmethod
    def remove(self, path: str, *, actor: str) -> int:
        """Destroy every version of `path` and return how many there were; their numbers never come again."""


def checked_path(path: str) -> str:
    """`path`, if a secret can be put there.

    Raises:
        UsageError: it is empty or longer than 255, begins or ends with space, holds control characters, or
            ends like a version (``@3``).
    """
    wrong = (
        not path
        or len(path) > _PATH_MAX
        or path != path.strip()
        or not path.isprintable()
        or _VERSION.fullmatch(path)
    )
    if wrong:
        raise UsageError(
            "this is not a path for a secret",
            next_step="use a path such as example/api-key: printable, at most 255 characters, no @VERSION",
            code="secret.bad_path",
        )
    return path


def split_reference(text: str, *, default_sink: str = "local") -> tuple[str, str, int | None]:
    """The sink's alias, the path and the version (None: the newest) of ``[SINK:]PATH[#FIELD][@VERSION]``.

    The field is a part of the path: what it means is the sink's own affair.

    Raises:
        UsageError: the path is not usable.
    """
    sink, colon, rest = text.partition(":")
    if not colon:
        sink, rest = default_sink, text
    match = _VERSION.fullmatch(rest)
    if match:
        return sink, checked_path(match["path"]), int(match["version"])
    return sink, checked_path(rest), None


def service_of(path: str) -> str:
    """The service whose secret rests at `path`: what stands before the first slash or dot."""
    return re.split(r"[/.]", path, maxsplit=1)[0]


def fingerprint(key: bytes, secret: Secret) -> str:
    """The first 16 hex digits of HMAC-SHA256 of `secret` under `key` (RFC 2104).

    Keyed, so that nobody without the key can try guesses against it.
    """
    return hmac.new(key, secret.reveal().encode(), hashlib.sha256).hexdigest()[:16]
