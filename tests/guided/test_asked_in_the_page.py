"""A headed run asks in its page, beside the terminal; and a step that failed there may be done again (HUMAN-2, RUN-5)."""

import pytest

from tests.guided.conftest import Played
from tests.guided.test_guided_runs import record_of
from tests.project import LOOK, SIGN_IN, SITE, Project

pytestmark = [pytest.mark.req("HUMAN-2", "HUMAN-1"), pytest.mark.browser]
FAILED = 1
FORGETS_PASSWORD = f"""\
  - navigate: "{SITE}/login"
  - type: {{ selector: "#email", value_ref: "secrets:example.email" }}
  - click: {{ selector: "button[type=submit]" }}
  - wait_for: {{ selector: "text=Security code" }}
    timeout: 2
  - wait_human: {{ reason: "Enter the code" }}
  - wait_for: {{ selector: "text=API keys" }}
"""
"""A flow that the site has outgrown: it asks for a password."""


def test_an_answer_in_the_panel_counts_and_the_terminal_says_that_it_is_settled(
    seen: Project, person_at: Played
) -> None:
    flow = seen.flow("look", LOOK + '  - wait_human: { reason: "Have a look", kind: confirm }\n')
    with person_at(seen) as told, seen.terminal("run", flow) as terminal:
        terminal.wait_for("Have a look")
        terminal.wait_for("It is settled")
        assert terminal.end() == 0, f"{terminal.screen}\n{told()}"
        assert "bears the words" in terminal.screen
    (asked,) = record_of(seen)["checkpoints"]
    assert (asked["kind"], asked["outcome"], asked["channel"]) == ("confirm", "done", "overlay")


def test_a_code_typed_into_the_page_settles_the_question_everywhere(seen: Project, person_at: Played) -> None:
    flow = seen.flow("sign_in", SIGN_IN)
    with person_at(seen) as told, seen.terminal("run", flow) as terminal:
        terminal.wait_for("Enter the code")
        terminal.wait_for("It is settled")
        assert terminal.end() == 0, f"{terminal.screen}\n{told()}"


def test_a_code_given_at_the_terminal_takes_the_panel_away(seen: Project, person_at: Played) -> None:
    flow = seen.flow("sign_in", SIGN_IN + '  - wait_for: { selector: "text=API keys" }\n')
    with person_at(seen, idle=True) as told, seen.terminal("run", flow) as terminal:
        terminal.wait_for("it is not shown")
        terminal.type(seen.read_phone())
        assert terminal.end() == 0, f"{terminal.screen}\n{told()}"
    (asked,) = record_of(seen)["checkpoints"]
    assert (asked["outcome"], asked["channel"]) == ("done", "terminal")


def test_without_a_terminal_the_panel_alone_reaches_the_person(seen: Project, person_at: Played) -> None:
    flow = seen.flow("sign_in", SIGN_IN)
    with person_at(seen) as told:
        ended = seen.tokenbroker("run", flow)
    assert ended.code == 0, f"{ended.text}\n{told()}"


@pytest.mark.req("RUN-4")
def test_a_failed_step_is_done_again_once_the_person_has_mended_the_page(
    seen: Project, person_at: Played
) -> None:
    assert seen.account is not None
    flow = seen.flow("outgrown", FORGETS_PASSWORD)
    mends = {"failed": ["password", seen.account.password, "done"]}
    with person_at(seen, mends=mends) as told, seen.terminal("run", flow) as terminal:
        terminal.wait_for("press Enter to do the step again")
        assert terminal.end() == 0, f"{terminal.screen}\n{told()}"
    record = record_of(seen)
    assert [(s["number"], s["attempt"], s["status"]) for s in record["steps"]][2:6] == [
        (3, 1, "passed"), (4, 1, "failed"), (4, 2, "passed"), (5, 1, "passed"),
    ]  # fmt: skip
    assert record["steps"][3]["code"] == "wait_for.timeout"
    assert [(each["kind"], each["outcome"]) for each in record["checkpoints"]] == [
        ("retry", "done"),
        ("otp", "done"),
    ]
    assert any("step 4 failed with wait_for.timeout" in note for note in record["notes"])


@pytest.mark.req("RUN-4", "RUN-3")
def test_who_does_not_mend_it_gets_the_failure_that_it_had(seen: Project) -> None:
    flow = seen.flow("outgrown", FORGETS_PASSWORD)
    with seen.terminal("run", flow) as terminal:
        terminal.wait_for("press Enter to do the step again")
        terminal.type("deny")
        assert terminal.end() == FAILED, terminal.screen
        assert "reason wait_for.timeout" in terminal.screen


@pytest.mark.req("RUN-4")
@pytest.mark.soak
def test_nobody_is_asked_to_mend_what_nobody_watches(seen: Project) -> None:
    ended = seen.tokenbroker("run", seen.flow("outgrown", FORGETS_PASSWORD))
    assert (ended.code, "wait_for.timeout" in ended.err) == (FAILED, True), ended.text
    assert record_of(seen)["checkpoints"] == []
