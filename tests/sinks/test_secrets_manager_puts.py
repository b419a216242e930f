"""Puts into Secrets Manager that are cut off, repeated, or done by two at once; and what else goes wrong there."""

import itertools
import json
import os
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.sinks.faulty_server import Fault
from tests.sinks.secrets_manager_crypto import write_authority_that_serves
from tests.sinks.secrets_manager_fixtures import TOKEN, OpenSecretsManager
from tests.sinks.secrets_manager_server import SecretsManager, serve_secrets_manager
from tests.sinks.vault_fixtures import put_from_threads, rows_of
from tokenbroker.clock import system_clock
from tokenbroker.errors import BrokerError, SecretUnavailable
from tokenbroker.secret import Secret
from tokenbroker.sinks import Sink, SinkInputs
from tokenbroker.sinks.local import LocalSink
from tokenbroker.sinks.secrets_manager import SecretsManagerSink
from tokenbroker.sinks.testing import ACTOR, demo_secret

pytestmark = pytest.mark.req("SECRET-1")

ACTS: dict[str, Callable[[Sink], object]] = {
    "set_token": lambda sink: sink.put("example/key", demo_secret(), put_id=os.urandom(4).hex(), actor=ACTOR),
    "get_token": lambda sink: sink.get("example/key", actor=ACTOR),
    "delete_token": lambda sink: sink.remove("example/key", actor=ACTOR),
    "probe": lambda sink: sink.probe(),
    "list": lambda sink: sink.list(),
}
FAULTS = {
    Fault.DENIED: ("secret.access_denied", "does not allow this"),
    Fault.TOO_MANY_REQUESTS: ("secret.unavailable", "asked too often"),
    Fault.SERVER_ERROR: ("secret.unavailable", "an error of its own"),
    Fault.CUT_OFF: ("secret.unavailable", "cut its answer off"),
    Fault.HUNG_UP: ("secret.unavailable", "cut its answer off"),
    Fault.NONSENSE: ("secret.unavailable", "not one of its kind"),
    Fault.WEB_PAGE: ("secret.unavailable", "not one of its kind"),
}


def test_two_writers_at_once_lose_nothing_though_both_make_the_secret(
    open_manager: OpenSecretsManager, manager: SecretsManager
) -> None:
    put_from_threads([open_manager(), open_manager()], each=2)
    assert len(manager.secrets) == 1
    assert "demo-only" not in repr([manager.key.opened(gone.value) for gone in manager.trash])


@pytest.mark.soak
def test_many_writers_at_once_lose_nothing(open_manager: OpenSecretsManager) -> None:
    put_from_threads([open_manager(timeout_s=60) for _ in range(5)], each=2)


def test_between_a_writer_s_last_look_and_its_write_nobody_else_writes(
    open_manager: OpenSecretsManager, manager: SecretsManager
) -> None:
    sink, other = open_manager(), open_manager(timeout_s=1)
    ours, theirs = demo_secret(), demo_secret()
    sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    said: list[str] = []

    def be_faster() -> None:
        manager.before_update = lambda: None
        try:
            said.append(str(other.put("example/key", theirs, put_id="c", actor=ACTOR)))
        except BrokerError as error:
            said.append(error.sentence)

    manager.before_update = be_faster
    assert sink.put("example/key", ours, put_id="b", actor=ACTOR).version == 2
    assert len(said) == 1
    assert "another writer" in said[0]
    assert other.put("example/key", theirs, put_id="c", actor=ACTOR).version == 3
    assert sink.get("example/key", version=2, actor=ACTOR) == ours


