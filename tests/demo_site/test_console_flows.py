"""The flows of the odd consoles, run as a user runs them: what they store is the key, whole and alive."""

import json
import shutil
from pathlib import Path

import pytest

from tests.project import Project
from tests.project_fixtures import attended, demo, demo_project, new_project, project

__all__ = ["attended", "demo", "demo_project", "new_project", "project"]
pytestmark = pytest.mark.browser

FLOWS = Path(__file__).parents[2] / "flows" / "examplecloud"


def run(project: Project, *names: str) -> None:
    (project.folder / "flows").mkdir(exist_ok=True)
    for name in names:
        shutil.copy(FLOWS / f"{name}.yaml", project.folder / "flows")
    ended = project.pytest("--no-pictures")
    assert (ended.code, ended.outcomes()) == (0, {"passed": len(names)}), ended.text


def stored(project: Project, name: str) -> str:
    with project.broker() as broker:
        return broker.sink("bitwarden").get(f"example/{name}", actor="tests").reveal()


@pytest.mark.req("FLOW-2")
def test_a_key_in_a_sentence_or_in_lines_is_stored_without_what_stands_around_it(attended: Project) -> None:
    names = ("sentence_key", "wrapped_key")
    run(attended, *names)
    assert [attended.whoami(stored(attended, name)) for name in names] == [200, 200]


@pytest.mark.req("FLOW-2")
def test_where_one_key_is_allowed_the_second_run_revokes_the_first_runs_key(attended: Project) -> None:
    run(attended, "one_key")
    first = stored(attended, "one_key")
    run(attended, "one_key")
    second = stored(attended, "one_key")
    assert [attended.whoami(key) for key in (first, second)] == [401, 200]


@pytest.mark.req("FLOW-2", "RUN-8")
@pytest.mark.soak
def test_where_the_site_is_flaky_a_press_is_done_again_until_it_has_an_effect(attended: Project) -> None:
    run(attended, "flaky_key")
    assert attended.whoami(stored(attended, "flaky_key")) == 200
    (told,) = (attended.folder / "reports").glob("*/run.json")
    remarks = [step["remark"] for step in json.loads(told.read_text(encoding="utf-8"))["steps"]]
    assert [remark for remark in remarks if "tries" in remark] == ["took 2 tries"]


@pytest.mark.req("HUMAN-1", "RUN-7")
def test_a_phone_and_a_puzzle_are_a_persons_and_the_key_after_them_is_stored(attended: Project) -> None:
    names = ("device_key", "captcha_key")
    run(attended, *names)
    assert [attended.whoami(stored(attended, name)) for name in names] == [200, 200]
    asked = [result for action, _, result in attended.audit() if action == "checkpoint"]
    assert asked == ["done"] * 4  # a code for each flow, then the phone's question, and the puzzle
