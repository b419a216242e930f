"""One flow for several accounts: each case is a flow of its own, and no name of a reference tells of a person (FLOW-5)."""

from pathlib import Path

import pytest

from tests.flow.texts import flow_from, flow_text
from tests.policy.test_approve import MAPPED, NOW, SITE
from tokenbroker.errors import FlowError, UsageError
from tokenbroker.flow.cases import case_of, cases_of
from tokenbroker.flow.lint import lint
from tokenbroker.flow.model import Flow
from tokenbroker.policy.approve import Plan, Request, approve
from tokenbroker.run.steps import STEPS

pytestmark = pytest.mark.req("FLOW-5")

NAVIGATE = f"- navigate: '{SITE}/login'"
TYPE = "- type: { selector: '#e', value_ref: 'secrets:${account}.email' }"
CAPTURE = "- capture_token: { selector: .token, secret_ref: 'tokens:${account}/key-${region}' }"
OPEN_HEAD = "params: { account: {}, region: { default: eu } }\n"
HEAD = """\
params: { account: {}, region: { default: eu } }
matrix:
  billing: { account: bill }
  search: { account: find, region: us }
"""


def text(*steps: str, head: str = HEAD) -> str:
    return flow_text(NAVIGATE, *(steps or (TYPE, CAPTURE)), head=head)


def references(flow: Flow) -> list[str]:
    return [str(step.options.get("value_ref", step.options.get("secret_ref", ""))) for step in flow.steps[1:]]


def planned(flow: Flow, **params: str) -> Plan:
    return approve(flow, Request(actor="tests", params=params, origin_map=MAPPED), clock=lambda: NOW)


def test_each_case_is_a_flow_with_its_own_id_and_references() -> None:
    flow = flow_from(text())
    billing, search = cases_of(flow)
    assert (billing.id, search.id) == (
        f"{flow.site}/{flow.name}[billing]",
        f"{flow.site}/{flow.name}[search]",
    )
    assert references(search) == ["secrets:find.email", "tokens:find/key-us"]
    # What the case leaves open is filled once it is known.
    assert references(billing) == ["secrets:bill.email", "tokens:bill/key-${region}"]
    assert references(planned(billing).flow) == ["secrets:bill.email", "tokens:bill/key-eu"]
    assert references(planned(billing, region="ap").flow) == ["secrets:bill.email", "tokens:bill/key-ap"]
    assert planned(search).params == {"account": "find", "region": "us"}


def test_a_flow_without_a_matrix_is_its_only_case() -> None:
    flow = flow_from(text(head="params: { account: {}, region: { default: eu } }\n"))
    assert cases_of(flow) == (flow,)
    assert case_of(flow, "") is flow
    assert references(planned(flow, account="x").flow) == ["secrets:x.email", "tokens:x/key-eu"]


@pytest.mark.parametrize(
    "value", ["../other", "a/b", "", "a b", "..", "${region}", "bank.prod", "ä", "x" * 101]
)
def test_a_value_that_would_lead_elsewhere_in_the_sink_is_refused_and_not_repeated(value: str) -> None:
    flow = flow_from(text(head="params: { account: { required: false }, region: { default: eu } }\n"))
    with pytest.raises(UsageError) as caught:
        planned(flow, account=value)
    assert caught.value.code == "param.not_a_name"
    assert not value or value not in caught.value.sentence.replace("${account}", "")


def test_a_reference_that_waits_for_a_parameter_or_is_too_long_is_refused_before_anything_is_made() -> None:
    flow = flow_from(text(head="params: { account: { required: false }, region: { default: eu } }\n"))
    with pytest.raises(UsageError, match="needs the parameter 'account'") as caught:
        planned(flow)
    assert caught.value.code == "param.missing"
    head = "params: { account: {}, region: {} }\n"
    capture = "- capture_token: { selector: .t, secret_ref: 'tokens:${account}/${region}/${account}' }"
    with pytest.raises(UsageError, match="and 255 are the limit") as caught:
        planned(flow_from(text(capture, head=head)), account="a" * 90, region="b" * 90)
    assert caught.value.code == "param.not_a_name"


