import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import select, text

from tokenbroker.errors import SecretAccessDenied, SecretNotFound, SecretUnavailable
from tokenbroker.secret import Secret
from tokenbroker.settings import SinkSettings
from tokenbroker.sinks import SinkInputs, open_sink
from tokenbroker.sinks.local import LocalSink
from tokenbroker.sinks.testing import ACTOR, SinkContract, demo_secret
from tokenbroker.store.audit_log import verify_chain
from tokenbroker.store.models import AUDIT_LOG, TOKENS

pytestmark = pytest.mark.req("SECRET-1")


class TestLocalSink(SinkContract):
    @pytest.fixture
    def sink(self, local: LocalSink) -> LocalSink:
        return local


class TestLocalSinkUnderAnAlias(SinkContract):
    @pytest.fixture
    def sink(self, local: LocalSink) -> object:
        return _alias(local, "bitwarden")


def _alias(local: LocalSink, name: str) -> object:
    inputs = SinkInputs(store=local.store, custody=local.custody, variables={})
    return open_sink(name, SinkSettings(type="local"), inputs)


def test_aliases_of_one_store_do_not_see_each_other(local: LocalSink) -> None:
    other = _alias(local, "bitwarden")
    assert isinstance(other, LocalSink)
    local.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    assert other.list() == []
    assert other.find("a") is None
    with pytest.raises(SecretNotFound):
        other.get("example/key", actor=ACTOR)


def _execute(sink: LocalSink, script: str) -> None:
    with closing(sqlite3.connect(sink.store.path, isolation_level=None)) as raw:
        raw.executescript(script)


SWAP_CIPHERTEXTS = """
CREATE TEMP TABLE old AS SELECT * FROM tokens;
UPDATE tokens SET (nonce, sealed) = (SELECT nonce, sealed FROM old WHERE old.id <> tokens.id);
"""
SWAP_PATHS = """
UPDATE tokens SET path = 'c/key' WHERE path = 'a/key';
UPDATE tokens SET path = 'a/key' WHERE path = 'b/key';
UPDATE tokens SET path = 'b/key' WHERE path = 'c/key';
"""


@pytest.mark.req("SECRET-4")
@pytest.mark.parametrize(
    "statement",
    [
        SWAP_CIPHERTEXTS,
        SWAP_PATHS,
        "UPDATE tokens SET version = 7",
        "UPDATE tokens SET put_id = put_id || 'x'",
        "UPDATE tokens SET sealed = CAST(substr(sealed, 2) AS BLOB)",
        "UPDATE tokens SET sealed = 'text', nonce = 12",
        "UPDATE tokens SET sealed = x''",
        "UPDATE tokens SET nonce = zeroblob(12)",
        "UPDATE tokens SET nonce = x'00'",
        "UPDATE tokens SET nonce = NULL",
    ],
    ids=[
        "swapped",
        "renamed",
        "version",
        "put_id",
        "cut",
        "type",
        "empty",
        "nonce",
        "short-nonce",
        "no-nonce",
    ],
)
def test_a_record_that_was_tampered_with_does_not_open(local: LocalSink, statement: str) -> None:
    local.put("a/key", demo_secret(), put_id="1", actor=ACTOR)
    local.put("b/key", demo_secret(), put_id="2", actor=ACTOR)
    _execute(local, statement)
    for path in ("a/key", "b/key"):
        with pytest.raises(SecretAccessDenied) as caught:
            local.get(path, actor=ACTOR)
        assert caught.value.__context__ is None
    assert [row.result for row in _audit(local)][-2:] == ["secret.access_denied"] * 2


@pytest.mark.req("SECRET-4")
def test_a_record_of_another_key_says_so(local: LocalSink) -> None:
    local.put("a/key", demo_secret(), put_id="1", actor=ACTOR)
    _execute(local, "UPDATE tokens SET key_id = '0123456789abcdef'")
    with pytest.raises(SecretAccessDenied, match="Invalid encryption key"):
        local.get("a/key", actor=ACTOR)


@pytest.mark.req("SECRET-4")
def test_every_record_has_a_nonce_of_its_own(local: LocalSink) -> None:
    secret = demo_secret()
    for number in range(60):
        local.put("a/key", secret, put_id=str(number), actor=ACTOR)
    rows = local.store.read(
        lambda c: c.execute(select(TOKENS.c.nonce, TOKENS.c.sealed, TOKENS.c.key_id)).all()
    )
    assert len({row.nonce for row in rows}) == len({row.sealed for row in rows}) == 60
    assert {len(row.nonce) for row in rows} == {12}
    (key_id,) = {row.key_id for row in rows}
    assert key_id != local.custody.master_key.key_id  # a data key, which can be replaced by itself


