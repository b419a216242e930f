"""What can't be done is said in one sentence, with the right exit code, and without a traceback."""

import secrets
import socket
import sqlite3
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.project import LOOK, SETTINGS, Ended, Project, flow_text, marking_browser

USAGE, REFUSED, NO_PERSON, UNAVAILABLE = 2, 10, 11, 12
DEAD_SITE = SETTINGS + '\n[origin_map]\n"https://console.example.com" = "http://127.0.0.1:9"\n'


@pytest.fixture
def mapped(project: Project) -> Project:
    """A project whose site is mapped to this machine; nothing in these tests gets as far as to reach it."""
    project.write("tokenbroker.toml", DEAD_SITE)
    return project


def assert_refused(ended: Ended, exit_code: int, code: str) -> None:
    assert (ended.code, ended.refusal()) == (exit_code, code), ended.text


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "usage"),
        ("", "flow.invalid"),
        ("just a text", "flow.invalid"),
        ("steps: [unclosed\n", "flow.invalid"),
        ("version: 1\nsite: a\nflow: b\nallowed_automation: semi_auto\nsteps: []\n", "flow.schema"),
    ],
    ids=["missing", "empty", "no mapping", "no YAML", "no steps"],
)
@pytest.mark.req("RUN-4")
def test_a_file_that_is_no_flow(project: Project, content: str | None, code: str) -> None:
    if content is not None:
        project.write("a.yaml", content)
    ended = project.tokenbroker("run", "a.yaml")
    assert ended.code == USAGE, ended.text
    assert "a.yaml" in ended.err
    assert ended.refusal() in (code, "")


@pytest.mark.req("RUN-4")
@pytest.mark.parametrize("command", [("run",), ("plan",), ("policy", "check"), ("heal",)])
def test_a_folder_in_the_place_of_a_flow_and_a_misspelt_one(
    project: Project, command: tuple[str, ...]
) -> None:
    project.flow("look")
    folder = project.tokenbroker(*command, "flows")
    assert_refused(folder, USAGE, "usage")
    assert "pytest flows" in folder.err
    misspelt = project.tokenbroker(*command, "flows/lok.yaml")
    assert_refused(misspelt, USAGE, "usage")
    assert "flows/look.yaml" in misspelt.err


@pytest.mark.req("RUN-4")
@pytest.mark.parametrize("name", ["a[1].yaml", "a::b.yaml"])
def test_a_file_that_pytest_can_not_name(project: Project, name: str) -> None:
    project.write(name, flow_text("look"))
    assert_refused(project.tokenbroker("run", name), USAGE, "usage")


@pytest.mark.req("RUN-4")
@pytest.mark.parametrize("name", ["my flow.txt", "-x.yaml", "link.yaml", "elsewhere/../direct.yml"])
def test_a_file_of_any_other_name_is_taken_for_the_flow_it_is(mapped: Project, name: str) -> None:
    (mapped.folder / "elsewhere").mkdir()
    if name == "link.yaml":
        mapped.write("elsewhere/target", flow_text("look"))
        (mapped.folder / name).symlink_to("elsewhere/target")
    else:
        mapped.write(name, flow_text("look"))
    ended = mapped.tokenbroker("run", "--", name, TOKENBROKER_BROWSER="/nowhere/chromium")
    assert_refused(ended, USAGE, "browser.unavailable")
    assert "example/look: semi_auto" in ended.err


@pytest.mark.req("RUN-4")
def test_a_flow_that_the_projects_conftest_leaves_out(mapped: Project) -> None:
    flow = mapped.flow("look")
    mapped.write("conftest.py", "def pytest_collection_modifyitems(items):\n    items.clear()\n")
    ended = mapped.tokenbroker("run", flow)
    assert (ended.code, "was not run" in ended.err) == (USAGE, True), ended.text


@pytest.mark.req("RUN-4")
def test_a_folder_is_no_flow(project: Project) -> None:
    (project.folder / "flows").mkdir()
    assert_refused(project.tokenbroker("run", "flows"), USAGE, "usage")


