"""What real runs leave for Allure, in the evidence and in `--alluredir`, with two workers and planted values."""

import json
from pathlib import Path

import pytest

from tests.leak.child import Child
from tests.leak.search import Canaries, search_tree
from tokenbroker.evidence.run_folder import ALLURE_RESULTS

pytestmark = [pytest.mark.req("AUDIT-2"), pytest.mark.browser]

FLOWS = {"passes": "passed", "passes_too": "passed", "fails_at_08": "failed"}


def results(folder: Path) -> list[dict]:
    return [json.loads(file.read_bytes()) for file in sorted(folder.glob("*-result.json"))]


@pytest.fixture(scope="session")
def evidence(reported: Child) -> dict[str, tuple[Path, dict]]:
    """By flow: the folder of its results, and the one result in it."""
    found = {}
    for folder in sorted((reported.project.folder / "reports").glob(f"*/{ALLURE_RESULTS}")):
        (result,) = results(folder)
        found[result["name"]] = folder, result
    return found


@pytest.fixture(scope="session")
def items(reported: Child) -> dict[str, dict]:
    """By flow: what allure-pytest has written of its item."""
    return {result["name"]: result for result in results(reported.project.out / "allure")}


def test_each_run_has_a_result_of_its_own_though_two_workers_wrote_them(evidence):
    assert {name: result["status"] for name, (_, result) in evidence.items()} == FLOWS
    assert len({result["uuid"] for _, result in evidence.values()}) == len(FLOWS)


def test_a_result_tells_every_step_that_was_taken(evidence):
    _, result = evidence["passes"]
    assert [step["name"].split()[0] for step in result["steps"]] == [
        *("navigate", "type", "type", "click", "wait_for", "wait_human"),
        *("navigate", "click", "type", "click", "capture_token"),
    ]
    assert all(step["attachments"] for step in result["steps"])
    assert {asked["name"] for asked in result["steps"][5]["steps"]} == {"a person was asked: Enter the code"}
    assert "stored as" in json.dumps(result["steps"][10]["parameters"])


def test_a_failing_flow_has_its_report(evidence):
    _, result = evidence["fails_at_08"]
    assert len(result["steps"]) == 8
    assert "target.not_found" in result["statusDetails"]["message"]
    assert "text=Make API Key" in result["statusDetails"]["message"]


def test_fields_are_labelled_with_the_names_that_stand_in_the_flow(evidence):
    folder, _ = evidence["passes"]
    record = json.loads((folder.parent / "run.json").read_bytes())
    told = {step["number"]: [label["text"] for label in step["labels"]] for step in record["steps"]}
    assert told[2] == ["secrets:example.email"]
    assert told[3] == ["secrets:example.password"]
    assert told[9] == ["Canary"]
    assert told[11] == ["bitwarden:example/passes"]
    assert told[1] == told[7] == []  # nothing is acted on
    assert told[4] == []  # the button has gone with its page
    boxes = [label["box"] for step in record["steps"] for label in step["labels"]]
    assert all(0 <= x < 1280 and 0 <= y < 720 and wide > 0 and high > 0 for x, y, wide, high in boxes)


def test_alluredir_has_the_same_steps_and_pictures_in_the_result_of_the_item(reported, evidence, items):
    assert {name: item["status"] for name, item in items.items()} == {
        **FLOWS,
        "fails_at_08": "broken",  # as allure-pytest calls whatever is no AssertionError
    }
    files = {path.name for path in (reported.project.out / "allure").iterdir()}
    for name, (_, result) in evidence.items():
        item = items[name]
        assert item["steps"] == result["steps"]
        pictures = {each["source"] for step in item["steps"] for each in step.get("attachments", [])}
        assert len(pictures) == len(item["steps"])
        assert pictures <= files


def test_alluredir_keeps_what_pytest_says_of_the_item_and_adds_the_flow(items):
    labels = [(each["name"], each["value"]) for each in items["passes"]["labels"]]
    assert ("framework", "pytest") in labels
    assert ("flow", "examplecloud/passes") in labels
    assert ("feature", "examplecloud") in labels
    assert ("mode", "semi_auto") in labels
    assert [name for name, _ in labels].count("framework") == 1


@pytest.mark.leak
@pytest.mark.req("SECRET-7")
def test_no_planted_value_is_in_any_result(reported: Child, evidence, canaries: Canaries):
    assert evidence
    assert search_tree(canaries, reported.project.out / "allure") == []
    for folder, _ in evidence.values():
        assert search_tree(canaries, folder.parent) == []


@pytest.mark.leak
@pytest.mark.req("SECRET-7")
def test_the_search_finds_what_is_planted_in_a_result(tmp_path, canaries: Canaries, evidence):
    _, result = evidence["passes"]
    result = {**result, "description": canaries.token.value}
    (tmp_path / "x-result.json").write_text(json.dumps(result))
    assert {hit.kind for hit in search_tree(canaries, tmp_path)} == {"token"}
