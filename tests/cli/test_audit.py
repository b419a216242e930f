"""`tokenbroker audit`, as an operator and as an auditor type it."""

import json
import shutil
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyrage import x25519

from tests.evidence.results import a_result
from tests.flow.texts import flow_from
from tests.project import CREATE, Project
from tokenbroker.policy.approve import Request
from tokenbroker.run.result import Status

pytestmark = pytest.mark.req("AUDIT-2")

FLOW = flow_from(
    "version: 1\nsite: test\nflow: one\nallowed_automation: semi_auto\nsteps:\n  - navigate: http://127.0.0.1:9/\n",
    "flows/one.yaml",
)
CAPTURE = '  - capture_token: { selector: ".token", secret_ref: "bitwarden:example/reporting" }\n'


def a_run(project: Project) -> str:
    """A run that went through without a browser; answers its id."""
    with project.broker() as broker:
        plan = broker.approve(FLOW, Request(actor="tests", params={}, origin_map={}))
        run = broker.begin(plan, broker.sink)
        result = a_result(run_id=run.run_id, plan=plan, started_at=datetime.now(UTC))
        assert run.finish(result).status is Status.PASSED
    return run.run_id


def bundle_of(project: Project, run: str) -> Path:
    return project.folder / "reports" / f"{run}.bundle.age"