@pytest.mark.req("RUN-6")
def test_semi_auto_asked_of_a_guided_only_flow(project: Project) -> None:
    program, mark = marking_browser(project.folder)
    flow = project.flow("by_hand", modes="guided")
    ended = project.tokenbroker("run", "--mode", "semi_auto", flow, TOKENBROKER_BROWSER=str(program))
    assert_refused(ended, REFUSED, "policy.rule.deny.automation.not_permitted")
    assert "blocked before a browser was started" in ended.err
    assert not mark.exists()
    denied = ("policy_decision", "example/by_hand", "policy.rule.deny.automation.not_permitted")
    assert project.audit() == [denied]


@pytest.mark.req("RUN-5", "FLOW-6")
def test_guided_mode_needs_a_window_and_says_how_to_have_one(mapped: Project) -> None:
    program, mark = marking_browser(mapped.folder)
    flow = mapped.flow("look", modes="guided|semi_auto")
    ended = mapped.tokenbroker("run", "--mode", "guided", flow, TOKENBROKER_BROWSER=str(program))
    assert_refused(ended, NO_PERSON, "human.no_window")
    assert "--headed" in ended.err
    assert not mark.exists()


@pytest.mark.req("RUN-11")
def test_a_site_beyond_this_machine_needs_live(project: Project) -> None:
    program, mark = marking_browser(project.folder)
    ended = project.tokenbroker("run", project.flow("look"), TOKENBROKER_BROWSER=str(program))
    assert_refused(ended, REFUSED, "run.needs_live")
    assert "--live" in ended.err
    assert not mark.exists()


@pytest.mark.req("RUN-4")
def test_a_browser_that_is_not_there(mapped: Project) -> None:
    ended = mapped.tokenbroker("run", mapped.flow("look"), TOKENBROKER_BROWSER="/nowhere/chromium")
    assert_refused(ended, USAGE, "browser.unavailable")


@pytest.mark.req("RUN-3")
def test_a_browser_that_does_not_start(mapped: Project) -> None:
    program, mark = marking_browser(mapped.folder)
    ended = mapped.tokenbroker("run", mapped.flow("look"), TOKENBROKER_BROWSER=str(program))
    assert_refused(ended, USAGE, "browser.not_started")
    assert mark.exists()
    assert list(mapped.temporary.iterdir()) == []


@pytest.mark.req("FLOW-4", "SECRET-3")
def test_a_missing_input_names_the_line_that_stores_it(mapped: Project) -> None:
    steps = LOOK + '  - type: { selector: "#email", value_ref: "secrets:example.email" }\n'
    ended = mapped.tokenbroker("run", mapped.flow("look", steps))
    assert_refused(ended, 1, "secret.not_found")
    assert "tokenbroker secrets put example.email" in ended.err


@pytest.mark.req("SECRET-1")
def test_a_sink_that_nobody_named(mapped: Project) -> None:
    steps = LOOK + '  - capture_token: { selector: ".token", secret_ref: "vaultt:example/key" }\n'
    ended = mapped.tokenbroker("run", mapped.flow("look", steps))
    assert_refused(ended, USAGE, "settings.unknown_sink")
    assert "[sinks.vaultt]" in ended.err


@pytest.mark.req("HUMAN-2")
def test_a_flow_that_needs_a_person_where_none_can_be_asked(mapped: Project) -> None:
    flow = mapped.flow("ask", LOOK + '  - wait_human: { reason: "May it?" }\n')
    assert_refused(mapped.tokenbroker("run", flow), 11, "human.unreachable")


@pytest.mark.req("FLOW-5")
def test_a_parameter_that_the_flow_does_not_have(mapped: Project) -> None:
    ended = mapped.tokenbroker("run", mapped.flow("look"), "--param", "nmae=demo-only-value")
    assert_refused(ended, USAGE, "param.unknown")
    assert "demo-only-value" not in ended.text


@pytest.mark.req("FLOW-5")
@pytest.mark.parametrize("command", [("run",), ("plan",), ("policy", "check")])
def test_a_parameter_that_is_given_twice(mapped: Project, command: tuple[str, ...]) -> None:
    flow = mapped.flow("look", head="params: { account: { required: false } }\n")
    twice = ("--param", "account=demo-only-a", "--param", "account=demo-only-b")
    ended = mapped.tokenbroker(*command, flow, *twice)
    assert_refused(ended, USAGE, "param.twice")
    assert "demo-only" not in ended.text


@pytest.mark.req("FLOW-5")
def test_a_parameter_without_a_value(mapped: Project) -> None:
    ended = mapped.tokenbroker("run", mapped.flow("look"), "--param", "demo-only-value")
    assert_refused(ended, USAGE, "usage")
    assert "demo-only-value" not in ended.text


