"""The sink `onepassword` by Connect, on a server of ours; and on the one that the environment names."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.sinks.faulty_server import Fault
from tests.sinks.onepassword_fixtures import REAL, TOKEN, OpenOnePassword
from tests.sinks.onepassword_server import Connect, new_id, serve_connect
from tests.sinks.vault_fixtures import rows_of
from tokenbroker.errors import (
    BrokerError,
    SecretAccessDenied,
    SecretNotFound,
    SecretTimeout,
    SecretUnavailable,
    SettingsError,
    UsageError,
)
from tokenbroker.secret import Secret
from tokenbroker.settings import SinkSettings
from tokenbroker.sinks import Sink, split_reference
from tokenbroker.sinks.local import LocalSink
from tokenbroker.sinks.onepassword import OnePasswordSink
from tokenbroker.sinks.testing import ACTOR, SinkContract, demo_secret

pytestmark = pytest.mark.req("SECRET-1")


class TestOnePasswordSink(SinkContract):
    @pytest.fixture
    def sink(self, onepassword_sink: Sink) -> Sink:
        return onepassword_sink


class TestConnectItself(SinkContract):
    """A Connect server of 1Password's, where the environment names one: there only."""

    __test__ = all(REAL.values())

    @pytest.fixture
    def sink(self, real_onepassword: Sink) -> Sink:
        return real_onepassword


class Moment:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def concealed(name: str, value: str, **more: object) -> dict[str, object]:
    return {"id": name, "label": name, "type": "CONCEALED", "value": value, **more}


def test_the_newest_value_is_the_credential_and_what_a_person_adds_stays(
    onepassword_sink: Sink, connect: Connect
) -> None:
    first, second = demo_secret(), demo_secret()
    onepassword_sink.put("example/key", first, put_id="a", actor=ACTOR)
    (item,) = connect.items.values()
    item["fields"].append({"id": "where", "label": "where", "type": "STRING", "value": "demo"})
    item["tags"] = ["demo"]
    onepassword_sink.put("example/key", second, put_id="b", actor=ACTOR)
    (item,) = connect.items.values()
    texts = {field["label"]: field["value"] for field in item["fields"]}
    assert (item["title"], item["category"], item["tags"]) == ("example/key", "API_CREDENTIAL", ["demo"])
    assert (texts["credential"], texts["version 1"]) == (second.reveal(), first.reveal())
    assert texts["where"] == "demo"
    assert {f["type"] for f in item["fields"] if "demo-only" in f["value"]} == {"CONCEALED"}
    onepassword_sink.remove("example/key", actor=ACTOR)
    assert "demo-only" not in repr(connect.items)


def test_fields_of_others_are_read_by_id_label_and_section(onepassword_sink: Sink, connect: Connect) -> None:
    login, database, own, theirs = (demo_secret() for _ in range(4))
    connect.add(
        "Work/DB",
        concealed("password", login.reveal(), purpose="PASSWORD"),
        {**concealed("x1", database.reveal(), section={"id": "s1"}), "label": "pass"},
        {**concealed("x2", own.reveal(), section={"id": "s2"}), "label": "pass"},
        {"id": "otp", "label": "code", "type": "OTP", "value": "otpauth://totp/demo"},
        sections=[{"id": "s1", "label": "prod"}, {"id": "s2", "label": "test"}],
    )
    other = new_id()
    connect.vaults[other] = "Other"
    connect.add("api", concealed("credential", theirs.reveal()), vault=other)
    for path, secret in {
        "Work/DB": login,
        "Work/DB#password": login,
        "Work/DB#prod.pass": database,
        "Work/DB#s2.x2": own,
        "op://Other/api/credential": theirs,
        "//Other/api/credential": theirs,
    }.items():
        assert onepassword_sink.get(path, actor=ACTOR) == secret, path
    for path in ("Work/DB#pass", "Work/DB#code", "op://Nowhere/api/credential"):
        with pytest.raises(SecretAccessDenied):
            onepassword_sink.get(path, actor=ACTOR)
    for path in ("Work/DB#none", "op://Other/api/none", "op://Other/none/credential", "op://Other", "api"):
        with pytest.raises(SecretNotFound):
            onepassword_sink.get(path, actor=ACTOR)


def test_a_reference_of_1password_is_a_path_to_read_and_none_to_put(onepassword_sink: Sink) -> None:
    path = "op://Demo Vault/example/credential"
    assert split_reference(f"1password:{path}") == ("1password", path, None)
    assert split_reference(path) == ("op", path.removeprefix("op:"), None)
    for refused in (path, path.removeprefix("op:")):
        with pytest.raises(UsageError) as caught:
            onepassword_sink.put(refused, demo_secret(), put_id="a", actor=ACTOR)
        assert caught.value.code == "secret.bad_path"


