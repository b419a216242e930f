"""The master key of one store: found once, proven to be the right one, and its backup remembered."""

import json
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection

from tokenbroker.clock import Clock, iso
from tokenbroker.errors import SecretAccessDenied, SecretUnavailable
from tokenbroker.secret import Secret
from tokenbroker.sinks.data_key import DataKeys
from tokenbroker.sinks.key_check import has_key, keys_of
from tokenbroker.sinks.key_source import VARIABLE, KeySource, establish, is_established, read_key
from tokenbroker.sinks.master_key import MasterKey
from tokenbroker.store.audit_log import AuditEntry, append
from tokenbroker.store.engine import Store
from tokenbroker.store.meta import read_meta, write_meta

_FILE = "key.json"
_SOURCE = "key_source"
_BACKUP = "key_backup_at"


class KeyCustody:
    """Holds the master key of an open store. Made by :func:`open_custody`.

    Attributes:
        data_keys: what seals the store's records.
    """

    def __init__(
        self,
        *,
        store: Store,
        notes: "_Notes",
        home: Path,
        source: KeySource,
        master_key: MasterKey,
        data_keys: DataKeys,
        clock: Clock,
    ) -> None:
        self.master_key = master_key
        self.data_keys = data_keys
        self._store = store
        self._notes = notes
        self._home = home
        self._source = source
        self._clock = clock

    def key_location(self) -> str:
        """Where the key is, in one sentence for the person."""
        return f"The key is {self.key_place()}."

    def key_place(self) -> str:
        """Where the key is, for the middle of a sentence."""
        return self._source.described(self._home)

    def export_key(self) -> Secret:
        """The key as base64, for its backup."""
        return self.master_key.export()

    def record_backup(self, *, actor: str) -> None:
        """Remember, and audit, that a person has a backup of the key.

        Raises:
            SecretUnavailable: the store can't be written.
        """
        now = self._clock()
        entry = AuditEntry(service_id="", action="backup_key", actor=actor, key=self.master_key.key_id)

        def work(connection: Connection) -> None:
            note = json.dumps({"at": iso(now), "key_id": self.master_key.key_id})
            self._notes.write(connection, _BACKUP, note)
            append(connection, entry, at=now)

        self._store.write(work)

    def backup_pending(self) -> bool:
        """Whether the key lives on this machine only, as far as we were told.

        A key that the caller gives is the caller's to back up.
        """
        if self._source.kind == "env":
            return False
        value = self._notes.read(_BACKUP)
        return value is None or bool(json.loads(value)["key_id"] != self.master_key.key_id)


def open_custody(
    store: Store, home: Path, *, default_home: bool, key: Secret | None, clock: Clock
) -> KeyCustody:
    """Find the store's key; for a new store, choose its place and make one.

    `key` (the text of ``TOKENBROKER_KEY``) wins over the place that the store recorded. A store that
    has a key never gets a second one.

    Raises:
        SecretAccessDenied: the key is not the one that sealed this store.
        SecretUnavailable: the key is not at its place, or can't be written there.
        SettingsError: what was given is not a key.
    """
    given = MasterKey.parse(key, origin=VARIABLE) if key is not None else None
    notes = _Notes(store, home)
    source = notes.source()
    if source is None:
        with store.setting_up():
            source = notes.source() or _establish(
                store, notes, home, default_home=default_home, given=given, clock=clock
            )
    master_key = given or read_key(source, home)
    where = f"in {VARIABLE}" if given else source.described(home)
    keys = keys_of(store, master_key, where=where, clock=clock)
    return KeyCustody(
        store=store, notes=notes, home=home, source=source, master_key=master_key, data_keys=keys, clock=clock
    )


def _establish(
    store: Store,
    notes: "_Notes",
    home: Path,
    *,
    default_home: bool,
    given: MasterKey | None,
    clock: Clock,
) -> KeySource:
    """Choose where the key of `store` is; one is made where there is none yet."""
    if given is not None:
        source, master_key = KeySource(kind="env"), given
    elif store.read(has_key) and not is_established(home, default_home=default_home):
        raise SecretAccessDenied(
            f"{store.described} was sealed with a key that this machine does not know",
            next_step=f"give it in {VARIABLE}",
        )
    else:
        source, master_key = establish(home, default_home=default_home)
    keys_of(store, master_key, where=source.described(home), clock=clock)
    notes.keep_source(source)
    return source


class _Notes:
    """What is remembered of the key: beside the records, or, where others share those, in this home."""

    def __init__(self, store: Store, home: Path) -> None:
        self._store = store
        self._file = home / _FILE if store.is_shared else None

    def source(self) -> KeySource | None:
        text = self.read(_SOURCE) if self._store.read(has_key) else None
        if text is None:
            return None
        with suppress(ValueError, TypeError):
            return KeySource.from_json(text)
        raise SecretUnavailable(
            f"what {self._store.described} notes of its key's place was changed",
            next_step=f"{self._store.restoring}, or give the key in {VARIABLE}",
        )

    def keep_source(self, source: KeySource) -> None:
        self._store.write(lambda connection: self.write(connection, _SOURCE, source.to_json()))

    def read(self, name: str) -> str | None:
        if self._file is None:
            return self._store.read(lambda connection: read_meta(connection, name))
        return self._in_file().get(name)

    def write(self, connection: Connection, name: str, value: str) -> None:
        """Set the note, in the caller's transaction where it lies in the store."""
        if self._file is None:
            write_meta(connection, name, value)
            return
        failure, draft = "", self._file.with_name(f"{self._file.name}.new")
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.write_text(json.dumps({**self._in_file(), name: value}), encoding="utf-8")
            draft.rename(self._file)
        except OSError as error:
            failure = error.strerror or "unknown reason"
        if failure:
            raise SecretUnavailable(
                f"the home's note of its key can't be written to {self._file}: {failure}",
                next_step="make the folder writable, or name another one with TOKENBROKER_HOME",
            )

    def _in_file(self) -> dict[str, str]:
        assert self._file is not None
        try:
            return {
                str(name): str(value) for name, value in json.loads(self._file.read_text("utf-8")).items()
            }
        except (OSError, ValueError, AttributeError):  # not there, or of no use: the key is looked for anew
            return {}
