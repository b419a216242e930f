"""`tokenbroker adopt`: a key that exists already gets what a flow would have told of it (FLOW-8)."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import Result
from typer.testing import CliRunner

from tests.project import SITE, Project, flow_text
from tokenbroker.cli import app
from tokenbroker.errors import SecretNotFound, UsageError
from tokenbroker.secret import Secret
from tokenbroker.store.lives import Life, note_revoked

pytestmark = pytest.mark.req("FLOW-8")

CANARY = "demo-only-canary-90d2"
LIFE = "life: { expires_in: 90d, grace: 24h, owner: platform, labels: [prod], rotates: example/replace }"


def write_flow(project: Project, name: str, *references: str, head: str = "") -> None:
    captures = "".join(
        f'  - capture_token: {{ selector: ".t{number}", secret_ref: "{reference}", {LIFE} }}\n'
        for number, reference in enumerate(references)
    )
    creates = f'creates: {{ name: ci, revoke: "{SITE}/keys" }}'
    steps = f'  - navigate: "{SITE}/"\n  - click: {{ selector: "#go", {creates} }}\n{captures}'
    project.write(f"flows/{name}.yaml", flow_text(name, steps, head=head))


def life(project: Project, path: str, version: int = 1) -> Life:
    with project.broker() as broker:
        return broker.lives()["local", path, version]


@pytest.mark.req("SECRET-7", "AUDIT-1")
def test_a_key_is_stored_and_gets_what_its_flow_says_and_again_only_what_is_given(project: Project) -> None:
    write_flow(project, "create", "local:${who}/key", "local:${who}/id", head="params: { who: {} }\n")
    options = ("--flow", "example/create", "--param", "who=a", "--created-at", "2026-01-31")
    ended = project.tokenbroker("adopt", "a/key", *options, stdin=f"{CANARY}\n")
    assert ended.code == 0, ended.text
    assert CANARY not in ended.text
    assert "--key-name says it" in ended.out
    first = life(project, "a/key")
    assert (first.flow_id, first.owner, first.labels, first.grace_s) == (
        "example/create",
        "platform",
        ("prod",),
        86400,
    )
    assert (first.rotates, first.revoke_at, first.params) == ("example/replace", f"{SITE}/keys", {"who": "a"})
    assert first.ends_at == datetime(2026, 5, 1, tzinfo=UTC)  # 90 days after the end of January

    again = project.tokenbroker(
        "adopt", "local:a/key@1", "--owner", "search", "--key-name", "CI key", "--expires-at", "2028-02-29"
    )
    assert again.code == 0, again.text
    second = life(project, "a/key")
    changed = {name for name in Life.__dataclass_fields__ if getattr(first, name) != getattr(second, name)}
    assert changed == {"owner", "key_name", "ends_at"}
    assert second.ends_at == datetime(2028, 3, 1, tzinfo=UTC)
    assert [row for row in project.audit() if row[0] != "set_token"] == [
        ("adopt_token", "local:a/key@1", "ok"),
        ("adopt_token", "local:a/key@1", "ok"),
    ]
    (told,) = json.loads(project.tokenbroker("secrets", "show", "a/key", "--json").out)
    assert (told["labels"], told["key_name"], told["revoked"]) == (["prod"], "CI key", None)
    with project.broker() as broker:
        note_revoked(broker.local.store, "local", "a/key", 1, at=datetime(2026, 11, 27, tzinfo=UTC))
    listed = project.tokenbroker("secrets", "list").out
    assert all(told in listed for told in ("labels", "prod", "revoked", "2026-11-27 00:00:00Z"))


@pytest.mark.req("SECRET-7")
def test_at_a_terminal_the_value_is_asked_for_and_not_echoed(project: Project) -> None:
    with project.terminal("adopt", "a/key", "--expires-in", "90d") as terminal:
        terminal.wait_for("There is no secret at local:a/key yet")
        terminal.wait_for("Ctrl-C stores nothing")
        terminal.wait_for("not shown")
        terminal.type(CANARY)
        assert terminal.end() == 0
        assert CANARY not in terminal.screen
        assert "no owner is known" in terminal.screen
    kept = life(project, "a/key")
    assert kept.ends_at == kept.created_at + timedelta(days=90)


@pytest.fixture
def here(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project, as the folder of this very process: a process of its own for each act takes long."""
    monkeypatch.chdir(project.folder)
    monkeypatch.setenv("TOKENBROKER_HOME", str(project.home))
    return project


def adopt(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(app, ["adopt", *arguments], input=stdin)


def test_the_newest_version_is_adopted_or_the_one_that_is_named(here: Project) -> None:
    with here.broker() as broker:
        for number in (1, 2):
            broker.local.put("a/key", Secret(f"{CANARY}-{number}"), put_id=str(number), actor="tests")
    assert adopt("a/key", "--owner", "newest").exit_code == 0
    assert adopt("a/key@1", "--owner", "named").exit_code == 0
    assert [life(here, "a/key", number).owner for number in (1, 2)] == ["named", "newest"]
    missing = adopt("a/key@3", stdin=CANARY).exception
    assert isinstance(missing, SecretNotFound)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("a/key", "--flow", "example/creat"), "flow.not_found"),
        (("a/key", "--revokes", "example/revoke"), "flow.not_found"),
        (("a/key", "--flow", "example/create"), "adopt.other_reference"),
        (("a/key", "--param", "who=a"), "usage"),
        (("a/key", "--owner", "someone@example.com"), "flow.schema"),
        (("a/key.rotating",), "usage"),
        (("a/key", "--flow", ""), "usage"),
        (("a/key", "--owner", ""), "flow.schema"),
        (("a/key", "--key-name", ""), "usage"),
        (("a/key", "--created-at", ""), "flow.bad_date"),
        (("env:a.key",), "usage"),
    ],
)
def test_what_makes_no_sense_is_refused_before_a_value_is_asked_for(
    here: Project, arguments: tuple[str, ...], code: str
) -> None:
    write_flow(here, "create", "local:b/key")
    ended = adopt(*arguments, stdin=CANARY)
    assert isinstance(ended.exception, UsageError)
    assert ended.exception.code == code
    assert CANARY not in ended.output + str(ended.exception)
    with here.broker() as broker:
        assert broker.local.list() == []


def test_a_key_that_has_ended_already_is_adopted_and_said_to_be_over(here: Project) -> None:
    with here.broker() as broker:
        broker.local.put("a/key", Secret(CANARY), put_id="1", actor="tests")
    write_flow(here, "create", "local:a/key")
    ended = adopt("a/key", "--expires-at", "2026-01-31")
    assert "which was there already; no value was asked for" in ended.output
    assert "it has ended already: --flow says" in ended.output
    again = adopt("a/key", "--flow", "example/create")
    assert "it has ended already: tokenbroker rotate local:a/key" in again.output
    later = adopt("a/key", "--expires-at", "2999-01-31")
    assert "has ended" not in later.output


def test_a_mistyped_path_is_said_before_a_value_is_read(here: Project) -> None:
    here.put("atlas/key", CANARY)
    ended = adopt("atlas/kye", "--expires-in", "90d", stdin="\n")
    assert isinstance(ended.exception, UsageError)
    assert "There is no secret at local:atlas/kye yet (did you mean local:atlas/key?)" in ended.stderr
