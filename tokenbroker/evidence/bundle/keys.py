"""The two keys of a home: one that signs its bundles, and one that opens the demo's.

Both are random, made once, and rest in ``store_meta`` sealed with a key derived from the master key
(AES-256-GCM, NIST SP 800-38D); in clear they exist in a process's memory only.
"""

import base64
import os
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pyrage import x25519
from sqlalchemy import Connection

from tokenbroker.errors import SecretUnavailable
from tokenbroker.evidence.bundle.sshsig import PublicKey, public_key
from tokenbroker.sinks.master_key import MasterKey
from tokenbroker.store.engine import Store
from tokenbroker.store.meta import read_meta, write_meta

_SIGNING, _OPENING = "bundle_signing_key", "bundle_identity"
_PURPOSE = "bundle-keys"
_NONCE_BYTES = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class BundleKeys:
    """What a home signs with, and what opens bundles that name no recipient."""

    signing: Ed25519PrivateKey = field(repr=False)
    identity: x25519.Identity = field(repr=False)

    @property
    def signer(self) -> PublicKey:
        """The key that a bundle of this home is checked with."""
        return public_key(self.signing)


def bundle_keys(store: Store, master_key: MasterKey) -> BundleKeys:
    """The keys of the home of `store`, made where it has none.

    Raises:
        SecretUnavailable: the store can't be used, or what it holds is damaged.
    """
    sealed = store.read(_sealed)
    if None in sealed:
        sealed = store.write(lambda connection: _make(connection, master_key))
    signing, identity = (
        _open(master_key, name, text) for name, text in zip((_SIGNING, _OPENING), sealed, strict=True)
    )
    return BundleKeys(
        signing=Ed25519PrivateKey.from_private_bytes(signing),
        identity=x25519.Identity.from_str(identity.decode()),
    )


def _sealed(connection: Connection) -> tuple[str | None, str | None]:
    return read_meta(connection, _SIGNING), read_meta(connection, _OPENING)


def _make(connection: Connection, master_key: MasterKey) -> tuple[str, str]:
    """In a write transaction: of two processes that come here at once, the second finds the keys of the first."""
    makers: dict[str, Callable[[], bytes]] = {
        _SIGNING: lambda: Ed25519PrivateKey.generate().private_bytes_raw(),
        _OPENING: lambda: str(x25519.Identity.generate()).encode(),
    }
    made = {}
    for name, make in makers.items():
        text = read_meta(connection, name)
        if text is None:
            nonce = os.urandom(_NONCE_BYTES)
            sealed = nonce + _cipher(master_key).encrypt(nonce, make(), _identity(name))
            text = base64.b64encode(sealed).decode()
            write_meta(connection, name, text)
        made[name] = text
    return made[_SIGNING], made[_OPENING]


def _open(master_key: MasterKey, name: str, text: str | None) -> bytes:
    try:
        sealed = base64.b64decode(text or "", validate=True)
        return _cipher(master_key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _identity(name))
    except (InvalidTag, ValueError):
        pass
    raise SecretUnavailable(
        "the store's key for audit bundles is damaged, or sealed with another master key",
        next_step="restore the store from a backup; bundles that are sealed can be checked all the same",
    )


def _identity(name: str) -> bytes:
    return f"tokenbroker.store_meta.{name}.v1".encode()


def _cipher(master_key: MasterKey) -> AESGCM:
    return AESGCM(master_key.derive(_PURPOSE))
