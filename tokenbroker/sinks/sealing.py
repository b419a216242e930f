"""One record of the ``tokens`` table, sealed: AES-256-GCM with a fresh 96-bit nonce (NIST SP 800-38D, 8.2.2).

The record's identity is the associated data: a ciphertext moved to another row doesn't open there.
"""

import json
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tokenbroker.secret import Secret
from tokenbroker.sinks.master_key import MasterKey

NONCE_BYTES = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordIdentity:
    """What makes a record this one and no other."""

    sink: str
    path: str
    version: int
    put_id: str
    key_id: str

    def associated_data(self) -> bytes:
        """Canonical: a JSON array, in which no two identities look alike."""
        parts = ["tokenbroker.tokens.v1", self.sink, self.path, self.version, self.put_id, self.key_id]
        return json.dumps(parts, separators=(",", ":")).encode()


class Sealer:
    """Seals and opens records under one master key."""

    def __init__(self, master_key: MasterKey) -> None:
        self.key_id = master_key.key_id
        self._cipher = AESGCM(master_key.derive("tokens"))

    def seal(self, identity: RecordIdentity, secret: Secret) -> tuple[bytes, bytes]:
        """The nonce and the ciphertext with its tag."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce, self._cipher.encrypt(nonce, secret.reveal().encode(), identity.associated_data())

    def open(self, identity: RecordIdentity, nonce: bytes, sealed: bytes) -> Secret | None:
        """The secret, or None if the record was changed, moved, or sealed with another key."""
        try:
            return Secret(self._cipher.decrypt(nonce, sealed, identity.associated_data()).decode())
        except (InvalidTag, ValueError, TypeError):  # TypeError: a column was emptied
            return None
