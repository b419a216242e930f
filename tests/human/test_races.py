"""The person at the run's terminal and one at `tokenbroker approve` answer at the same moment, again and again."""

import json
import re
import time

import pytest
from sqlalchemy import select

from tests.human.approver import approver
from tests.project import LOOK, TIME_LIMIT_S, Project
from tokenbroker.clock import system_clock
from tokenbroker.store.audit_log import verify_chain
from tokenbroker.store.checkpoints import waiting
from tokenbroker.store.engine import Store
from tokenbroker.store.models import AUDIT_LOG

pytestmark = [pytest.mark.browser, pytest.mark.req("HUMAN-1", "HUMAN-2", "AUDIT-1")]

RACES = 100
PROMPT = "Press Enter to go on ('deny' stops the run): "
TOLD = re.compile(r"Too late: \S+ has answered before \(approve: done\)\.|It is settled: no answer is needed")
REFUSED = re.compile(r"human\.not_waiting: no question [0-9a-f]+ waits: it was answered")


def question_of(store: Store, reason: str) -> str:
    """The id of the question with that reason, once it waits."""
    ends_at = time.monotonic() + TIME_LIMIT_S
    while True:
        for each in waiting(store, now=system_clock()):
            if each.reason == reason:
                return each.id
        assert time.monotonic() < ends_at


def answers(store: Store, action: str) -> list[tuple[str, str, str, str]]:
    """Who, outcome, channel and when of each row of that action in the audit, the oldest first."""
    columns = (AUDIT_LOG.c.actor, AUDIT_LOG.c.result, AUDIT_LOG.c.detail, AUDIT_LOG.c.at)
    rows = store.read(
        lambda c: c.execute(
            select(*columns).where(AUDIT_LOG.c.action == action).order_by(AUDIT_LOG.c.id)
        ).all()
    )
    return [(who, result, json.loads(detail)["channel"], at) for who, result, detail, at in rows]


def test_of_a_hundred_races_each_has_one_winner_who_stands_in_answer_evidence_and_audit(
    demo_project: Project,
) -> None:
    asks = "".join(f'  - wait_human: {{ reason: "Race {n}", kind: confirm }}\n' for n in range(1, RACES + 1))
    demo_project.variables["TOKENBROKER_TIMESTAMPS"] = "millisecond"
    flow = demo_project.flow("races", LOOK + asks)
    winners: list[str] = []
    with (
        approver(demo_project) as other,
        demo_project.broker() as broker,
        demo_project.terminal("run", "--no-pictures", flow) as terminal,
    ):
        store = broker.local.store
        for number in range(1, RACES + 1):
            terminal.wait_for(PROMPT)
            other.begin(question_of(store, f"Race {number}"))
            other.wait_for(PROMPT)
            for each in (terminal, other) if number % 2 else (other, terminal):
                each.type_at_once("")
            code = other.end()
            assert code in (0, 2), other.shown
            winners.append("approve" if code == 0 else "terminal")
            told = r"example/races has its answer: done\." if code == 0 else REFUSED
            assert re.search(told, other.shown), other.shown
        assert terminal.end() == 0, terminal.screen
        by_claim, by_run = answers(store, "answer_checkpoint"), answers(store, "checkpoint")
        assert verify_chain(store).broken is None
        assert waiting(store, now=system_clock()) == []
    assert [channel for _, _, channel, _ in by_claim] == winners
    assert by_run == by_claim, "one answer, with who, outcome, channel and moment"
    assert len(TOLD.findall(terminal.screen)) == winners.count("approve"), "told that it was too late"

    (record,) = demo_project.folder.glob("reports/*/run.json")
    run = json.loads(record.read_text())
    evidence = [(each["who"], each["outcome"], each["channel"]) for each in run["checkpoints"]]
    assert evidence == [row[:3] for row in by_claim]
    remarks = [step["remark"] for step in run["steps"] if step["verb"] == "wait_human"]
    assert remarks == [f"{outcome} by {who} ({channel})" for who, outcome, channel in evidence]
