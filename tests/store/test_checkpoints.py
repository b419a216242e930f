"""Questions that wait in the database: the first answer counts, and a run that is gone leaves none."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from tokenbroker.store.audit_log import verify_chain
from tokenbroker.store.checkpoints import (
    STALE,
    Given,
    Waiting,
    claim,
    given_to,
    is_open,
    keep_alive,
    park,
    post,
    waiting,
    withdraw,
)
from tokenbroker.store.engine import Store
from tokenbroker.store.models import AUDIT_LOG, CHECKPOINTS

pytestmark = pytest.mark.req("HUMAN-2")

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
QUESTION = Waiting(
    id="q1",
    flow_id="example/create",
    kind="otp",
    reason="Enter 2FA",
    origin="http://127.0.0.1:8000",
    attempt=1,
    asked_at=NOW,
    deadline=NOW + timedelta(minutes=5),
    recipient="age1demo",
)
GIVEN = Given(outcome="done", channel="approve", who="somebody", at=NOW, sealed=b"sealed")


def test_a_question_waits_until_its_answer_and_is_then_gone(store: Store) -> None:
    post(store, QUESTION)
    assert waiting(store, now=NOW) == [QUESTION]
    assert given_to(store, "q1") is None
    assert claim(store, QUESTION, GIVEN)
    assert (waiting(store, now=NOW), given_to(store, "q1"), is_open(store, "q1", now=NOW)) == (
        [],
        GIVEN,
        False,
    )
    withdraw(store, "q1")
    assert given_to(store, "q1") is None
    assert not claim(store, QUESTION, GIVEN), "what was withdrawn has no answer any more"


@pytest.mark.req("AUDIT-1", "HUMAN-1")
def test_of_many_that_answer_at_once_exactly_one_wins_and_is_in_the_audit(store: Store) -> None:
    for number in range(25):
        question = replace(QUESTION, id=f"q{number}")
        post(store, question)
        givers = [replace(GIVEN, who=f"person-{one}") for one in range(4)]
        with ThreadPoolExecutor(len(givers)) as pool:
            won = [*pool.map(lambda given, question=question: claim(store, question, given), givers)]
        assert won.count(True) == 1
        given = given_to(store, question.id)
        assert given is not None
        assert given.who == f"person-{won.index(True)}"
    rows = store.read(
        lambda c: c.execute(select(AUDIT_LOG.c.action, AUDIT_LOG.c.key, AUDIT_LOG.c.result)).all()
    )
    assert [tuple(row) for row in rows] == [("answer_checkpoint", "example/create", "done")] * 25
    assert verify_chain(store).broken is None


def test_the_question_of_a_run_that_is_gone_goes_with_the_next_look(store: Store) -> None:
    post(store, QUESTION)
    later = NOW + STALE + timedelta(seconds=1)
    keep_alive(store, "q1", now=NOW + timedelta(seconds=10))
    assert waiting(store, now=later) == [QUESTION]
    assert waiting(store, now=later + timedelta(seconds=10)) == []
    assert store.read(lambda c: c.execute(select(func.count()).select_from(CHECKPOINTS)).scalar_one()) == 0


@pytest.mark.req("AUDIT-1", "HUMAN-1")
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_of_three_processes_that_race_for_a_hundred_questions_each_question_has_one_winner(
    request: pytest.FixtureRequest, database: str
) -> None:
    where = request.getfixturevalue("store_path" if database == "sqlite" else "postgres_url")
    store: Store = request.getfixturevalue(database)
    ids = [f"q{number}" for number in range(100)]
    for each in ids:
        post(store, replace(QUESTION, id=each))
    with ExitStack() as stack:
        racers = {who: stack.enter_context(racer(who)) for who in ("ann", "ben", "cay")}
        for each in racers.values():
            each.stdin.write(f"{where}\n{json.dumps(ids)}\n")
            each.stdin.flush()
        assert [each.stdout.readline() for each in racers.values()] == ["ready\n"] * len(racers)
        for each in racers.values():
            each.stdin.write("go\n")
            each.stdin.flush()
        won = {who: json.loads(each.stdout.readline()) for who, each in racers.items()}
    assert sorted(each for own in won.values() for each in own) == sorted(ids)
    winners = {each: who for who, own in won.items() for each in own}
    assert {each: given.who for each in ids if (given := given_to(store, each))} == winners
    rows = store.read(lambda c: c.execute(select(AUDIT_LOG.c.actor, AUDIT_LOG.c.detail)).all())
    assert {json.loads(detail)["checkpoint"]: actor for actor, detail in rows} == winners
    assert len(rows) == len(ids)
    assert verify_chain(store).broken is None


def racer(who: str) -> Any:
    """A process of `tests.store.claiming`; Any, for its pipes are there."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.store.claiming", who],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.req("HUMAN-1")
def test_a_question_that_is_parked_waits_on_until_it_is_not_any_more(store: Store) -> None:
    parked = replace(QUESTION, deadline=NOW + timedelta(seconds=5), parked_until=NOW + timedelta(seconds=10))
    post(store, parked)
    assert waiting(store, now=NOW + timedelta(seconds=6)) == [parked]
    park(store, parked, asked="ann", now=NOW + timedelta(seconds=6))
    rows = store.read(lambda c: c.execute(select(AUDIT_LOG)).mappings().all())
    assert [(row["action"], row["actor"], row["key"], row["result"]) for row in rows] == [
        ("park_checkpoint", "ann", "example/create", "parked")
    ]
    assert '"until":"2026-11-27T12:00:10.000000Z"' in rows[0]["detail"]
    assert waiting(store, now=NOW + timedelta(seconds=10)) == []


def test_the_question_of_a_run_that_is_gone_takes_no_answer(store: Store) -> None:
    post(store, QUESTION)
    at = NOW + STALE
    assert is_open(store, "q1", now=at)
    late = at + timedelta(seconds=1)
    assert not is_open(store, "q1", now=late)
    assert not claim(store, QUESTION, replace(GIVEN, at=late))
    assert store.read(lambda c: c.execute(select(func.count()).select_from(AUDIT_LOG)).scalar_one()) == 0
    assert claim(store, QUESTION, replace(GIVEN, at=at))


def test_after_its_deadline_a_question_is_not_listed(store: Store) -> None:
    post(store, replace(QUESTION, deadline=NOW + timedelta(seconds=5)))
    assert waiting(store, now=NOW + timedelta(seconds=6)) == []
