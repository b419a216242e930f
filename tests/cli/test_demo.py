"""`tokenbroker demo`: what it says works in a second terminal, and Ctrl-C ends it and its site."""

import re
import urllib.error
import urllib.request

import pytest

from demo_site.launch import SERVICES
from tests.project import Project


@pytest.mark.browser
@pytest.mark.req("HUMAN-2", "RUN-4", "FLOW-1")
def test_what_the_demo_says_works_in_another_terminal(project: Project) -> None:
    with project.terminal("demo", "--port", "0") as demo:
        demo.wait_for("Ctrl-C here ends the demo site.")
        said = demo.screen
        address = found(r"runs at (\S+)", said)
        phone = found(r"phone page +(\S+)", said)
        folder = project.folder / found(r"cd (\S+)", said)
        command = found(r"tokenbroker (run \S+)", said).split()
        assert "unset TOKENBROKER_HOME" in said
        project.variables["TOKENBROKER_HOME"] = ""
        with project.terminal(*command, folder=folder) as person:
            person.wait_for("Type the code and press Enter")
            with urllib.request.urlopen(phone) as page:
                code = found(r"data-latest-code>(\d{6})<", page.read().decode())
            person.type(code)
            assert person.end() == 0, person.screen
            assert "bitwarden:example/opendiscourse@1" in person.screen
        assert (folder / "home/store.db").is_file()
        settings = (folder / "tokenbroker.toml").read_text()
        assert all(f'"{service.origin}" = "http://127.0.0.1:' in settings for service in SERVICES)
        assert not project.home.exists()
        demo.press_ctrl_c()
        assert demo.end() == 0, demo.screen
        assert "Traceback" not in demo.screen
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(address)
    assert list(project.temporary.iterdir()) == []


def test_a_demo_that_is_ended_by_a_signal_leaves_nothing_behind(project: Project) -> None:
    with project.terminal("demo", "--port", "0") as demo:
        demo.wait_for("Ctrl-C here ends the demo site.")
        demo.terminate()
        assert demo.end() == 0, demo.screen
    assert list(project.temporary.iterdir()) == []


@pytest.mark.browser
@pytest.mark.req("FLOW-8", "HUMAN-2")
def test_the_keys_of_its_services_are_due_and_a_person_can_see_a_sitting_begin(project: Project) -> None:
    with project.terminal("demo", "--port", "0", "--services") as demo:
        demo.wait_for("Ctrl-C here ends the demo site.")
        folder = project.folder / found(r"cd (\S+)", demo.screen)
        phone = found(r"phone page +(\S+)", demo.screen)
        project.variables["TOKENBROKER_HOME"] = ""
        with project.terminal("due", folder=folder) as due:
            assert due.end() == 1, due.screen
            assert due.screen.count("in 2 d") == len(SERVICES), due.screen
        with project.terminal(
            "rotate", "local:atlas/key", "--wait", "--no-pictures", folder=folder
        ) as person:
            person.wait_for("Go on?")
            person.type("y")
            person.wait_for("Type the code and press Enter")
            with urllib.request.urlopen(phone) as page:
                code = found(r"data-latest-code>(\d{6})<", page.read().decode())
            person.type(code)
            person.wait_for("local:atlas/key@2 is in place")
            person.wait_for("to wait; with Ctrl-C")
            person.press_ctrl_c()
            assert person.end() == 130, person.screen
            assert "1 old key to revoke" in person.screen
        demo.press_ctrl_c()
        assert demo.end() == 0, demo.screen


@pytest.mark.parametrize("name", ["tokenbroker.toml", "create_api_key.flow.yaml"])
def test_a_folder_that_no_demo_has_written_is_left_alone(project: Project, name: str) -> None:
    theirs = project.write(f"mine/{name}", "# mine\n")
    ended = project.tokenbroker("demo", "--port", "0", "--dir", "mine")
    assert (ended.code, ended.refusal()) == (2, "usage")
    assert theirs.read_text() == "# mine\n"
    assert [path.name for path in theirs.parent.iterdir()] == [name]


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match is not None, pattern
    return match[1]
