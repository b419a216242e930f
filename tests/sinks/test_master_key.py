import base64
import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenbroker.secret import Secret
from tokenbroker.sinks.master_key import MasterKey

RAW = bytes(range(32))


@given(st.binary(min_size=32, max_size=32))
def test_an_exported_key_is_parsed_to_the_same_key(raw: bytes) -> None:
    key = MasterKey(raw)
    for text in (
        key.export().reveal(),
        base64.urlsafe_b64encode(raw).decode(),
        f" {key.export().reveal()}\n",
    ):
        assert MasterKey.parse(Secret(text), origin="a test").key_id == key.key_id


def test_each_purpose_has_a_key_of_its_own() -> None:
    key = MasterKey(RAW)
    derived = {key.derive(purpose) for purpose in ("id", "tokens", "spool", "fingerprint", "key-check")}
    assert len(derived) == 5
    assert {len(one) for one in derived} == {32}
    assert RAW not in derived


def test_derivation_never_changes() -> None:
    """A changed derivation would make every store of an earlier version unreadable."""
    assert MasterKey(RAW).key_id == "7bdf26e324a3251d"
    assert (
        MasterKey(RAW).derive("tokens").hex()
        == "5447b100a0674b4d751a3bd6aa64bd8de08483bb47114e7d22dd9dc5f87bb14d"  # pragma: allowlist secret
    )


@pytest.mark.req("SECRET-7")
def test_a_master_key_does_not_print_or_travel() -> None:
    key = MasterKey(RAW)
    for shown in (repr(key), str(key), f"{key}"):
        assert shown == f"<master key {key.key_id}>"
    for act in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps):
        with pytest.raises(TypeError):
            act(key)


def test_a_key_of_another_size_is_no_key() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        MasterKey(b"short")
