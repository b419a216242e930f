"""On every console of the demo site: recorded, validates clean, replays green (REC-1, REC-4)."""

import pytest

from tests.project import Project
from tests.record.by_hand.journeys import FINISH, JOURNEYS, begins_at, sign_in
from tests.record.by_hand.recorded import record_journey, replay

pytestmark = [pytest.mark.req("REC-1", "REC-4"), pytest.mark.browser]

USUAL = ("create_api_key",)
"""The reference journey; `make soak` does all, and so does the check of the
Playwright Test files."""


@pytest.mark.parametrize(
    "console", [each if each in USUAL else pytest.param(each, marks=pytest.mark.soak) for each in JOURNEYS]
)
def test_a_console_is_recorded_and_its_flow_validates_and_replays(
    recorded_project: Project, console: str
) -> None:
    project = recorded_project
    account = project.account
    assert account is not None
    acts = [*sign_in(account.email, account.password), *JOURNEYS[console], FINISH]
    recorded = record_journey(project, acts, site="example", flow=console, url=begins_at(console))
    assert "no findings" in recorded.screen, recorded.screen
    for secret in (account.email, account.password):
        assert secret not in recorded.screen
    validated = project.tokenbroker("validate", recorded.name)
    assert validated.code == 0, validated.text
    project.play_person()
    replayed = replay(project, recorded)
    assert replayed.code == 0, f"{recorded.yaml}\n{replayed.text}"
    stored = project.tokenbroker("secrets", "list", "--json").out
    assert f"example/{console}" in stored
