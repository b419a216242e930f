"""The commands that only look: doctor, config show, schema, help, version."""

import json

import pytest
from jsonschema import Draft202012Validator

from tests.project import Project


@pytest.mark.req("OPS-5")
def test_every_setting_is_shown_with_where_it_came_from(project: Project) -> None:
    key = "cnVubmluZyBvdXQgb2Ygc2FtcGxlIGtleXMgaGVyZSE="  # pragma: allowlist secret
    ended = project.tokenbroker(
        "config", "show", "--json", TOKENBROKER_STEP_TIMEOUT_S="3", TOKENBROKER_KEY=key
    )
    assert ended.code == 0, ended.text
    rows = {row["setting"]: row for row in json.loads(ended.out)}
    assert (rows["step_timeout_s"]["value"], rows["pictures"]["from"]) == (3, "default")
    assert "environment" in rows["step_timeout_s"]["from"]
    assert rows["sinks"]["from"].endswith("tokenbroker.toml")
    assert rows["key"]["from"] == "environment"
    assert key not in ended.text
    assert not project.home.exists()  # to look makes nothing


@pytest.mark.req("SECRET-4")
def test_doctor_tells_what_is_there_and_reminds_of_the_backup(project: Project) -> None:
    fresh = {row["what"]: row for row in json.loads(project.tokenbroker("doctor", "--json").out)}
    assert fresh["store"]["found"].startswith("none yet in ")
    assert "master key" not in fresh
    team = {
        "TOKENBROKER_SINKS__TEAM__TYPE": "vault",
        "TOKENBROKER_SINKS__TEAM__ADDRESS": "http://127.0.0.1:9",
    }
    looked = project.tokenbroker("doctor", "--json", **team)
    assert {row["what"]: row["state"] for row in json.loads(looked.out)}["sink team"] == "warning"
    assert not project.home.exists()  # a look makes nothing
    project.put("example.email", "demo-only-someone@example.test")
    ended = project.tokenbroker("doctor", "--json")
    found = {row["what"]: row for row in json.loads(ended.out)}
    assert (ended.code, found["browser"]["state"], found["store"]["state"]) == (0, "ok", "ok")
    assert "key-backup" in found["master key"]["to_do"]
    assert found["person"]["state"] == "warning"
    assert project.tokenbroker("secrets", "key-backup", "--to", str(project.folder / "backup")).code == 0
    again = {row["what"]: row for row in json.loads(project.tokenbroker("doctor", "--json").out)}
    assert again["master key"]["state"] == "ok"


@pytest.mark.req("SECRET-4")
def test_doctor_looks_at_a_home_with_the_key_that_was_given(project: Project) -> None:
    key = "cnVubmluZyBvdXQgb2Ygc2FtcGxlIGtleXMgaGVyZSE="  # pragma: allowlist secret
    assert project.tokenbroker("secrets", "list", TOKENBROKER_KEY=key).code == 0  # makes the store
    ended = project.tokenbroker("doctor", "--json", TOKENBROKER_KEY=key)
    found = {row["what"]: row["state"] for row in json.loads(ended.out)}
    assert (ended.code, found["store"], found["master key"]) == (0, "ok", "ok")
    assert not (project.folder / "home.key").exists()
    assert project.tokenbroker("secrets", "list", TOKENBROKER_KEY=key).code == 0


@pytest.mark.req("SECRET-3")
def test_doctor_names_what_is_missing_and_goes_on(project: Project) -> None:
    project.home.mkdir()
    (project.home / "store.db").write_bytes(b"this is no database, and long enough to look at" * 100)
    ended = project.tokenbroker("doctor", "--json", TOKENBROKER_BROWSER="/nowhere/chromium")
    found = {row["what"]: row for row in json.loads(ended.out)}
    assert ended.code == 1
    assert (found["browser"]["state"], found["store"]["state"]) == ("MISSING", "MISSING")
    assert found["browser"]["to_do"]


@pytest.mark.req("FLOW-1")
def test_the_schema_is_one_that_an_editor_can_use(project: Project) -> None:
    ended = project.tokenbroker("schema")
    assert ended.code == 0
    Draft202012Validator.check_schema(json.loads(ended.out))


def test_help_and_version_are_there(project: Project) -> None:
    assert project.tokenbroker("--version").out.startswith("tokenbroker ")
    shown = project.tokenbroker("--help").out
    for command in ("run", "recover", "secrets", "config", "doctor", "demo", "init", "schema"):
        assert f" {command} " in shown
