"""`policy_check`: the same decision as a run's, without a run."""

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
        {"flow": "example/create", "live": True, "again": True, "params": {"owner": "me"}},
    )
    assert [answer.content["code"] for answer in answers] == [
        "run.needs_live",
        "policy.rule.allow.automation.permitted",
        "policy.rule.deny.automation.not_permitted",
        "mode.not_available",
        "param.missing",
        "run.would_duplicate",
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
