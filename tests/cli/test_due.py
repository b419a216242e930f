"""`tokenbroker due`: what is due, for a person and for a program (FLOW-8)."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.project import SETTINGS, TOKENBROKER, Project
from tokenbroker.cli.due import due
from tokenbroker.clock import iso
from tokenbroker.errors import UsageError
from tokenbroker.secret import Secret
from tokenbroker.store.audit_log import AuditEntry
from tokenbroker.store.lives import Life, remember
from tokenbroker.store.rotations import Rotation, Stage, begin_rotation, note_stop

pytestmark = pytest.mark.req("FLOW-8")

NOW = datetime.now(UTC)
CANARY = "demo-only-canary-41c7"


def keep(
    project: Project, ends: dict[str, timedelta], *, flow_id: str = "example/create"
) -> dict[str, datetime]:
    """Tokens at the paths of `ends` which end that long after now; answers when."""
    told = {}
    with project.broker() as broker:
        for path, span in ends.items():
            stored = broker.local.put(path, Secret(f"{CANARY}-{path}"), put_id=path, actor="tests")
            life = Life(
                sink="local",
                path=path,
                version=stored.version,
                fingerprint=stored.fingerprint,
                flow_id=flow_id,
                run_id="",
                created_at=NOW,
                ends_at=NOW + span,
                rotates="",
                revokes="",
                grace_s=None,
                owner="platform",
                labels=("prod", "eu"),
                key_name="CI",
            )
            remember(broker.local.store, life)
            told[path] = life.ends_at or NOW
    return told


def stop_replacement(project: Project, path: str, code: str) -> None:
    """A replacement of `path` that an error has stopped."""
    begun = Rotation(
        id="r1",
        sink="local",
        path=path,
        old_version=1,
        flow_id="example/create",
        key_name="key",
        state=Stage.BEGUN,
        begun_at=NOW,
    )
    entry = AuditEntry(service_id="a", action="rotate_token", actor="tests", key=f"local:{path}")
    with project.broker() as broker:
        begin_rotation(broker.local.store, begun, entry)
        note_stop(broker.local.store, begun.id, code, entry, at=NOW)


def test_what_is_due_ends_with_1_and_says_the_command_that_does_it(project: Project) -> None:
    keep(project, {"a/gone": timedelta(days=-2, hours=-1), "a/later": timedelta(days=90)})
    ended = project.tokenbroker("due")
    assert (ended.code, ended.err) == (1, "")
    assert "tokenbroker rotate local:a/gone" in ended.out
    assert "2 d ago" in ended.out
    assert ended.out.splitlines()[-1].endswith("tokenbroker rotate --due --within 14d")
    assert "a/later" not in ended.out
    assert CANARY not in ended.text
    nothing = project.tokenbroker("due", "--label", "us")
    assert (nothing.code, "rotate" in nothing.out) == (0, False)
    assert {action for action, _, _ in project.audit()} == {"set_token"}  # no value was read


def test_as_json_the_names_are_stable(project: Project) -> None:
    ends = keep(project, {"a/gone": timedelta(days=-2)}, flow_id="")
    ended = project.tokenbroker("due", "--all", "--json")
    (row,) = json.loads(ended.out)
    assert -3 * 86400 < row.pop("ends_in_s") <= -2 * 86400
    assert row == {
        "kind": "token",
        "reference": "local:a/gone",
        "version": 1,
        "state": "expired",
        "due": True,
        "ends_at": iso(ends["a/gone"]),
        "owner": "platform",
        "labels": ["prod", "eu"],
        "key_name": "CI",
        "flow": None,
        "next": "tokenbroker adopt local:a/gone --flow SITE/FLOW",
    }
    assert ended.code == 1


def test_a_token_whose_replacement_has_stopped_has_one_line_that_tells_both(project: Project) -> None:
    keep(project, {"a/gone": timedelta(days=-2, hours=-1), "a/soon": timedelta(days=3, hours=1)})
    stop_replacement(project, "a/gone", "rotate.not_proven")
    ended = project.tokenbroker("due")
    assert ended.code == 1
    (line,) = [line for line in ended.out.splitlines() if line.startswith("local:a/gone")]
    assert "stopped with rotate.not_proven" in line
    assert "2 d ago" in line
    assert line.endswith("tokenbroker rotate local:a/gone")
    assert len([line for line in ended.out.splitlines() if line.startswith("local:a/soon")]) == 1
    rows = json.loads(project.tokenbroker("due", "--json").out)
    assert [(row["kind"], row["reference"]) for row in rows] == [
        ("token", "local:a/gone"),
        ("token", "local:a/soon"),
        ("rotation", "local:a/gone"),
    ]


def test_in_a_narrow_window_a_command_stays_in_one_piece(project: Project) -> None:
    keep(project, {f"example/{'long-' * 6}name": timedelta(days=2, hours=1)})
    with project.terminal(
        "due", command=("sh", "-c", 'stty cols 80; unset COLUMNS; exec "$@"', "sh", *TOKENBROKER)
    ) as seen:
        assert seen.end() == 1
        lines = [line.strip() for line in seen.screen.splitlines()]
    assert f"tokenbroker rotate local:example/{'long-' * 6}name" in lines
    assert max(map(len, lines[:-1])) <= 80


def test_a_sink_that_is_down_is_said_and_hides_nothing(project: Project) -> None:
    project.write(
        "tokenbroker.toml",
        f'{SETTINGS}\n[sinks.team]\ntype = "postgres"\nurl = "postgresql://a@127.0.0.1:9/b"\n',
    )
    keep(project, {"a/gone": timedelta(days=-2)})
    ended = project.tokenbroker("due", "--json")
    assert ended.code == 12
    assert [row["reference"] for row in json.loads(ended.out)] == ["local:a/gone"]
    assert "The sink team can't be listed now" in ended.err
    assert "secret.unavailable" in ended.err


@pytest.mark.parametrize("within", ["0d", "14", "14 days", ""])
def test_a_span_that_is_none_is_refused(within: str) -> None:
    with pytest.raises(UsageError) as caught:
        due(within=within, owner=None, label=[], everything=False, as_json=False)
    assert caught.value.code == "usage"


@pytest.mark.parametrize(("owner", "label"), [("", []), (None, ["prod", ""])])
def test_an_empty_owner_or_label_is_refused(owner: str | None, label: list[str]) -> None:
    with pytest.raises(UsageError):
        due(within="14d", owner=owner, label=label, everything=False, as_json=False)
