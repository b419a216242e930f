"""Vault and OpenBao, by the KV engine of version 2, whose versions are ours.

A secret's data hold its value, the id of its put and its fingerprint. Writes are check-and-set, so that two writers
never take the same version; a write whose answer was lost is looked for before it is tried again.

Vault keeps the newest ten versions of a path, unless ``max_versions`` of the engine or the path says otherwise.
"""

import builtins
import hashlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Connection

from tokenbroker.clock import Clock, iso, system_clock
from tokenbroker.errors import (
    BrokerError,
    SecretAccessDenied,
    SecretNotFound,
    SecretUnavailable,
    SettingsError,
    UsageError,
)
from tokenbroker.secret import Secret
from tokenbroker.settings import SinkSettings
from tokenbroker.sinks.put_notes import PutNote, PutNotes
from tokenbroker.sinks.sink import (
    Reference,
    Sink,
    SinkInputs,
    StoredSecret,
    checked_path,
    fingerprint,
    service_of,
)
from tokenbroker.sinks.vault_failure import Failure
from tokenbroker.sinks.vault_kv import VALUE, KvEngine, KvVersion, is_kv_path
from tokenbroker.sinks.vault_once import Put, look_for, write_once
from tokenbroker.sinks.vault_session import VaultServer, VaultSession, talk
from tokenbroker.sinks.vault_sign_in import SignIn, sign_in_of
from tokenbroker.store.audit_log import OK, AuditEntry, append, record
from tokenbroker.store.engine import Store
from tokenbroker.store.meta import write_meta

BEGUN = "begun"
"""The result in the audit row that a change leaves before Vault is asked for it; the row that ends it follows."""

_PROBE_PATH = "tokenbroker.probe"

_T = TypeVar("_T")


def open_vault(alias: str, settings: SinkSettings, inputs: SinkInputs) -> "VaultSink":
    """The sink `alias` of kind ``vault``; no request is sent yet.

    Raises:
        SecretAccessDenied: the environment gave no credentials.
        SettingsError: the file of certificates is not there.
    """
    if settings.ca_file is not None and not settings.ca_file.is_file():
        raise SettingsError(f"sinks.{alias}.ca_file names {settings.ca_file}, which is not a file")
    server = VaultServer(
        address=settings.address or "",  # never empty: the settings were validated
        namespace=settings.namespace,
        ca_file=settings.ca_file,
        timeout_s=settings.timeout_s,
    )
    place = "\n".join((server.address, server.namespace or "", settings.mount, settings.path_prefix))
    return VaultSink(
        server=server,
        sign_in=sign_in_of(alias, settings, inputs),
        engine=KvEngine(mount=settings.mount, prefix=settings.path_prefix),
        notes=PutNotes(inputs.store, alias=alias, place=hashlib.sha256(place.encode()).hexdigest()[:16]),
        store=inputs.store,
        fingerprint_key=inputs.custody.master_key.derive("fingerprint"),
        name=alias,
        clock=inputs.clock,
    )