@pytest.mark.req("SECRET-4", "SECRET-7")
def test_no_byte_on_the_disk_shows_a_secret_or_the_key(local: LocalSink) -> None:
    secret = demo_secret()
    local.put("a/key", secret, put_id="1", actor=ACTOR)
    local.get("a/key", actor=ACTOR)
    local.probe()
    files = [file for file in local.store.path.parent.rglob("*") if file.is_file()]
    written = b"".join(file.read_bytes() for file in files)
    assert "store.db-wal" in {file.name for file in files}
    assert b"a/key" in written, "the search can find what is there"
    key = local.custody.export_key().reveal().encode()
    for needle in (secret.reveal().encode(), secret.reveal().encode().hex().encode(), key):
        assert needle not in written


def _audit(sink: LocalSink) -> list[Any]:
    return list(sink.store.read(lambda c: c.execute(select(AUDIT_LOG).order_by(AUDIT_LOG.c.id)).all()))


@pytest.mark.req("AUDIT-1", "SECRET-2")
def test_every_act_leaves_one_row_and_no_value(local: LocalSink) -> None:
    secret = demo_secret()
    local.put("a/key", secret, put_id="1", actor=ACTOR)
    local.put("a/key", secret, put_id="1", actor=ACTOR)
    local.get("a/key", actor=ACTOR)
    with pytest.raises(SecretNotFound):
        local.get("b/key", actor=ACTOR)
    with pytest.raises(SecretAccessDenied):
        local.put("a/key", demo_secret(), put_id="1", actor=ACTOR)
    local.remove("a/key", actor=ACTOR)
    rows = _audit(local)
    assert [(row.action, row.result, row.key, row.service_id, row.actor) for row in rows] == [
        ("set_token", "ok", "local:a/key", "a", ACTOR),
        ("set_token", "ok", "local:a/key", "a", ACTOR),
        ("get_token", "ok", "local:a/key", "a", ACTOR),
        ("get_token", "secret.not_found", "local:b/key", "b", ACTOR),
        ("set_token", "secret.access_denied", "local:a/key", "a", ACTOR),
        ("delete_token", "ok", "local:a/key", "a", ACTOR),
    ]
    assert secret.reveal() not in repr(rows)
    assert verify_chain(local.store).broken is None


@pytest.mark.req("AUDIT-1")
def test_without_an_audit_row_there_is_no_act(local: LocalSink) -> None:
    local.put("a/key", demo_secret(), put_id="1", actor=ACTOR)
    _execute(local, "CREATE TRIGGER no BEFORE INSERT ON audit_log BEGIN SELECT RAISE(ABORT, 'no'); END")
    acts: list[Callable[[], object]] = [
        lambda: local.get("a/key", actor=ACTOR),
        lambda: local.put("a/key", demo_secret(), put_id="2", actor=ACTOR),
        lambda: local.remove("a/key", actor=ACTOR),
    ]
    for act in acts:
        with pytest.raises(SecretUnavailable):
            act()
    assert [stored.version for stored in local.list()] == [1]


@pytest.mark.req("SECRET-4")
def test_a_removed_secret_leaves_no_ciphertext(local: LocalSink) -> None:
    local.put("a/key", demo_secret(), put_id="1", actor=ACTOR)
    sealed = local.store.read(lambda c: c.execute(select(TOKENS.c.sealed)).scalar_one())
    local.remove("a/key", actor=ACTOR)
    local.store.read(lambda c: c.execute(text("SELECT 1")))
    local.close()  # folds the write-ahead log into the file
    assert sealed not in local.store.path.read_bytes()


def test_a_probe_of_a_store_that_cannot_be_written_fails(local: LocalSink) -> None:
    _execute(local, "CREATE TRIGGER no BEFORE INSERT ON tokens BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.raises(SecretUnavailable):
        local.probe()


@pytest.mark.req("SECRET-7")
def test_nothing_of_the_sink_shows_its_key(local: LocalSink) -> None:
    key = local.custody.master_key
    shown = repr((local, local.custody, key, vars(local), vars(local.custody)))
    assert local.custody.export_key().reveal() not in shown
    assert repr(key.derive("tokens")) not in shown
    assert isinstance(local.custody.export_key(), Secret)
