"""The sink `vault`, driven by the real client against a server of ours; and against Vault itself, where there is one."""

import os

import pytest
from sqlalchemy import text

from tests.sinks.faulty_server import Fault
from tests.sinks.vault_fixtures import REAL, TOKEN, Open, new_role, put_from_threads, rows_of
from tests.sinks.vault_server import Vault
from tokenbroker.errors import SecretAccessDenied, SecretNotFound, SecretUnavailable, UsageError
from tokenbroker.settings import SinkSettings
from tokenbroker.sinks import Reference, Sink, SinkInputs, open_sink
from tokenbroker.sinks.local import LocalSink
from tokenbroker.sinks.testing import ACTOR, SinkContract, demo_secret

pytestmark = pytest.mark.req("SECRET-1")


class TestVaultSink(SinkContract):
    """With a token."""

    @pytest.fixture
    def sink(self, vault_sink: Sink) -> Sink:
        return vault_sink


class TestVaultSinkBelowAMountAndNamespaceOfItsOwn(SinkContract):
    @pytest.fixture
    def sink(self, open_vault: Open) -> Sink:
        return open_vault(mount="team/kv", namespace="org/dev", path_prefix="", alias="bitwarden")


class TestVaultSinkWithAppRole(SinkContract):
    @pytest.fixture
    def sink(self, open_vault: Open, vault: Vault) -> Sink:
        return open_vault(new_role(vault), auth="approle")


@pytest.mark.req("SECRET-1")
class TestVaultItself(SinkContract):
    """What HashiCorp or OpenBao ship, where the environment names such a server: there only."""

    __test__ = all(REAL.values())

    @pytest.fixture
    def sink(self, real_vault: Sink) -> Sink:
        return real_vault

    def test_two_writers_at_once_lose_nothing(self, sink: Sink) -> None:
        put_from_threads([sink, sink], each=3)

    def test_a_token_that_it_does_not_know_is_refused(self, real_vault: Sink, local: LocalSink) -> None:
        inputs = SinkInputs(store=local.store, custody=local.custody, variables={TOKEN: demo_secret()})
        settings = SinkSettings(
            type="vault", address=REAL["VAULT_ADDR"], ca_file=os.environ.get("VAULT_CACERT")
        )
        with pytest.raises(SecretAccessDenied, match="refuses the token"):
            open_sink("vault", settings, inputs).probe()


@pytest.mark.req("SECRET-6")
def test_a_value_lies_beside_the_id_of_its_put_and_its_fingerprint(
    vault_sink: Sink, vault: Vault, local: LocalSink
) -> None:
    secret = demo_secret()
    reference = vault_sink.put("example/key", secret, put_id="a", actor=ACTOR)
    data = vault.engine()["tokenbroker/example/key"].versions[1].data
    assert data == {"value": secret.reveal(), "put_id": "a", "fingerprint": reference.fingerprint}
    assert local.put("x", secret, put_id="x", actor=ACTOR).fingerprint == reference.fingerprint


def test_what_somebody_else_has_put_there_is_read_and_listed(
    vault_sink: Sink, vault: Vault, local: LocalSink
) -> None:
    secret = demo_secret()
    vault.write(
        vault.engine(), "tokenbroker/example/theirs", {"options": {}, "data": {"value": secret.reveal()}}
    )
    vault.write(vault.engine(), "tokenbroker/example/other", {"options": {}, "data": {"user": "demo"}})
    vault.write(vault.engine(), "elsewhere/key", {"options": {}, "data": {"value": "demo-only"}})
    assert vault_sink.get("example/theirs", actor=ACTOR) == secret
    mark = local.put("x", secret, put_id="x", actor=ACTOR).fingerprint
    assert [(stored.path, stored.fingerprint) for stored in vault_sink.list()] == [("example/theirs", mark)]
    with pytest.raises(SecretNotFound, match="value"):
        vault_sink.get("example/other", actor=ACTOR)


