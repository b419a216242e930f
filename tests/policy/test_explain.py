"""What policy would say: the same words as the decision, as a value."""

from datetime import UTC, datetime

import pytest

from tests.flow.texts import flow_from, flow_text
from tokenbroker.errors import BrokerError
from tokenbroker.policy.approve import Request, approve
from tokenbroker.policy.explain import explain, is_live, reaches

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SITE = "https://console.example.com"
DEMO = "http://127.0.0.1:8000"
FLOW = flow_from(flow_text(f"- navigate: '{SITE}/login'"))


@pytest.mark.req("POLICY-1")
def test_a_yes_is_explained_with_the_decisions_own_code_and_mode() -> None:
    request = Request(actor="tests", params={}, origin_map={SITE: DEMO})
    explained = explain(FLOW, request, clock=lambda: NOW)
    plan = approve(FLOW, request, clock=lambda: NOW)
    assert (explained.allowed, explained.code, explained.mode) == (True, plan.reason_code, plan.mode.value)


@pytest.mark.req("POLICY-1")
def test_a_no_is_explained_in_the_decisions_own_words() -> None:
    request = Request(actor="tests", params={}, origin_map={})
    explained = explain(FLOW, request, clock=lambda: NOW)
    with pytest.raises(BrokerError) as caught:
        approve(FLOW, request, clock=lambda: NOW)
    no = caught.value
    assert (explained.allowed, explained.mode) == (False, "")
    assert (explained.code, explained.sentence, explained.next_step) == (no.code, no.sentence, no.next_step)


def test_where_a_flow_leads_counts_after_the_origin_map() -> None:
    assert reaches(FLOW, {SITE: DEMO}) == (DEMO,)
    assert not is_live(reaches(FLOW, {SITE: DEMO}))
    assert is_live(reaches(FLOW, {}))
