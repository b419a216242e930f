"""The flows over these consoles, as a project runs them: what they store opens the API, every time."""

import shutil
from pathlib import Path

import pytest

from tests.project import SETTINGS, SITE, Project
from tests.project_fixtures import attended, demo, demo_project, new_project, project

__all__ = ["attended", "demo", "demo_project", "new_project", "project"]

pytestmark = pytest.mark.browser

FLOWS = Path(__file__).parents[2] / "flows" / "examplecloud"
NAMES = ("input_key", "clipboard_key", "embedded_key", "shadow_key", "popup_key")


@pytest.fixture
def consoles(attended: Project) -> Project:
    """A project that has these flows and reaches both origins of the demo."""
    assert attended.demo is not None
    origins = f'"{SITE}" = "{attended.demo.url}"\n"https://keys.example.com" = "{attended.demo.keys_url}"\n'
    attended.write("tokenbroker.toml", f"{SETTINGS}\n[origin_map]\n{origins}")
    (attended.folder / "flows").mkdir()
    for name in NAMES:
        shutil.copy(FLOWS / f"{name}.yaml", attended.folder / "flows")
    return attended


@pytest.mark.req("FLOW-2", "RUN-2")
@pytest.mark.soak
@pytest.mark.parametrize("times", [1, 2])
def test_each_flow_stores_a_new_key_that_opens_the_api_whenever_it_runs(
    consoles: Project, times: int
) -> None:
    for version in range(1, times + 1):
        ended = consoles.pytest("flows/", "-q")
        assert ended.outcomes() == {"passed": len(NAMES)}, ended.text
        with consoles.broker() as broker:
            sink = broker.sink("bitwarden")
            for name in NAMES:
                key = sink.get(f"example/{name}", version=version, actor="tests")
                assert consoles.whoami(key.reveal()) == 200
                assert key.reveal() not in ended.text