@pytest.mark.req("SECRET-3")
@pytest.mark.parametrize("path", ["twice", "op://Demo Vault/twice/credential"])
def test_of_two_items_or_vaults_none_is_guessed(
    open_onepassword: OpenOnePassword, connect: Connect, path: str
) -> None:
    for _ in range(2):
        connect.add("twice", concealed("credential", "demo-only"))
    with pytest.raises(SecretAccessDenied, match="2 items"):
        open_onepassword().get(path, actor=ACTOR)
    by_id = open_onepassword(vault=connect.vault)
    connect.vaults[new_id()] = connect.vaults[connect.vault]
    with pytest.raises(SecretAccessDenied, match="several vaults"):
        open_onepassword().list()
    assert by_id.list() == []


@pytest.mark.req("SECRET-3")
def test_after_too_many_requests_nothing_is_asked_until_the_time_that_was_said(
    open_onepassword: OpenOnePassword, connect: Connect
) -> None:
    moment, secret = Moment(), demo_secret()
    sink = open_onepassword(clock=moment)
    sink.put("example/key", secret, put_id="a", actor=ACTOR)
    connect.go_wrong(Fault.TOO_MANY_REQUESTS)
    for said, seconds in (("20", 20), ("", 60)):
        connect.retry_after = said
        for _ in range(2):
            asked = len(connect.asked)
            with pytest.raises(SecretUnavailable, match="too often"):
                sink.get("example/key", actor=ACTOR)
        assert len(connect.asked) == asked, "the second was not sent"
        moment.now += timedelta(seconds=seconds)
    connect.recover()
    assert sink.get("example/key", actor=ACTOR) == secret


def test_what_is_absent_is_not_asked_for_again_for_a_while_unless_it_is_put(
    open_onepassword: OpenOnePassword, connect: Connect
) -> None:
    moment = Moment()
    sink = open_onepassword(clock=moment)

    def ask() -> int:
        before = len(connect.asked)
        with pytest.raises(SecretNotFound):
            sink.get("example/key", actor=ACTOR)
        return len(connect.asked) - before

    assert ask() > 0
    assert ask() == 0
    moment.now += timedelta(seconds=30)
    assert ask() > 0
    secret = demo_secret()
    sink.put("example/key", secret, put_id="a", actor=ACTOR)
    assert sink.get("example/key", actor=ACTOR) == secret


@pytest.mark.parametrize("strict", [True, False])
def test_a_change_between_look_and_write_is_not_overwritten(
    onepassword_sink: Sink, connect: Connect, strict: bool
) -> None:
    onepassword_sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    (item,) = connect.items.values()
    theirs, ours = demo_secret(), demo_secret()
    connect.strict = strict
    wanted = "PUT" if strict else "GET"
    reads = iter([True])

    def before(request: str) -> None:
        # Once our write has read the item: with a server that refuses, even in the moment of the write.
        if request.startswith(wanted) and item["id"] in request and next(reads, False):
            now = connect.items[connect.vault, item["id"]]
            fields = [
                {**f, "value": theirs.reveal()} if f["id"] == "credential" else f for f in now["fields"]
            ]
            connect.replace(connect.vault, item["id"], {**now, "fields": fields})

    connect.before = before
    assert onepassword_sink.put("example/key", ours, put_id="b", actor=ACTOR).version == 3
    assert onepassword_sink.get("example/key", version=2, actor=ACTOR) == theirs
    assert onepassword_sink.get("example/key", actor=ACTOR) == ours


@pytest.mark.req("SECRET-3")
@pytest.mark.parametrize(
    ("fault", "on", "kind"),
    [
        (Fault.TOO_LARGE, "POST", SecretUnavailable),
        (Fault.MALFORMED, "POST", SecretUnavailable),
        (Fault.NOT_FOUND, "GET", SecretUnavailable),
        (Fault.DENIED, "POST", SecretAccessDenied),
        (Fault.REDIRECT, "", SecretUnavailable),
        (Fault.WEB_PAGE, "", SecretUnavailable),
        (Fault.HUNG_UP, "", SecretUnavailable),
        (Fault.NONSENSE, "POST", SecretUnavailable),
        (Fault.SILENT, "POST", SecretTimeout),
    ],
)
def test_a_put_that_meets_a_fault_is_said_and_done_once_when_it_is_repeated(
    open_onepassword: OpenOnePassword, connect: Connect, fault: Fault, on: str, kind: type[BrokerError]
) -> None:
    sink, secret = open_onepassword(timeout_s=0.3 if fault is Fault.SILENT else 10), demo_secret()
    connect.go_wrong(fault, on)
    with pytest.raises(kind) as caught:
        sink.put("example/key", secret, put_id="a", actor=ACTOR)
    assert secret.reveal() not in repr(caught.value)
    assert caught.value.__context__ is None
    connect.recover()
    assert sink.put("example/key", secret, put_id="a", actor=ACTOR).version == 1
    assert len(connect.items) == 1


