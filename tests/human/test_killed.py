"""A run that is killed while it waits for a person leaves nothing behind: no question, answer, process or folder."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from tests.project import LOOK, SIGN_IN, TIME_LIMIT_S, Project
from tests.raw_sql import execute_raw
from tokenbroker.clock import iso, system_clock
from tokenbroker.human.board import answered
from tokenbroker.human.checkpoint import Answer, Outcome
from tokenbroker.secret import Secret
from tokenbroker.store.checkpoints import STALE, Waiting, claim, waiting
from tokenbroker.store.models import CHECKPOINTS

pytestmark = [pytest.mark.browser, pytest.mark.req("HUMAN-2", "HUMAN-3", "RUN-9")]

CONFIRM = LOOK + '  - wait_human: { reason: "Look at it", kind: confirm }\n'


def the_question(project: Project) -> Waiting:
    ends_at = time.monotonic() + TIME_LIMIT_S
    while not (project.home / "store.db").exists():
        assert time.monotonic() < ends_at
    with project.broker() as broker:
        while not (found := waiting(broker.local.store, now=system_clock())):
            assert time.monotonic() < ends_at
    (question,) = found
    return question


@contextmanager
def killed_with_an_answer_on_its_way(project: Project) -> Iterator[tuple[Waiting, bytes]]:
    """A run that was killed at its question; the code was sealed for it, and it did not come to read it."""
    project.variables["TOKENBROKER_HUMAN__UNATTENDED"] = "wait"
    flow = project.flow("sign_in", SIGN_IN)
    with project.start("run", "--no-pictures", flow) as process:
        question = the_question(project)
        assert list(project.temporary.iterdir()), "it has a folder of its own"
        os.kill(process.pid, signal.SIGSTOP)
        answer = Answer(
            outcome=Outcome.DONE,
            code=Secret(project.read_phone()),
            who="ann",
            channel="approve",
            at=system_clock(),
        )
        given = answered(question, answer, channel="approve")
        with project.broker() as broker:
            assert claim(broker.local.store, question, given)
        os.kill(process.pid, signal.SIGKILL)
    assert project.wait_until_alone(), "its browser ends with it"
    assert given.sealed is not None
    with project.broker() as broker:
        let_time_pass(project)
        yield question, given.sealed


def let_time_pass(project: Project) -> None:
    """As if the run had been seen for the last time so long ago that it counts as gone."""
    with project.broker() as broker:
        execute_raw(
            broker.local.store, f"UPDATE checkpoints SET seen_at = '{iso(system_clock() - 2 * STALE)}'"
        )


def rows(project: Project) -> list[str]:
    with project.broker() as broker:
        return [*broker.local.store.read(lambda c: c.execute(select(CHECKPOINTS.c.flow_id)).scalars())]


def files_with(project: Project, data: bytes) -> list[str]:
    return [str(file) for file in project.folder.rglob("*") if file.is_file() and data in file.read_bytes()]


def test_approve_removes_what_a_killed_run_has_left(demo_project: Project) -> None:
    with killed_with_an_answer_on_its_way(demo_project) as (_, sealed):
        assert rows(demo_project) == ["example/sign_in"]
    assert files_with(demo_project, sealed[:64]), "the search finds it where it is"
    assert json.loads(demo_project.tokenbroker("approve", "--json").out) == []
    assert rows(demo_project) == []
    assert files_with(demo_project, sealed[:64]) == []
    assert list(demo_project.temporary.iterdir()) == []


def test_the_next_run_removes_what_a_killed_run_has_left(demo_project: Project) -> None:
    with killed_with_an_answer_on_its_way(demo_project) as (_, sealed):
        pass
    flow = demo_project.flow("confirm", CONFIRM)
    with demo_project.start("run", "--no-pictures", flow) as process:
        question = the_question(demo_project)
        assert rows(demo_project) == ["example/confirm"]
        assert demo_project.tokenbroker("deny", question.id).code == 0
        assert process.stderr is not None
        process.stderr.read()
    assert process.returncode == 11
    assert rows(demo_project) == []
    assert files_with(demo_project, sealed[:64]) == []
    assert list(demo_project.temporary.iterdir()) == []


def test_the_question_of_a_killed_run_takes_no_answer(demo_project: Project) -> None:
    demo_project.variables["TOKENBROKER_HUMAN__UNATTENDED"] = "wait"
    flow = demo_project.flow("confirm", CONFIRM)
    with demo_project.start("run", "--no-pictures", flow) as process:
        question = the_question(demo_project)
        with demo_project.terminal("approve", question.id) as terminal:
            terminal.wait_for("Press Enter to go on")
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            let_time_pass(demo_project)
            assert terminal.end() == 2
            assert "human.not_waiting" in terminal.screen
    refused = demo_project.tokenbroker("deny", question.id)
    assert (refused.code, refused.refusal()) == (2, "human.not_waiting")
    assert "answer_checkpoint" not in [action for action, _, _ in demo_project.audit()]


@pytest.mark.soak
def test_the_question_of_a_killed_run_leaves_the_list_by_itself(demo_project: Project) -> None:
    """In real time: as `STALE` says, and until then it is listed."""
    demo_project.variables["TOKENBROKER_HUMAN__UNATTENDED"] = "wait"
    flow = demo_project.flow("confirm", CONFIRM)
    with demo_project.start("run", "--no-pictures", flow) as process:
        the_question(demo_project)
        os.kill(process.pid, signal.SIGKILL)
    killed_at = time.monotonic()
    assert len(json.loads(demo_project.tokenbroker("approve", "--json").out)) == 1
    while json.loads(demo_project.tokenbroker("approve", "--json").out):
        assert time.monotonic() - killed_at < 2 * STALE.total_seconds()
    assert rows(demo_project) == []
    assert list(demo_project.temporary.iterdir()) == []
