"""`tokenbroker audit log`: who did what to which secret, by one command (AUDIT-1)."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from tests.project import Project
from tokenbroker.cli import app
from tokenbroker.cli.audit_acts import LAST_MAX, way_to_older
from tokenbroker.errors import UsageError
from tokenbroker.store.audit_log import AuditEntry, record

pytestmark = pytest.mark.req("AUDIT-1")

CANARY = "demo-only-canary-8e1b"


@pytest.fixture
def here(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(project.folder)
    monkeypatch.setenv("TOKENBROKER_HOME", str(project.home))
    return project


def log(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["audit", "log", *arguments])


def test_it_says_who_rotated_what_and_when_and_no_value(here: Project) -> None:
    here.put("a/key", CANARY)
    here.put("b/key", CANARY)
    with here.broker() as broker:
        detail = {"state": "told", "old_version": 1, "new_version": 2}
        entry = AuditEntry(
            service_id="a", action="rotate_token", actor="ada", key="local:a/key", detail=detail
        )
        record(broker.local.store, entry, at=broker.clock())
    told = log("a/key").stdout.splitlines()
    assert [line.split()[2:5] for line in told[1:]] == [
        ["ada", "rotate_token", "local:a/key"],
        ["tests", "set_token", "local:a/key"],
    ]
    assert "old_version 1" in told[1]
    (row,) = json.loads(log("local:a/key", "--action", "rotate_token", "--within", "1h", "--json").stdout)
    assert (row["actor"], row["key"], row["detail"], row["result"]) == ("ada", "local:a/key", detail, "ok")
    assert CANARY not in log().stdout
    assert "--last 10" in log("--last", "1").stdout
    assert "it has: rotate_token, set_token" in log("--action", "rotate").stdout


def test_no_more_acts_are_offered_than_may_be_asked_for() -> None:
    assert way_to_older(LAST_MAX - 1) == f"--last {LAST_MAX}"
    assert "--last" not in way_to_older(LAST_MAX)


def test_looking_makes_no_home_and_a_version_is_refused(here: Project) -> None:
    assert "No such act" in log().stdout
    assert not Path(here.home).exists()
    assert isinstance(log("a/key@2").exception, UsageError)
