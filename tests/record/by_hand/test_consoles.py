"""On every console of the demo site: recorded, validates clean, replays green (REC-1, REC-4)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.project import SITE, Project
from tests.record.by_hand.conftest import plain
from tests.record.by_hand.journeys import FINISH, JOURNEYS, sign_in

pytestmark = [pytest.mark.req("REC-1", "REC-4"), pytest.mark.browser]

USUAL = ("create_api_key", "shadow_key", "embedded_key")
"""The reference journey, shadow roots, a frame of another origin; `make soak` does all, and so does the check of the
Playwright Test files."""
BEGINS_AT = {"deep_link": f"{SITE}/projects/alpha/keys/new"}


@pytest.mark.parametrize(
    "console", [each if each in USUAL else pytest.param(each, marks=pytest.mark.soak) for each in JOURNEYS]
)
def test_a_console_is_recorded_and_its_flow_validates_and_replays(
    recorded_project: Project, recorder_at: Callable[..., Any], console: str
) -> None:
    project = recorded_project
    account = project.account
    assert account is not None
    acts = [*sign_in(account.email, account.password), *JOURNEYS[console], FINISH]
    url = BEGINS_AT.get(console, f"{SITE}/login")
    with recorder_at(project, acts, "--site", "examplecloud", "--flow", console, url=url) as (terminal, told):
        terminal.wait_for_one_of("no findings", "finding")
        terminal.wait_for("> ")
        terminal.type("s")
        while terminal.wait_for_one_of("[Y/n]", "Next:") == "[Y/n]":
            terminal.type("y")
        assert terminal.end() == 0, f"{terminal.screen}\n{told()}"
    shown = plain(terminal.screen)
    assert "no findings" in shown, shown
    for secret in (account.email, account.password):
        assert secret not in shown
    name = f"flows/examplecloud/{console}.yaml"
    validated = project.tokenbroker("validate", name)
    assert validated.code == 0, validated.text
    replayed = replay(project, name)
    assert replayed.code == 0, f"{(project.folder / name).read_text()}\n{replayed.text}"
    stored = project.tokenbroker("secrets", "list", "--json").out
    assert stored.count("example") >= 1


def replay(project: Project, name: str) -> Any:
    """Run the flow, with somebody who holds the demo's phone."""
    project.play_person()
    project.variables.pop("TOKENBROKER_BROWSER", None)
    text = (project.folder / name).read_text(encoding="utf-8")
    params = [line.split(":")[0].strip() for line in _params(text)]
    return project.tokenbroker("run", name, *(f"--param={each}=Recorded again" for each in params))


def _params(text: str) -> list[str]:
    lines = text.splitlines()
    if "params:" not in lines:
        return []
    at = lines.index("params:") + 1
    found = []
    for line in lines[at:]:
        if not line.startswith("  "):
            break
        found.append(line)
    return found


def text_of(project: Project, console: str) -> str:
    return (project.folder / "flows" / "examplecloud" / f"{console}.yaml").read_text(encoding="utf-8")


assert Path