def test_a_change_that_somebody_makes_meanwhile_is_seen_and_not_overwritten(
    manager_sink: SecretsManagerSink, manager: SecretsManager
) -> None:
    theirs, ours = demo_secret(), demo_secret()
    manager_sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    (stored,) = manager.secrets.values()
    answer, late = manager.answer, itertools.count()

    def be_faster(request: str, token: str, body: bytes) -> object:
        if (
            request.startswith("POST /api/organizations") and next(late) == 0
        ):  # a claim: they have read it before
            stored.value = manager.key.sealed(theirs.reveal())
        return answer(request, token, body)

    manager.answer = be_faster  # type: ignore[method-assign,assignment]
    assert manager_sink.put("example/key", ours, put_id="b", actor=ACTOR).version == 3
    assert manager_sink.get("example/key", version=2, actor=ACTOR) == theirs
    assert manager_sink.get("example/key", actor=ACTOR) == ours


def test_a_writer_whose_claim_may_lapse_before_its_write_is_done_does_not_write(
    open_manager: OpenSecretsManager, manager: SecretsManager, local: LocalSink
) -> None:
    late = [timedelta()]
    variables = {TOKEN: Secret(manager.new_token())}
    inputs = SinkInputs(
        store=local.store,
        custody=local.custody,
        variables=variables,
        clock=lambda: system_clock() + late[0],
    )
    sink, other = open_manager(inputs=inputs), open_manager(inputs=inputs)
    ours, theirs = demo_secret(), demo_secret()
    sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    answer = manager.answer

    def stand_still(request: str, token: str, body: bytes) -> object:
        told = answer(request, token, body)
        if request == "POST /api/secrets/get-by-ids" and not late[0]:
            claims = [key for key, _, _ in manager.texts() if key == "example/key@1"]
            if claims:  # the last look before the write
                late[0] = timedelta(minutes=10)
                other.put("example/key", theirs, put_id="b", actor=ACTOR)
        return told

    manager.answer = stand_still  # type: ignore[method-assign,assignment]
    assert sink.put("example/key", ours, put_id="c", actor=ACTOR).version == 3
    assert sink.get("example/key", version=2, actor=ACTOR) == theirs
    assert sink.get("example/key", version=3, actor=ACTOR) == ours


def test_a_claim_lasts_for_all_that_is_asked_under_it(
    open_manager: OpenSecretsManager, manager: SecretsManager
) -> None:
    notes: list[dict[str, object]] = []
    sink = open_manager(timeout_s=7)
    sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    manager.before_update = lambda: notes.extend(
        json.loads(note) for key, _, note in manager.texts() if key == "example/key@1"
    )
    sink.put("example/key", demo_secret(), put_id="b", actor=ACTOR)
    (note,) = notes
    assert note["lease_s"] == 8 * 7 + 30 + 60


def claim(manager: SecretsManager, *, lease_s: float = 3600) -> str:
    note = json.dumps({"writer": "another", "lease_s": lease_s})
    return manager.add("example/key@1", "being written", note).id


@pytest.mark.req("SECRET-3")
def test_a_writer_who_does_not_come_to_an_end_is_waited_for_and_said(
    open_manager: OpenSecretsManager, manager: SecretsManager
) -> None:
    sink, theirs = open_manager(timeout_s=0.5), claim(manager)
    with pytest.raises(SecretUnavailable, match="another writer"):
        sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    assert [*manager.secrets] == [theirs], "ours was taken away"
    assert sink.find("a") is None
    assert sink.list() == []


def test_the_claim_of_a_writer_who_was_killed_lapses(
    manager_sink: SecretsManagerSink, manager: SecretsManager
) -> None:
    claim(manager, lease_s=-1)
    assert manager_sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR).version == 1
    assert len(manager.secrets) == 1


def test_a_claim_of_ours_whose_answer_was_lost_is_taken_away_with_the_next_put(
    manager_sink: SecretsManagerSink, manager: SecretsManager
) -> None:
    manager.go_wrong(Fault.CUT_OFF, "POST /api/organizations")
    with pytest.raises(SecretUnavailable, match="cut its answer off"):
        manager_sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    assert [key for key, _, _ in manager.texts()] == ["example/key@1"]
    manager.recover()
    manager_sink.put("example/key", demo_secret(), put_id="b", actor=ACTOR)
    assert [key for key, _, _ in manager.texts()] == ["example/key"]


