"""Whether a master key is the one of a store: a text that only that key opens lies in each store."""

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection

from tokenbroker.clock import Clock
from tokenbroker.errors import SecretAccessDenied
from tokenbroker.sinks.data_key import DataKeys
from tokenbroker.sinks.key_source import VARIABLE
from tokenbroker.sinks.master_key import MasterKey
from tokenbroker.store.engine import Store
from tokenbroker.store.meta import read_meta, write_meta

_CHECK = "key_check"
_CHECK_TEXT = b"tokenbroker"
_CHECK_IDENTITY = b"tokenbroker.store_meta.key_check.v1"
_NONCE_BYTES = 12
_RIGHT_ONE = f"give the right one in {VARIABLE}, or put it back from its backup"


def has_key(connection: Connection) -> bool:
    """Whether some master key seals this store."""
    return read_meta(connection, _CHECK) is not None


def keys_of(
    store: Store, master_key: MasterKey, *, where: str, clock: Clock, next_step: str = _RIGHT_ONE
) -> DataKeys:
    """What seals the records of `store` under `master_key`; a store that has no key yet takes this one.

    `where` says where the key is, and `next_step` what to do if it is another one, for a person.

    Raises:
        SecretAccessDenied: another master key sealed the store.
        SecretUnavailable, SecretTimeout: it can't be read or written.
    """
    keys = DataKeys(master_key)
    check = store.read(lambda connection: read_meta(connection, _CHECK))
    if check is None:
        check = store.write(lambda connection: _take(connection, master_key, keys, clock))
    if not _opens(master_key, check):
        raise SecretAccessDenied(
            f"Invalid encryption key: the one {where} is not the one that sealed {store.described}",
            next_step=next_step,
        )
    return keys


def _take(connection: Connection, master_key: MasterKey, keys: DataKeys, clock: Clock) -> str:
    """The check that lies in the store: of `master_key`, unless another was faster."""
    there = read_meta(connection, _CHECK)
    if there is not None:
        return there
    nonce = os.urandom(_NONCE_BYTES)
    check = nonce + _cipher(master_key).encrypt(nonce, _CHECK_TEXT, _CHECK_IDENTITY)
    text = base64.b64encode(check).decode()
    write_meta(connection, _CHECK, text)
    keys.establish(connection, at=clock())
    return text


def _opens(master_key: MasterKey, text: str) -> bool:
    try:
        check = base64.b64decode(text, validate=True)
        _cipher(master_key).decrypt(check[:_NONCE_BYTES], check[_NONCE_BYTES:], _CHECK_IDENTITY)
    except (InvalidTag, ValueError):  # ValueError: it was changed
        return False
    return True


def _cipher(master_key: MasterKey) -> AESGCM:
    return AESGCM(master_key.derive("key-check"))
