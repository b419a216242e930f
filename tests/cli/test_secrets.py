"""`tokenbroker secrets`: what rests in the sinks, and the key's backup."""

import json
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime

import pytest

from tests.project import LOOK, TOKENBROKER, Project
from tokenbroker.run.chromium import find_browser
from tokenbroker.store.lives import Life, remember

pytestmark = pytest.mark.req("SECRET-1", "SECRET-2")

VALUE = "demo-only-7c0f4e1b"


def test_a_secret_is_put_listed_shown_and_removed(project: Project) -> None:
    put = project.tokenbroker("secrets", "put", "example.password", stdin=f"{VALUE}\n")
    assert put.code == 0
    assert "local:example.password@1" in put.out
    assert "tokenbroker secrets key-backup" in put.out
    listed = project.tokenbroker("secrets", "list", "--json")
    assert [row["reference"] for row in json.loads(listed.out)] == ["local:example.password@1"]
    told = project.tokenbroker("secrets", "show", "example.password")
    assert VALUE not in put.text + listed.text + told.text
    assert project.tokenbroker("secrets", "show", "example.password", "--reveal").out == f"{VALUE}\n"
    removed = project.tokenbroker("secrets", "remove", "--yes", "example.password")
    assert removed.code == 0
    assert project.tokenbroker("secrets", "list", "--json").out.strip() == "[]"
    actions = {action for action, _, _ in project.audit()}
    assert {"set_token", "get_token", "delete_token"} <= actions


@pytest.mark.req("SECRET-7")
def test_at_a_terminal_the_value_is_asked_for_and_not_echoed(project: Project) -> None:
    with project.terminal("secrets", "put", "example.password") as terminal:
        terminal.wait_for("not shown")
        terminal.type(VALUE)
        assert terminal.end() == 0
        assert VALUE not in terminal.screen
    assert project.tokenbroker("secrets", "show", "example.password", "--reveal").out == f"{VALUE}\n"


@pytest.mark.req("SECRET-5", "AUDIT-1")
def test_the_key_is_rotated_and_everything_still_opens(project: Project) -> None:
    for number in range(3):
        project.put(f"example.key-{number}", f"{VALUE}-{number}")
    ended = project.tokenbroker("secrets", "rotate-key")
    assert ended.code == 0, ended.text
    assert ended.out.startswith("3 records sealed anew under the key ")
    for number in range(3):
        shown = project.tokenbroker("secrets", "show", f"example.key-{number}", "--reveal")
        assert shown.out == f"{VALUE}-{number}\n"
    assert "rotate_key" in {action for action, _, _ in project.audit()}
    with closing(sqlite3.connect(project.home / "store.db")) as store, store:
        store.execute("UPDATE tokens SET sealed = zeroblob(60) WHERE path = 'example.key-1'")
    refused = project.tokenbroker("secrets", "rotate-key")
    assert refused.code == 12
    assert ": the record local:example.key-1@1 was changed" in refused.err
    assert "Traceback" not in refused.text


def test_an_empty_value_is_refused(project: Project) -> None:
    ended = project.tokenbroker("secrets", "put", "example.password", stdin="")
    assert (ended.code, ended.refusal()) == (2, "usage")
    assert project.tokenbroker("secrets", "list", "--json").out.strip() == "[]"


def test_what_is_no_text_is_refused(project: Project) -> None:
    ended = project.run(
        "sh", "-c", 'printf "demo-only\\377" | "$@"', "sh", *TOKENBROKER, "secrets", "put", "example.password"
    )
    assert (ended.code, ended.refusal()) == (2, "usage")
    assert "demo-only" not in ended.text


@pytest.mark.parametrize("reference", [":a/b", "local:", "example.password@1", ""])
def test_a_reference_that_names_nothing_to_put_is_refused(project: Project, reference: str) -> None:
    ended = project.tokenbroker("secrets", "put", reference, stdin=VALUE)
    assert (ended.code, bool(ended.refusal())) == (2, True), ended.text
    assert VALUE not in ended.text


@pytest.mark.req("SECRET-3")
@pytest.mark.parametrize("command", [("show",), ("show", "--reveal"), ("remove", "--yes")])
def test_what_is_not_there_is_said_to_be_missing(project: Project, command: tuple[str, ...]) -> None:
    ended = project.tokenbroker("secrets", *command, "example.nothing")
    assert (ended.code, ended.refusal()) == (1, "secret.not_found")


def test_a_removal_that_is_not_confirmed_removes_nothing(project: Project) -> None:
    project.put("example.password", VALUE)
    ended = project.tokenbroker("secrets", "remove", "example.password", stdin="n\n")
    assert ended.code != 0
    assert "Traceback" not in ended.text
    assert project.tokenbroker("secrets", "show", "example.password").code == 0


