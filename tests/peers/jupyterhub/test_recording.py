"""What a person does by hand at JupyterHub becomes a flow that replays, and a spec that is green under Playwright Test."""

from pathlib import Path

import pytest

from tests.peers.jupyterhub.conftest import SETTINGS, SITE
from tests.peers.jupyterhub.hub import RunningHub
from tests.peers.playwright_test.conftest import playwright_test
from tests.peers.playwright_test.runner import PlaywrightTest
from tests.project import Project
from tests.record.by_hand.conftest import open_to_others
from tests.record.by_hand.journeys import FINISH, Act, fill, press, the_token
from tests.record.by_hand.recorded import record_journey, replay

__all__ = ["playwright_test"]
pytestmark = [pytest.mark.browser, pytest.mark.req("REC-1", "REC-4")]

FLOW = "create_token"


def journey(user: str, password: str) -> list[Act]:
    return [
        fill("Username", user),
        fill("Password", password),
        press("Sign in"),
        press("Token"),
        fill("Note", "Nightly report"),
        {"do": "choose", "in": "Token expires in", "option": "1 Hour"},
        press("Request new API token"),
        *the_token(r"^\s*[0-9a-f]{32}\s*$"),
        FINISH,
    ]


def test_a_recording_replays_and_its_spec_gets_a_token(
    project: Project, hub: RunningHub, user: str, playwright_test: PlaywrightTest, tmp_path: Path
) -> None:
    project.write("tokenbroker.toml", SETTINGS.format(site=SITE, url=hub.url))
    open_to_others(project)
    acts = journey(user, hub.password)
    recorded = record_journey(project, acts, site="jupyterhub", flow=FLOW, url=f"{SITE}/hub/login")
    assert "no findings" in recorded.screen
    for text in (recorded.yaml, recorded.spec, recorded.screen):
        assert user not in text
        assert hub.password not in text
    validated = project.tokenbroker("validate", recorded.name)
    assert validated.code == 0, validated.text
    replayed = replay(project, recorded)
    assert replayed.code == 0, f"{recorded.yaml}\n{replayed.text}"

    ran = playwright_test.run(
        tmp_path / "specs",
        {f"jupyterhub/{FLOW}.spec.ts": recorded.spec},
        variables={
            "HUB_EXAMPLE_COM_URL": hub.url,
            "JUPYTERHUB_USERNAME": user,
            "JUPYTERHUB_PASSWORD": hub.password,
            **{f"PARAM_{name.upper()}": value for name, value in recorded.params.items()},
        },
        phones={},
    )
    assert ran.outcomes == {f"jupyterhub/{FLOW}": "passed"}, f"{recorded.spec}\n{ran.output}"
    (kept,) = ran.kept
    assert hub.ask("user", kept.token).body["name"] == user
