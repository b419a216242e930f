"""Bitwarden's cryptography as its clients do it, so that a server of ours can hold an account and its items.

https://bitwarden.com/help/bitwarden-security-white-paper/ tells how keys come from the master password, and
https://contributing.bitwarden.com/architecture/cryptography/crypto-guide what an encrypted text looks like.
"""

import base64
import os
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes, hmac, padding, serialization
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

ITERATIONS = 5_000
"""The fewest that the clients take from a server before a login."""


@dataclass(frozen=True, kw_only=True)
class Key:
    """A pair of AES-256-CBC and HMAC-SHA256 keys: what items, and other keys, are encrypted with."""

    enc: bytes
    mac: bytes

    @classmethod
    def new(cls) -> "Key":
        return cls(enc=os.urandom(32), mac=os.urandom(32))

    @property
    def raw(self) -> bytes:
        return self.enc + self.mac

    def sealed(self, clear: bytes | str) -> str:
        """An encrypted text of type 2."""
        padder = padding.PKCS7(128).padder()
        padded = padder.update(clear if isinstance(clear, bytes) else clear.encode()) + padder.finalize()
        iv = os.urandom(16)
        encryptor = Cipher(algorithms.AES(self.enc), modes.CBC(iv)).encryptor()
        ciphertext = encryptor.update(padded) + encryptor.finalize()
        return "2." + "|".join(_b64(part) for part in (iv, ciphertext, self._tag(iv + ciphertext)))

    def opened(self, sealed: str) -> str:
        return self.opened_bytes(sealed).decode()

    def opened_bytes(self, sealed: str) -> bytes:
        kind, _, rest = sealed.partition(".")
        iv, ciphertext, tag = (base64.b64decode(part) for part in rest.split("|"))
        assert (kind, tag) == ("2", self._tag(iv + ciphertext))
        decryptor = Cipher(algorithms.AES(self.enc), modes.CBC(iv)).decryptor()
        unpadder = padding.PKCS7(128).unpadder()
        padded = decryptor.update(ciphertext) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()

    def _tag(self, data: bytes) -> bytes:
        tag = hmac.HMAC(self.mac, hashes.SHA256())
        tag.update(data)
        return tag.finalize()


@dataclass(frozen=True, kw_only=True)
class AccountKeys:
    """What a client registers of an account; the server sees no key in clear, but ours keeps `user` for its tests."""

    user: Key
    protected_user_key: str
    password_hash: str
    public_key: str
    protected_private_key: str
    organization: Key
    protected_organization_key: str

    @classmethod
    def of(cls, email: str, password: str) -> "AccountKeys":
        """The keys of a new account."""
        user, organization = Key.new(), Key.new()
        master = _pbkdf2(password.encode(), email.encode(), ITERATIONS)
        enc, mac = (
            HKDFExpand(algorithm=hashes.SHA256(), length=32, info=info).derive(master)
            for info in (b"enc", b"mac")
        )
        pair = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        private = pair.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = pair.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        oaep = rsa_padding.OAEP(
            mgf=rsa_padding.MGF1(hashes.SHA1()),
            algorithm=hashes.SHA1(),
            label=None,
        )
        return cls(
            user=user,
            protected_user_key=Key(enc=enc, mac=mac).sealed(user.raw),
            password_hash=_b64(_pbkdf2(master, password.encode(), 1)),
            public_key=_b64(public),
            protected_private_key=user.sealed(private),
            organization=organization,
            protected_organization_key="4." + _b64(pair.public_key().encrypt(organization.raw, oaep)),
        )


def _pbkdf2(secret: bytes, salt: bytes, iterations: int) -> bytes:
    return PBKDF2HMAC(algorithm=hashes.SHA256(), length=32, salt=salt, iterations=iterations).derive(secret)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
