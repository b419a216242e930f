"""`tokenbroker approve` and `deny`: a run's question, answered from another terminal."""

import json
import time

import pytest

from tests.project import LOOK, SIGN_IN, SITE, Project

pytestmark = [pytest.mark.req("HUMAN-2"), pytest.mark.browser]

PROMPT = "Type the code and press Enter"
SIGNED_IN = (
    SIGN_IN + f'  - navigate: "{SITE}/api-keys"\n  - wait_for: {{ selector: "text=Create API Key" }}\n'
)
CONFIRM = LOOK + '  - wait_human: { reason: "Look at it", kind: confirm }\n'


def the_question(project: Project) -> dict[str, str]:
    """What waits, once something does."""
    ends_at = time.monotonic() + 60
    while not (rows := json.loads(project.tokenbroker("approve", "--json").out)):
        assert time.monotonic() < ends_at, "nothing waits"
    assert len(rows) == 1
    row: dict[str, str] = rows[0]
    return row


@pytest.mark.req("HUMAN-1", "HUMAN-3")
def test_a_code_typed_at_another_terminal_lets_the_run_go_on(demo_project: Project) -> None:
    flow = demo_project.flow("sign_in", SIGNED_IN)
    with demo_project.terminal("run", "--no-pictures", flow) as first:
        first.wait_for(PROMPT)
        question = the_question(demo_project)
        assert (question["flow"], question["kind"], question["reason"]) == (
            "example/sign_in",
            "otp",
            "Enter the code",
        )
        code = demo_project.read_phone()
        with demo_project.terminal("approve", question["id"]) as second:
            second.wait_for(PROMPT)
            second.type(code)
            assert second.end() == 0
        assert first.end() == 0
    assert "It is settled: no answer is needed here any more." in first.screen
    assert "example/sign_in has its answer: done." in second.screen
    assert code not in first.screen + second.screen
    assert ("answer_checkpoint", "example/sign_in", "done") in demo_project.audit()
    files = [
        file
        for file in demo_project.folder.rglob("*")
        if file.is_file() and file.suffix not in (".sqlite", ".png")
    ]
    told = [file for file in files if b'"channel": "approve"' in file.read_bytes()]
    assert told, "the evidence says along which channel"
    assert [file for file in files if code.encode() in file.read_bytes()] == []
    assert json.loads(demo_project.tokenbroker("approve", "--json").out) == []


@pytest.mark.req("HUMAN-1")
def test_a_run_without_a_terminal_waits_where_the_settings_say_so_and_a_no_stops_it(
    demo_project: Project,
) -> None:
    flow = demo_project.flow("confirm", CONFIRM)
    refused = demo_project.tokenbroker("run", "--no-pictures", flow)
    assert (refused.refusal(), refused.code) == ("human.unreachable", 11)
    assert 'human.unattended = "wait"' in refused.err

    demo_project.variables["TOKENBROKER_HUMAN__UNATTENDED"] = "wait"
    with demo_project.start("run", "--no-pictures", flow) as process:
        question = the_question(demo_project)
        denied = demo_project.tokenbroker("deny", question["id"][:5])
        assert (denied.code, "denied" in denied.out) == (0, True), denied.text
        assert process.stderr is not None
        told = process.stderr.read()
    assert process.returncode == 11
    assert "human.denied" in told
    assert f"answer with: tokenbroker approve {question['id']}" in told
    again = demo_project.tokenbroker("deny", question["id"])
    assert (again.refusal(), again.code) == ("human.not_waiting", 2)


@pytest.mark.req("HUMAN-1")
def test_an_approval_before_a_run_takes_a_typed_yes_at_another_terminal(demo_project: Project) -> None:
    demo_project.variables["TOKENBROKER_HUMAN__UNATTENDED"] = "wait"
    flow = demo_project.flow("careful", head="policy: { approval: required }\n")
    with demo_project.start("run", "--no-pictures", flow) as process:
        question = the_question(demo_project)
        assert question["kind"] == "approval"
        without = demo_project.tokenbroker("approve", question["id"], stdin="yes\n")
        assert without.refusal() == "human.unreachable", "an answer is typed at a terminal"
        with demo_project.terminal("approve", question["id"]) as terminal:
            terminal.wait_for("Type 'yes' to let it begin")
            terminal.type("yes")
            assert terminal.end() == 0
        assert process.stderr is not None
        told = process.stderr.read()
    assert process.returncode == 0, told
    assert "(approve)" in told


def test_nothing_waits(project: Project) -> None:
    assert "No run waits for an answer." in project.tokenbroker("approve").out
    unknown = project.tokenbroker("approve", "0000")
    assert (unknown.refusal(), unknown.code) == ("human.not_waiting", 2)
