"""`tokenbroker policy check`: what policy says, without a run (POLICY-1)."""

import json

import pytest

from tests.project import SETTINGS, Project

pytestmark = pytest.mark.req("POLICY-1")
MAPPED = SETTINGS + '\n[origin_map]\n"https://console.example.com" = "http://127.0.0.1:9"\n'
EXPIRED = "policy: { reviewed: 2020-01-01, review_expires: 2020-07-01 }\n"


@pytest.fixture
def mapped(project: Project) -> Project:
    """A project whose site is mapped to this machine."""
    project.write("tokenbroker.toml", MAPPED)
    return project


def test_a_yes_tells_every_condition_and_makes_no_home(mapped: Project) -> None:
    ended = mapped.tokenbroker("policy", "check", mapped.flow("look"))
    assert ended.code == 0, ended.text
    assert ended.out.startswith("allowed: policy.rule.allow.automation.permitted")
    assert ended.out.count("\N{CHECK MARK}") == 6
    assert not (mapped.home / "store.db").exists()


def test_a_no_tells_which_condition_and_what_to_do(mapped: Project) -> None:
    ended = mapped.tokenbroker("policy", "check", mapped.flow("look", head=EXPIRED))
    assert ended.code == 10
    assert ended.out.startswith("not allowed: policy.rule.deny.review.expired")
    assert "to do  read the site's terms again" in ended.out
    assert "\N{BALLOT X} review" in ended.out


def test_as_json_it_is_the_same_decision(mapped: Project) -> None:
    ended = mapped.tokenbroker("policy", "check", mapped.flow("look", head=EXPIRED), "--json")
    told = json.loads(ended.out)
    assert (ended.code, told["allowed"], told["code"]) == (10, False, "policy.rule.deny.review.expired")
    assert {each["condition"]: each["holds"] for each in told["checks"]} == {
        "automation": True, "origins": True, "review": False, "rate": True, "live": True, "no duplicate": True,
    }  # fmt: skip


def test_a_missing_or_wrong_flow_is_a_usage_error(mapped: Project) -> None:
    assert mapped.tokenbroker("policy", "check", "flows/none.yaml").code == 2
    broken = mapped.flow("look", head="polcy: { runs_per_day: 1 }\n")
    assert "did you mean 'policy'?" in mapped.tokenbroker("policy", "check", broken).text
