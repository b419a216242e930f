"""How an item ends when something beside its steps goes wrong: nothing foreign is shown, nothing owed is kept back."""

import secrets

import pytest

from tests.project import LOOK, SETTINGS, Project

pytestmark = [pytest.mark.req("RUN-3"), pytest.mark.browser]

DEAD_SITE = SETTINGS + '\n[origin_map]\n"https://console.example.com" = "http://127.0.0.1:9"\n'
TYPES = LOOK + '  - type: { selector: "#email", value_ref: "secrets:example.email" }\n'
PRESS = LOOK + '  - click: { selector: "button[type=submit]", creates: { name: Reporting } }\n'
ASK = '  - wait_human: { reason: "May it?", kind: confirm }\n'
CAPTURE = '  - capture_token: { selector: ".token", secret_ref: "local:example/key" }\n'
PERSON = """
import pytest


class Person:
    name = "a person"

    def unreachable(self):
        return None

    def ask(self, checkpoint, page_says):
        {act}


@pytest.fixture
def human_checkpoint():
    return Person()
"""
SINK = """
from pathlib import Path

import pytest

VALUE = "{value}"


class Talkative:
    name = "local"

    def get(self, path, *, version=None, actor):
        {act}

    def probe(self):
        pass


@pytest.fixture(scope="session")
def secret_sink(tokenbroker_broker):
    {fixture}
"""
EVERYTHING = ("--junitxml=junit.xml", "--alluredir=allure", "--tb=long", "-l", "--full-trace", "-ra")


@pytest.fixture
def value() -> str:
    return f"demo-only-{secrets.token_hex(12)}"


def written(project: Project) -> str:
    files = [project.folder / "junit.xml", *(project.folder / "allure").glob("*.json")]
    return "".join(file.read_text(encoding="utf-8") for file in files if file.is_file())


@pytest.mark.req("SECRET-7")
@pytest.mark.parametrize("act", ["raise ValueError(f'no {VALUE}')", "pytest.fail(f'no {VALUE}')"])
def test_of_a_foreign_error_before_the_run_only_type_and_place_are_shown(
    project: Project, value: str, act: str
) -> None:
    project.write("tokenbroker.toml", DEAD_SITE)
    project.write(
        "conftest.py", SINK.format(value=value, act=act, fixture="return lambda alias: Talkative()")
    )
    project.flow("look", TYPES)
    ended = project.pytest(*EVERYTHING)
    assert ended.outcomes() == {"failed": 1}, ended.text
    assert "conftest.py:" in ended.out
    assert "internal: " in ended.out
    assert value not in ended.text + written(project)


@pytest.mark.req("SECRET-7")
def test_a_ctrl_c_while_a_secret_is_opened_shows_no_frame_that_holds_it(project: Project, value: str) -> None:
    project.write("tokenbroker.toml", DEAD_SITE)
    act = "return self.opened(VALUE)\n\n    def opened(self, value):\n        raise KeyboardInterrupt"
    project.write(
        "conftest.py", SINK.format(value=value, act=act, fixture="return lambda alias: Talkative()")
    )
    project.flow("look", TYPES)
    ended = project.pytest(*EVERYTHING)
    assert ended.code == pytest.ExitCode.INTERRUPTED
    assert value not in ended.text + written(project)


@pytest.mark.req("SECRET-7")
def test_a_set_up_that_fails_is_redacted_too(project: Project, value: str) -> None:
    project.write("tokenbroker.toml", DEAD_SITE)
    fixture = "raise ValueError(f'told: {Path(\"value.txt\").read_text()}')"
    project.write("conftest.py", SINK.format(value="", act="pass", fixture=fixture))
    project.write("value.txt", value)
    project.flow("look", TYPES)
    ended = project.pytest(*EVERYTHING, TOKENBROKER_SECRET_EXAMPLE_EMAIL=value)
    assert ended.outcomes() == {"error": 1}, ended.text
    assert value not in ended.text + written(project)


@pytest.mark.parametrize("act", ['pytest.fail("x")', 'pytest.skip("x")'])
def test_an_outcome_of_pytest_inside_a_flow_fails_that_item_alone(demo_project: Project, act: str) -> None:
    demo_project.write("conftest.py", PERSON.format(act=act))
    demo_project.flow("a_first", LOOK + ASK)
    demo_project.flow("b_second")
    ended = demo_project.pytest("--no-pictures")
    assert ended.outcomes() == {"failed": 1, "passed": 1}, ended.text
    assert "run.stopped" in ended.out


@pytest.mark.req("RUN-10")
def test_a_key_that_may_be_left_is_told_after_a_ctrl_c(demo_project: Project) -> None:
    demo_project.write("conftest.py", PERSON.format(act="raise KeyboardInterrupt"))
    demo_project.flow("create", PRESS + ASK + CAPTURE)
    ended = demo_project.pytest("--no-pictures")
    assert ended.code == pytest.ExitCode.INTERRUPTED
    assert "! flows/create.yaml::create  the key 'Reporting' may have been created" in ended.out


@pytest.mark.req("RUN-10")
@pytest.mark.parametrize(
    ("head", "outcome"),
    [("", "failed"), ("expect_outcome: { status: failed, reason: run.key_not_captured }\n", "passed")],
)
def test_a_key_that_may_be_left_is_told_whatever_became_of_the_item(
    demo_project: Project, head: str, outcome: str
) -> None:
    flow = demo_project.flow("create", PRESS + CAPTURE + '    when: "#never"\n', head=head)
    ended = demo_project.pytest("--no-pictures")
    assert ended.outcomes() == {outcome: 1}, ended.text
    assert "! flows/create.yaml::create  the key 'Reporting' may have been created" in ended.out
    run = demo_project.tokenbroker("run", "--no-pictures", flow)
    assert run.code == (outcome == "failed"), run.text
    assert "! the key 'Reporting' may have been created" in run.err


def test_a_run_whose_evidence_is_lost_says_so_and_what_it_left(demo_project: Project) -> None:
    act = (
        "import datetime, shutil\n"
        "        from tokenbroker.human.checkpoint import Answer, Outcome\n"
        "        shutil.rmtree('reports')\n"
        "        at = datetime.datetime.now(datetime.UTC)\n"
        "        return Answer(outcome=Outcome.DONE, who='me', channel=self.name, at=at)"
    )
    demo_project.write("conftest.py", PERSON.format(act=act))
    demo_project.flow("ask", LOOK + ASK)
    ended = demo_project.pytest("--no-pictures")
    assert ended.outcomes() == {"failed": 1}, ended.text
    assert "run.not_recorded" in ended.out
    assert ("finish_flow", "example/ask", "run.not_recorded") in demo_project.audit()
