"""A person is led through every console of the demo site, and stores its key (RUN-5)."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.guided.conftest import Played
from tests.project import SETTINGS, Project

pytestmark = [pytest.mark.req("RUN-5"), pytest.mark.browser]

FLOWS = Path(__file__).parents[2] / "flows" / "examplecloud"
CONSOLES = sorted(
    path.stem
    for path in FLOWS.glob("*.yaml")
    if "expect_outcome" not in path.read_text() and "matrix" not in path.read_text()
)


def record_of(project: Project) -> dict[str, Any]:
    (path,) = (project.folder / "reports").glob("*/run.json")
    return dict(json.loads(path.read_text()))


USUAL = ("strict_key",)
"""Policies of the strictest kind; `make soak` does all."""


@pytest.mark.parametrize(
    "console", [each if each in USUAL else pytest.param(each, marks=pytest.mark.soak) for each in CONSOLES]
)
def test_a_person_is_led_through_the_console(seen: Project, person_at: Played, console: str) -> None:
    text = (
        (FLOWS / f"{console}.yaml")
        .read_text()
        .replace("allowed_automation: semi_auto", "allowed_automation: guided")
    )
    seen.write(f"flows/{console}.yaml", text)
    assert seen.demo is not None
    seen.settle(SETTINGS, origins=f'"https://keys.example.com" = "{seen.demo.keys_url}"\n')
    with person_at(seen) as told:
        ended = seen.tokenbroker("run", f"flows/{console}.yaml", "--mode", "guided")
    assert ended.code == 0, f"{ended.text}\n{told()}"
    record = record_of(seen)
    assert (record["mode"], record["status"]) == ("guided", "passed")
