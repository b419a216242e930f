"""The broker's runs: what fails around a run changes neither its course nor what the person hears of it."""

import secrets
import shutil
import sqlite3
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.evidence.results import a_result
from tests.flow.texts import flow_from
from tokenbroker.broker import Broker, Run
from tokenbroker.errors import HumanTimeout, RunError, SecretNotFound, UsageError
from tokenbroker.human.channels.simulated import SimulatedPerson
from tokenbroker.human.checkpoint import Answer, Checkpoint, Kind, Outcome
from tokenbroker.policy.approve import Plan, Request
from tokenbroker.run.approval import question, with_answer
from tokenbroker.run.result import RunResult, Status, StepStarted
from tokenbroker.settings import load_configuration
from tokenbroker.sinks.sink import Reference

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FLOW = flow_from(
    "version: 1\nsite: test\nflow: one\nallowed_automation: semi_auto\n"
    "steps:\n  - navigate: http://127.0.0.1:9/\n",
    "flows/one.yaml",
)
EVENT = StepStarted(number=1, total=1, title="x")


def opened(folder: Path, **variables: str) -> Broker:
    environ = {"TOKENBROKER_HOME": str(folder / "home"), **variables}
    return Broker(load_configuration(folder, environ), environ=environ, clock=lambda: NOW)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with opened(tmp_path) as made:
        yield made


@pytest.fixture
def plan(broker: Broker) -> Plan:
    return broker.approve(FLOW, Request(actor="tests", params={}, origin_map={}))


@pytest.fixture
def run(broker: Broker, plan: Plan) -> Run:
    return broker.begin(plan, broker.sink)


def passed(plan: Plan, run: Run) -> RunResult:
    reference = Reference(sink="local", path="test/key", version=1, fingerprint="ab" * 8)
    return a_result(run_id=run.run_id, plan=plan, started_at=NOW, references=(reference,), created_key=True)


def stored_status(broker: Broker) -> str:
    with closing(sqlite3.connect(broker.home / "store.db")) as connection:
        ((status,),) = connection.execute("SELECT status FROM token_jobs")
    return str(status)


@pytest.mark.req("RUN-10")
def test_a_listener_that_fails_ends_nothing_and_is_told_of_once(broker: Broker, plan: Plan, run: Run) -> None:
    heard = []

    def gone(event: object) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    run.listen(gone)
    run.listen(heard.append)
    run.on_event(EVENT)
    run.on_event(EVENT)
    result = run.finish(passed(plan, run))
    assert heard == [EVENT, EVENT]
    assert (result.status, len(result.notes)) == (Status.PASSED, 1)
    assert "Broken pipe" in result.notes[0]
    assert stored_status(broker) == "passed"


def test_evidence_that_can_not_be_written_fails_the_run_and_the_store_knows(
    broker: Broker, plan: Plan, run: Run
) -> None:
    shutil.rmtree(run.evidence.folder)
    result = run.finish(passed(plan, run))
    assert result.failure is not None
    assert (result.status, result.failure.code) == (Status.FAILED, "run.not_recorded")
    assert result.references
    assert result.notes[0] in result.failure.report
    assert stored_status(broker) == "failed"


def test_a_store_that_can_not_be_written_leaves_the_evidence(broker: Broker, plan: Plan, run: Run) -> None:
    with closing(sqlite3.connect(broker.home / "store.db", isolation_level=None)) as connection:
        connection.execute("DROP TABLE token_jobs")
    result = run.finish(passed(plan, run))
    assert result.failure is not None
    assert result.failure.code == "run.not_recorded"
    assert (run.evidence.folder / "run.json").is_file()


def test_a_folder_that_can_not_be_made_is_said_in_our_words(
    broker: Broker, plan: Plan, tmp_path: Path
) -> None:
    (tmp_path / "reports").write_text("in the way")
    with pytest.raises(UsageError) as refused:
        broker.begin(plan, broker.sink)
    assert refused.value.code == "evidence.not_writable"