def damage(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def for_auditor(project: Project) -> Path:
    """Name an auditor in the settings; answers the file of their private key."""
    identity = x25519.Identity.generate()
    project.write(
        "tokenbroker.toml", f'{project.settings}\n[audit]\nrecipients = ["{identity.to_public()}"]\n'
    )
    return project.write("auditor.key", f"# created: today\n{identity}\n")


@pytest.mark.browser
@pytest.mark.req("AUDIT-4")
def test_a_run_is_sealed_by_itself_listed_verified_and_opened(attended: Project) -> None:
    ended = attended.tokenbroker("run", attended.flow("create", CREATE + CAPTURE))
    assert ended.code == 0, ended.text
    listed = attended.tokenbroker("audit", "list", "--json")
    (row,) = json.loads(listed.out)
    assert (row["flow"], row["status"], row["sealed"]) == ("example/create", "passed", "yes")
    assert Path(row["bundle"]).is_file()
    verified = attended.tokenbroker("audit", "verify", row["run"])
    assert verified.code == 0, verified.text
    assert "files are those of its manifest" in verified.out
    opened = attended.tokenbroker("audit", "open", row["run"], "--into", "opened")
    assert opened.code == 0, opened.text
    folder = attended.folder / "opened"
    assert str(Path("opened/START-HERE.html")) in opened.out
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert "bitwarden:example/reporting@1" in (folder / "START-HERE.html").read_text()
    assert len(list(folder.glob("*.png"))) == len(json.loads((folder / "run.json").read_text())["steps"])
    assert "chromium" in json.loads((folder / "versions.json").read_text())["browser"]
    acts = [(action, key) for action, key, _ in attended.audit()]
    assert ("open_bundle", row["run"]) in acts
    # The folder is there already: nothing is opened, and nothing in the audit says so.
    assert attended.tokenbroker("audit", "open", row["run"], "--into", "opened").code == 2
    assert [(action, key) for action, key, _ in attended.audit()] == acts


def test_an_auditor_without_a_home_verifies_and_opens_with_a_key_and_the_signers_line(
    project: Project, new_project
) -> None:
    key = for_auditor(project)
    run = a_run(project)
    line = project.tokenbroker("audit", "signer").out
    desk = new_project("desk")
    signers = desk.write("allowed_signers", line)
    exported = project.tokenbroker("audit", "export", run, "--to", str(desk.folder))
    assert exported.code == 0, exported.text
    bundle = desk.folder / f"{run}.bundle.age"

    verified = desk.tokenbroker(
        "audit", "verify", str(bundle), "--signer", str(signers), "--identity", str(key)
    )
    assert (verified.code, "files are those" in verified.out) == (0, True), verified.text
    without_key = desk.tokenbroker("audit", "verify", str(bundle), "--signer", str(signers))
    assert (without_key.code, "not looked at" in without_key.out) == (0, True), without_key.text
    opened = desk.tokenbroker("audit", "open", str(bundle), "--identity", str(key))
    assert opened.code == 0, opened.text
    assert "audit verify" in opened.out  # nobody vouched for the signer yet
    assert (desk.folder / f"{run}.opened" / "START-HERE.html").is_file()
    assert not desk.home.exists()
    assert ("export_bundle", run, "ok") in project.audit()


def test_without_the_key_open_says_so_plainly_and_writes_nothing(project: Project) -> None:
    for_auditor(project)
    run = a_run(project)
    ended = project.tokenbroker("audit", "open", run, "--into", "opened")
    assert (ended.code, ended.refusal()) == (1, "audit.no_identity")
    other = project.write("other.key", str(x25519.Identity.generate()))
    ended = project.tokenbroker("audit", "open", run, "--into", "opened", "--identity", str(other))
    assert (ended.code, ended.refusal()) == (1, "audit.no_identity")
    assert other.read_text() not in ended.text
    assert not (project.folder / "opened").exists()
    verified = project.tokenbroker("audit", "verify", run, "--identity", str(other))
    assert (verified.code, verified.refusal()) == (1, "audit.no_identity")


def test_a_changed_bundle_is_neither_verified_nor_opened_nor_handed_out(project: Project) -> None:
    run = a_run(project)
    damage(bundle_of(project, run))
    verified = project.tokenbroker("audit", "verify", run)
    assert verified.code == 1
    codes = {line.partition(":")[0] for line in verified.out.splitlines()}
    assert {"bundle.changed", "bundle.not_recorded"} <= codes
    for arguments in (("open", run, "--into", "opened"), ("export", run, "--to", "copy.age")):
        ended = project.tokenbroker("audit", *arguments)
        assert (ended.code, ended.refusal()) == (1, "bundle.changed")
    assert not (project.folder / "opened").exists()
    assert not list(project.folder.glob("copy*"))


def test_a_bundle_put_in_the_place_of_a_runs_is_not_opened(project: Project, new_project) -> None:
    run = a_run(project)
    other = new_project("other")
    foreign = a_run(other)
    for ending in (".bundle.age", ".bundle.age.sig"):
        shutil.copyfile(
            other.folder / f"reports/{foreign}{ending}", project.folder / f"reports/{run}{ending}"
        )
    for target in (run, f"reports/{run}.bundle.age"):
        ended = project.tokenbroker("audit", "open", target, "--into", "opened")
        assert (ended.code, ended.refusal()) == (1, "bundle.other_signer")
    assert not (project.folder / "opened").exists()


def test_a_bundle_of_the_home_that_is_not_the_recorded_one_is_not_opened(project: Project) -> None:
    run = a_run(project)
    places = [bundle_of(project, run), bundle_of(project, run).with_suffix(".age.sig")]
    before = [place.read_bytes() for place in places]
    assert project.tokenbroker("audit", "seal", run).code == 0
    for place, data in zip(places, before, strict=True):
        place.write_bytes(data)
    ended = project.tokenbroker("audit", "open", run, "--into", "opened")
    assert (ended.code, ended.refusal()) == (1, "bundle.not_recorded")
    assert not (project.folder / "opened").exists()


def test_a_file_under_a_runs_id_does_not_pass_for_its_bundle(project: Project) -> None:
    run = a_run(project)
    project.write(run, "no bundle")
    assert project.tokenbroker("audit", "verify", run).code == 0
    assert project.tokenbroker("audit", "open", run, "--into", "opened").code == 0


def test_a_run_that_was_not_recorded_is_sealed_with_a_warning(project: Project) -> None:
    run = a_run(project)
    assert "not recorded" not in project.tokenbroker("audit", "seal", run).out
    with closing(sqlite3.connect(project.home / "store.db", isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER audit_log_no_update")
        detail = json.dumps({"job_id": run, "status": "passed", "reaches_beyond": False})
        connection.execute(
            "UPDATE audit_log SET detail = ? WHERE action IN ('finish_flow', 'seal_bundle')", (detail,)
        )
    unrecorded = project.tokenbroker("audit", "verify", run)
    assert (unrecorded.code, "not compared with the audit log" in unrecorded.out) == (0, True)
    sealed = project.tokenbroker("audit", "seal", run)
    assert (sealed.code, "was not recorded" in sealed.out) == (0, True), sealed.text
    (project.folder / "reports" / run / "more.txt").write_text("x")
    ended = project.tokenbroker("audit", "seal", run)
    assert (ended.code, ended.refusal()) == (1, "audit.changed")


def test_another_signer_is_found(project: Project, new_project) -> None:
    run = a_run(project)
    other = new_project("other")
    signers = project.write("allowed_signers", other.tokenbroker("audit", "signer").out)
    verified = project.tokenbroker("audit", "verify", run, "--signer", str(signers))
    assert (verified.code, verified.out.partition(":")[0]) == (1, "bundle.other_signer")


def test_nobody_is_trusted_unasked(project: Project, new_project) -> None:
    run = a_run(project)
    desk = new_project("desk")
    ended = desk.tokenbroker("audit", "verify", str(bundle_of(project, run)))
    assert (ended.code, ended.refusal()) == (2, "audit.no_signer")


def test_nothing_that_is_there_is_overwritten(project: Project) -> None:
    run = a_run(project)
    (project.folder / "taken").mkdir()
    project.write("taken.age", "mine")
    for arguments in (("open", run, "--into", "taken"), ("export", run, "--to", "taken.age")):
        ended = project.tokenbroker("audit", *arguments)
        assert (ended.code, ended.refusal()) == (2, "audit.not_writable")
    assert (project.folder / "taken.age").read_text() == "mine"
    assert not list((project.folder / "taken").iterdir())


def test_a_bundle_that_is_gone_can_be_sealed_again(project: Project) -> None:
    run = a_run(project)
    bundle_of(project, run).unlink()
    ended = project.tokenbroker("audit", "verify", run)
    assert (ended.code, ended.refusal()) == (2, "audit.no_bundle")
    (row,) = json.loads(project.tokenbroker("audit", "list", "--json").out)
    assert (row["sealed"], row["bundle"]) == ("no", None)
    assert project.tokenbroker("audit", "seal", run).code == 0
    assert project.tokenbroker("audit", "verify", run).code == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("verify", "nothing"), "audit.no_run"),
        (("open", "../home"), "audit.no_run"),
        (("open", "nothing.bundle.age"), "audit.no_bundle"),
        (("verify",), "usage"),
        (("verify", "x", "--log"), "usage"),
    ],
)
def test_what_is_not_there_is_said(project: Project, arguments: tuple[str, ...], code: str) -> None:
    ended = project.tokenbroker("audit", *arguments)
    assert (ended.code, ended.refusal()) == (2, code)


@pytest.mark.req("AUDIT-1")
def test_the_audit_log_is_verified_and_a_changed_row_is_named(project: Project) -> None:
    a_run(project)
    assert project.tokenbroker("audit", "verify", "--log").code == 0
    with closing(sqlite3.connect(project.home / "store.db", isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER audit_log_no_update")
        connection.execute("UPDATE audit_log SET actor = 'somebody' WHERE id = 2")
    ended = project.tokenbroker("audit", "verify", "--log")
    assert (ended.code, ended.refusal()) == (1, "audit.row_changed")


def test_a_private_key_in_the_settings_is_refused_and_not_repeated(project: Project) -> None:
    private = str(x25519.Identity.generate())
    project.write("tokenbroker.toml", f'{project.settings}\n[audit]\nrecipients = ["{private}"]\n')
    ended = project.tokenbroker("audit", "list")
    assert (ended.code, ended.refusal()) == (2, "settings.invalid")
    assert private not in ended.text
