"""What goes wrong with Vault: each fault in each act has its code and its sentence, and nothing else in it."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sinks.faulty_server import Fault
from tests.sinks.vault_fixtures import TOKEN, Open, rows_of
from tests.sinks.vault_server import Vault, serve_vault
from tokenbroker.errors import BrokerError, SettingsError
from tokenbroker.sinks import Sink
from tokenbroker.sinks.local import LocalSink
from tokenbroker.sinks.testing import ACTOR, demo_secret

pytestmark = pytest.mark.req("SECRET-1")


SHORT_S, PATIENT_S = 0.3, 5.0
ACTS: dict[str, tuple[str, Callable[[Sink], object]]] = {
    "probe": ("", lambda sink: sink.probe()),
    "put": ("set_token", lambda sink: sink.put("example/key", demo_secret(), put_id="new", actor=ACTOR)),
    "get": ("get_token", lambda sink: sink.get("example/key", actor=ACTOR)),
    "list": ("", lambda sink: sink.list()),
    "remove": ("delete_token", lambda sink: sink.remove("example/key", actor=ACTOR)),
}
FAULTS = {
    Fault.SEALED: ("secret.unavailable", "is sealed"),
    Fault.STANDBY: ("secret.unavailable", "is not ready"),
    Fault.DENIED: ("secret.access_denied", "refuses the token"),
    Fault.TOO_MANY_REQUESTS: ("secret.unavailable", "asked too often"),
    Fault.SERVER_ERROR: ("secret.unavailable", "an error of its own"),
    Fault.MALFORMED: ("secret.unavailable", "does not take the request"),
    Fault.SILENT: ("secret.timeout", "did not answer in time"),
    Fault.CUT_OFF: ("secret.unavailable", "cut its answer off"),
    Fault.HUNG_UP: ("secret.unavailable", "cut its answer off"),
    Fault.NONSENSE: ("secret.unavailable", "not one of a KV engine"),
    Fault.WEB_PAGE: ("secret.unavailable", "not one of a KV engine"),
    Fault.REDIRECT: ("secret.unavailable", "not one of a KV engine"),
}


def limit_of(fault: Fault) -> float:
    """How long the sink waits: briefly for what never comes, so that nothing else is taken for that."""
    return SHORT_S if fault is Fault.SILENT else PATIENT_S


def refusal(sink: Sink, act: str, local: LocalSink, *values: str) -> BrokerError:
    """What `act` is refused with. Its row is written, and nothing foreign and none of `values` is in the error."""
    action, do = ACTS[act]
    before = len(rows_of(local))
    with pytest.raises(BrokerError) as caught:
        do(sink)
    error = caught.value
    rows = rows_of(local)[before:]
    assert [row[:2] for row in rows if row[1] != "begun"] == ([(action, error.code)] if action else [])
    assert error.__context__ is None
    assert error.__cause__ is None
    assert error.next_step
    for value in ("hvac", "requests", "urllib3", "/v1/", "errors", *values):
        assert value not in f"{error!r} {error}"
    return error


@pytest.mark.req("SECRET-3", "SECRET-7", "AUDIT-1")
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_has_its_code_and_sentence(
    open_vault: Open, vault: Vault, local: LocalSink, fault: Fault, act: str
) -> None:
    token = vault.new_token()
    sink, secret = open_vault({TOKEN: token}, timeout_s=limit_of(fault)), demo_secret()
    sink.put("example/key", secret, put_id="a", actor=ACTOR)
    vault.go_wrong(fault)
    error = refusal(sink, act, local, token, secret.reveal())
    assert (error.code, FAULTS[fault][1] in error.sentence) == (FAULTS[fault][0], True), error.sentence
    vault.recover()
    assert sink.get("example/key", actor=ACTOR) == secret
    assert [stored.version for stored in sink.list()] == [1]


@pytest.mark.req("SECRET-3")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_write_alone_has_them_too_and_a_later_put_is_the_same_one(
    open_vault: Open, vault: Vault, local: LocalSink, fault: Fault
) -> None:
    sink, secret = open_vault(timeout_s=limit_of(fault)), demo_secret()
    vault.go_wrong(fault, "POST /v1/secret/data")
    if fault is Fault.CUT_OFF:  # it was done, and is found
        sink.put("example/key", secret, put_id="a", actor=ACTOR)
    else:
        with pytest.raises(BrokerError) as caught:
            sink.put("example/key", secret, put_id="a", actor=ACTOR)
        code = "secret.access_denied" if fault is Fault.DENIED else FAULTS[fault][0]
        assert caught.value.code == code
    vault.recover()
    sink.put("example/key", secret, put_id="a", actor=ACTOR)
    assert [stored.version for stored in sink.list()] == [1]


@pytest.mark.req("SECRET-3")
@pytest.mark.parametrize("act", ACTS)
def test_a_server_that_is_not_there_is_said_to_refuse(open_vault: Open, local: LocalSink, act: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        sink = open_vault(address=f"http://127.0.0.1:{free.getsockname()[1]}")
        error = refusal(sink, act, local)
    assert (error.code, "refuses the connection" in error.sentence) == ("secret.unavailable", True)


@pytest.mark.req("SECRET-3")
def test_a_host_that_no_name_server_knows_is_said(
    open_vault: Open, local: LocalSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = refusal(open_vault(address="https://vault.example.com:8200"), "get", local)
    assert (error.code, "no name server" in error.sentence) == ("secret.unavailable", True)


@pytest.mark.req("SECRET-3")
def test_a_mount_that_is_not_there_is_said(open_vault: Open, local: LocalSink) -> None:
    for act in ACTS:
        error = refusal(open_vault(mount="nowhere"), act, local)
        assert (error.code, "no secrets engine" in error.sentence) == ("secret.unavailable", True)


@pytest.mark.req("SECRET-3")
def test_a_certificate_that_nobody_vouches_for_is_refused_and_a_named_one_is_trusted(
    open_vault: Open, local: LocalSink, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_vault(certificate) as server:
        given = {TOKEN: server.new_token()}
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        monkeypatch.setenv("VAULT_SKIP_VERIFY", "true")
        for act in ACTS:
            error = refusal(open_vault(given, address=server.url), act, local, *given.values())
            assert (error.code, "TLS" in error.sentence) == ("secret.unavailable", True)
        assert server.asked == []
        open_vault(given, address=server.url, ca_file=certificate).probe()


def test_certificates_that_are_not_there_are_a_mistake_in_the_settings(
    open_vault: Open, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match="ca_file"):
        open_vault(ca_file=tmp_path / "none.pem")
