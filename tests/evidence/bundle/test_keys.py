"""The home's own keys: made once, the same for whoever asks, and nowhere in clear."""

import base64
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tokenbroker.errors import SecretUnavailable
from tokenbroker.evidence.bundle.keys import BundleKeys, bundle_keys
from tokenbroker.sinks.local import LocalSink
from tokenbroker.sinks.master_key import MasterKey

pytestmark = pytest.mark.req("AUDIT-2")


def keys_of(local: LocalSink) -> BundleKeys:
    return bundle_keys(local.store, local.custody.master_key)


def test_they_are_made_once(local: LocalSink) -> None:
    first, second = keys_of(local), keys_of(local)
    assert first.signer == second.signer
    assert str(first.identity) == str(second.identity)


def test_those_who_come_at_once_get_the_same(local: LocalSink) -> None:
    found: list[BundleKeys] = []
    barrier = threading.Barrier(4)

    def ask() -> None:
        barrier.wait()
        found.append(keys_of(local))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert {keys.signer for keys in found} == {keys_of(local).signer}
    assert {str(keys.identity) for keys in found} == {str(keys_of(local).identity)}


def test_no_file_of_the_home_holds_them_in_clear(local: LocalSink, tmp_path: Path) -> None:
    keys = keys_of(local)
    raw = keys.signing.private_bytes_raw()
    clear = (raw, base64.b64encode(raw), raw.hex().encode(), str(keys.identity).encode())
    read = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(read) > 1
    assert not [value for value in clear for data in read if value in data]
    assert str(keys.identity) not in repr(keys)


def test_another_master_key_does_not_open_them(local: LocalSink) -> None:
    keys_of(local)
    with pytest.raises(SecretUnavailable):
        bundle_keys(local.store, MasterKey.generate())


def test_the_one_can_not_stand_for_the_other(local: LocalSink) -> None:
    keys_of(local)
    with closing(sqlite3.connect(local.store.path, isolation_level=None)) as connection:
        connection.execute(
            "UPDATE store_meta SET value = (SELECT value FROM store_meta WHERE name = 'bundle_identity')"
            " WHERE name = 'bundle_signing_key'"
        )
    with pytest.raises(SecretUnavailable):
        keys_of(local)
