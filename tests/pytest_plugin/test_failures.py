"""What a failing flow prints: the flow's own lines and what was tried, never our insides (RUN-3)."""

import pytest

from tests.project import LOOK, Project

pytestmark = [pytest.mark.req("RUN-3"), pytest.mark.browser]

MISSPELT = LOOK + '  - type: { selector: "#emial", value: "someone" }\n    timeout: 300ms\n'
STUMBLING_PERSON = """
import pytest


class Stumbling:
    name = "stumbling"

    def unreachable(self):
        return None

    def ask(self, checkpoint, page_says):
        raise RuntimeError("demo-only-what-a-library-said")


@pytest.fixture
def human_checkpoint():
    return Stumbling()
"""


@pytest.mark.parametrize("options", [(), ("--tb=long", "-l", "--full-trace", "-vv")])
def test_a_misspelt_selector_is_shown_in_its_place(demo_project: Project, options: tuple[str, ...]) -> None:
    path = demo_project.flow("look", MISSPELT)
    ended = demo_project.pytest("--no-pictures", *options)
    assert ended.outcomes() == {"failed": 1}
    assert f"{path}:8" in ended.out
    assert '  >    8 |   - type: { selector: "#emial", value: "someone" }' in ended.out
    assert '       7 |   - wait_for: { selector: "#email" }' in ended.out
    assert "tried  #emial" in ended.out
    assert demo_project.demo is not None
    assert f"page   {demo_project.demo.url}/login" in ended.out
    assert "reason target.not_found" in ended.out
    assert "tokenbroker/run/" not in ended.text
    assert "Traceback" not in ended.text
    assert "playwright" not in ended.out.partition("FAILURES")[2].lower()


def test_an_error_of_ours_shows_its_frames_only_when_asked(demo_project: Project) -> None:
    demo_project.write("conftest.py", STUMBLING_PERSON)
    demo_project.flow("ask", LOOK + '  - wait_human: { reason: "May it?", kind: confirm }\n')
    plain = demo_project.pytest("--no-pictures", "--tb=long", "-l")
    assert plain.outcomes() == {"failed": 1}
    assert "reason internal" in plain.out
    assert "tokenbroker/run/" not in plain.text
    assert "--flow-traceback" in plain.out
    asked = demo_project.pytest("--no-pictures", "--flow-traceback")
    assert "reason internal" in asked.out
    assert "tokenbroker/run/runner.py" in asked.out
