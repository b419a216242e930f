from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tokenbroker.store.audit_log import verify_chain
from tokenbroker.store.engine import Store
from tokenbroker.store.jobs import begin_job, created_keys, finish_job, mark_created_key, runs_since
from tokenbroker.store.models import AUDIT_LOG, TOKEN_JOBS

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
FLOW = "example/create_key"


def _begin(store: Store, flow_id: str = FLOW) -> str:
    return begin_job(store, flow_id=flow_id, mode="semi_auto", actor="operator", clock=lambda: NOW)


@pytest.mark.req("DATA-1")
def test_a_job_points_to_the_audit_row_of_its_start(store: Store) -> None:
    job_id = _begin(store)
    finish_job(store, job_id, status="passed", actor="operator", clock=lambda: NOW + timedelta(seconds=2))
    job = store.read(lambda c: c.execute(select(TOKEN_JOBS)).one())
    rows = store.read(lambda c: c.execute(select(AUDIT_LOG).order_by(AUDIT_LOG.c.id)).all())
    assert (job.id, job.status, job.flow_id, job.params) == (job_id, "passed", FLOW, None)
    assert [(row.action, row.result, row.service_id) for row in rows] == [
        ("run_flow", "ok", "example"),
        ("finish_flow", "ok", "example"),
    ]
    assert job.audit_ref == rows[0].id
    assert job.updated_at > job.created_at
    assert verify_chain(store).broken is None


def test_only_runs_that_asked_for_a_key_count_as_having_created_one(store: Store) -> None:
    _begin(store)
    other = _begin(store, "example/other")
    mark_created_key(store, other, clock=lambda: NOW)
    killed = _begin(store)
    mark_created_key(store, killed, clock=lambda: NOW + timedelta(seconds=5))
    found = created_keys(store, FLOW)
    assert [(key.job_id, key.status, key.at) for key in found] == [
        (killed, "running", NOW + timedelta(seconds=5))
    ]


@pytest.mark.req("FLOW-5", "POLICY-2")
def test_the_runs_of_a_day_are_those_of_all_cases_and_of_no_other_flow(store: Store) -> None:
    for flow_id in (f"{FLOW}[a]", f"{FLOW}[b]", f"{FLOW}_2", f"{FLOW.upper()}[a]", "example/create%key[a]"):
        _begin(store, flow_id)
    assert runs_since(store, f"{FLOW}[a]", NOW) == 2
    assert runs_since(store, FLOW, NOW) == 2
    assert created_keys(store, f"{FLOW}[a]") == []  # another account's key is none of this one's


def test_an_unknown_job_cannot_be_finished(store: Store) -> None:
    with pytest.raises(KeyError):
        finish_job(store, "none", status="passed", actor="operator")
    assert verify_chain(store).rows == 0