@pytest.mark.req("AUDIT-1")
def test_a_channel_of_any_name_leaves_its_audit_row(broker: Broker, run: Run) -> None:
    checkpoint = Checkpoint(
        kind=Kind.CONFIRM, reason="May it?", flow_id=FLOW.id, origin="http://127.0.0.1:9", deadline=NOW
    )
    answer = Answer(outcome=Outcome.DONE, who="somebody", channel="my own (Täst)", at=NOW)
    run.on_checkpoint(checkpoint, answer)
    with closing(sqlite3.connect(broker.home / "store.db")) as connection:
        ((detail,),) = connection.execute("SELECT detail FROM audit_log WHERE action = 'checkpoint'")
    assert '"my_own__T_st_"' in detail


@pytest.mark.req("SECRET-7")
def test_what_came_by_environment_is_redacted_before_it_is_used(tmp_path: Path) -> None:
    value, named = (f"demo-only-{secrets.token_hex(12)}" for _ in range(2))
    key = b64encode(secrets.token_bytes(32)).decode()
    with opened(
        tmp_path, TOKENBROKER_SECRET_EXAMPLE_X=value, OWN_VARIABLE=named, TOKENBROKER_KEY=key
    ) as broker:
        broker.take_variables(("OWN_VARIABLE",))
        said = broker.redactor.text(f"{value} {named} {key}")
    assert not {value, named, key} & set(said.split())


@pytest.mark.req("SECRET-7")
@pytest.mark.parametrize(
    "name",
    [
        *("VAULT_TOKEN", "TOKENBROKER_VAULT_TOKEN", "TOKENBROKER_VAULT_TEAM_A_SECRET_ID"),
        *("BWS_ACCESS_TOKEN", "BW_SESSION", "TOKENBROKER_BITWARDEN_TEAM_A_ACCESS_TOKEN"),
        *("INFISICAL_API_KEY", "INFISICAL_TOKEN", "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET"),
        "TOKENBROKER_INFISICAL_CLIENT_SECRET",
    ],
)
def test_credentials_of_a_sink_leave_the_environment_and_are_redacted(tmp_path: Path, name: str) -> None:
    value = f"demo-only-{secrets.token_hex(12)}"
    environ = {"TOKENBROKER_HOME": str(tmp_path / "home"), name: value}
    with Broker(load_configuration(tmp_path, environ), environ=environ) as broker:
        assert value not in broker.redactor.text(f"it is {value}")
    assert name not in environ


@pytest.mark.req("SECRET-7")
def test_a_master_key_that_was_found_is_redacted(broker: Broker) -> None:
    key = broker.local.custody.export_key().reveal()
    assert key not in broker.redactor.text(f"the key is {key}")


# --- a person's approval ------------------------------------------------------------------------

TO_APPROVE = flow_from(
    "version: 1\nsite: test\nflow: two\nallowed_automation: semi_auto\npolicy: { approval: required }\n"
    "steps:\n  - navigate: http://127.0.0.1:9/\n  - navigate: https://real.example.com/\n",
    "flows/two.yaml",
)


class Approver:
    """Answers yes to whatever is asked, and remembers it."""

    name = "approver"

    def __init__(self, at: datetime = NOW) -> None:
        self.asked: list[Checkpoint] = []
        self._at = at

    def unreachable(self) -> str | None:
        return None

    def ask(self, checkpoint: Checkpoint, page_says: object) -> Answer:
        self.asked.append(checkpoint)
        return Answer(outcome=Outcome.DONE, who="ann", channel=self.name, at=self._at)


@pytest.fixture
def waiting(broker: Broker) -> Plan:
    """A plan that needs a person's approval."""
    return broker.approve(TO_APPROVE, Request(actor="tests", params={}, origin_map={}, live=True))


@pytest.mark.req("FLOW-7", "HUMAN-4")
def test_a_run_does_not_begin_without_the_approval_that_it_needs(broker: Broker, waiting: Plan) -> None:
    with pytest.raises(RunError) as refused:
        broker.begin(waiting, broker.sink)
    assert refused.value.code == "run.not_approved"
    approver = Approver()
    approved = broker.approved(waiting, approver)
    assert approved.approval is not None
    assert approved.approval.who == "ann"
    assert broker.begin(approved, broker.sink).run_id
    (question,) = approver.asked
    assert (question.kind, question.origin) == (Kind.APPROVAL, "https://real.example.com")
    assert "it goes to http://127.0.0.1:9, https://real.example.com" in question.reason


