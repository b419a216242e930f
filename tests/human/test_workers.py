"""Two workers of pytest-xdist that need a person: one question at a time, each with an answer of its own."""

import json
import re
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from demo_site.launch import Account, RunningDemo
from tests.project import LOOK, SIGN_IN, SITE, TIME_LIMIT_S, Project

pytestmark = [pytest.mark.browser, pytest.mark.req("HUMAN-1", "HUMAN-2", "RUN-1")]

PYTEST = (sys.executable, "-m", "pytest", "flows", "-n", "2", "--no-pictures", "-v", "--color=no")
PROMPT = "Type the code and press Enter"
SIGNED_IN = f'  - navigate: "{SITE}/api-keys"\n  - wait_for: {{ selector: "text=Create API Key" }}\n'
FIRST, SECOND = "example/first", "example/second"


class Phones:
    """Whose phone shows the code for which flow."""

    def __init__(self, phones: dict[str, str]) -> None:
        self._phones = phones

    def code(self, flow: str) -> str:
        with urllib.request.urlopen(self._phones[flow], timeout=TIME_LIMIT_S) as answer:
            found = re.search(r"data-latest-code>(\d{6})<", answer.read().decode())
        assert found is not None
        return found[1]


@pytest.fixture
def phones(project: Project, demo: tuple[RunningDemo, Iterator[Account]]) -> Phones:
    """Two flows in `project`, each of which signs somebody else in."""
    site, accounts = demo
    mine, other = next(accounts), next(accounts)
    project.attach_demo(site, mine)
    project.put("other.email", other.email)
    project.put("other.password", other.password)
    project.flow("first", SIGN_IN + SIGNED_IN)
    project.flow("second", SIGN_IN.replace("secrets:example", "secrets:other") + SIGNED_IN)
    return Phones({FIRST: site.phones[mine.email], SECOND: site.phones[other.email]})


def waiting(project: Project, is_enough: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """The questions that wait, once they are what a test waits for."""
    ends_at = time.monotonic() + TIME_LIMIT_S
    while not is_enough(rows := json.loads(project.tokenbroker("approve", "--json").out)):
        assert time.monotonic() < ends_at, rows
    found: list[dict[str, Any]] = rows
    return found


def answered(project: Project) -> dict[str, tuple[str, str]]:
    """Outcome and channel of each flow's only checkpoint, as the evidence has it."""
    records = [json.loads(file.read_text()) for file in project.folder.glob("reports/*/run.json")]
    return {
        record["flow"]: (record["checkpoints"][0]["outcome"], record["checkpoints"][0]["channel"])
        for record in records
        if len(record["checkpoints"]) == 1
    }


def test_at_one_terminal_two_workers_ask_one_after_the_other_and_each_gets_its_own_code(
    project: Project, phones: Phones
) -> None:
    with project.terminal(command=PYTEST) as terminal:
        one = terminal.wait_for_one_of(f"({FIRST}, at ", f"({SECOND}, at ")[1:-5]
        terminal.wait_for(PROMPT)
        waiting(project, lambda rows: {row["flow"] for row in rows} == {FIRST, SECOND})
        assert terminal.screen.count(PROMPT) == 1, "the other one waits for its turn"
        terminal.type(phones.code(one))
        other = terminal.wait_for_one_of(f"({FIRST}, at ", f"({SECOND}, at ")[1:-5]
        terminal.wait_for(PROMPT)
        assert {one, other} == {FIRST, SECOND}
        terminal.type(phones.code(other))
        assert terminal.end() == 0, terminal.screen
    assert answered(project) == dict.fromkeys((FIRST, SECOND), ("done", "terminal"))


@pytest.mark.soak
def test_a_worker_that_waits_for_its_turn_at_the_terminal_is_answered_at_another(
    project: Project, phones: Phones
) -> None:
    with project.terminal(command=PYTEST) as terminal:
        one = terminal.wait_for_one_of(f"({FIRST}, at ", f"({SECOND}, at ")[1:-5]
        terminal.wait_for(PROMPT)
        rows = waiting(project, lambda rows: len(rows) == 2)
        (other,) = [row for row in rows if row["flow"] != one]
        with project.terminal("approve", other["id"]) as second:
            second.wait_for(PROMPT)
            second.type(phones.code(other["flow"]))
            assert second.end() == 0
        waiting(project, lambda rows: [row["flow"] for row in rows] == [one])
        terminal.wait_for("PASSED")  # its run has ended while the first one still asks
        terminal.type(phones.code(one))
        assert terminal.end() == 0, terminal.screen
    assert terminal.screen.count(PROMPT) == 1
    assert answered(project) == {one: ("done", "terminal"), other["flow"]: ("done", "approve")}


def test_workers_without_a_terminal_are_answered_by_approve_and_deny(demo_project: Project) -> None:
    demo_project.variables["TOKENBROKER_HUMAN__UNATTENDED"] = "wait"
    for name in ("first", "second"):
        demo_project.flow(name, LOOK + '  - wait_human: { reason: "Look at it", kind: confirm }\n')
    with demo_project.terminal(command=("setsid", "--wait", *PYTEST)) as terminal:
        rows = waiting(demo_project, lambda rows: len(rows) == 2)
        ids = {row["flow"]: row["id"] for row in rows}
        with demo_project.terminal("approve", ids[FIRST]) as second:
            second.wait_for("Press Enter to go on")
            second.type("")
            assert second.end() == 0
        assert demo_project.tokenbroker("deny", ids[SECOND]).code == 0
        terminal.wait_for("1 failed, 1 passed")
    assert answered(demo_project) == {FIRST: ("done", "approve"), SECOND: ("denied", "approve")}
