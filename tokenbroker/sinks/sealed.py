"""A sink in a store of ours: records sealed with AES-256-GCM, each with its audit row in the same transaction."""

import builtins
from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select, update

from tokenbroker.clock import Clock, iso, system_clock
from tokenbroker.errors import BrokerError, SecretAccessDenied, SecretNotFound, SecretUnavailable
from tokenbroker.secret import Secret
from tokenbroker.sinks.data_key import DataKeys
from tokenbroker.sinks.sealing import RecordIdentity
from tokenbroker.sinks.sink import (
    Reference,
    Sink,
    StoredSecret,
    checked_path,
    fingerprint,
    service_of,
)
from tokenbroker.store.audit_log import OK, AuditEntry, append
from tokenbroker.store.engine import Store
from tokenbroker.store.meta import write_meta
from tokenbroker.store.models import TOKENS

_PROBE_PATH = "tokenbroker.probe"

# Built once: building a statement takes longer than SQLite takes to do it.
_AT: Final = (TOKENS.c.sink == bindparam("of_sink"), TOKENS.c.path == bindparam("of_path"))
_IS_THERE: Final = TOKENS.c.removed_at.is_(None)
_ADD: Final = insert(TOKENS)
_FIND: Final = select(TOKENS).where(*_AT, _IS_THERE).order_by(TOKENS.c.version.desc()).limit(1)
_FIND_VERSION: Final = _FIND.where(TOKENS.c.version == bindparam("of_version"))
_NEWEST: Final = select(func.max(TOKENS.c.version)).where(*_AT)
_PUT_BEFORE: Final = select(TOKENS.c.path, TOKENS.c.version, TOKENS.c.fingerprint).where(
    TOKENS.c.sink == bindparam("of_sink"), TOKENS.c.put_id == bindparam("of_put")
)
_EMPTY: Final = (
    update(TOKENS).where(*_AT, _IS_THERE).values(nonce=None, sealed=None, removed_at=bindparam("now"))
)

_T = TypeVar("_T")


def _nowhere_else(_entry: AuditEntry) -> None:
    """Where no other store could take the row."""


