"""A token of JupyterHub's is got through its pages, works at its API, and is refused once it was revoked there."""

import json
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.leak.canary import Canary
from tests.leak.opened import members
from tests.leak.search import Hit, search_data, search_parts, search_tree
from tests.peers.jupyterhub.hub import RunningHub
from tests.project import Ended, Project
from tokenbroker.evidence.bundle.keys import bundle_keys

pytestmark = [pytest.mark.browser, pytest.mark.req("FLOW-2", "FLOW-3", "RESIL-2")]

NOTE = "Nightly report"
EVERY_REPORT = ("-vv", "-l", "--full-trace", "--junitxml=junit.xml", "--alluredir=allure")


def run_flow(project: Project, name: str) -> Ended:
    ended = project.pytest(f"flows/{name}.yaml", *EVERY_REPORT)
    assert (ended.code, ended.outcomes()) == (0, {"passed": 1}), ended.text
    return ended


def stored_token(project: Project) -> str:
    with project.broker() as broker:
        return broker.sink("tokens").get("jupyterhub/nightly-report", actor="tests").reveal()


def leaks(project: Project, ended: Ended, wanted: tuple[Canary, ...]) -> Iterator[Hit]:
    """Where any of `wanted` stands in what a run has written, its sealed bundle included."""
    yield from search_tree(wanted, project.folder)
    yield from search_data(wanted, ended.text.encode(), where="the terminal")
    with project.broker() as broker:
        identity = bundle_keys(broker.local.store, broker.local.custody.master_key).identity
    (bundle,) = project.folder.glob("reports/*.bundle.age")
    yield from search_parts(wanted, members(bundle, identity), where=bundle.name)


def test_the_token_that_a_flow_stores_is_its_users_and_expires_as_chosen(
    hub_project: Project, hub: RunningHub, user: str
) -> None:
    run_flow(hub_project, "create_token")
    token = stored_token(hub_project)
    who = hub.ask("user", token)
    assert (who.status, who.body["name"]) == (200, user)
    made_up = hub.ask("user", f"demo-only-{secrets.token_hex(16)}")
    assert made_up.status == 403, "the API tells tokens apart"
    (listed,) = hub.ask(f"users/{user}/tokens", token).body["api_tokens"]
    life = datetime.fromisoformat(listed["expires_at"]) - datetime.fromisoformat(listed["created"])
    assert (listed["note"], round(life / timedelta(minutes=1))) == (NOTE, 60)
    assert not any(target["healed"] for target in targets(hub_project))


def targets(project: Project) -> list[dict[str, Any]]:
    """How each selector set of the project's one run came to its element."""
    (record,) = project.folder.glob("reports/*/run.json")
    return [step["target"] for step in json.loads(record.read_text())["steps"] if step["target"]]


@pytest.mark.req("RESIL-1")
def test_a_set_of_which_a_part_is_no_longer_right_still_gets_the_token(
    hub_project: Project, hub: RunningHub
) -> None:
    flow = hub_project.folder / "flows" / "create_token.yaml"
    flow.write_text(
        flow.read_text().replace("#token-note", "#note-of-the-last-release").replace("Sign in", "Log in")
    )
    run_flow(hub_project, "create_token")
    assert hub.ask("user", stored_token(hub_project)).status == 200
    assert [target["failed"] for target in targets(hub_project)] == [[], [], ["role"], ["css"], [], [], []]


def test_a_token_that_a_second_flow_revokes_is_refused(hub_project: Project, hub: RunningHub) -> None:
    run_flow(hub_project, "create_token")
    token = stored_token(hub_project)
    assert hub.ask("user", token).status == 200
    run_flow(hub_project, "revoke_token")
    assert hub.ask("user", token).status == 403


@pytest.mark.leak
@pytest.mark.req("SECRET-7")
def test_what_a_run_leaves_holds_neither_the_token_nor_the_password(
    hub_project: Project, hub: RunningHub
) -> None:
    ended = run_flow(hub_project, "create_token")
    wanted = (
        Canary(kind="token", value=stored_token(hub_project)),
        Canary(kind="password", value=hub.password),
    )
    assert list(leaks(hub_project, ended, wanted)) == []
