"""The data key: what seals the records of a store. It rests in the store, sealed under the master key.

Envelope encryption: records name the key that sealed them, so that all of them can be sealed anew under a fresh one
in a single transaction, without a change of the master key. A store of an earlier release has no data key until it is
rotated once: its records are sealed with a key derived from the master key, and named by that one's id.
"""

import json
import os
import secrets
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, delete, insert, select

from tokenbroker.clock import iso
from tokenbroker.errors import SecretAccessDenied
from tokenbroker.sinks.master_key import MasterKey
from tokenbroker.sinks.sealing import NONCE_BYTES, Sealer
from tokenbroker.store.models import DATA_KEYS

_SIZE_BYTES: Final = 32
_PURPOSE: Final = "data-key"
_FIND: Final = select(DATA_KEYS.c.id, DATA_KEYS.c.nonce, DATA_KEYS.c.sealed)
_DROP: Final = delete(DATA_KEYS)
_ADD: Final = insert(DATA_KEYS)


class DataKeys:
    """The data keys of one store, as its master key opens them; opened ones are remembered."""

    def __init__(self, master_key: MasterKey) -> None:
        self._cipher = AESGCM(master_key.derive(_PURPOSE))
        self._derived = Sealer(master_key.key_id, master_key.derive("tokens"))
        self._opened: dict[str, Sealer] = {}

    def current(self, connection: Connection) -> Sealer:
        """What seals new records now. Ask in the transaction that writes them: a rotation may have come before.

        Raises:
            SecretAccessDenied: the master key doesn't open it.
        """
        found = connection.execute(_FIND).all()
        if not found:
            return self._derived
        # Opened each time: what is sealed now has to be opened by the next process, too.
        sealer = self._open(*found[0]) if len(found) == 1 else None
        if sealer is None:
            raise SecretAccessDenied(
                "Invalid encryption key: the store's data key was sealed with another one, or was changed",
                next_step="put the database back from its backup, or give the master key that belongs to it",
            )
        return sealer

    def of(self, connection: Connection, key_id: str) -> Sealer | None:
        """What opens the records that name `key_id`; None where this master key has none of that id."""
        if key_id == self._derived.key_id:
            return self._derived
        if key_id not in self._opened:
            for found in connection.execute(_FIND.where(DATA_KEYS.c.id == key_id)):
                self._open(*found)
        return self._opened.get(key_id)

    def establish(self, connection: Connection, *, at: datetime) -> None:
        """Make the store's first data key; one that is there is kept, and has to open.

        Raises:
            SecretAccessDenied: the master key doesn't open the one that is there.
        """
        if connection.execute(_FIND).first() is None:
            self.replace(connection, at=at)
        else:
            self.current(connection)

    def replace(self, connection: Connection, *, at: datetime) -> Sealer:
        """Make a fresh key the store's only one, in the caller's transaction, and answer it."""
        key_id, nonce = secrets.token_hex(8), os.urandom(NONCE_BYTES)
        sealer, sealed = self._made(key_id, nonce)
        connection.execute(_DROP)
        connection.execute(_ADD, {"id": key_id, "nonce": nonce, "sealed": sealed, "created_at": iso(at)})
        return sealer

    def _made(self, key_id: str, nonce: bytes) -> tuple[Sealer, bytes]:
        raw = secrets.token_bytes(_SIZE_BYTES)
        return Sealer(key_id, raw), self._cipher.encrypt(nonce, raw, _identity(key_id))

    def _open(self, key_id: str, nonce: bytes, sealed: bytes) -> Sealer | None:
        try:
            sealer = Sealer(key_id, self._cipher.decrypt(nonce, sealed, _identity(key_id)))
        except (InvalidTag, ValueError, TypeError):
            return None
        self._opened[key_id] = sealer
        return sealer


def _identity(key_id: str) -> bytes:
    return json.dumps(["tokenbroker.data_keys.v1", key_id], separators=(",", ":")).encode()