def test_a_field_of_what_somebody_else_has_put_there_is_read_and_what_we_put_comes_first(
    vault_sink: Sink, vault: Vault
) -> None:
    word, ours = demo_secret(), demo_secret()
    data = {"username": "demo", "password": word.reveal(), "port": 5432}
    vault.write(vault.engine(), "tokenbroker/example/db", {"options": {}, "data": data})
    assert vault_sink.get("example/db#password", actor=ACTOR) == word
    assert vault_sink.get("example/db#password", version=1, actor=ACTOR) == word
    for path, why in (
        ("example/db#port", "port"),
        ("example/db#none", "none"),
        ("example/none#password", "no secret"),
    ):
        with pytest.raises(SecretNotFound, match=why):
            vault_sink.get(path, actor=ACTOR)
    vault_sink.put("example/db#password", ours, put_id="a", actor=ACTOR)
    assert vault_sink.get("example/db#password", actor=ACTOR) == ours
    assert vault.engine()["tokenbroker/example/db"].versions[1].data == data, "theirs is as it was"


def test_a_version_that_was_deleted_in_vault_is_not_given_out_and_no_older_one_stands_in(
    vault_sink: Sink, vault: Vault
) -> None:
    first = demo_secret()
    vault_sink.put("example/key", first, put_id="a", actor=ACTOR)
    vault_sink.put("example/key", demo_secret(), put_id="b", actor=ACTOR)
    vault.delete(vault.engine(), "tokenbroker/example/key", [2])
    with pytest.raises(SecretNotFound):
        vault_sink.get("example/key", actor=ACTOR)
    assert vault_sink.get("example/key", version=1, actor=ACTOR) == first
    assert [stored.version for stored in vault_sink.list()] == [1]
    assert vault_sink.remove("example/key", actor=ACTOR) == 2, (
        "one that can be brought back is destroyed as well"
    )
    assert all(version.destroyed for version in vault.engine()["tokenbroker/example/key"].versions.values())


def test_a_fingerprint_of_a_version_that_was_replaced_behind_our_back_is_the_new_one(
    vault_sink: Sink, vault: Vault
) -> None:
    old = vault_sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    vault.engine().clear()
    vault.write(vault.engine(), "tokenbroker/example/key", {"options": {}, "data": {"value": "demo-only"}})
    (stored,) = vault_sink.list()
    assert stored.version == old.version
    assert stored.fingerprint != old.fingerprint


def test_more_versions_than_vault_keeps_leave_the_newest(vault_sink: Sink) -> None:
    for number in range(12):
        vault_sink.put("example/key", demo_secret(), put_id=str(number), actor=ACTOR)
    assert [stored.version for stored in vault_sink.list()] == list(range(3, 13))
    with pytest.raises(SecretNotFound):
        vault_sink.get("example/key", version=1, actor=ACTOR)


def test_a_probe_is_in_no_list_while_it_lasts_and_leaves_no_data(vault_sink: Sink, vault: Vault) -> None:
    vault.go_wrong(Fault.DENIED, "POST /v1/secret/destroy")
    with pytest.raises(SecretAccessDenied):
        vault_sink.probe()
    assert vault_sink.list() == []
    vault.recover()
    vault_sink.probe()
    assert vault.engine()["tokenbroker/tokenbroker.probe"].versions[2].data is None


@pytest.mark.parametrize(
    "path", ["../other/key", "a/../../b", "./a", "a//b", "/a", "a/", "tokenbroker.probe"]
)
def test_a_path_that_would_lead_elsewhere_is_refused(vault_sink: Sink, vault: Vault, path: str) -> None:
    with pytest.raises(UsageError) as caught:
        vault_sink.put(path, demo_secret(), put_id="a", actor=ACTOR)
    assert caught.value.code == "secret.bad_path"
    with pytest.raises(SecretNotFound):
        vault_sink.get(path, actor=ACTOR)
    assert vault_sink.remove(path, actor=ACTOR) == 0
    assert not any(vault.engine().values())


