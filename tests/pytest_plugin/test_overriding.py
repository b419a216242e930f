"""A project's own conftest may replace each fixture; one that drops our protection stops the run (RUN-2)."""

import pytest

from tests.project import CREATE, PERSON, Project

pytestmark = [pytest.mark.req("RUN-2"), pytest.mark.browser]

OWN_SINK = """

@pytest.fixture(scope="session")
def secret_sink(secret_sink):
    def open_sink(alias):
        with open("asked.txt", "a") as file:
            print(alias, file=file)
        return secret_sink("local" if alias == "elsewhere" else alias)
    return open_sink
"""
OWN_PERSON = """
import pytest
from tokenbroker.clock import system_clock
from tokenbroker.human.checkpoint import Answer, Outcome


class NaySayer:
    name = "nay-sayer"

    def unreachable(self):
        return None

    def ask(self, checkpoint, page_says):
        return Answer(outcome=Outcome.DENIED, who="nobody", channel=self.name, at=system_clock())


@pytest.fixture
def human_checkpoint():
    return NaySayer()
"""
OWN_BROWSER = """
import pytest

@pytest.fixture(scope="session")
def flow_browser(flow_browser):
    with open("used.txt", "w") as file:
        file.write(flow_browser.version)
    return flow_browser
"""
BARE_LAUNCH = """
import pytest
from tokenbroker.run.chromium import find_browser

@pytest.fixture(scope="session")
def launch_browser(browser_type):
    return lambda **options: browser_type.launch(executable_path=str(find_browser().path))
"""
OWN_MAP = """
import pytest

@pytest.fixture(scope="session")
def origin_map(origin_map):
    (target,) = origin_map.values()
    return {"https://elsewhere.example.com": target}
"""


def test_the_projects_own_sink_takes_the_token(attended: Project) -> None:
    attended.write("conftest.py", PERSON + OWN_SINK)
    attended.flow(
        "create", CREATE + '  - capture_token: { selector: ".token", secret_ref: "elsewhere:example/own" }\n'
    )
    ended = attended.pytest("--no-pictures")
    assert ended.outcomes() == {"passed": 1}, ended.text
    assert "elsewhere" in (attended.folder / "asked.txt").read_text().split()
    with attended.broker() as broker:
        key = broker.local.get("example/own", actor="tests").reveal()
    assert attended.whoami(key) == 200


@pytest.mark.req("HUMAN-1")
def test_the_projects_own_person_is_asked(demo_project: Project) -> None:
    demo_project.write("conftest.py", OWN_PERSON)
    demo_project.flow(
        "ask", '  - navigate: "https://console.example.com/login"\n  - wait_human: { reason: "May it?" }\n'
    )
    ended = demo_project.pytest("--no-pictures")
    assert ended.outcomes() == {"failed": 1}
    assert "human.denied" in ended.out
    assert ("checkpoint", "example/ask", "denied") in demo_project.audit()


def test_the_projects_own_browser_is_used(demo_project: Project) -> None:
    demo_project.write("conftest.py", OWN_BROWSER)
    demo_project.flow("look")
    assert demo_project.pytest("--no-pictures").outcomes() == {"passed": 1}
    assert (demo_project.folder / "used.txt").read_text()


def test_the_projects_own_origin_map_leads(demo_project: Project) -> None:
    demo_project.write("conftest.py", OWN_MAP)
    demo_project.flow("look", '  - navigate: "https://elsewhere.example.com/login"\n  - wait_for: "#email"\n')
    ended = demo_project.pytest("--no-pictures")
    assert ended.outcomes() == {"passed": 1}, ended.text


@pytest.mark.req("RUN-9")
def test_a_launch_fixture_that_drops_our_arguments_stops_the_run(demo_project: Project) -> None:
    demo_project.write("conftest.py", BARE_LAUNCH)
    demo_project.flow("look")
    ended = demo_project.pytest("--no-pictures")
    assert ended.outcomes() == {"failed": 1}, ended.text
    assert "browser.unprotected" in ended.out
    assert [action for action, _, _ in demo_project.audit()].count("run_flow") == 0
