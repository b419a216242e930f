"""A question that nobody has answered in time, where the settings say that it is parked: the run waits on, and says so."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.human.terminal import asking
from tests.human.test_anywhere import Nobody, answer_from_elsewhere, checkpoint, said
from tests.project import LOOK, SIGN_IN, Project
from tokenbroker.clock import system_clock
from tokenbroker.human.board import Board
from tokenbroker.human.channels import AnywhereChannel
from tokenbroker.human.checkpoint import Checkpoint, Kind, Outcome
from tokenbroker.secret import Secret
from tokenbroker.store.checkpoints import waiting
from tokenbroker.store.engine import Store
from tokenbroker.store.models import AUDIT_LOG
from tokenbroker.store.sqlite import open_store

pytestmark = pytest.mark.req("HUMAN-1", "HUMAN-2")

PARKED = "Nobody has answered in time: the question is parked, and can be answered until "
PARK = {"TOKENBROKER_HUMAN__AFTER_DEADLINE": "park", "TOKENBROKER_HUMAN__DEADLINE_S": "1"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "home" / "store.db") as opened:
        yield opened


def parked(kind: Kind = Kind.OTP, *, parking: float = 20) -> Checkpoint:
    """One whose deadline is over."""
    late = checkpoint(kind, seconds=-1)
    return replace(late, parked_until=system_clock() + timedelta(seconds=parking), asked="ann")


def rows(store: Store, action: str) -> list[tuple[str, str]]:
    """Actor and result of each row of that action in the audit."""
    columns = select(AUDIT_LOG.c.actor, AUDIT_LOG.c.result).where(AUDIT_LOG.c.action == action)
    return [(actor, result) for actor, result in store.read(lambda c: c.execute(columns).all())]


class TestAtATerminal:
    def test_it_is_told_once_that_it_is_parked_and_until_when_and_then_still_takes_the_answer(self) -> None:
        with asking(Kind.OTP, seconds=0.3, parking=60) as terminal:
            terminal.wait_for(PARKED)
            terminal.wait_for("Type the code")
            terminal.type("482913\n")
            told = terminal.outcome()
        assert told["outcome"] == "done"
        assert terminal.shown.count(PARKED) == 1
        assert re.search(r"answered until \d{4}-\d\d-\d\d \d\d:\d\d UTC", terminal.shown)

    def test_the_page_s_own_word_ends_it_too(self) -> None:
        with asking(Kind.DEVICE, seconds=0.1, parking=60) as terminal:
            terminal.wait_for(PARKED)
            terminal.let_the_page_say(Outcome.DONE)
            assert terminal.outcome()["outcome"] == "done"

    def test_nobody_until_the_end_of_the_parking_is_nobody_for_good(self) -> None:
        with asking(Kind.CONFIRM, seconds=0.1, parking=0.3) as terminal:
            assert terminal.outcome()["outcome"] == "timed_out"
        assert terminal.shown.count(PARKED) == 1

    def test_without_parking_the_deadline_is_the_end(self) -> None:
        with asking(Kind.CONFIRM, seconds=0.1) as terminal:
            assert terminal.outcome()["outcome"] == "timed_out"
        assert PARKED not in terminal.shown


class TestFromElsewhere:
    def test_a_parked_question_is_answered_and_the_audit_names_who_was_asked(self, store: Store) -> None:
        told: list[Checkpoint] = []
        answers = AnywhereChannel(Nobody(), Board(lambda: store), waits=True, on_parked=told.append)
        seen = threading.Event()

        def says() -> None:
            if rows(store, "park_checkpoint"):
                seen.set()

        asked = parked()
        helper: list[threading.Thread] = []

        def then_answer() -> None:
            assert seen.wait(30)
            helper.append(answer_from_elsewhere(store, said(Outcome.DONE, Secret("482913"))))

        waiter = threading.Thread(target=then_answer)
        waiter.start()
        answer = answers.ask(asked, says)
        waiter.join()
        helper[0].join()
        assert (answer.outcome, answer.code, answer.who) == (Outcome.DONE, Secret("482913"), "somebody")
        assert told == [asked], "told once"
        assert rows(store, "park_checkpoint") == [("ann", "parked")], "noted once"
        assert rows(store, "answer_checkpoint") == [("somebody", "done")]

    def test_the_page_s_own_word_ends_it_too(self, store: Store) -> None:
        answers = AnywhereChannel(Nobody(), Board(lambda: store), waits=True)
        proven: Callable[[], Outcome | None] = lambda: Outcome.DONE  # noqa: E731
        assert answers.ask(parked(Kind.DEVICE), proven).outcome is Outcome.DONE

    def test_after_the_parking_nobody_is_waited_for(self, store: Store) -> None:
        answers = AnywhereChannel(Nobody(), Board(lambda: store), waits=True)
        answer = answers.ask(parked(parking=0.3), lambda: None)
        assert answer.outcome is Outcome.TIMED_OUT
        assert waiting(store, now=system_clock()) == []


def the_parked_question(project: Project) -> dict[str, str]:
    """What `approve` lists, once that is parked."""
    ends_at = time.monotonic() + 60
    while True:
        listed = json.loads(project.tokenbroker("approve", "--json").out)
        if listed and listed[0]["parked_until"]:
            assert len(listed) == 1
            found: dict[str, str] = listed[0]
            return found
        assert time.monotonic() < ends_at, f"nothing is parked: {listed}"


def parking(project: Project) -> list[tuple[str, str, str]]:
    return [row for row in project.audit() if row[0] in ("park_checkpoint", "checkpoint", "approve_run")]


@pytest.mark.browser
@pytest.mark.req("AUDIT-1", "AUDIT-2")
def test_a_parked_code_is_answered_at_another_terminal_and_evidence_and_audit_tell_of_it(
    demo_project: Project,
) -> None:
    demo_project.variables |= PARK
    flow = demo_project.flow("sign_in", SIGN_IN)
    with demo_project.terminal("run", "--no-pictures", flow) as first:
        first.wait_for(PARKED)
        question = the_parked_question(demo_project)
        assert question["deadline"] < question["parked_until"]
        with demo_project.terminal("approve", question["id"]) as second:
            second.wait_for("the question is parked")
            second.type(demo_project.read_phone())
            assert second.end() == 0
        assert first.end() == 0
    assert first.screen.count(PARKED) == 1
    assert parking(demo_project) == [
        ("checkpoint", "example/sign_in", "done"),
        ("park_checkpoint", "example/sign_in", "parked"),
    ]
    with demo_project.broker() as broker:
        entry = broker.local.store.read(
            lambda c: c.execute(select(AUDIT_LOG.c.detail).where(AUDIT_LOG.c.action == "checkpoint")).scalar()
        )
        actor = broker.actor
    detail = json.loads(entry)
    assert (detail["channel"], detail["asked"]) == ("approve", actor)
    (folder,) = (path for path in demo_project.folder.glob("reports/*") if path.is_dir())
    (told,) = json.loads((folder / "run.json").read_text())["checkpoints"]
    assert (told["outcome"], told["channel"], told["asked"]) == ("done", "approve", actor)
    assert told["parked_at"][:13] == detail["parked_at"][:13]
    assert "nobody had answered in time: parked on" in (folder / "START-HERE.html").read_text()


@pytest.mark.browser
def test_a_run_without_a_terminal_says_that_it_is_parked_and_ends_for_good_after_that(
    demo_project: Project,
) -> None:
    demo_project.variables |= PARK | {"TOKENBROKER_HUMAN__UNATTENDED": "wait"}
    demo_project.variables["TOKENBROKER_HUMAN__PARKED_S"] = "1"
    flow = demo_project.flow("confirm", LOOK + '  - wait_human: { reason: "Look at it", kind: confirm }\n')
    ended = demo_project.tokenbroker("run", "--no-pictures", "--json", flow)
    result = json.loads(ended.out)
    assert (ended.code, result["code"]) == (11, "human.timed_out")
    assert ended.err.count(PARKED) == 1
    assert "nor while it was parked" in ended.err
    assert parking(demo_project) == [
        ("checkpoint", "example/confirm", "timed_out"),
        ("park_checkpoint", "example/confirm", "parked"),
    ]
    (told,) = json.loads((Path(result["evidence"]) / "run.json").read_text())["checkpoints"]
    assert (told["outcome"], bool(told["parked_at"])) == ("timed_out", True)


@pytest.mark.browser
@pytest.mark.req("FLOW-7")
def test_an_approval_before_a_run_is_parked_too(demo_project: Project) -> None:
    demo_project.variables |= PARK | {"TOKENBROKER_HUMAN__UNATTENDED": "wait"}
    flow = demo_project.flow("careful", head="policy: { approval: required }\n")
    with demo_project.start("run", "--no-pictures", flow) as process:
        question = the_parked_question(demo_project)
        assert question["kind"] == "approval"
        with demo_project.terminal("approve", question["id"]) as terminal:
            terminal.wait_for("the question is parked")
            terminal.type("yes")
            assert terminal.end() == 0
        assert process.stderr is not None
        told = process.stderr.read()
    assert process.returncode == 0, told
    assert PARKED in told
    (record,) = demo_project.folder.glob("reports/*/run.json")
    approved = json.loads(record.read_text())["decision"]["approved"]
    assert (approved["channel"], bool(approved["parked_at"])) == ("approve", True)