@pytest.mark.req("RUN-10")
def test_a_put_whose_answer_was_lost_is_not_done_twice(onepassword_sink: Sink, connect: Connect) -> None:
    secret = demo_secret()
    for put_id, on in (("a", "POST"), ("b", "PUT")):
        connect.go_wrong(Fault.CUT_OFF, on)
        reference = onepassword_sink.put("example/key", secret, put_id=put_id, actor=ACTOR)
        connect.recover()
        assert onepassword_sink.put("example/key", secret, put_id=put_id, actor=ACTOR) == reference
    assert [stored.version for stored in onepassword_sink.list()] == [1, 2]


def test_a_certificate_that_is_named_is_trusted(open_onepassword: OpenOnePassword, certificate: Path) -> None:
    with serve_connect(certificate) as server:
        sink = open_onepassword({TOKEN: server.new_token()}, address=server.url, ca_file=certificate)
        sink.probe()
        assert not server.items
    with pytest.raises(SettingsError):
        open_onepassword(ca_file=certificate.with_name("none"))


@pytest.mark.req("SECRET-3")
def test_the_nearest_variable_counts_and_without_one_it_is_named(open_onepassword: OpenOnePassword) -> None:
    names = ("TOKENBROKER_ONEPASSWORD_TEAM_A_TOKEN", TOKEN, "OP_CONNECT_TOKEN")
    for count in range(1, 4):
        given = {name: f"demo-only-{name}" for name in names[3 - count :]}
        client = open_onepassword(given, alias="team-a").vault.client
        assert vars(client)["token"] == Secret(given[names[3 - count]])
    with pytest.raises(SecretAccessDenied) as caught:
        open_onepassword({"OP_SERVICE_ACCOUNT_TOKEN": "demo-only"})
    assert TOKEN in caught.value.next_step


def test_the_alias_of_the_type_and_the_defaults_of_the_client() -> None:
    settings = SinkSettings(type="1password", vault="Demo")  # type: ignore[arg-type]
    assert (settings.type, settings.client) == ("onepassword", "service_account")
    assert SinkSettings(type="bitwarden").client == "cli"
    for wrong in (
        {"type": "onepassword"},
        {"type": "onepassword", "vault": "Demo", "client": "cli"},
        {"type": "onepassword", "vault": "Demo", "client": "connect"},
        {"type": "onepassword", "vault": "Demo", "address": "https://1password.example.com"},
        {"type": "bitwarden", "client": "connect"},
        {"type": "local", "client": "cli"},
    ):
        with pytest.raises(ValueError, match=r"sink|1Password"):
            SinkSettings(**wrong)  # type: ignore[arg-type]


@pytest.mark.req("SECRET-7", "AUDIT-1")
def test_no_token_and_no_value_is_in_a_log_a_repr_an_address_or_the_store(
    open_onepassword: OpenOnePassword, connect: Connect, local: LocalSink, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    secret, token = demo_secret(), connect.new_token()
    sink: OnePasswordSink = open_onepassword({TOKEN: token})
    sink.put("example/key", secret, put_id="a", actor=ACTOR)
    sink.get("example/key", actor=ACTOR)
    sink.probe()
    vault = sink.vault
    things = (sink, vars(sink), vars(vault), vault.client, vault.matching("example/key"), sink.list())
    shown = repr((*things, connect.asked, caplog.text))
    files = [file for file in local.store.path.parent.rglob("*") if file.is_file()]  # type: ignore[attr-defined]
    written = b"".join(file.read_bytes() for file in files)
    assert "example/key" in shown, "the search can find what is there"
    for value in (secret.reveal(), token):
        assert value not in shown
        assert value.encode() not in written
    assert [row[:2] for row in rows_of(local)] == [
        ("set_token", "begun"),
        ("set_token", "ok"),
        ("get_token", "ok"),
    ]
