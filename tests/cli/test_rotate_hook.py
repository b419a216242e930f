"""`tokenbroker rotate` where the hook fails, is interrupted, or could not be called at all (FLOW-8)."""

import json
import os
import select

import pytest
from typer.testing import CliRunner

from tests.project import SITE, TIME_LIMIT_S, Project, flow_text
from tokenbroker.cli import app
from tokenbroker.cli.doctor import hook_findings
from tokenbroker.errors import SettingsError
from tokenbroker.secret import Secret
from tokenbroker.store.audit_log import AuditEntry
from tokenbroker.store.lives import Life, remember
from tokenbroker.store.rotations import Rotation, Stage, begin_rotation, rotations_under_way

pytestmark = pytest.mark.req("FLOW-8")

CANARY = "demo-only-canary-77d0"
CREATE = (
    f'  - navigate: "{SITE}/keys"\n  - click: {{ selector: "#go", creates: {{ name: "${{key_name}}" }} }}\n'
    '  - capture_token: { selector: .token, secret_ref: "local:a/key" }\n'
    f'  - verify_token: "{SITE}/v1/me"\n'
)


@pytest.fixture
def replaced(project: Project) -> Project:
    """A project where the reference leads to the new key, and the hook is to be called."""
    head = 'params: { key_name: { default: "a" } }\n'
    project.write("flows/create.yaml", flow_text("create", CREATE, head=head))
    with project.broker() as broker:
        store = broker.local.store
        for version in (1, 2):
            value = Secret(f"{CANARY}-{version}")
            stored = broker.local.put("a/key", value, put_id=str(version), actor="tests")
            now = broker.clock()
            life = Life(
                sink="local",
                path="a/key",
                version=version,
                fingerprint=stored.fingerprint,
                flow_id="example/create",
                run_id="",
                created_at=now,
                ends_at=None,
                rotates="",
                revokes="",
                grace_s=None,
                owner="",
                key_name=f"a-{version}",
            )
            remember(store, life)
        rotation = Rotation(
            id="r",
            sink="local",
            path="a/key",
            old_version=1,
            new_version=2,
            flow_id="example/create",
            key_name="a-2",
            state=Stage.REPLACED,
            begun_at=now,
            revoke_after=now,
        )
        begin_rotation(
            store,
            rotation,
            AuditEntry(service_id="a", action="rotate_token", actor="tests", key="local:a/key"),
        )
    return project


def set_hook(project: Project, *lines: str) -> None:
    project.write("hook", "\n".join(["#!/bin/sh", *lines])).chmod(0o755)
    dead = '[origin_map]\n"https://console.example.com" = "http://127.0.0.1:9"\n'
    project.write("tokenbroker.toml", f'{project.settings}\n{dead}\n[rotation]\nhook = ["./hook"]\n')


@pytest.mark.req("RUN-9")
def test_ctrl_c_ends_it_and_says_where_the_rotation_stands(replaced: Project) -> None:
    ready = replaced.folder / "ready"
    os.mkfifo(ready)
    set_hook(replaced, "sleep 60 &", "echo $! > ready", "wait")
    with replaced.terminal("rotate", "local:a/key", "--yes") as terminal:
        started = os.pidfd_open(int(ready.read_text()))  # opens once the hook has
        terminal.press_ctrl_c()
        assert terminal.end() == 130, terminal.screen
        screen = terminal.screen
    assert "INTERNALERROR" not in screen
    assert "Traceback" not in screen
    assert "run.interrupted" in screen
    assert "before the hook was called to its end" in screen
    assert "local:a/key leads to local:a/key@2" in screen
    assert "tokenbroker rotate local:a/key   goes on" in screen
    assert select.select([started], [], [], TIME_LIMIT_S)[0]
    os.close(started)
    with replaced.broker() as broker:
        (rotation,) = rotations_under_way(broker.local.store, ["local"])
    assert (rotation.state, rotation.code) == (Stage.REPLACED, "run.interrupted")


@pytest.mark.req("SECRET-7")
def test_either_key_is_redacted_in_what_it_says_also_where_nothing_else_has_read_them(
    replaced: Project,
) -> None:
    set_hook(replaced, f"echo from {CANARY}-1 to {CANARY}-2 >&2; exit 7")
    ended = replaced.tokenbroker("rotate", "local:a/key", "--yes", "--json")
    assert ended.code == 1, ended.text
    assert "    | from " in ended.err
    assert CANARY not in ended.text
    (row,) = json.loads(ended.out)
    assert row["code"] == "rotate.hook_failed"


def test_a_hook_that_is_not_there_stops_it_before_anything_begins_and_doctor_tells(
    replaced: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_hook(replaced, "true")
    (replaced.folder / "hook").unlink()
    before = replaced.audit()
    monkeypatch.chdir(replaced.folder)
    monkeypatch.setenv("TOKENBROKER_HOME", str(replaced.home))
    error = CliRunner().invoke(app, ["rotate", "local:a/key", "--yes"]).exception
    assert isinstance(error, SettingsError)
    assert error.code == "rotate.no_hook"
    assert replaced.audit() == before
    with replaced.broker() as broker:
        (found,) = hook_findings(broker)
    assert found.state == "MISSING"
