"""What every sink has in common whose secrets rest elsewhere: audit rows, notes of puts, and puts done once."""

import builtins
import hashlib
import secrets
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import ClassVar, TypeVar

from sqlalchemy import Connection

from tokenbroker.clock import Clock, iso
from tokenbroker.errors import (
    BrokerError,
    SecretAccessDenied,
    SecretNotFound,
    SecretUnavailable,
    UsageError,
)
from tokenbroker.secret import Secret
from tokenbroker.sinks.number_notes import Number, NumberNotes
from tokenbroker.sinks.place import Place, Put, Record, Version
from tokenbroker.sinks.put_notes import PutNote, PutNotes
from tokenbroker.sinks.puts import look_for, write_once
from tokenbroker.sinks.sink import (
    Reference,
    SecretChanged,
    Sink,
    SinkInputs,
    StoredSecret,
    checked_path,
    fingerprint,
    service_of,
)
from tokenbroker.store.audit_log import OK, AuditEntry, append, record
from tokenbroker.store.meta import write_meta

BEGUN = "begun"
"""The result in the audit row that a change leaves before the store is asked for it; the row that ends it follows."""

PROBE_PATH = "tokenbroker.probe"
"""Where a probe writes; no put may, and no list tells of it."""

_T = TypeVar("_T")