class SealedSink(Sink):
    """Secrets in an open store. Each alias has paths of its own; all share the store and its keys.

    `keys` are those of the store; `fingerprint_key` is that of the other sinks: equal secrets then look equal.
    `missed` is told of an act whose audit row could not be written, because the store failed.

    Attributes:
        store: the open store, for audit rows and jobs.
    """

    writable = True

    def __init__(
        self,
        *,
        name: str,
        store: Store,
        keys: DataKeys,
        fingerprint_key: bytes,
        clock: Clock = system_clock,
        missed: Callable[[AuditEntry], None] = _nowhere_else,
    ) -> None:
        self.name = name
        self.store = store
        self._clock = clock
        self._keys = keys
        self._fingerprint_key = fingerprint_key
        self._missed = missed

    def probe(self) -> None:
        """Seal, insert, read back and undo a record; then commit a note of it, so the disk is asked too."""
        secret = Secret("a value that is undone at once")

        def work(connection: Connection) -> bool:
            trial = connection.begin_nested()
            self._insert(connection, _PROBE_PATH, 1, "probe", secret, iso(self._clock()))
            row = connection.execute(_FIND, self._at(_PROBE_PATH)).mappings().one()
            opened = self._open(connection, row)[0]
            trial.rollback()
            write_meta(connection, "probed_at", iso(self._clock()))
            return opened == secret

        if not self.store.write(work):
            raise SecretUnavailable(f"{self.store.described} doesn't give back what was put into it")

    def put(self, path: str, secret: Secret, *, put_id: str, actor: str) -> Reference:
        checked_path(path)
        mark = fingerprint(self._fingerprint_key, secret)

        def work(connection: Connection) -> Reference | None:
            earlier = self._by_put_id(connection, put_id)
            if earlier is not None:
                same = (earlier.path, earlier.fingerprint) == (path, mark)
                result = OK if same else SecretAccessDenied.code
                self._audit(
                    connection, "set_token", path, actor, result, version=earlier.version, repeated=True
                )
                return earlier if same else None
            version = self._next_version(connection, path)
            self._insert(connection, path, version, put_id, secret, iso(self._clock()), mark)
            self._audit(connection, "set_token", path, actor, OK, version=version)
            return Reference(sink=self.name, path=path, version=version, fingerprint=mark)

        reference = self._written("set_token", path, actor, work)
        if reference is None:
            raise SecretAccessDenied(
                f"this put was done before with another secret or path than {self.name}:{path}",
                next_step="give each act of putting an id of its own",
            )
        return reference

    def get(self, path: str, *, version: int | None = None, actor: str) -> Secret:
        def work(connection: Connection) -> tuple[Secret | None, int | None, bool]:
            at = self._at(path)
            found = (
                connection.execute(_FIND, at)
                if version is None
                else connection.execute(_FIND_VERSION, {**at, "of_version": version})
            )
            row = found.mappings().first()
            if row is None:
                detail = {} if version is None else {"version": version}
                self._audit(connection, "get_token", path, actor, SecretNotFound.code, **detail)
                return None, None, False
            secret, has_key = self._open(connection, row)
            result = SecretAccessDenied.code if secret is None else OK
            self._audit(connection, "get_token", path, actor, result, version=row["version"])
            return secret, row["version"], not has_key

        secret, found, other_key = self._written("get_token", path, actor, work)
        if secret is not None:
            return secret
        raise self._refusal(path, version, found=found, other_key=other_key)

    def find(self, put_id: str) -> Reference | None:
        return self.store.read(lambda connection: self._by_put_id(connection, put_id))

    def list(self) -> builtins.list[StoredSecret]:
        query = select(TOKENS.c.path, TOKENS.c.version, TOKENS.c.fingerprint, TOKENS.c.created_at).where(
            TOKENS.c.sink == self.name, TOKENS.c.removed_at.is_(None)
        )
        # Sorted here: databases sort text by rules of their own.
        rows = sorted(self.store.read(lambda connection: [tuple(row) for row in connection.execute(query)]))
        return [
            StoredSecret(
                path=path, version=version, fingerprint=mark, created_at=datetime.fromisoformat(created_at)
            )
            for path, version, mark, created_at in rows
        ]

    def remove(self, path: str, *, actor: str) -> int:
        def work(connection: Connection) -> int:
            # The row stays, emptied: its version and put_id must not come back to life.
            emptied = connection.execute(_EMPTY, {**self._at(path), "now": iso(self._clock())}).rowcount
            result = OK if emptied else SecretNotFound.code
            self._audit(connection, "delete_token", path, actor, result, versions=emptied)
            return emptied

        return self._written("delete_token", path, actor, work)

    def _written(self, action: str, path: str, actor: str, work: Callable[[Connection], _T]) -> _T:
        failure: BrokerError | None = None
        try:
            return self.store.write(work)
        except BrokerError as error:
            failure = error
        self._missed(entry_of(self.name, action, path, actor, failure.code))
        raise failure

    def _insert(
        self,
        connection: Connection,
        path: str,
        version: int,
        put_id: str,
        secret: Secret,
        created_at: str,
        mark: str = "",
    ) -> None:
        sealer = self._keys.current(connection)
        identity = RecordIdentity(
            sink=self.name, path=path, version=version, put_id=put_id, key_id=sealer.key_id
        )
        nonce, sealed = sealer.seal(identity, secret)
        row = {
            "sink": identity.sink,
            "service_id": service_of(identity.path),
            "path": identity.path,
            "version": identity.version,
            "put_id": identity.put_id,
            "fingerprint": mark,
            "key_id": identity.key_id,
            "nonce": nonce,
            "sealed": sealed,
            "created_at": created_at,
        }
        connection.execute(_ADD, row)

    def _open(self, connection: Connection, row: RowMapping) -> tuple[Secret | None, bool]:
        """What is in `row`, None where it doesn't open; and whether its key is known at all."""
        sealer = self._keys.of(connection, row["key_id"])
        if sealer is None:
            return None, False
        identity = RecordIdentity(
            sink=row["sink"],
            path=row["path"],
            version=row["version"],
            put_id=row["put_id"],
            key_id=row["key_id"],
        )
        return sealer.open(identity, row["nonce"], row["sealed"]), True

    def _at(self, path: str) -> dict[str, str]:
        return {"of_sink": self.name, "of_path": path}

    def _next_version(self, connection: Connection, path: str) -> int:
        newest = connection.execute(_NEWEST, self._at(path)).scalar()
        return (newest or 0) + 1

    def _by_put_id(self, connection: Connection, put_id: str) -> Reference | None:
        row = connection.execute(_PUT_BEFORE, {"of_sink": self.name, "of_put": put_id}).first()
        if row is None:
            return None
        return Reference(sink=self.name, path=row.path, version=row.version, fingerprint=row.fingerprint)

    def _audit(
        self, connection: Connection, action: str, path: str, actor: str, result: str, **detail: int
    ) -> None:
        append(connection, entry_of(self.name, action, path, actor, result, **detail), at=self._clock())

    def _refusal(
        self, path: str, version: int | None, *, found: int | None, other_key: bool
    ) -> SecretNotFound | SecretAccessDenied:
        if found is None:
            which = "" if version is None else f"@{version}"
            return SecretNotFound(
                f"there is no secret at {self.name}:{path}{which}",
                next_step=f"tokenbroker secrets put {self.name}:{path}",
            )
        if other_key:
            return SecretAccessDenied(
                f"Invalid encryption key: another one sealed {self.name}:{path}@{found}",
                next_step=f"{self.store.restoring}, or store the secret anew: "
                f"tokenbroker secrets put {self.name}:{path}",
            )
        return SecretAccessDenied(
            f"the record {self.name}:{path}@{found} was changed in the database and doesn't open",
            next_step=f"{self.store.restoring}, or store the secret anew: "
            f"tokenbroker secrets put {self.name}:{path}",
        )


def entry_of(sink: str, action: str, path: str, actor: str, result: str, **detail: int) -> AuditEntry:
    """The audit row of an act on what rests at `path` of the sink that is called `sink`."""
    return AuditEntry(
        service_id=service_of(path),
        action=action,
        actor=actor,
        key=f"{sink}:{path}",
        result=result,
        detail=detail,
    )
