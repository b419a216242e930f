"""Which flows of a sitting sign in with one account, and what a person is asked there (FLOW-8)."""

import pytest

from tests.flow.texts import flow_from, flow_text
from tokenbroker.flow.model import Flow
from tokenbroker.lifecycle.sign_on import account_of, grouped, questions

pytestmark = pytest.mark.req("FLOW-8")
ID = "https://id.example.com"


def flow_at(site: str, *typed: str, sign_on: str = ID, params: str = "") -> Flow:
    steps = [f"- type: {{ selector: '#f', value_ref: '{ref}' }}" for ref in typed]
    head = f"origins: ['https://{site}.example.net', '{ID}', 'https://other.example.com']\n{params}"
    said = f"sign_on: '{sign_on}'\n" if sign_on else ""
    return flow_from(flow_text(f"- navigate: 'https://{site}.example.net/'", *steps, head=head + said))


def test_flows_that_type_the_same_inputs_at_one_provider_have_one_account() -> None:
    atlas = flow_at("atlas", "secrets:id.email", "secrets:id.password")
    beacon = flow_at("beacon", "secrets:id.password", "secrets:id.email")
    (group,) = grouped([(account_of(each, {}), each) for each in (atlas, beacon)]).values()
    assert group == [atlas, beacon]


@pytest.mark.parametrize(
    "other",
    [
        flow_at("beacon", "secrets:id.email", "secrets:id.other"),
        flow_at("beacon", "secrets:id.email"),
        flow_at("beacon", "secrets:id.email", "secrets:id.password", "env:ID_PIN"),
        flow_at("beacon", "secrets:id.email", "secrets:id.password", sign_on="https://other.example.com"),
    ],
    ids=["another secret", "one less", "one more", "another provider"],
)
def test_any_other_input_or_provider_is_another_account(other: Flow) -> None:
    atlas = flow_at("atlas", "secrets:id.email", "secrets:id.password")
    assert account_of(atlas, {}) != account_of(other, {})


def test_the_account_of_a_parameters_name_is_its_values() -> None:
    params = "params: { who: { default: ann } }\n"
    flow = flow_at("atlas", "secrets:id.${who}.password", params=params)
    ann, bob = (account_of(flow, {"who": who}) for who in ("ann", "bob"))
    assert ann != bob
    assert ann == account_of(flow, {"who": "ann", "not_its_own": "x"})


def test_a_flow_that_names_no_provider_shares_with_nobody() -> None:
    assert account_of(flow_at("atlas", "secrets:id.email", sign_on=""), {}) is None
    assert grouped([(None, flow_at("atlas", sign_on=""))]) == {}


@pytest.mark.req("SECRET-7")
def test_accounts_that_only_their_values_tell_apart_share_nothing() -> None:
    def at(default: str, *refs: str) -> Flow:
        return flow_at("atlas", *refs, params=f"params: {{ who: {{ default: {default} }} }}\n")

    assert account_of(at("ann", "secrets:${who}.pw"), {}) != account_of(at("bob", "secrets:${who}.pw"), {})
    assert account_of(at("ann", "param:who"), {}) != account_of(at("ann", "param:who"), {"who": "bob"})
    assert account_of(at("ann", "param:who", "secrets:a"), {}, apart="who") == account_of(
        at("bob", "param:who", "secrets:a"), {}, apart="who"
    )
    assert account_of(at("ann"), {}) is None, "what types nothing can't be told from another account"


def test_a_question_is_a_step_at_which_a_person_is_asked() -> None:
    asking = "- wait_human: { reason: Enter the code }"
    flow = flow_from(flow_text("- navigate: 'https://atlas.example.net/'", asking, "- click: '#go'"))
    assert [step.number for step in questions(flow)] == [2]