def test_what_a_case_sets_is_not_given_again() -> None:
    billing, _ = cases_of(flow_from(text()))
    with pytest.raises(UsageError, match="sets the parameter 'account' itself") as caught:
        planned(billing, account="other")
    assert caught.value.code == "param.fixed"


@pytest.mark.parametrize(("case", "told"), [("", "has a matrix"), ("serch", "has no case 'serch'")])
def test_a_case_has_to_be_chosen_and_to_be_there(case: str, told: str) -> None:
    flow = flow_from(text())
    with pytest.raises(UsageError, match=told) as caught:
        case_of(flow, case)
    assert caught.value.code == "flow.no_case"
    assert "billing, search" in caught.value.sentence
    if not case:
        with pytest.raises(UsageError, match=told):
            planned(flow)


def test_a_case_of_a_flow_without_a_matrix_is_none() -> None:
    with pytest.raises(UsageError, match="has no matrix"):
        case_of(flow_from(text(head="params: { account: {}, region: {} }\n")), "billing")


@pytest.mark.parametrize(
    ("head", "steps", "code", "line"),
    [
        ("params: { account: {} }\nmatrix: { a: { acount: x } }\n", (TYPE,), "flow.unknown_param", 6),
        ("matrix: { a: { account: x } }\n", (NAVIGATE,), "flow.unknown_param", 5),
        ("params: { region: {} }\n", (TYPE,), "flow.unknown_param", 8),
        (
            "params: { account: { personal: true } }\nmatrix: { a: { account: x } }\n",
            ("- type: { selector: '#e', value_ref: 'param:account' }",),
            "flow.personal_value",
            6,
        ),
        ("params: { account: { personal: true } }\n", (TYPE,), "flow.personal_name", 8),
        ("params: { account: {} }\nmatrix: { a: { account: ../x } }\n", (TYPE,), "flow.bad_case", 6),
        (
            "params: { account: {} }\nmatrix:\n  a: { account: x }\n  b: { account: x }\n",
            (TYPE,),
            "flow.same_case",
            8,
        ),
        (
            "params: { account: {} }\nmatrix:\n  a: { account: x }\n  b: { account: y }\n",
            ("- capture_token: { selector: .t, secret_ref: 'tokens:example/key' }",),
            "flow.shared_reference",
            11,
        ),
        (
            f"{OPEN_HEAD}matrix:\n  a: {{ account: x }}\n  b: {{ account: y }}\n  c: {{ account: x, region: eu }}\n",
            ("- capture_token: { selector: .t, secret_ref: 'tokens:${account}/${region}' }",),
            "flow.shared_reference",
            12,
        ),
        ("params: { account: {} }\nmatrix: {}\n", (TYPE,), "flow.schema", 6),
        ("params: { account: {} }\nmatrix: { a: { account: 7 } }\n", (TYPE,), "flow.schema", 6),
        ("params: { account: {} }\nmatrix: { 'a b': { account: x } }\n", (TYPE,), "flow.schema", 6),
    ],
)
def test_mistakes_are_told_with_their_place(head: str, steps: tuple[str, ...], code: str, line: int) -> None:
    with pytest.raises(FlowError) as caught:
        flow_from(text(*steps, head=head))
    assert caught.value.code == code, caught.value.sentence
    assert f":{line}:" in caught.value.sentence.splitlines()[0]


@pytest.mark.parametrize(
    "where", ["env:${account}", "param:${account}", "${account}:key", "secrets:${ACC OUNT}"]
)
def test_only_the_names_of_secrets_take_a_parameter(where: str) -> None:
    with pytest.raises(FlowError) as caught:
        flow_from(text(f"- type: {{ selector: '#e', value_ref: '{where}' }}"))
    assert caught.value.code == "flow.schema"


def test_a_parameter_that_stands_in_references_only_is_used(tmp_path: Path) -> None:
    file = tmp_path / "flow.yaml"
    file.write_text(text(TYPE, head="params: { account: {}, region: {} }\n"), encoding="utf-8")
    (finding,) = [each for each in lint(file, STEPS) if each.id == "TB502"]
    assert "'region'" in finding.message