class RemoteSink(Sink):
    """Secrets in a store elsewhere. Threads may share it: each act is a conversation of its own.

    A kind brings its :meth:`_talk`, its :meth:`_takes` and the words below.

    Attributes:
        server: what the store is called in a sentence, such as ``Vault at https://…``.
        vendor: the store's own name.
        path_rule: what a path has to be like, beside what every path has to.
        own_field: what the field is called where a put of ours writes its secret.
    """

    writable = True
    vendor: ClassVar[str]
    path_rule: ClassVar[str]
    own_field: ClassVar[str] = "value"

    def __init__(self, *, name: str, server: str, place: str, inputs: SinkInputs) -> None:
        """`place` is the sink's own short name of where it leads, without a credential: notes of puts go by it."""
        self.name = name
        self.server = server
        self._store = inputs.store
        self._clock: Clock = inputs.clock
        self._fingerprint_key = inputs.custody.master_key.derive("fingerprint")
        mark = hashlib.sha256(place.encode()).hexdigest()[:16]
        self._notes = PutNotes(inputs.store, alias=name, place=mark)
        self._numbers = NumberNotes(inputs.store, alias=name, place=mark)

    @abstractmethod
    def _talk(self) -> AbstractContextManager[Place]:
        """A conversation with the store, for one act; nothing of it stays open longer than the sink wants."""

    @abstractmethod
    def _takes(self, path: str) -> bool:
        """Whether `path` names exactly one secret of the store; it may be any text."""

    def probe(self) -> None:
        """Write a version to a path of its own, read it back, destroy it; then note that, so the store is asked too."""
        trial = Put(
            path=PROBE_PATH,
            secret=Secret("a value that is destroyed at once"),
            put_id=f"probe-{secrets.token_hex(8)}",
            fingerprint="",
        )
        with self._talk() as place:
            current = place.look(PROBE_PATH).current
            version = write_once(place, trial, after=current, now=self._clock()).version
            given_back = place.read(PROBE_PATH, version)
            place.destroy(PROBE_PATH, [version])
        if given_back is None or given_back.secret != trial.secret:
            raise SecretUnavailable(f"{self.server} doesn't give back what was put into it")
        self._store.write(lambda connection: write_meta(connection, "probed_at", iso(self._clock())))

    def put(self, path: str, secret: Secret, *, put_id: str, actor: str) -> Reference:
        checked_path(path)
        if not self._takes(path) or path == PROBE_PATH:
            raise UsageError(
                f"this is not a path for a secret in {self.vendor}",
                next_step=f"use a path such as example/api-key: {self.path_rule}",
                code="secret.bad_path",
            )
        mark = fingerprint(self._fingerprint_key, secret)
        put = Put(path=path, secret=secret, put_id=put_id, fingerprint=mark)
        return self._audited("set_token", path, actor, lambda: self._put(put, actor))

    def get(self, path: str, *, version: int | None = None, actor: str) -> Secret:
        """As the contract says; where the newest version was deleted in the store itself, no older one stands in.

        A `version` whose value is not the one that this home has put or told of under that number is refused.
        Where nothing was put to ``ITEM#FIELD``, it is the field of that name of what others have put to ``ITEM``.
        """
        return self._audited("get_token", path, actor, lambda: self._get(path, version, actor))

    def find(self, put_id: str) -> Reference | None:
        note = self._notes.read(put_id)
        if note is not None and not note.version:
            with self._talk() as place:
                note = self._settled(place, put_id, note, is_shown=True)
        return note.reference(self.name) if note else None

    def list(self) -> builtins.list[StoredSecret]:
        """As the contract says. A version that this home didn't put is read for its fingerprint, and not kept."""
        theirs: dict[Number, str] = {}
        with self._talk() as place:
            found = sorted(self._listed(place, theirs), key=lambda stored: (stored.path, stored.version))
        self._numbers.note(theirs)
        return found

    def remove(self, path: str, *, actor: str) -> int:
        return self._audited("delete_token", path, actor, lambda: self._remove(path, actor))

    def _put(self, put: Put, actor: str) -> Reference:
        note = self._notes.read(put.put_id)
        if note is not None and (note.path, note.fingerprint) != (put.path, put.fingerprint):
            raise self._put_id_taken(put.path)
        done = note if note is not None and note.version else None
        repeated = done is not None
        if done is None:
            with self._talk() as place:
                done, repeated = self._put_once(place, put, note, actor)
        self._keep(
            put.put_id, done, actor, OK, version=done.version, **{"repeated": True} if repeated else {}
        )
        return Reference(sink=self.name, path=put.path, version=done.version, fingerprint=put.fingerprint)

    def _put_once(self, place: Place, put: Put, note: PutNote | None, actor: str) -> tuple[PutNote, bool]:
        """The note of `put`, which is done now, and whether it was done before; `note` is of one that was cut off."""
        begun = note or PutNote(path=put.path, fingerprint=put.fingerprint, since=1)
        # Without a note as well: a store that came back from a backup has lost it, and the other side hasn't.
        current, record = look_for(place, put.path, put.put_id, since=begun.since, now=self._clock())
        repeated = record is not None
        if record is not None:
            place.show_newest(put.path)
        else:
            begun = note or replace(begun, since=current + 1)
            self._keep(put.put_id, begun, actor, BEGUN)
            record = write_once(place, put, after=current, now=self._clock())
        if record.secret != put.secret:
            raise self._put_id_taken(put.path)
        return replace(begun, version=record.version, created=record.created), repeated

    def _get(self, path: str, version: int | None, actor: str) -> Secret:
        found = self._found(path, version)
        if found is None:
            raise self._nothing_at(path, version)
        if found.secret is None:
            field = path.partition("#")[2]
            why = f": what is there has no text called '{field or self.own_field}'"
            raise self._nothing_at(path, version, why=why)
        if version is not None:
            self._require_known(path, found, found.secret)
        self._note("get_token", path, actor, OK, version=found.version)
        return found.secret

    def _require_known(self, path: str, found: Record, secret: Secret) -> None:
        mark, number = fingerprint(self._fingerprint_key, secret), (path, found.version)
        note = self._notes.read(found.put_id) if found.put_id else None
        if note is not None and (note.path, note.version) == number:
            known = note.fingerprint
        else:
            known = self._numbers.first({number: mark})[number]
        if known != mark:
            what = f"{self.name}:{path}"
            raise SecretChanged(
                f"{what}@{found.version} is not the secret that it was: somebody has changed it in {self.vendor}",
                next_step=f"read {what} without a version, or put it anew: tokenbroker secrets put {what}",
            )

    def _found(self, path: str, version: int | None) -> Record | None:
        """What is at `path`; no row of it is written yet."""
        item, _, field = path.partition("#")
        with self._talk() as place:
            found = place.read(path, version) if self._takes(path) else None
            if found is None and field and self._takes(item):
                found = place.read(item, version, field=field)
        return found

    def _remove(self, path: str, actor: str) -> int:
        left: builtins.list[int] = []
        if self._takes(path):
            with self._talk() as place:
                left = [version.number for version in place.look(path).versions if not version.destroyed]
                if left:
                    self._note("delete_token", path, actor, BEGUN, versions=len(left))
                    self._settle(place, path)
                    place.destroy(path, left)
        self._note("delete_token", path, actor, OK if left else SecretNotFound.code, versions=len(left))
        return len(left)

    def _listed(self, place: Place, theirs: dict[Number, str]) -> Iterator[StoredSecret]:
        """What is there; `theirs` learns of the numbers that no put has made."""
        known = {(note.path, note.version): note for note in self._notes.all().values()}
        for path, found in place.paths():
            for version in () if path == PROBE_PATH else found.versions:
                mark = self._mark(place, path, version, known.get((path, version.number)), theirs)
                if mark is not None:
                    yield StoredSecret(
                        path=path, version=version.number, fingerprint=mark, created_at=version.created_at
                    )

    def _mark(
        self, place: Place, path: str, version: Version, note: PutNote | None, theirs: dict[Number, str]
    ) -> str | None:
        """The fingerprint of a version, or None if it can't be read."""
        if not version.readable(self._clock()):
            return None
        if note is not None and note.created == version.created:
            return note.fingerprint
        found = place.peek(path, version.number)
        if found is None or found.secret is None:
            return None
        mark = fingerprint(self._fingerprint_key, found.secret)
        if not found.put_id:
            theirs[path, version.number] = mark
        return mark

    def _settle(self, place: Place, path: str) -> None:
        """Learn of every put to `path` that was cut off whether it was done, while the store can tell."""
        for put_id, note in self._notes.all().items():
            if note.path == path and not note.version:
                self._settled(place, put_id, note, is_shown=False)

    def _settled(self, place: Place, put_id: str, note: PutNote, *, is_shown: bool) -> PutNote | None:
        _, record = look_for(place, note.path, put_id, since=note.since, now=self._clock())
        if record is None:
            return None
        if is_shown:  # before the note, which keeps it from being done again
            place.show_newest(note.path)
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
