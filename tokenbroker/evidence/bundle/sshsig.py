"""SSH signatures over Ed25519, as ``ssh-keygen -Y sign`` makes and ``ssh-keygen -Y verify`` checks them.

OpenSSH, PROTOCOL.sshsig; the key's wire form is RFC 8709 section 4, the signature's section 6.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

KEY_TYPE = "ssh-ed25519"

_MAGIC = b"SSHSIG"
_VERSION = (1).to_bytes(4)
_HASH = b"sha512"
_COLUMNS = 70  # where ssh-keygen breaks its lines
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicKey:
    """An Ed25519 key that signatures are checked with; `raw` is its 32 bytes."""

    raw: bytes

    @property
    def blob(self) -> bytes:
        """The wire form."""
        return _string(KEY_TYPE.encode()) + _string(self.raw)

    @property
    def text(self) -> str:
        """As in a ``.pub`` file, without a comment."""
        return f"{KEY_TYPE} {base64.b64encode(self.blob).decode()}"

    @property
    def fingerprint(self) -> str:
        """As ``ssh-keygen -l`` prints it: ``SHA256:…``."""
        digest = base64.b64encode(hashlib.sha256(self.blob).digest()).decode()
        return f"SHA256:{digest.rstrip('=')}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Signature:
    """A well-formed signature; nothing has been checked yet."""

    key: PublicKey
    raw: bytes

    def fits(self, message: bytes, *, namespace: str) -> bool:
        """Whether the holder of `key` signed `message` for `namespace`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key.raw).verify(
                self.raw, _signed_text(message, namespace)
            )
        except (InvalidSignature, ValueError):  # ValueError: 32 bytes that are no point of the curve
            return False
        return True


def public_key(key: Ed25519PrivateKey) -> PublicKey:
    """The public half of `key`."""
    return PublicKey(raw=key.public_key().public_bytes_raw())


def parse_key(encoded: str) -> PublicKey:
    """The key whose wire form `encoded` is the base64 of (the second word of a ``.pub`` file).

    Raises:
        ValueError: it is no Ed25519 key.
    """
    try:
        reader = _Reader(base64.b64decode(encoded, validate=True))
    except binascii.Error:
        raise ValueError("the key is not base64") from None
    key = reader.key()
    reader.end()
    return key


def sign(key: Ed25519PrivateKey, message: bytes, *, namespace: str) -> str:
    """The armored signature of `message`; equal input gives equal text (RFC 8032)."""
    signature = _string(KEY_TYPE.encode()) + _string(key.sign(_signed_text(message, namespace)))
    parts = (public_key(key).blob, namespace.encode(), b"", _HASH, signature)
    return _armored(_MAGIC + _VERSION + b"".join(_string(part) for part in parts))


def parse(armored: str, *, namespace: str) -> Signature:
    """The signature that `armored` is, in its one canonical spelling.

    Raises:
        ValueError: it is malformed, of another namespace, or of a kind that :func:`sign` does not make.
    """
    lines = armored.split("\n")
    if lines[0] != _BEGIN or lines[-2:] != [_END, ""]:
        raise ValueError("this is no SSH signature")
    try:
        blob = base64.b64decode("".join(lines[1:-2]), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("the signature is not base64") from None
    # Base64 has many spellings of one text; only one of them was signed away from here.
    if _armored(blob) != armored:
        raise ValueError("the signature is not spelt as ssh-keygen spells it")
    reader = _Reader(blob)
    reader.expect(_MAGIC + _VERSION)
    key = _Reader(reader.string()).whole_key()
    if reader.string() != namespace.encode():
        raise ValueError("the signature is for another namespace")
    reader.expect(_string(b"") + _string(_HASH))
    signature = _Reader(reader.string())
    reader.end()
    signature.expect(_string(KEY_TYPE.encode()))
    raw = signature.string()
    signature.end()
    return Signature(key=key, raw=raw)


class _Reader:
    """Reads the wire form, RFC 4251 section 5; ValueError where it ends too early or too late."""

    def __init__(self, data: bytes) -> None:
        self._rest = data

    def take(self, size: int) -> bytes:
        taken, self._rest = self._rest[:size], self._rest[size:]
        if len(taken) != size:
            raise ValueError("it is cut off")
        return taken

    def string(self) -> bytes:
        return self.take(int.from_bytes(self.take(4)))

    def expect(self, wanted: bytes) -> None:
        if self.take(len(wanted)) != wanted:
            raise ValueError("it is of a kind that is not made here")

    def end(self) -> None:
        if self._rest:
            raise ValueError("something follows it")

    def key(self) -> PublicKey:
        self.expect(_string(KEY_TYPE.encode()))
        raw = self.string()
        if len(raw) != 32:
            raise ValueError("an Ed25519 key has 32 bytes")
        return PublicKey(raw=raw)

    def whole_key(self) -> PublicKey:
        key = self.key()
        self.end()
        return key


def _signed_text(message: bytes, namespace: str) -> bytes:
    parts = (namespace.encode(), b"", _HASH, hashlib.sha512(message).digest())
    return _MAGIC + b"".join(_string(part) for part in parts)


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4) + data


def _armored(blob: bytes) -> str:
    text = base64.b64encode(blob).decode()
    lines = [text[start : start + _COLUMNS] for start in range(0, len(text), _COLUMNS)]
    return "\n".join([_BEGIN, *lines, _END, ""])
