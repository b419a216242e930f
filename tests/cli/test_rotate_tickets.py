"""Which tokens a sitting is about, and what it refuses before it begins (FLOW-8)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.flow.texts import flow_from, flow_text
from tests.lifecycle.replacements import CREATE, HEAD, REFERENCE
from tokenbroker.broker import Broker
from tokenbroker.cli import app
from tokenbroker.cli.rotate_tickets import tickets_due, tickets_for
from tokenbroker.errors import BrokerError, UsageError
from tokenbroker.flow.model import Flow
from tokenbroker.lifecycle.one_sitting import only_sitting
from tokenbroker.settings import load_configuration
from tokenbroker.sinks.testing import ACTOR, demo_secret
from tokenbroker.store.audit_log import AuditEntry
from tokenbroker.store.lives import Life, forget, remember
from tokenbroker.store.rotations import Rotation, Stage, begin_rotation

pytestmark = pytest.mark.req("FLOW-8")

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
SOON = timedelta(days=14)
OTHER = tuple(step.replace("example/key", "example/other") for step in CREATE)
FLOWS = {
    "example/create": flow_from(flow_text(*CREATE, head=HEAD)),
    "example/other": flow_from(flow_text(*OTHER, head=HEAD)),
}


def find(name: str) -> Flow:
    return FLOWS[name]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    environ = {"TOKENBROKER_HOME": str(tmp_path / "home")}
    with Broker(load_configuration(tmp_path, environ), environ=environ, clock=lambda: NOW) as made:
        yield made


def stored(broker: Broker, path: str = "example/key", flow: str = "example/create") -> Life:
    """A token that ends soon, of which its flow has told."""
    reference = broker.local.put(path, demo_secret(), put_id=path, actor=ACTOR)
    life = Life(
        sink="local",
        path=path,
        version=1,
        fingerprint=reference.fingerprint,
        flow_id=flow,
        run_id="r",
        created_at=NOW - SOON,
        ends_at=NOW + timedelta(days=1),
        rotates="",
        revokes="",
        grace_s=None,
        owner="platform",
        params={"key_name": "agent"},
    )
    remember(broker.local.store, life)
    return life


def begun(broker: Broker) -> None:
    rotation = Rotation(
        id="one",
        sink="local",
        path="example/key",
        old_version=1,
        flow_id="example/create",
        key_name="agent-2",
        state=Stage.BEGUN,
        begun_at=NOW,
    )
    entry = AuditEntry(service_id="example", action="rotate_token", actor=ACTOR, key=REFERENCE)
    begin_rotation(broker.local.store, rotation, entry)


def leads_elsewhere(broker: Broker, life: Life) -> None:
    """The alias leads to a store that holds another secret under the same path and version."""
    remember(broker.local.store, replace(life, fingerprint="0" * 16))


def code_of(broker: Broker) -> str:
    with pytest.raises(BrokerError) as caught:
        tickets_for(broker, REFERENCE, {}, find=find)
    assert caught.value.next_step
    return caught.value.code


def test_what_is_known_of_a_token_counts_for_that_token_only(broker: Broker) -> None:
    life = stored(broker)
    assert tickets_for(broker, REFERENCE, {}, find=find).tickets[0].ways.life == life
    leads_elsewhere(broker, life)
    assert code_of(broker) == "rotate.unknown"
    assert tickets_due(broker, SOON, {}, find=find).tickets == ()


@pytest.mark.req("RUN-10")
def test_a_rotation_whose_alias_leads_elsewhere_now_is_refused_and_said(broker: Broker) -> None:
    life = stored(broker)
    begun(broker)
    assert len(tickets_due(broker, SOON, {}, find=find).tickets) == 1
    leads_elsewhere(broker, life)
    assert code_of(broker) == "rotate.elsewhere"
    found = tickets_due(broker, SOON, {}, find=find)
    assert (found.tickets, [error.code for error in found.refusals]) == ((), ["rotate.elsewhere"])


def test_a_rotation_whose_new_key_waits_in_another_store_is_refused(broker: Broker) -> None:
    life = stored(broker)
    begun(broker)
    remember(broker.local.store, replace(life, path=f"{life.path}.rotating"))
    assert len(tickets_due(broker, SOON, {}, find=find).tickets) == 1, "the old key is here"
    broker.local.remove("example/key", actor=ACTOR)
    assert code_of(broker) == "rotate.elsewhere"


@pytest.mark.req("RUN-10")
def test_a_rotation_of_which_nothing_is_known_any_more_is_said(broker: Broker) -> None:
    stored(broker)
    begun(broker)
    forget(broker.local.store, "local", "example/key")
    found = tickets_due(broker, SOON, {}, find=find)
    assert (found.tickets, [error.code for error in found.refusals]) == ((), ["rotate.unknown"])
    assert f"adopt {REFERENCE}@1" in found.refusals[0].next_step
    assert code_of(broker) == "rotate.unknown"


def test_one_name_for_the_keys_of_several_tokens_is_refused_once(broker: Broker) -> None:
    stored(broker)
    stored(broker, "example/other", "example/other")
    assert len(tickets_due(broker, SOON, {}, find=find).tickets) == 2
    with pytest.raises(UsageError) as caught:
        tickets_due(broker, SOON, {"key_name": "mine"}, find=find)
    assert caught.value.code == "rotate.key_name"
    assert tickets_for(broker, REFERENCE, {"key_name": "mine"}, find=find).tickets[0].given


def test_one_name_for_the_key_of_the_only_token_is_taken(broker: Broker) -> None:
    stored(broker)
    assert len(tickets_due(broker, SOON, {"key_name": "mine"}, find=find).tickets) == 1


@pytest.mark.req("RUN-10")
def test_while_another_sitting_is_going_on_nothing_of_it_is_recovered(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recovered: list[Broker] = []
    monkeypatch.setattr(Broker, "recover", lambda other: recovered.append(other) or [])
    monkeypatch.setenv("TOKENBROKER_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    with only_sitting(broker.home, broker.local.store):
        error = CliRunner().invoke(app, ["rotate", "--due", "--yes"]).exception
    assert isinstance(error, UsageError)
    assert (error.code, recovered) == ("rotate.under_way", [])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("local:made/up",), "secret.not_found"),
        ((REFERENCE,), "flow.not_found"),
        (("--due",), "usage"),
    ],
)
def test_without_a_terminal_what_yes_would_not_help_is_said_first(
    broker: Broker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    code: str,
) -> None:
    stored(broker)
    monkeypatch.setenv("TOKENBROKER_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    error = CliRunner().invoke(app, ["rotate", *arguments]).exception
    assert isinstance(error, BrokerError)
    assert error.code == code
