"""The conditions of a run, one by one and composed (POLICY-1, POLICY-2)."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from tests.flow.texts import flow_from, flow_text
from tokenbroker.clock import midnight
from tokenbroker.errors import PolicyDenied
from tokenbroker.flow.model import Mode
from tokenbroker.policy.approve import History, Request, approve, decided
from tokenbroker.policy.check import AllOf, Code, Condition, Subject
from tokenbroker.policy.conditions import (
    OWN,
    ApprovalNeeded,
    AuthAge,
    Automation,
    Origins,
    RequiredScope,
    Review,
    RunsPerDay,
)
from tokenbroker.policy.decision import Decision
from tokenbroker.store.jobs import begin_job, runs_since
from tokenbroker.store.sqlite import open_store

pytestmark = pytest.mark.req("POLICY-1", "POLICY-2")

SITE, OTHER = "https://console.example.com", "https://keys.example.com"
MAPPED = {SITE: "http://127.0.0.1:8000", OTHER: "http://127.0.0.1:8001"}
NAVIGATE = f"- navigate: '{SITE}/login'"
REVIEWED = "policy: { reviewed: 2026-01-10, review_expires: 2026-07-10 }"
NOON = datetime(2026, 7, 10, 12, 0, tzinfo=UTC)


def decision(
    head: str = "",
    *project: Condition,
    at: datetime = NOON,
    runs: int = 0,
    origin_map: dict[str, str] = MAPPED,
    subject: Subject | None = None,
) -> Decision:
    flow = flow_from(flow_text(NAVIGATE, head=head))
    request = Request(actor="tests", params={}, origin_map=origin_map, subject=subject)
    return decided(flow, request, clock=lambda: at, history=History(runs_today=lambda: runs), project=project)


def test_every_condition_is_asked_and_tells_what_it_found():
    told = decision(REVIEWED)
    assert told.allowed
    assert told.code == Code.ALLOWED
    assert [check.condition for check in told.checks] == [
        "automation", "origins", "review", "rate", "live", "no duplicate",
    ]  # fmt: skip
    assert all(check.sentence for check in told.checks)


@pytest.mark.req("FLOW-7")
@pytest.mark.parametrize(
    ("at", "allowed"),
    [
        (NOON, True),
        (datetime(2026, 7, 10, 23, 59, tzinfo=UTC), True),
        (datetime(2026, 7, 11, tzinfo=UTC), False),
    ],
)
def test_a_review_holds_to_the_end_of_its_last_day_in_utc(at, allowed):
    told = decision(REVIEWED, at=at)
    assert told.allowed is allowed
    if not allowed:
        assert told.code == Code.REVIEW_EXPIRED
        assert "expired on 2026-07-10" in told.denied[0].sentence


@pytest.mark.req("FLOW-7")
@pytest.mark.parametrize(("limit", "runs", "allowed"), [(2, 1, True), (2, 2, False), (0, 0, False)])
def test_as_many_runs_a_day_as_the_flow_allows(limit, runs, allowed):
    told = decision(f"policy: {{ runs_per_day: {limit} }}", runs=runs)
    assert told.allowed is allowed
    assert told.code == (Code.ALLOWED if allowed else Code.RATE_EXCEEDED)


def test_the_store_is_not_asked_for_runs_where_there_is_no_limit():
    flow = flow_from(flow_text(NAVIGATE))
    request = Request(actor="tests", params={}, origin_map=MAPPED)
    history = History(runs_today=lambda: pytest.fail("asked"))
    assert decided(flow, request, clock=lambda: NOON, history=history).allowed


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        (Automation((Mode.GUIDED,), by="p.yaml"), Code.MODE_DENIED),
        (Origins((OTHER,), by="p.yaml"), Code.ORIGIN_DENIED),
        (Review(is_required=True, by="p.yaml"), Code.REVIEW_MISSING),
        (RunsPerDay(1, by="p.yaml"), Code.RATE_EXCEEDED),
    ],
)
def test_a_condition_of_the_project_can_say_no_where_the_flow_says_yes(condition, code):
    assert decision(runs=1).allowed
    told = decision("", condition, runs=1)
    assert told.code == code
    assert "p.yaml" in told.denied[0].sentence


@pytest.mark.parametrize(
    "condition",
    [Automation((Mode.SEMI_AUTO, Mode.GUIDED)), Origins((SITE, OTHER)), Review(), RunsPerDay(1000)],
)
def test_no_condition_of_the_project_makes_a_no_of_the_flow_a_yes(condition):
    head = "policy: { runs_per_day: 1, reviewed: 2020-01-01, review_expires: 2020-02-01 }"
    told = decision(head, condition, runs=1)
    assert [check.code for check in told.denied][:2] == [Code.REVIEW_EXPIRED, Code.RATE_EXCEEDED]


@pytest.mark.req("FLOW-7")
@pytest.mark.parametrize(
    ("scopes", "code"),
    [
        (None, Code.ALLOWED),  # this machine's own user has no token
        ({"keys:create"}, Code.ALLOWED),
        ({"keys:read", "keys:create"}, Code.ALLOWED),
        (set(), Code.SCOPE_DENIED),
        ({"keys:create:all"}, Code.SCOPE_DENIED),
        ({"keys"}, Code.SCOPE_DENIED),
    ],
)
@pytest.mark.parametrize("by_project", [False, True])
def test_a_token_needs_the_scope_that_the_flow_or_the_project_wants(scopes, code, by_project):
    subject = Subject(scopes=frozenset(scopes), authenticated_at=None) if scopes is not None else None
    head = "" if by_project else "policy: { required_scope: 'keys:create' }"
    project = [RequiredScope("keys:create", by="p.yaml")] if by_project else []
    told = decision(head, *project, subject=subject)
    assert told.code == code
    assert [check.condition for check in told.checks].count("scope") == 1


@pytest.mark.req("FLOW-7")
@pytest.mark.parametrize(
    ("signed_in", "code"),
    [
        (NOON - timedelta(minutes=15), Code.ALLOWED),
        (NOON - timedelta(minutes=15, microseconds=1), Code.AUTH_STALE),
        (NOON + timedelta(seconds=60), Code.ALLOWED),  # clocks differ
        (NOON + timedelta(seconds=61), Code.AUTH_STALE),
        (None, Code.AUTH_STALE),  # no time is no proof
        ("nobody", Code.ALLOWED),
    ],
)
@pytest.mark.parametrize("by_project", [False, True])
def test_a_sign_in_may_be_so_old_and_no_older(signed_in, code, by_project):
    subject = Subject(scopes=frozenset(), authenticated_at=signed_in) if signed_in != "nobody" else None
    head = "" if by_project else "policy: { max_auth_age: 15m }"
    project = [AuthAge(timedelta(minutes=15), by="p.yaml")] if by_project else []
    told = decision(head, *project, subject=subject)
    assert told.code == code
    if not told.allowed:
        assert "0:15:00" in told.denied[0].sentence


@pytest.mark.req("FLOW-7")
@pytest.mark.parametrize(
    ("head", "project", "wanted"),
    [
        ("", (), False),
        ("policy: { approval: required }", (), True),
        ("", (AllOf((ApprovalNeeded(is_required=True, by="p.yaml"),)),), True),
        ("policy: { runs_per_day: 3 }", (ApprovalNeeded(),), False),
    ],
)
def test_an_approval_is_wanted_by_the_flow_or_the_project_and_is_no_reason_against_a_run(
    head, project, wanted
):
    flow = flow_from(flow_text(NAVIGATE, head=head))
    request = Request(actor="tests", params={}, origin_map=MAPPED)
    plan = approve(flow, request, clock=lambda: NOON, project=project)
    assert (plan.needs_approval, plan.approval) == (wanted, None)
    assert ("approval" in [check.condition for check in plan.decision.checks]) is wanted


def test_deny_wins_wherever_it_stands():
    no = RunsPerDay(0)
    for conditions in ((no, *OWN), (*OWN, no), (AllOf((no,)), *OWN)):
        flow = flow_from(flow_text(NAVIGATE))
        request = Request(actor="tests", params={}, origin_map=MAPPED)
        told = decided(flow, request, clock=lambda: NOON, project=conditions)
        assert not told.allowed


def test_an_empty_all_of_is_refused():
    with pytest.raises(ValueError, match="permits nothing"):
        AllOf(())


def test_what_is_on_no_other_machine_needs_no_live_and_the_rest_comes_first():
    assert decision(origin_map={}).code == Code.NEEDS_LIVE
    told = decision("policy: { runs_per_day: 0 }", origin_map={})
    assert [check.code for check in told.denied] == [Code.RATE_EXCEEDED, Code.NEEDS_LIVE]
    told = decision("", Review(is_required=True, by="p.yaml"), origin_map={})
    assert [check.code for check in told.denied] == [Code.REVIEW_MISSING, Code.NEEDS_LIVE]


def test_a_review_that_is_still_to_come_is_none():
    told = decision("policy: { reviewed: 2026-08-01, review_expires: 2027-08-01 }")
    assert told.code == Code.REVIEW_MISSING
    assert "still to come" in told.denied[0].sentence


def test_a_no_says_where_the_terms_are():
    told = decision(
        "policy: { terms_of_service: 'https://a.example.com/terms', reviewed: 2020-01-01, review_expires: 2020-02-01 }"
    )
    assert "read the site's terms again at https://a.example.com/terms" in told.denied[0].next_step


def test_of_two_runs_that_were_both_allowed_the_last_place_goes_to_one(tmp_path):
    flow = flow_from(flow_text(NAVIGATE, head="policy: { runs_per_day: 3 }"))
    request = Request(actor="tests", params={}, origin_map=MAPPED)
    project = (AllOf((RunsPerDay(1, by="p.yaml"),)),)
    plans = [approve(flow, request, clock=lambda: NOON, project=project) for _ in range(2)]
    with open_store(tmp_path / "store.db") as store:
        begin = partial(
            begin_job, store, flow_id=flow.id, mode="semi_auto", actor="tests", clock=lambda: NOON
        )
        begin(admit=plans[0].admit)
        with pytest.raises(PolicyDenied, match=r"p\.yaml allows 1") as no:
            begin(admit=plans[1].admit)
        assert no.value.code == Code.RATE_EXCEEDED
        assert runs_since(store, flow.id, midnight(NOON)) == 1
        begin(admit=plans[1].admit, clock=lambda: NOON + timedelta(days=1))


def test_a_plan_carries_the_whole_decision_and_a_no_is_raised_with_its_code():
    flow = flow_from(flow_text(NAVIGATE, head=REVIEWED))
    request = Request(actor="tests", params={}, origin_map=MAPPED)
    plan = approve(flow, request, clock=lambda: NOON)
    assert plan.decision == decision(REVIEWED)
    with pytest.raises(PolicyDenied, match="expired on 2026-07-10") as no:
        approve(flow, request, clock=lambda: datetime(2027, 1, 1, tzinfo=UTC))
    assert no.value.code == Code.REVIEW_EXPIRED
