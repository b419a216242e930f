"""A run seals itself: the digest is in the audit log, and what can't be sealed is told and lost nowhere."""

import json
import secrets
import shutil
import sqlite3
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.evidence.results import a_result
from tests.flow.texts import flow_from
from tokenbroker.broker import Broker, Run
from tokenbroker.errors import SettingsError, UsageError
from tokenbroker.evidence.bundle.check import check
from tokenbroker.evidence.bundle.failure import BundleError
from tokenbroker.flow.model import Flow
from tokenbroker.human.channels import TerminalChannel
from tokenbroker.policy.approve import Plan, Request
from tokenbroker.run.result import RunResult, Status
from tokenbroker.secret import Secret
from tokenbroker.settings import load_configuration

NOW = datetime(2026, 11, 20, 12, 34, 56, tzinfo=UTC)
TEXT = "version: 1\nsite: test\nflow: one\nallowed_automation: semi_auto\nsteps:\n  - navigate: {origin}/\n"
LOOPBACK, LIVE = "http://127.0.0.1:9", "https://console.example.com"


def a_flow(origin: str) -> Flow:
    return flow_from(TEXT.format(origin=origin), "flows/one.yaml")


def opened(folder: Path, **variables: str) -> Broker:
    environ = {
        "TOKENBROKER_HOME": str(folder / "home"),
        "TOKENBROKER_KEY": b64encode(secrets.token_bytes(32)).decode(),
        **variables,
    }
    return Broker(load_configuration(folder, environ), environ=environ, clock=lambda: NOW)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with opened(tmp_path) as made:
        yield made


def planned(broker: Broker, origin: str = LOOPBACK) -> Plan:
    return broker.approve(
        a_flow(origin), Request(actor="tests", params={}, origin_map={}, live=origin == LIVE)
    )


def passed(plan: Plan, run: Run) -> RunResult:
    return a_result(run_id=run.run_id, plan=plan, started_at=NOW)


def finished(broker: Broker, origin: str = LOOPBACK) -> tuple[Run, RunResult]:
    plan = planned(broker, origin)
    run = broker.begin(plan, broker.sink)
    run.browser = "chromium 1"
    return run, run.finish(passed(plan, run))


def audited(broker: Broker) -> dict[str, object]:
    """The detail of the newest row."""
    with closing(sqlite3.connect(broker.home / "store.db")) as connection:
        ((action, detail),) = connection.execute(
            "SELECT action, detail FROM audit_log ORDER BY id DESC LIMIT 1"
        )
    return {"action": action, **json.loads(detail)}


@pytest.mark.req("AUDIT-4", "AUDIT-1")
def test_a_run_seals_itself_and_the_audit_log_knows_the_digest(broker: Broker) -> None:
    run, result = finished(broker)
    assert (result.status, result.notes) == (Status.PASSED, ())
    assert run.sealed is not None
    assert run.sealed.path == broker.reports() / f"{run.run_id}.bundle.age"
    assert audited(broker) == {
        "action": "finish_flow",
        "job_id": run.run_id,
        "status": "passed",
        "bundle_sha256": run.sealed.sha256,
        "evidence_sha256": run.sealed.evidence_sha256,
        "reaches_beyond": False,
    }
    assert broker.bundles.recorded_sha256(run.run_id) == run.sealed.sha256
    verdict = check(
        run.sealed.path,
        trusted=[broker.bundles.signer],
        identities=broker.bundles.identities,
        recorded_sha256=run.sealed.sha256,
    )
    assert verdict.findings == ()
    assert verdict.files is not None
    assert verdict.files["flow.yaml"].decode() == TEXT.format(origin=LOOPBACK)
    assert json.loads(verdict.files["versions.json"])["browser"] == "chromium 1"


@pytest.mark.req("AUDIT-4")
def test_a_bundle_that_can_not_be_sealed_fails_the_run_and_can_be_made_up_for(broker: Broker) -> None:
    plan = planned(broker)
    run = broker.begin(plan, broker.sink)
    obstacle = run.evidence.folder / "link"
    obstacle.symlink_to("/etc/hostname")
    result = run.finish(passed(plan, run))
    assert result.failure is not None
    assert (result.status, result.failure.code) == (Status.FAILED, "run.not_recorded")
    assert f"tokenbroker audit seal {run.run_id}" in result.notes[0]
    assert (run.evidence.folder / "run.json").is_file()
    assert run.sealed is None
    assert broker.bundles.recorded_sha256(run.run_id) is None

    obstacle.unlink()
    sealed = broker.seal(run.run_id)
    assert audited(broker) == {
        "action": "seal_bundle",
        "job_id": run.run_id,
        "bundle_sha256": sealed.sha256,
        "evidence_sha256": sealed.evidence_sha256,
    }
    assert broker.bundles.recorded_sha256(run.run_id) == sealed.sha256


def test_a_bundle_that_was_sealed_again_is_the_one_that_counts(broker: Broker) -> None:
    run, _ = finished(broker)
    again = broker.seal(run.run_id)
    other, _ = finished(broker)
    assert run.sealed is not None
    assert other.sealed is not None
    assert again.sha256 != run.sealed.sha256
    assert broker.bundles.recorded_sha256(run.run_id) == again.sha256
    assert broker.bundles.recorded_sha256(other.run_id) == other.sealed.sha256


def forged(broker: Broker, run_id: str, **changes: object) -> None:
    """Change the record in the folder of `run_id`, as whoever can write to the reports can."""
    file = broker.reports() / run_id / "run.json"
    file.write_text(json.dumps({**json.loads(file.read_bytes()), **changes}))