class VaultSink(Sink):
    """Secrets in Vault. Threads may share it: each act is a conversation of its own.

    `store` takes the audit rows and `notes` what is known of puts; `fingerprint_key` is that of the other sinks.
    """

    writable = True

    def __init__(
        self,
        *,
        server: VaultServer,
        sign_in: SignIn,
        engine: KvEngine,
        notes: PutNotes,
        store: Store,
        fingerprint_key: bytes,
        name: str = "vault",
        clock: Clock = system_clock,
    ) -> None:
        self.name = name
        self._server = server
        self._sign_in = sign_in
        self._engine = engine
        self._notes = notes
        self._store = store
        self._fingerprint_key = fingerprint_key
        self._clock = clock

    def probe(self) -> None:
        """Write a version to a path of its own, read it back, destroy it; then note that, so the store is asked too."""
        trial = Put(
            path=_PROBE_PATH,
            secret=Secret("a value that is destroyed at once"),
            put_id=f"probe-{secrets.token_hex(8)}",
            fingerprint="",
        )
        with talk(self._server, self._sign_in) as session:
            current = session.had(self._engine.look(session, _PROBE_PATH)).current
            version = write_once(session, self._engine, trial, after=current, now=self._clock()).version
            given_back = session.had(self._engine.read(session, _PROBE_PATH, version))
            session.had(self._engine.destroy(session, _PROBE_PATH, [version]))
        if given_back.secret != trial.secret:
            raise SecretUnavailable(f"Vault at {self._server.address} doesn't give back what was put into it")
        self._store.write(lambda connection: write_meta(connection, "probed_at", iso(self._clock())))

    def put(self, path: str, secret: Secret, *, put_id: str, actor: str) -> Reference:
        checked_path(path)
        if not is_kv_path(path) or path == _PROBE_PATH:
            raise UsageError(
                "this is not a path for a secret in Vault",
                next_step="use a path such as example/api-key: no part of it empty, . or ..",
                code="secret.bad_path",
            )
        mark = fingerprint(self._fingerprint_key, secret)
        put = Put(path=path, secret=secret, put_id=put_id, fingerprint=mark)
        return self._audited("set_token", path, actor, lambda: self._put(put, actor))

    def get(self, path: str, *, version: int | None = None, actor: str) -> Secret:
        """As the contract says; where the newest version was deleted in Vault itself, no older one stands in.

        Where nothing was put to ``ITEM#FIELD``, it is the field of that name of what others have put to ``ITEM``.
        """
        return self._audited("get_token", path, actor, lambda: self._get(path, version, actor))

    def find(self, put_id: str) -> Reference | None:
        note = self._notes.read(put_id)
        if note is not None and not note.version:
            with talk(self._server, self._sign_in) as session:
                note = self._settled(session, put_id, note)
        return note.reference(self.name) if note else None

    def list(self) -> builtins.list[StoredSecret]:
        """As the contract says. A version that this home didn't put is read for its fingerprint, and not kept."""
        with talk(self._server, self._sign_in) as session:
            return sorted(self._listed(session), key=lambda stored: (stored.path, stored.version))

    def remove(self, path: str, *, actor: str) -> int:
        return self._audited("delete_token", path, actor, lambda: self._remove(path, actor))

    def _put(self, put: Put, actor: str) -> Reference:
        note = self._notes.read(put.put_id)
        if note is not None and (note.path, note.fingerprint) != (put.path, put.fingerprint):
            raise self._put_id_taken(put.path)
        done = note if note is not None and note.version else None
        repeated = done is not None
        if done is None:
            with talk(self._server, self._sign_in) as session:
                done, repeated = self._put_once(session, put, note, actor)
        self._keep(
            put.put_id, done, actor, OK, version=done.version, **{"repeated": True} if repeated else {}
        )
        return Reference(sink=self.name, path=put.path, version=done.version, fingerprint=put.fingerprint)

    def _put_once(
        self, session: VaultSession, put: Put, note: PutNote | None, actor: str
    ) -> tuple[PutNote, bool]:
        """The note of `put`, which is done now, and whether it was done before; `note` is of one that was cut off."""
        begun = note or PutNote(path=put.path, fingerprint=put.fingerprint, since=1)
        # Without a note as well: a store that came back from a backup has lost it, and Vault has not lost the put.
        current, record = look_for(
            session, self._engine, put.path, put.put_id, since=begun.since, now=self._clock()
        )
        repeated = record is not None
        if record is None:
            begun = note or replace(begun, since=current + 1)
            self._keep(put.put_id, begun, actor, BEGUN)
            record = write_once(session, self._engine, put, after=current, now=self._clock())
        if record.secret != put.secret:
            raise self._put_id_taken(put.path)
        return replace(begun, version=record.version, created=record.created), repeated

    def _get(self, path: str, version: int | None, actor: str) -> Secret:
        item, _, field = path.partition("#")
        with talk(self._server, self._sign_in) as session:
            answer = self._engine.read(session, path, version) if is_kv_path(path) else Failure.NOT_FOUND
            if answer is Failure.NOT_FOUND and field and is_kv_path(item):
                answer = self._engine.read(session, item, version, field=field)
            if answer is Failure.NOT_FOUND:
                raise self._nothing_at(path, version)
            found = session.had(answer)
        if found.secret is None:
            raise self._nothing_at(
                path, version, why=f": what is there has no text called '{field or VALUE}'"
            )
        self._note("get_token", path, actor, OK, version=found.version)
        return found.secret

    def _remove(self, path: str, actor: str) -> int:
        left: builtins.list[int] = []
        if is_kv_path(path):
            with talk(self._server, self._sign_in) as session:
                found = session.had(self._engine.look(session, path))
                left = [version.number for version in found.versions if not version.destroyed]
                if left:
                    self._note("delete_token", path, actor, BEGUN, versions=len(left))
                    self._settle(session, path)
                    session.had(self._engine.destroy(session, path, left))
        self._note("delete_token", path, actor, OK if left else SecretNotFound.code, versions=len(left))
        return len(left)

    def _listed(self, session: VaultSession) -> Iterator[StoredSecret]:
        known = {(note.path, note.version): note for note in self._notes.all().values()}
        for answer in self._engine.paths(session):
            path = session.had(answer)
            looked = self._engine.look(session, path)
            if path == _PROBE_PATH or looked is Failure.DENIED:
                continue
            for version in session.had(looked).versions:
                mark = self._mark(session, path, version, known.get((path, version.number)))
                if mark is not None:
                    yield StoredSecret(
                        path=path, version=version.number, fingerprint=mark, created_at=version.created_at
                    )

    def _mark(self, session: VaultSession, path: str, version: KvVersion, note: PutNote | None) -> str | None:
        """The fingerprint of a version, or None if it can't be read."""
        if not version.readable(self._clock()):
            return None
        if note is not None and note.created == version.created:
            return note.fingerprint
        answer = self._engine.read(session, path, version.number)
        if answer in (Failure.NOT_FOUND, Failure.DENIED):
            return None
        secret = session.had(answer).secret
        return None if secret is None else fingerprint(self._fingerprint_key, secret)

    def _settle(self, session: VaultSession, path: str) -> None:
        """Learn of every put to `path` that was cut off whether it was done, while Vault can tell."""
        for put_id, note in self._notes.all().items():
            if note.path == path and not note.version:
                self._settled(session, put_id, note)

    def _settled(self, session: VaultSession, put_id: str, note: PutNote) -> PutNote | None:
        _, record = look_for(session, self._engine, note.path, put_id, since=note.since, now=self._clock())
        if record is None:
            return None
        done = replace(note, version=record.version, created=record.created)
        self._store.write(lambda connection: self._notes.write(connection, put_id, done))
        return done

    def _audited(self, action: str, path: str, actor: str, act: Callable[[], _T]) -> _T:
        """What `act`, which notes its own success, answers; its refusal is noted here."""
        refusal: BrokerError
        try:
            return act()
        except BrokerError as error:
            refusal = error
        self._note(action, path, actor, refusal.code)
        raise refusal

    def _keep(self, put_id: str, note: PutNote, actor: str, result: str, **detail: int) -> None:
        entry = self._entry("set_token", note.path, actor, result, **detail)

        def work(connection: Connection) -> None:
            self._notes.write(connection, put_id, note)
            append(connection, entry, at=self._clock())

        self._store.write(work)

    def _note(self, action: str, path: str, actor: str, result: str, **detail: int) -> None:
        record(self._store, self._entry(action, path, actor, result, **detail), at=self._clock())

    def _entry(self, action: str, path: str, actor: str, result: str, **detail: int) -> AuditEntry:
        return AuditEntry(
            service_id=service_of(path),
            action=action,
            actor=actor,
            key=f"{self.name}:{path}",
            result=result,
            detail=detail,
        )

    def _put_id_taken(self, path: str) -> SecretAccessDenied:
        return SecretAccessDenied(
            f"this put was done before with another secret or path than {self.name}:{path}",
            next_step="give each act of putting an id of its own",
        )

    def _nothing_at(self, path: str, version: int | None, *, why: str = "") -> SecretNotFound:
        what = f"{self.name}:{path}" if version is None else f"{self.name}:{path}@{version}"
        return SecretNotFound(
            f"there is no secret at {what}{why}",
            next_step="`tokenbroker secrets list` shows what is there",
        )
