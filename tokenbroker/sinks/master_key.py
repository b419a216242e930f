"""The key from which every other key of an installation is derived."""

import base64
import binascii
import secrets
from contextlib import suppress
from typing import NoReturn, Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tokenbroker.errors import SettingsError
from tokenbroker.secret import Secret

SIZE_BYTES = 32


class MasterKey:
    """32 random bytes that never print themselves.

    Attributes:
        key_id: 16 hex digits that name the key and tell nothing of it.
    """

    __slots__ = ("_bytes", "key_id")

    def __init__(self, raw: bytes) -> None:
        if len(raw) != SIZE_BYTES:
            raise ValueError(f"a master key has {SIZE_BYTES} bytes")
        self._bytes = raw
        self.key_id = self.derive("id")[:8].hex()

    @classmethod
    def generate(cls) -> Self:
        """A fresh one, from the system's random generator."""
        return cls(secrets.token_bytes(SIZE_BYTES))

    @classmethod
    def parse(cls, text: Secret, *, origin: str) -> Self:
        """The key that `text`, the base64 of 32 bytes (standard or URL-safe), stands for.

        Raises:
            SettingsError: it is something else; the sentence names `origin`, never the text.
        """
        raw = b""
        with suppress(binascii.Error, ValueError):  # said below, without the foreign message
            raw = base64.b64decode(text.reveal().strip().replace("-", "+").replace("_", "/"), validate=True)
        if len(raw) != SIZE_BYTES:
            raise SettingsError(
                f"{origin} is not a master key: it must be the base64 of {SIZE_BYTES} bytes",
                next_step="make one with: openssl rand -base64 32",
                code="settings.bad_key",
            )
        return cls(raw)

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose: HKDF-SHA256 (RFC 5869) without salt, with `purpose` as its info."""
        return HKDF(algorithm=SHA256(), length=SIZE_BYTES, salt=None, info=purpose.encode()).derive(
            self._bytes
        )

    def export(self) -> Secret:
        """The base64 that :meth:`parse` takes."""
        return Secret(base64.b64encode(self._bytes).decode())

    def __repr__(self) -> str:
        return f"<master key {self.key_id}>"

    def __reduce_ex__(self, protocol: object, /) -> NoReturn:
        raise TypeError("a master key can't be pickled or copied into another process")