@pytest.mark.req("FLOW-7", "HUMAN-4")
def test_the_simulated_person_approves_nothing_beyond_this_machine(broker: Broker, waiting: Plan) -> None:
    with pytest.raises(UsageError) as refused:
        broker.approved(waiting, SimulatedPerson(phone=None))  # type: ignore[arg-type]  not looked at
    assert refused.value.code == "human.simulated"


@pytest.mark.req("FLOW-7", "HUMAN-1")
def test_an_approval_is_parked_for_as_long_as_its_plan_holds_and_then_says_that_this_is_over(
    broker: Broker, waiting: Plan
) -> None:
    soon, hour, day = NOW + timedelta(minutes=5), waiting.expires_at, timedelta(days=1)
    assert question(waiting, deadline=soon).parked_until is None
    assert question(waiting, deadline=soon, parking=timedelta(minutes=5)).ends_at == NOW + timedelta(
        minutes=10
    )
    assert question(waiting, deadline=hour + day, parking=day).parked_until is None
    asked = question(waiting, deadline=soon, parking=day)
    assert (asked.parked_until, asked.asked) == (hour, "tests")

    late = Answer(outcome=Outcome.DONE, who="ann", channel="approver", at=soon + timedelta(minutes=1))
    approval = with_answer(waiting, asked, late).approval
    assert approval is not None
    assert (approval.who, approval.parked_at) == ("ann", soon)
    nobody = Answer(outcome=Outcome.TIMED_OUT, who="nobody", channel="approver", at=hour)
    with pytest.raises(RunError) as refused:
        with_answer(waiting, asked, nobody)
    assert refused.value.code == "run.plan_expired"
    with pytest.raises(HumanTimeout):
        with_answer(waiting, question(waiting, deadline=soon), nobody)


@pytest.mark.req("FLOW-7")
def test_an_approval_that_comes_too_late_is_none(
    broker: Broker, waiting: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    approver = Approver()
    asked_for = question(waiting, deadline=waiting.expires_at + timedelta(hours=1))
    assert asked_for.deadline == waiting.expires_at
    monkeypatch.setattr(broker, "clock", lambda: waiting.expires_at + timedelta(seconds=1))
    with pytest.raises(RunError) as refused:
        broker.approved(waiting, approver)
    assert refused.value.code == "run.plan_expired"


def test_the_bundles_of_a_home_are_dropped_though_it_does_not_close_well(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, close = broker.bundles, broker.local.close

    def fail() -> None:
        close()
        raise OSError("demo-only")

    with monkeypatch.context() as patched:
        patched.setattr(broker.local, "close", fail)
        with pytest.raises(OSError, match="demo-only"):
            broker.close()
    assert broker.bundles is not before


@pytest.mark.req("FLOW-5", "OPS-5")
def test_a_run_is_told_of_all_that_is_missing_at_once(tmp_path: Path) -> None:
    flow = flow_from(
        "version: 1\nsite: test\nflow: one\nallowed_automation: semi_auto\nparams: { account: {}, team: {} }\n"
        "steps:\n  - navigate: http://127.0.0.1:9/\n"
        "  - type: { selector: '#a', value_ref: 'secrets:${account}.email' }\n"
        "  - type: { selector: '#b', value_ref: 'secrets:test.password' }\n"
        "  - type: { selector: '#c', value_ref: 'env:NICK_NAME' }\n",
        "flows/one.yaml",
    )
    with opened(tmp_path) as broker:
        with pytest.raises(UsageError) as caught:
            broker.approve(flow, Request(actor="tests", params={"account": "a"}, origin_map={}))
        assert caught.value.code == "param.missing"
        assert [line.strip() for line in caught.value.next_step.splitlines()] == [
            "give --param team=VALUE",
            "tokenbroker secrets put a.email",
            "tokenbroker secrets put test.password",
            "export NICK_NAME=…",
        ]
        plan = broker.approve(
            flow, Request(actor="tests", params={"account": "a", "team": "b"}, origin_map={})
        )
        with pytest.raises(SecretNotFound) as missing:
            broker.inputs(plan, broker.sink)
        assert len(missing.value.next_step.splitlines()) == 3
