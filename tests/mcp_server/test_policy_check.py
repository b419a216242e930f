"""`policy_check`: the same decision as a run's, without a run."""

import json
import secrets
from typing import Any

import pytest

from tests.mcp_server.rig import Answered, in_a_thread, served
from tests.project import LOOK, SIGN_IN, SITE, Project, remember_created_key

pytestmark = pytest.mark.req("MCP-1", "POLICY-1")

CAPTURE = '  - capture_token: { selector: ".token", secret_ref: "bitwarden:example/reporting" }\n'


def checked(project: Project, *asked: dict[str, Any]) -> list[Answered]:
    async def work() -> list[Answered]:
        async with served(project) as server:
            return [await server.call("policy_check", **each) for each in asked]

    return in_a_thread(work)


def test_an_allowed_flow_says_its_mode_and_why(project: Project) -> None:
    project.write("tokenbroker.toml", f'[origin_map]\n"{SITE}" = "http://127.0.0.1:9"\n')
    project.flow("sign_in", SIGN_IN, modes="guided|semi_auto")
    (answered,) = checked(project, {"flow": "example/sign_in"})
    assert not answered.is_error
    assert (answered.content["allowed"], answered.content["mode"]) == (True, "semi_auto")
    assert answered.content["code"] == "policy.rule.allow.automation.permitted"
    assert answered.content["next_step"] == ""
    assert [need["reason"] for need in answered.content["person"]] == ["Enter the code"]
    assert not project.home.exists()  # nothing was changed by asking


def test_a_refusal_says_its_reason_and_what_would_change_it(project: Project) -> None:
    project.flow("look")
    project.flow("guided", modes="guided")
    project.flow("create", LOOK + CAPTURE, head="params:\n  owner: {}\n")
    remember_created_key(project, "example/create")
    before = project.audit()
    answers = checked(
        project,
        {"flow": "example/look"},
        {"flow": "example/look", "live": True},
        {"flow": "example/guided"},
        {"flow": "example/look", "mode": "guided"},
        {"flow": "example/create", "live": True},
        {"flow": "example/create", "live": True, "params": {"owner": "me"}},
        {"flow": "example/create", "live": True, "again": True},
        {"flow": "example/create", "live": True, "again": True, "params": {"owner": "me"}},
    )
    assert [answer.content["code"] for answer in answers] == [
        "run.needs_live",
        "policy.rule.allow.automation.permitted",
        "policy.rule.deny.automation.not_permitted",
        "policy.rule.deny.automation.not_permitted",
        "param.missing",
        "run.would_duplicate",
        "param.missing",
        "policy.rule.allow.automation.permitted",
    ]
    for answer in answers:
        assert not answer.is_error  # it is an answer, not a failure
        assert answer.content["allowed"] is (answer.content["mode"] == "semi_auto")
        assert bool(answer.content["next_step"]) is not answer.content["allowed"]
    assert project.audit() == before


def test_what_can_not_be_judged_is_an_error_with_a_next_step(project: Project) -> None:
    project.flow("look")
    answers = checked(project, {"flow": "example/no"}, {"flow": "example/look", "mode": "fast"})
    assert all(answer.is_error and answer.content["next_step"] for answer in answers)
    assert [answer.content["code"] for answer in answers] == ["flow.not_found", "usage"]


@pytest.mark.req("SECRET-7")
def test_a_file_that_is_not_listed_is_not_read_and_looks_as_if_it_were_not_there(project: Project) -> None:
    password = f"demo-only-{secrets.token_hex(8)}"
    project.flow("look")
    flow = (project.folder / "flows/look.yaml").read_text()
    (project.folder / "pytest.ini").write_text("[pytest]\ntokenbroker_flows = flows\n")
    project.write("more/settings.yaml", f"DATABASE_URL: {password}\n")
    project.write("more/.env.yaml", f"DATABASE_URL: {password}\n")
    project.write("more/.hidden/look.flow.yaml", flow)
    (project.folder / "more/shown").symlink_to(project.folder / "more/.hidden")
    project.write("more/broken.flow.yaml", f"version: 1\npassword: {password}\n")
    names = ("settings.yaml", ".env.yaml", ".hidden/look.flow.yaml", "shown/look.flow.yaml", "no-such.yaml")

    async def work() -> list[Answered]:
        async with served(project, "more") as server:
            return [
                await server.call("policy_check", flow=f"more/{name}")
                for name in (*names, "broken.flow.yaml")
            ]

    *hidden, broken = in_a_thread(work)
    assert [answer.content["code"] for answer in hidden] == ["flow.not_found"] * len(names)
    for name, answer in zip(names, hidden, strict=True):
        # Word for word what is said of the last one, which is not there.
        assert answer.content["message"].startswith(f"there is no flow file more/{name}")
    assert broken.content["code"] == "flow.unknown_key"
    assert "broken.flow.yaml:2:1: " in broken.content["message"]
    for answer in (*hidden, broken):
        assert password not in answer.text + json.dumps(answer.content)
