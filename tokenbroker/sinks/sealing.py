"""One record of the ``tokens`` table, sealed: AES-256-GCM with a fresh 96-bit nonce (NIST SP 800-38D, 8.2.2).

The record's identity is the associated data: a ciphertext moved to another row doesn't open there.
"""

import os
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii as _quoted

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tokenbroker.secret import Secret

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
        return associated_data(self.sink, self.path, self.version, self.put_id, self.key_id)


def associated_data(sink: str, path: str, version: int, put_id: str, key_id: str) -> bytes:
    """Of the record with that identity: the JSON array that `json.dumps` would make, put together ten times as fast."""
    return _but_for_the_key(sink, path, version, put_id) + _of_the_key(key_id)


def _but_for_the_key(sink: str, path: str, version: int, put_id: str) -> bytes:
    return f'["tokenbroker.tokens.v1",{_quoted(sink)},{_quoted(path)},{version},{_quoted(put_id)}'.encode()


def _of_the_key(key_id: str) -> bytes:
    return f",{_quoted(key_id)}]".encode()


class Sealer:
    """Seals and opens records under one key of 32 bytes.

    Attributes:
        key_id: names the key in each record.
    """

    def __init__(self, key_id: str, raw: bytes) -> None:
        self.key_id = key_id
        self._cipher = AESGCM(raw)
        self._named = _of_the_key(key_id)

    def seal(self, identity: RecordIdentity, secret: Secret) -> tuple[bytes, bytes]:
        """The nonce and the ciphertext with its tag."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce, self._cipher.encrypt(nonce, secret.reveal().encode(), identity.associated_data())

    def handed_over(
        self,
        to: "Sealer",
        sink: str,
        path: str,
        version: int,
        put_id: str,
        nonce: bytes,
        sealed: bytes,
        fresh_nonce: bytes,
    ) -> bytes | None:
        """What `to` seals of the same record under `fresh_nonce`; None if it doesn't open.

        The value is not told: it goes from one cipher into the other.
        """
        try:
            about = _but_for_the_key(sink, path, version, put_id)
            return to._cipher.encrypt(
                fresh_nonce, self._cipher.decrypt(nonce, sealed, about + self._named), about + to._named
            )
        except (InvalidTag, ValueError, TypeError):
            return None

    def open(self, identity: RecordIdentity, nonce: bytes, sealed: bytes) -> Secret | None:
        """The secret, or None if the record was changed, moved, or sealed with another key."""
        try:
            return Secret(self._cipher.decrypt(nonce, sealed, identity.associated_data()).decode())
        except (InvalidTag, ValueError, TypeError):  # TypeError: a column was emptied
            return None