def test_an_unknown_sink_is_refused(project: Project) -> None:
    ended = project.tokenbroker("secrets", "put", "vaultt:a/b", stdin=VALUE)
    assert (ended.code, ended.refusal()) == (2, "settings.unknown_sink")
    assert "add the sink" in ended.err
    assert VALUE not in ended.text


@pytest.mark.req("SECRET-4")
def test_the_key_is_backed_up_into_a_new_private_file_once_and_opens_the_store(project: Project) -> None:
    project.put("example.password", VALUE)
    backup = project.folder / "key-backup"
    assert project.tokenbroker("secrets", "key-backup", "--to", str(backup)).code == 0
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    before = backup.read_text()
    again = project.tokenbroker("secrets", "key-backup", "--to", str(backup))
    assert (again.code, again.refusal()) == (2, "usage")
    assert backup.read_text() == before
    (project.folder / "home.key").unlink()
    shown = project.tokenbroker(
        "secrets", "show", "--reveal", "example.password", TOKENBROKER_KEY=before.strip()
    )
    assert shown.out == f"{VALUE}\n"


@pytest.mark.req("SECRET-4", "AUDIT-1")
@pytest.mark.parametrize("to", [(), ("--to", "key-backup")])
def test_a_key_is_not_given_out_where_the_audit_can_not_take_it(
    project: Project, to: tuple[str, ...]
) -> None:
    project.put("example.password", VALUE)
    key = (project.folder / "home.key").read_text().strip()
    connection = sqlite3.connect(project.home / "store.db")
    connection.execute(
        "CREATE TRIGGER full BEFORE INSERT ON audit_log BEGIN SELECT RAISE(ABORT, 'demo-only'); END"
    )
    connection.close()
    ended = project.tokenbroker("secrets", "key-backup", *to)
    assert (ended.code, ended.refusal()) == (12, "secret.unavailable")
    assert key not in ended.text
    assert not (project.folder / "key-backup").exists()


@pytest.mark.req("SECRET-4")
def test_a_lost_key_is_said_and_no_second_one_is_made(project: Project) -> None:
    project.put("example.password", VALUE)
    (project.folder / "home.key").unlink()
    ended = project.tokenbroker("secrets", "list")
    assert ended.code == 12
    assert ended.refusal()
    assert not (project.folder / "home.key").exists()


@pytest.mark.browser
@pytest.mark.req("SECRET-7")
@pytest.mark.parametrize(
    "name", ["OP_SERVICE_ACCOUNT_TOKEN", "INFISICAL_API_KEY", "VAULT_TOKEN", "TOKENBROKER_VAULT_SECRET_ID"]
)
def test_what_opens_another_store_reaches_no_child_process(demo_project: Project, name: str) -> None:
    demo_project.write(
        "conftest.py",
        "import os, pytest\n\n\n@pytest.fixture(scope='session')\ndef launch_browser(launch_browser):\n"
        f"    assert {name!r} not in os.environ\n    return launch_browser\n",
    )
    ended = demo_project.tokenbroker("run", "--no-pictures", demo_project.flow("look", LOOK), **{name: VALUE})
    assert ended.code == 0, ended.text


@pytest.mark.browser
@pytest.mark.req("SECRET-7", "FLOW-4")
def test_a_variable_that_a_flow_names_never_reaches_the_browser(demo_project: Project) -> None:
    inherited = demo_project.folder / "environment-of-the-browser"
    program = demo_project.write(
        "wrapped-browser", f'#!/bin/sh\nenv > "{inherited}"\nexec "{find_browser().path}" "$@"\n'
    )
    program.chmod(0o755)
    flow = demo_project.flow("look", LOOK + '  - type: { selector: "#email", value_ref: "env:DEMO_LOGIN" }\n')
    ended = demo_project.tokenbroker(
        "run", "--no-pictures", flow, DEMO_LOGIN=VALUE, TOKENBROKER_BROWSER=str(program)
    )
    assert ended.code == 0, ended.text
    assert VALUE not in ended.text
    assert "PATH=" in inherited.read_text()
    assert VALUE not in inherited.read_text()


@pytest.mark.req("FLOW-8")
def test_what_is_known_of_a_token_is_not_told_of_another_that_has_its_place(project: Project) -> None:
    now = datetime(2026, 11, 27, tzinfo=UTC)
    life = {
        "sink": "local",
        "path": "a/key",
        "version": 1,
        "flow_id": "a/b",
        "run_id": "r",
        "created_at": now,
    }
    life |= {"ends_at": now, "rotates": "", "revokes": "", "grace_s": None, "owner": "platform"}
    project.put("a/key", "demo-only-a-key")
    with project.broker() as broker:
        mark = broker.local.list()[0].fingerprint
        for fingerprint, owner in ((mark, "platform"), (None, "platform"), ("0" * 16, None)):
            remember(broker.local.store, Life(**life, fingerprint=fingerprint))
            (row,) = json.loads(project.tokenbroker("secrets", "list", "--json").out)
            assert row["owner"] == owner
