"""The master key of one store: found once, proven to be the right one, and its backup remembered."""

import base64
import json
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection

from tokenbroker.clock import Clock, iso
from tokenbroker.errors import SecretAccessDenied
from tokenbroker.secret import Secret
from tokenbroker.sinks.data_key import DataKeys
from tokenbroker.sinks.key_source import VARIABLE, KeySource, establish, read_key
from tokenbroker.sinks.master_key import MasterKey
from tokenbroker.store.audit_log import AuditEntry, append
from tokenbroker.store.engine import LOCK_NAME, Store
from tokenbroker.store.meta import read_meta, write_meta
from tokenbroker.store.setup_lock import setup_lock

_SOURCE = "key_source"
_CHECK = "key_check"
_BACKUP = "key_backup_at"

_CHECK_TEXT = b"tokenbroker"
_CHECK_IDENTITY = b"tokenbroker.store_meta.key_check.v1"
_NONCE_BYTES = 12


class KeyCustody:
    """Holds the master key of an open store. Made by :func:`open_custody`.

    Attributes:
        data_keys: what seals the store's records.
    """

    def __init__(
        self, *, store: Store, home: Path, source: KeySource, master_key: MasterKey, clock: Clock
    ) -> None:
        self.master_key = master_key
        self.data_keys = DataKeys(master_key)
        self._store = store
        self._home = home
        self._source = source
        self._clock = clock

    def key_location(self) -> str:
        """Where the key is, in one sentence for the person."""
        return f"The key is {self._source.described(self._home)}."

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
            write_meta(connection, _BACKUP, json.dumps({"at": iso(now), "key_id": self.master_key.key_id}))
            append(connection, entry, at=now)

        self._store.write(work)

    def backup_pending(self) -> bool:
        """Whether the key lives on this machine only, as far as we were told.

        A key that the caller gives is the caller's to back up.
        """
        if self._source.kind == "env":
            return False
        value = self._store.read(lambda connection: read_meta(connection, _BACKUP))
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
    recorded = store.read(_recorded)
    if recorded is None:
        with setup_lock(home / LOCK_NAME):
            recorded = store.read(_recorded) or _establish(
                store, home, default_home=default_home, given=given, clock=clock
            )
    source, check = recorded
    master_key = given or read_key(source, home)
    if not _opens(master_key, check):
        where = f"in {VARIABLE}" if given else source.described(home)
        raise SecretAccessDenied(
            f"Invalid encryption key: the one {where} is not the one that sealed {store.path}",
            next_step=f"give the right one in {VARIABLE}, or put it back from its backup",
        )
    return KeyCustody(store=store, home=home, source=source, master_key=master_key, clock=clock)


def _establish(
    store: Store, home: Path, *, default_home: bool, given: MasterKey | None, clock: Clock
) -> tuple[KeySource, bytes]:
    if given is not None:
        source, master_key = KeySource(kind="env"), given
    else:
        source, master_key = establish(home, default_home=default_home)
    nonce = os.urandom(_NONCE_BYTES)
    check = nonce + _check_cipher(master_key).encrypt(nonce, _CHECK_TEXT, _CHECK_IDENTITY)

    def work(connection: Connection) -> None:
        write_meta(connection, _SOURCE, source.to_json())
        write_meta(connection, _CHECK, base64.b64encode(check).decode())
        DataKeys(master_key).establish(connection, at=clock())

    store.write(work)
    return source, check


def _recorded(connection: Connection) -> tuple[KeySource, bytes] | None:
    source, check = read_meta(connection, _SOURCE), read_meta(connection, _CHECK)
    if source is None or check is None:
        return None
    return KeySource.from_json(source), base64.b64decode(check)


def _opens(master_key: MasterKey, check: bytes) -> bool:
    try:
        _check_cipher(master_key).decrypt(check[:_NONCE_BYTES], check[_NONCE_BYTES:], _CHECK_IDENTITY)
    except InvalidTag:
        return False
    return True


def _check_cipher(master_key: MasterKey) -> AESGCM:
    return AESGCM(master_key.derive("key-check"))