@pytest.mark.req("AUDIT-4")
@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "run.json").write_text("{}"),
        lambda folder: (folder / "flow.yaml").write_text("version: 1"),
        lambda folder: (folder / "versions.json").unlink(),
        lambda folder: (folder / "99-more.png").write_bytes(b"x"),
    ],
)
def test_a_folder_that_was_changed_after_the_run_is_not_sealed_again(broker: Broker, change) -> None:
    run, _ = finished(broker)
    assert run.sealed is not None
    before = run.sealed.path.read_bytes()
    change(run.evidence.folder)
    with pytest.raises(BundleError) as refused:
        broker.seal(run.run_id)
    assert refused.value.code == "audit.changed"
    assert run.sealed.path.read_bytes() == before
    assert audited(broker)["action"] == "finish_flow"


@pytest.mark.req("AUDIT-4")
def test_a_run_whose_sealing_failed_is_held_against_what_it_left(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(files: dict[Path, bytes]) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("tokenbroker.evidence.bundle.seal._write_durably", full)
        run, result = finished(broker)
    assert (run.sealed, result.status) == (None, Status.FAILED)
    assert broker.bundles.has_recorded_files(run.run_id)
    told = (run.evidence.folder / "run.json").read_bytes()
    forged(broker, run.run_id, actor="somebody@example.com")
    with pytest.raises(BundleError) as refused:
        broker.seal(run.run_id)
    assert refused.value.code == "audit.changed"
    (run.evidence.folder / "run.json").write_bytes(told)
    # What follows from the rest is made anew, as a newer version may do in its own way.
    (run.evidence.folder / "START-HERE.html").write_text("changed")
    sealed = broker.seal(run.run_id)
    files = check(sealed.path, trusted=None, identities=broker.bundles.identities).files
    assert files is not None
    assert files["START-HERE.html"] != b"changed"


@pytest.mark.req("AUDIT-4")
def test_a_folder_that_no_run_of_this_home_left_is_not_sealed(broker: Broker) -> None:
    run, _ = finished(broker)
    shutil.copytree(run.evidence.folder, broker.reports() / "run-1")
    with pytest.raises(UsageError) as refused:
        broker.seal("run-1")
    assert refused.value.code == "audit.no_run"
    assert not (broker.reports() / "run-1.bundle.age").exists()


@pytest.mark.req("AUDIT-4")
def test_a_run_whose_end_is_not_known_is_not_sealed(broker: Broker) -> None:
    plan = planned(broker)
    run = broker.begin(plan, broker.sink)
    run.evidence.finish(passed(plan, run))
    with pytest.raises(BundleError) as refused:
        broker.seal(run.run_id)
    assert refused.value.code == "audit.no_record"


@pytest.mark.req("AUDIT-4")
def test_whether_a_run_needs_a_recipient_does_not_follow_from_its_folder(broker: Broker) -> None:
    run, result = finished(broker, LIVE)
    assert (run.sealed, result.status) == (None, Status.FAILED)
    with closing(sqlite3.connect(broker.home / "store.db", isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER audit_log_no_update")  # as if by a version that recorded no digest
        for told in ({"reaches_beyond": True}, {}):
            detail = json.dumps({"job_id": run.run_id, "status": "failed", **told})
            connection.execute("UPDATE audit_log SET detail = ? WHERE action = 'finish_flow'", (detail,))
            forged(broker, run.run_id, origins={LIVE: LOOPBACK})
            assert not broker.bundles.has_recorded_files(run.run_id)
            with pytest.raises(SettingsError) as refused:
                broker.seal(run.run_id)
            assert refused.value.code == "audit.no_recipient"


@pytest.mark.req("AUDIT-4")
def test_a_live_run_without_recipient_is_refused_before_it_begins(broker: Broker) -> None:
    plan = planned(broker, LIVE)
    with pytest.raises(SettingsError) as refused:
        broker.preflight(plan, broker.sink, TerminalChannel())
    assert refused.value.code == "audit.no_recipient"
    broker.preflight(planned(broker), broker.sink, TerminalChannel())


@pytest.mark.req("SECRET-7", "AUDIT-2")
def test_a_secret_that_stands_in_a_flow_does_not_reach_the_bundle(broker: Broker) -> None:
    value = f"demo-only-{secrets.token_hex(12)}"
    flow = flow_from(TEXT.format(origin=f"{LOOPBACK}/{value}"), "flows/one.yaml")
    broker.redactor.add(Secret(value), label="secrets:example.password")
    plan = broker.approve(flow, Request(actor="tests", params={}, origin_map={}))
    run = broker.begin(plan, broker.sink)
    run.finish(passed(plan, run))
    assert run.sealed is not None
    files = check(run.sealed.path, trusted=None, identities=broker.bundles.identities).files
    assert files is not None
    assert not [name for name, data in files.items() if value.encode() in data]
    assert b"is not the exact text" in files["START-HERE.html"]


@pytest.mark.req("AUDIT-2")
def test_no_time_in_a_bundle_is_finer_than_the_settings_allow(tmp_path: Path) -> None:
    with opened(tmp_path, TOKENBROKER_TIMESTAMPS="day") as broker:
        run, _ = finished(broker)
        assert run.run_id.startswith("20261120T000000-")
        files = check(
            tmp_path / f"reports/{run.run_id}.bundle.age", trusted=None, identities=broker.bundles.identities
        ).files
    assert files is not None
    assert not [name for name, data in files.items() if b"12:34" in data or b"T1234" in data]