@pytest.mark.req("RUN-10")
@pytest.mark.parametrize("fault", [Fault.CUT_OFF, Fault.HUNG_UP])
def test_a_write_whose_answer_is_lost_once_is_done_once(
    manager_sink: SecretsManagerSink, manager: SecretsManager, fault: Fault
) -> None:
    manager_sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    secret, lost, fault_of = demo_secret(), iter([True]), manager.fault_of

    def lose_one(request: str) -> Fault | None:
        found = fault_of(request)
        return fault if request.startswith("PUT") and next(lost, False) else found

    manager.fault_of = lose_one  # type: ignore[method-assign]
    assert manager_sink.put("example/key", secret, put_id="b", actor=ACTOR).version == 2
    assert [stored.version for stored in manager_sink.list()] == [1, 2]
    assert manager_sink.get("example/key", actor=ACTOR) == secret


@pytest.mark.req("RUN-10")
def test_a_process_of_the_sdk_s_that_was_killed_is_started_anew(manager_sink: SecretsManagerSink) -> None:
    secret = demo_secret()
    manager_sink.put("example/key", secret, put_id="a", actor=ACTOR)
    first = manager_sink.vault.sdk.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert manager_sink.get("example/key", actor=ACTOR) == secret
    assert manager_sink.vault.sdk.pid not in (None, first)


@pytest.mark.req("SECRET-3", "SECRET-7", "AUDIT-1")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_has_its_code_and_sentence_in_each_act(
    open_manager: OpenSecretsManager, manager: SecretsManager, local: LocalSink, fault: Fault
) -> None:
    token, secret = manager.new_token(), demo_secret()
    sink = open_manager({TOKEN: token})
    sink.put("example/key", secret, put_id="a", actor=ACTOR)
    manager.go_wrong(fault)
    for action, act in ACTS.items():
        before = len(rows_of(local))
        with pytest.raises(BrokerError) as caught:
            act(sink)
        error, rows = caught.value, rows_of(local)[before:]
        assert (error.code, FAULTS[fault][1] in error.sentence) == (FAULTS[fault][0], True), error.sentence
        assert [row[:2] for row in rows] == ([(action, error.code)] if action.endswith("_token") else [])
        assert error.__context__ is None
        assert error.__cause__ is None
        for value in ("/api/", "reqwest", "demo-only", token, secret.reveal()):
            assert value not in f"{error!r} {error}"
    manager.recover()
    assert sink.get("example/key", actor=ACTOR) == secret


@pytest.mark.req("SECRET-3")
def test_a_server_whose_certificate_vouches_for_itself_is_refused_though_it_is_named(
    open_manager: OpenSecretsManager, tmp_path: Path
) -> None:
    certificate = tmp_path / "server.pem"
    write_authority_that_serves(certificate)
    with serve_secrets_manager(certificate) as server:
        sink = open_manager({TOKEN: server.new_token()}, address=server.url, ca_file=certificate)
        with pytest.raises(SecretUnavailable, match="did not prove by TLS"):
            sink.get("example/key", actor=ACTOR)
        assert server.asked == []


@pytest.mark.req("SECRET-3")
def test_a_project_that_may_only_be_read_is_read_and_a_put_is_denied(
    manager_sink: SecretsManagerSink, manager: SecretsManager
) -> None:
    secret = demo_secret()
    manager.add("example/key", secret.reveal())
    manager.go_wrong(Fault.NOT_FOUND, f"POST /api/organizations/{manager.organization}")
    with pytest.raises(BrokerError) as caught:
        manager_sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    assert caught.value.code == "secret.access_denied"
    assert manager_sink.get("example/key", actor=ACTOR) == secret