@pytest.mark.req("OPS-5")
def test_every_wrong_setting_is_named_with_where_it_came_from(project: Project) -> None:
    project.write("tokenbroker.toml", 'hoome = "x"\nstep_timeout_s = -1\n')
    ended = project.tokenbroker("run", project.flow("look"), TOKENBROKER_REPORST="x")
    assert_refused(ended, USAGE, "settings.invalid")
    for word in (
        "'home'",
        "step_timeout_s",
        "tokenbroker.toml",
        "TOKENBROKER_REPORST",
        "TOKENBROKER_REPORTS",
    ):
        assert word in ended.err


@pytest.mark.req("SECRET-3")
@pytest.mark.parametrize("command", [("secrets", "list"), ("run", "flows/look.yaml")])
def test_a_store_that_is_damaged(mapped: Project, command: tuple[str, ...]) -> None:
    mapped.flow("look")
    mapped.home.mkdir()
    (mapped.home / "store.db").write_bytes(b"this is no database, and long enough to look at" * 100)
    assert_refused(mapped.tokenbroker(*command), UNAVAILABLE, "secret.unavailable")


@pytest.mark.req("SECRET-3")
def test_a_store_that_another_process_has_locked(project: Project) -> None:
    project.put("example.email", "demo-only-someone")
    with closing(sqlite3.connect(project.home / "store.db", isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        ended = project.tokenbroker("secrets", "put", "a.b", stdin="demo-only-value")
    assert_refused(ended, UNAVAILABLE, "secret.timeout")
    assert "locked" in ended.err


@pytest.mark.req("SECRET-4")
def test_the_key_of_another_store(project: Project) -> None:
    project.put("example.email", "demo-only-someone")
    foreign = b64encode(secrets.token_bytes(32)).decode()
    ended = project.tokenbroker("secrets", "list", TOKENBROKER_KEY=foreign)
    assert_refused(ended, UNAVAILABLE, "secret.access_denied")
    assert "Invalid encryption key" in ended.err
    assert foreign not in ended.text


@pytest.mark.req("SECRET-4")
def test_a_key_that_is_none(project: Project) -> None:
    ended = project.tokenbroker("secrets", "list", TOKENBROKER_KEY="demo-only-no-key")
    assert_refused(ended, USAGE, "settings.bad_key")
    assert "demo-only-no-key" not in ended.text


@pytest.mark.req("SECRET-3")
def test_a_home_that_can_not_be_made(project: Project) -> None:
    project.write("in-the-way", "a file")
    ended = project.tokenbroker("secrets", "list", TOKENBROKER_HOME=str(project.folder / "in-the-way/home"))
    assert_refused(ended, UNAVAILABLE, "secret.unavailable")


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_port_that_is_taken(project: Project, taken_port: int) -> None:
    ended = project.tokenbroker("demo", "--port", str(taken_port))
    assert_refused(ended, USAGE, "demo.not_started")
    assert not (project.folder / "tokenbroker-demo").exists()
    assert list(project.temporary.iterdir()) == []


def test_a_demo_folder_that_can_not_be_made(project: Project) -> None:
    project.write("in-the-way", "a file")
    ended = project.tokenbroker("demo", "--port", "0", "--dir", "in-the-way")
    assert_refused(ended, USAGE, "demo.not_started")
    assert list(project.temporary.iterdir()) == []


@pytest.mark.req("RUN-3")
def test_an_evidence_folder_that_can_not_be_made(mapped: Project) -> None:
    program, mark = marking_browser(mapped.folder)
    mapped.write("in-the-way", "a file")
    ended = mapped.tokenbroker(
        "run", mapped.flow("look"), TOKENBROKER_REPORTS="in-the-way", TOKENBROKER_BROWSER=str(program)
    )
    assert_refused(ended, USAGE, "evidence.not_writable")
    assert not mark.exists()


@pytest.mark.parametrize("arguments", [(), ("rnu",), ("run",), ("secrets", "shwo"), ("run", "a", "--headd")])
def test_a_command_that_is_none(project: Project, arguments: tuple[str, ...]) -> None:
    ended = project.tokenbroker(*arguments)
    assert ended.code == USAGE
    assert "Traceback" not in ended.text
    assert ended.text.strip()
