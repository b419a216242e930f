"""A parameter in what the page says: in selectors, and in the name of the key that a step creates (FLOW-5)."""

from pathlib import Path

import pytest

from tests.flow.texts import flow_from, flow_text
from tests.policy.test_approve import MAPPED, NOW, SITE
from tokenbroker.errors import UsageError
from tokenbroker.flow.lint import lint
from tokenbroker.flow.model import Flow
from tokenbroker.policy.approve import Plan, Request, approve
from tokenbroker.run.creation import creations
from tokenbroker.run.steps import STEPS

pytestmark = pytest.mark.req("FLOW-5")

HEAD = "params: { key_name: { default: agent } }\n"
STEPS_WITH_IT = (
    f"- navigate: '{SITE}/keys'",
    "- type: { selector: '#name', value_ref: 'param:key_name' }",
    "- click: { selector: 'text=Create', creates: { name: '${key_name}', revoke: 'examplecloud/revoke' } }",
    "- expect: { selector: [{ role: row, name: '${key_name}' }, { css: '[data-key=\"${key_name}\"]' }], text: '${key_name}' }",
    "- capture_token: { selector: .token, secret_ref: 'tokens:a/key' }",
)


def flow(head: str = HEAD) -> Flow:
    return flow_from(flow_text(*STEPS_WITH_IT, head=head))


def rules_of(folder: Path, head: str = HEAD) -> set[str]:
    file = folder / "keys.yaml"
    file.write_text(flow_text(*STEPS_WITH_IT, head=head), encoding="utf-8")
    return {finding.id for finding in lint(file, STEPS)}


def planned(flow: Flow, **params: str) -> Plan:
    return approve(flow, Request(actor="tests", params=params, origin_map=MAPPED), clock=lambda: NOW)


@pytest.mark.req("RUN-10")
def test_selectors_texts_and_the_name_of_the_key_take_the_value() -> None:
    plan = planned(flow(), key_name="CI agent 2.0")
    expected = plan.flow.steps[3].options
    assert [creation.name for creation in creations(plan.flow)] == ["CI agent 2.0"]
    assert expected["text"] == "CI agent 2.0"
    assert [*expected["selector"][0].values(), *expected["selector"][1].values()] == [
        "row", "CI agent 2.0", '[data-key="CI agent 2.0"]',
    ]  # fmt: skip
    assert plan.flow_sha256 == flow().sha256, "the text it was approved for is the file's"


@pytest.mark.parametrize("value", ['a"]', "a >> b", "a/b", "a=b", "", "a'b", "[x]", "-a", "a" * 101])
def test_a_value_that_could_change_what_a_selector_means_is_refused(value: str) -> None:
    with pytest.raises(UsageError) as caught:
        planned(flow("params: { key_name: { required: false } }\n"), key_name=value)
    assert caught.value.code in ("param.not_a_name", "param.missing")
    assert not value or value not in str(caught.value)


def test_without_a_value_the_run_is_refused_with_the_line_to_give_one() -> None:
    with pytest.raises(UsageError) as caught:
        planned(flow("params: { key_name: { required: false } }\n"))
    assert (caught.value.code, caught.value.next_step) == ("param.missing", "give --param key_name=VALUE")


@pytest.mark.req("SECRET-7")
def test_a_personal_one_has_no_place_in_what_is_shown(tmp_path: Path) -> None:
    head = "params: { key_name: { personal: true } }\n"
    with pytest.raises(UsageError) as caught:
        planned(flow(head), key_name="jane")
    assert caught.value.code == "param.not_a_name"
    assert "TB504" in rules_of(tmp_path, head)


@pytest.mark.req("LINT-1")
def test_a_parameter_in_a_selector_alone_is_used_and_stands_for_its_value(tmp_path: Path) -> None:
    assert not rules_of(tmp_path) & {"TB502", "TB504"}
