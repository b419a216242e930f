"""`tokenbroker record` refuses at once what could not end well: no browser starts for it, and nothing is written."""

import io
from collections.abc import Callable

import pytest

from tests.project import SETTINGS, Project, marking_browser
from tokenbroker.cli.record import record
from tokenbroker.errors import BrokerError

pytestmark = pytest.mark.req("REC-1")
USAGE, NO_PERSON = 2, 11
URL = "https://console.example.com/login"


@pytest.fixture
def refusal(project: Project, monkeypatch: pytest.MonkeyPatch) -> Callable[..., BrokerError]:
    """``refusal(URL, flow=…)``: how the command refuses, in this process; proves that it left nothing behind."""
    program, mark = marking_browser(project.folder)
    project.flow("example/there")
    project.write("flows/a_file", "in the way of a folder")
    monkeypatch.chdir(project.folder)
    monkeypatch.setenv("TOKENBROKER_HOME", str(project.home))
    monkeypatch.setenv("TOKENBROKER_BROWSER", str(program))
    monkeypatch.setattr("sys.stdin", io.StringIO())
    usual = {"site": "", "flow": "create_token", "sink": "", "replace": False, "headless": True}

    def refuse(address: str, **said: object) -> BrokerError:
        before = sorted(project.folder.rglob("*"))
        with pytest.raises(BrokerError) as refused:
            record(address, **{**usual, **said})  # type: ignore[arg-type]  # as a test says them
        assert (mark.exists(), sorted(project.folder.rglob("*"))) == (False, before)
        return refused.value

    return refuse


@pytest.mark.parametrize(
    ("address", "said", "code"),
    [
        ("console.example.com", {}, "record.bad_address"),
        ("javascript:alert(1)", {}, "record.bad_address"),
        (
            "https://ada:pa55-w0rd@console.example.com/login",  # pragma: allowlist secret
            {},
            "record.bad_address",
        ),
        ("https://console.example.com/a b?pa55-w0rd", {}, "record.bad_address"),
        ("http://console.example.com/login", {}, "record.plain_http"),
        (URL, {"flow": "../up"}, "record.bad_name"),
        (URL, {"site": "a site"}, "record.bad_name"),
        (URL, {"sink": "nowhere"}, "settings.unknown_sink"),
        (URL, {"sink": "env"}, "record.read_only_sink"),
        (URL, {"flow": "there"}, "record.file_exists"),
        (URL, {"site": "a_file"}, "record.not_written"),
        (URL, {"flow": "there", "replace": True}, "record.no_terminal"),
        ("http://127.0.0.1:8765/login", {}, "record.no_terminal"),
        (URL, {}, "record.no_terminal"),
    ],
)
def test_what_can_not_end_well_is_said_before_a_browser_starts(
    refusal: Callable[..., BrokerError], address: str, said: dict[str, object], code: str
) -> None:
    refused = refusal(address, **said)
    assert refused.code == code
    assert refused.exit_code == (NO_PERSON if code == "record.no_terminal" else USAGE)
    assert refused.next_step
    assert "pa55-w0rd" not in str(refused)


def test_without_a_terminal_the_command_ends_with_one_sentence(project: Project) -> None:
    ended = project.tokenbroker("record", URL)
    assert (ended.code, ended.refusal()) == (NO_PERSON, "record.no_terminal"), ended.text


@pytest.mark.parametrize(
    ("browser", "options", "code"),
    [
        ("marking-browser", [], "browser.no_display"),
        ("/nowhere/chromium", ["--headless"], "browser.unavailable"),
    ],
)
def test_at_a_terminal_a_browser_that_can_not_be_shown_is_one_sentence(
    project: Project, browser: str, options: list[str], code: str
) -> None:
    _, mark = marking_browser(project.folder)
    project.variables["TOKENBROKER_BROWSER"] = (
        browser if browser.startswith("/") else f"{project.folder}/{browser}"
    )
    with project.terminal("record", URL, *options) as terminal:
        assert terminal.end() == USAGE
    assert f"{code}: " in terminal.screen
    assert "--headed" not in terminal.screen
    assert not mark.exists()


def test_a_flow_may_store_where_inputs_come_from_unless_that_only_reads(
    project: Project, refusal: Callable[..., BrokerError]
) -> None:
    project.write("tokenbroker.toml", f'{SETTINGS}\n[inputs]\nsink = "env"\n')
    assert refusal(URL).code == "record.read_only_sink"
    assert refusal(URL, sink="bitwarden").code == "record.no_terminal"