@pytest.mark.parametrize(
    "path", ["a b/c", "a%2e%2e/b", "a?b=c#d", "ä/\N{SNOWMAN}", "a+b&c;d", "a\\b", "a/..b"]
)
def test_any_other_path_comes_back_as_it_is(vault_sink: Sink, path: str) -> None:
    secret = demo_secret()
    vault_sink.put(path, secret, put_id="a", actor=ACTOR)
    assert vault_sink.get(path, actor=ACTOR) == secret
    assert [stored.path for stored in vault_sink.list()] == [path]


@pytest.mark.req("AUDIT-1", "SECRET-2")
def test_every_act_leaves_its_rows_and_a_change_one_before_it(vault_sink: Sink, local: LocalSink) -> None:
    secret = demo_secret()
    vault_sink.put("a/key", secret, put_id="1", actor=ACTOR)
    vault_sink.put("a/key", secret, put_id="1", actor=ACTOR)
    vault_sink.get("a/key", actor=ACTOR)
    with pytest.raises(SecretNotFound):
        vault_sink.get("b/key", actor=ACTOR)
    with pytest.raises(SecretAccessDenied):
        vault_sink.put("a/key", demo_secret(), put_id="1", actor=ACTOR)
    vault_sink.remove("a/key", actor=ACTOR)
    vault_sink.remove("a/key", actor=ACTOR)
    assert rows_of(local) == [
        ("set_token", "begun", "vault:a/key"),
        ("set_token", "ok", "vault:a/key"),
        ("set_token", "ok", "vault:a/key"),
        ("get_token", "ok", "vault:a/key"),
        ("get_token", "secret.not_found", "vault:b/key"),
        ("set_token", "secret.access_denied", "vault:a/key"),
        ("delete_token", "begun", "vault:a/key"),
        ("delete_token", "ok", "vault:a/key"),
        ("delete_token", "secret.not_found", "vault:a/key"),
    ]


@pytest.mark.req("AUDIT-1")
def test_without_an_audit_row_there_is_no_act(vault_sink: Sink, vault: Vault, local: LocalSink) -> None:
    vault_sink.put("a/key", demo_secret(), put_id="1", actor=ACTOR)
    local.store.write(
        lambda c: c.execute(
            text("CREATE TRIGGER no BEFORE INSERT ON audit_log BEGIN SELECT RAISE(ABORT, 'no'); END")
        )
    )
    for act in (
        lambda: vault_sink.get("a/key", actor=ACTOR),
        lambda: vault_sink.put("a/key", demo_secret(), put_id="2", actor=ACTOR),
        lambda: vault_sink.remove("a/key", actor=ACTOR),
    ):
        with pytest.raises(SecretUnavailable):
            act()
    assert [stored.version for stored in vault_sink.list()] == [1]
    assert not any(request.startswith("POST") for request in vault.asked[2:])


@pytest.mark.req("SECRET-7")
def test_no_token_and_no_value_is_in_a_log_a_repr_an_address_or_the_store(
    open_vault: Open, vault: Vault, local: LocalSink, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    secret, role = demo_secret(), new_role(vault)
    sink = open_vault(role, auth="approle")
    reference = sink.put("example/key", secret, put_id="a", actor=ACTOR)
    sink.get("example/key", actor=ACTOR)
    sink.probe()
    assert isinstance(reference, Reference)
    shown = repr((sink, vars(sink), vars(sink._sign_in), reference, sink.list(), vault.asked, caplog.text))  # type: ignore[attr-defined]
    files = [file for file in local.store.path.parent.rglob("*") if file.is_file()]
    written = b"".join(file.read_bytes() for file in files)
    assert "/v1/secret/data/tokenbroker/example/key" in shown, "the search can find what is there"
    assert b"example/key" in written
    for value in (secret.reveal(), *role.values(), *vault.tokens):
        assert value not in shown
        assert value.encode() not in written
