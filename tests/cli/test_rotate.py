"""``tokenbroker rotate``: another key takes a key's place, proven, and the old one is revoked (FLOW-8)."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text as sql

from tests.project import SIGN_IN, SITE, Project
from tokenbroker.store.lives import known_lives

pytestmark = [pytest.mark.req("FLOW-8"), pytest.mark.browser]

REFERENCE = "local:example/key"
PARAMS = 'params: { key_name: { default: "Reporting" } }\n'


def creating(life: str) -> str:
    return (
        SIGN_IN
        + f"""\
  - navigate: "{SITE}/api-keys"
  - click: {{ selector: "text=Create API Key" }}
  - type: {{ selector: "#name", value_ref: "param:key_name" }}
  - click: {{ selector: "text=Create", creates: {{ name: "${{key_name}}", revoke: "{SITE}/api-keys" }} }}
  - capture_token: {{ selector: ".token", secret_ref: "{REFERENCE}", life: {life} }}
  - verify_token: {{ url: "{SITE}/api/whoami" }}
"""
    )


REVOKING = (
    SIGN_IN
    + f"""\
  - navigate: "{SITE}/api-keys"
  - click: {{ selector: "text=Revoke ${{key_name}}" }}
  - wait_for: {{ selector: "text=Revoke this key?" }}
  - click: {{ selector: "text=Revoke key" }}
  - expect: {{ selector: "[role=status]", text: "${{key_name}} was revoked" }}
"""
)
LIFE = (
    "{ expires_in: 90d, owner: platform, labels: [prod], rotates: example/create, revokes: example/revoke }"
)


BY_HAND = "{ expires_in: 90d, owner: platform, rotates: example/create }"


@pytest.fixture
def project(demo_project: Project) -> Project:
    demo_project.play_person()
    demo_project.flow("create", creating(LIFE), head=PARAMS)
    demo_project.flow("revoke", REVOKING, head=PARAMS)
    created = demo_project.tokenbroker("run", "flows/create.yaml", "--no-pictures")
    assert created.code == 0, created.text
    return demo_project


def value(project: Project, version: int | None = None) -> str:
    with project.broker() as broker:
        return broker.local.get("example/key", version=version, actor="tests").reveal()


def end_soon(project: Project) -> None:
    with project.broker() as broker:
        soon = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        broker.local.store.write(lambda c: c.execute(sql(f"UPDATE token_lives SET ends_at = '{soon}'")))


def test_a_token_is_replaced_its_new_key_proven_and_the_old_one_dead(project: Project) -> None:
    old = value(project)
    ended = project.tokenbroker("rotate", REFERENCE, "--yes", "--no-pictures", "--json")
    assert ended.code == 0, ended.text
    (row,) = json.loads(ended.out)
    new = value(project)
    assert (row["state"], row["old_version"], row["new_version"]) == ("revoked", 1, 2)
    assert (project.whoami(new), project.whoami(old)) == (200, 401)
    assert old not in ended.text + new
    assert new not in ended.text
    with project.broker() as broker:
        lives = {life.version: life for life in known_lives(broker.local.store, ["local"]).values()}
        assert [stored.path for stored in broker.local.list()].count("example/key.rotating") == 0
    assert {*lives} == {1, 2}
    assert lives[1].revoked_at is not None
    assert (lives[2].owner, lives[2].labels, lives[2].revoked_at) == ("platform", ("prod",), None)
    assert lives[2].key_name.startswith("Reporting-2")
    assert [result for action, _, result in project.audit() if action == "rotate_token"] == ["ok"] * 5


def test_where_a_person_has_to_revoke_the_next_rotate_sees_that_the_old_key_is_dead(project: Project) -> None:
    old = value(project)
    with project.broker() as broker:
        broker.local.store.write(lambda c: c.execute(sql("UPDATE token_lives SET revokes = ''")))
    project.flow("create", creating(BY_HAND), head=PARAMS)
    first = project.tokenbroker("rotate", REFERENCE, "--yes", "--no-pictures")
    assert (first.code, project.whoami(old)) == (0, 200), first.text
    assert "you will have to" in first.text
    revoked = project.tokenbroker(
        "run", "flows/revoke.yaml", "--param", "key_name=Reporting", "--no-pictures"
    )
    assert (revoked.code, project.whoami(old)) == (0, 401), revoked.text
    again = project.tokenbroker("rotate", REFERENCE, "--yes", "--json")
    assert (again.code, json.loads(again.out)[0]["state"]) == (0, "revoked"), again.text
