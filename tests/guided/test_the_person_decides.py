"""What the person of a guided run may decide: to go back, to stop, to type, to say no (RUN-5, HUMAN-1)."""

from pathlib import Path
from typing import Any

import pytest

from tests.guided.conftest import Played
from tests.guided.test_guided_runs import record_of
from tests.project import CREATE, SIGN_IN, SITE, Project

pytestmark = [pytest.mark.req("RUN-5", "HUMAN-1"), pytest.mark.browser]
CAPTURE = '  - capture_token: { selector: ".token", secret_ref: "bitwarden:example/key" }\n'
FAILED, NO_PERSON = 1, 11


def steps_of(record: dict[str, Any]) -> list[tuple[int, int, str]]:
    return [(step["number"], step["attempt"], step["status"]) for step in record["steps"]]


def test_back_leads_to_the_step_before_which_is_then_done_again(seen: Project, person_at: Played) -> None:
    flow = seen.flow("sign_in", SIGN_IN, modes="guided")
    with person_at(seen, presses={"Step 3 of 5": ["back", "type"]}) as told:
        ended = seen.tokenbroker("run", flow, "--mode", "guided")
    assert ended.code == 0, f"{ended.text}\n{told()}"
    record = record_of(seen)
    assert steps_of(record)[:5] == [
        (1, 1, "passed"), (2, 1, "passed"), (3, 1, "skipped"), (2, 2, "passed"), (3, 2, "passed"),
    ]  # fmt: skip
    pictures = [step["picture"] for step in record["steps"] if step["picture"]]
    assert len(set(pictures)) == len(pictures)


@pytest.mark.soak
def test_who_stops_before_pressing_anything_leaves_no_key_in_doubt(seen: Project, person_at: Played) -> None:
    flow = seen.flow("create", CREATE + CAPTURE, modes="guided")
    with person_at(seen, presses={"“Create API Key”": ["stop"]}) as told:
        ended = seen.tokenbroker("run", flow, "--mode", "guided")
    assert (ended.code, "human.stopped" in ended.err) == (NO_PERSON, True), f"{ended.text}\n{told()}"
    record = record_of(seen)
    assert record["possibly_created"] == []
    assert seen.tokenbroker("recover").out.strip() == "Nothing was left behind."


@pytest.mark.soak
def test_who_stops_after_pressing_leaves_the_key_named(seen: Project, person_at: Played) -> None:
    flow = seen.flow("create", CREATE + CAPTURE, modes="guided")
    with person_at(seen, presses={"new token?": ["no"]}) as told:
        ended = seen.tokenbroker("run", flow, "--mode", "guided")
    assert (ended.code, "human.denied" in ended.err) == (NO_PERSON, True), f"{ended.text}\n{told()}"
    record = record_of(seen)
    assert record["stored"] == []
    assert "Reporting" in record["possibly_created"][0]
    (asked,) = [each for each in record["checkpoints"] if "new token" in each["reason"]]
    assert (asked["outcome"], asked["channel"]) == ("denied", "overlay")
    assert asked["who"]
    assert ("checkpoint", "example/create", "denied") in seen.audit()


def test_another_page_than_the_step_is_about_ends_it(seen: Project, person_at: Played) -> None:
    flow = seen.flow("sign_in", SIGN_IN, modes="guided")
    with person_at(seen, presses={"Step 2 of 5": ["other"]}):
        ended = seen.tokenbroker("run", flow, "--mode", "guided")
    assert (ended.code, "guided.other_page" in ended.err) == (FAILED, True), ended.text


@pytest.mark.soak
def test_where_policy_forbids_it_nothing_is_typed_for_the_person_who_types_it_themselves(
    seen: Project, person_at: Played
) -> None:
    assert seen.account is not None
    head = "policy: { type_for_me: false }\n"
    flow = seen.flow("sign_in", SIGN_IN, modes="guided", head=head)
    typed = {"Step 2 of 5": seen.account.email, "Step 3 of 5": seen.account.password}
    with person_at(seen, types_itself=typed) as told:
        ended = seen.tokenbroker("run", flow, "--mode", "guided")
    assert ended.code == 0, f"{ended.text}\n{told()}"
    record = record_of(seen)
    assert [step["remark"] for step in record["steps"][1:3]] == ["done by hand", "done by hand"]
    assert [each["reason"] for each in record["checkpoints"]] == ["Enter the code"]


@pytest.mark.req("HUMAN-3", "SECRET-7")
def test_what_is_typed_by_hand_where_a_secret_belongs_is_in_no_file_of_the_run(
    seen: Project, person_at: Played
) -> None:
    seen.put("example.team", "stored-and-not-typed")
    # The name is on the page afterwards, and in the name of the control that the last step can't tell from another.
    steps = (
        CREATE.replace('value: "Reporting"', 'value_ref: "secrets:example.team"')
        + '  - click: "text=Sign"\n    timeout: 2\n'
    )
    flow = seen.flow("create", steps, modes="guided")
    by_hand = "typed-by-hand-2b7e15"
    with person_at(seen, types_itself={"Step 8 of": by_hand}, presses={"Step 10": ["stop"]}) as told:
        ended = seen.tokenbroker("run", flow, "--mode", "guided")
    assert ended.code != 0, f"{ended.text}\n{told()}"
    assert steps_of(record_of(seen))[7] == (8, 1, "passed"), ended.text
    assert by_hand not in ended.text
    found = [path for path in _files(seen.folder) if by_hand.encode() in path.read_bytes()]
    assert found == []


@pytest.mark.soak
def test_each_value_that_is_typed_at_a_press_stands_in_evidence_and_audit(
    seen: Project, person_at: Played
) -> None:
    flow = seen.flow("sign_in", SIGN_IN, modes="guided")
    with person_at(seen):
        ended = seen.tokenbroker("run", flow, "--mode", "guided")
    assert ended.code == 0, ended.text
    record = record_of(seen)
    assert [(each["reason"], each["outcome"], each["channel"]) for each in record["checkpoints"][:2]] == [
        ("Type secrets:example.email for me", "done", "overlay"),
        ("Type secrets:example.password for me", "done", "overlay"),
    ]
    assert [row for row in seen.audit() if row[0] == "checkpoint"] == [
        ("checkpoint", "example/sign_in", "done")
    ] * 3


@pytest.mark.req("FLOW-6")
def test_a_person_at_a_terminal_before_a_window_is_guided_and_told_the_panel_s_words(
    seen: Project, person_at: Played
) -> None:
    flow = seen.flow(
        "sign_in", f'  - navigate: "{SITE}/login"\n  - click: "#email"\n', modes="guided|semi_auto"
    )
    with person_at(seen), seen.terminal("run", flow) as terminal:
        terminal.wait_for("guided (a person is at the window)")
        terminal.wait_for("it bears the words")
        assert terminal.end() == 0, terminal.screen


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
