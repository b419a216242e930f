"""From the browser to the terminal: a person creates a key at a small site of the test's own, and reviews it there."""

import secrets
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.project import TIME_LIMIT_S, Project
from tests.record.by_hand.conftest import open_to_others, plain
from tests.record.by_hand.journeys import FINISH, Act, fill, press, the_token
from tests.run.steps.conftest import PageSite
from tokenbroker.secret import Secret

pytestmark = pytest.mark.browser

DENIED = 11
EMAIL, PASSWORD, KEY_NAME = "ada.byron@example.org", "correct-horse-7-battery", "Nightly build"
SIGN_IN = [fill("E-mail", EMAIL), fill("Password", PASSWORD), press("Sign in")]
CREATE = [fill("Key name", KEY_NAME), press("Create key"), *the_token(), FINISH]
CLOSE: Act = {"do": "close", "ends": True}
MENU = "[s]> "


def page(body: str) -> str:
    return (
        f"<!doctype html><html lang=en><head><title>t</title></head><body><main>{body}</main></body></html>"
    )


@pytest.fixture
def made() -> list[str]:
    """The keys that the site has made."""
    return []


@pytest.fixture
def site(made: list[str]) -> Iterator[PageSite]:
    """A page to sign in at, one to name a key, one that shows it."""

    def show_key() -> str:
        made.append(f"exk_live_{secrets.token_urlsafe(24)}")
        return page(f"<h1>Your new key</h1><code class=token>{made[-1]}</code>")

    one = PageSite()
    one.pages["/login"] = page(
        "<h1>Welcome</h1><form method=post action=/keys><label>E-mail <input type=email name=email></label>"
        "<label>Password <input type=password name=password></label><button>Sign in</button></form>"
    )
    one.pages["/keys"] = page(
        "<h1>Keys</h1><form method=post action=/made><label>Key name <input name=key></label>"
        "<button>Create key</button></form>"
    )
    one.pages["/made"] = show_key
    yield one
    one.close()


@pytest.fixture
def reviewing(project: Project, site: PageSite, recorder_at: Callable[..., Any]) -> Callable[..., Any]:
    """``with reviewing(acts) as (terminal, told):`` the person does `acts`, and the terminal has 80 columns."""
    open_to_others(project)
    project.variables["COLUMNS"] = "80"
    return lambda acts: recorder_at(project, acts, "--sink", "bitwarden", url=f"{site.origin}/login")


def left_in(project: Project, *values: str) -> list[str]:
    """Files of the project, of any kind, that hold one of `values`."""
    held = [each.encode() for each in values]
    return [
        str(path)
        for path in project.folder.rglob("*")
        if path.is_file() and any(each in path.read_bytes() for each in held)
    ]


@pytest.mark.req("REC-1", "REC-2", "REC-3")
def test_a_recording_is_reviewed_saved_and_replayed_with_the_exit_code_of_the_replay(
    project: Project, site: PageSite, reviewing: Callable[..., Any], made: list[str]
) -> None:
    with reviewing([*SIGN_IN, *CREATE]) as (terminal, told):
        terminal.wait_for(MENU)
        first = plain(terminal.screen)
        terminal.type("r")
        while terminal.wait_for_one_of("[Y/n]", "The replay") == "[Y/n]":
            terminal.type("y")
        assert terminal.end() == 0, f"{terminal.screen}\n{told()}"
    screen = plain(terminal.screen)
    assert "site/create_token: " in first
    assert "no findings" in first
    assert [line for line in first.splitlines() if len(line) > 80 and "panel" not in line] == []
    assert "replay it at once: creates another key" in " ".join(first.split())
    assert "Evidence: " in screen
    by_hand, by_flow = made
    with project.broker() as broker:
        sink = broker.sink("bitwarden")
        assert sink.get("site/create_token", version=1, actor="tests") == Secret(by_hand)
        assert sink.get("site/create_token", version=2, actor="tests") == Secret(by_flow)
    assert left_in(project, EMAIL, PASSWORD, by_hand, by_flow) == []
    assert not any(value in screen for value in (EMAIL, PASSWORD, by_hand, by_flow))


@pytest.mark.req("REC-1", "REC-3")
def test_windows_closed_in_mid_journey_end_in_the_review_and_ctrl_c_there_keeps_nothing(
    project: Project, reviewing: Callable[..., Any]
) -> None:
    with reviewing([*SIGN_IN, {"do": "wait", "for": "Key name"}, CLOSE]) as (terminal, told):
        terminal.wait_for("or d> ")  # no Enter saves what stores nothing
        terminal.press_ctrl_c()
        assert terminal.end() == DENIED, f"{terminal.screen}\n{told()}"
    screen = plain(terminal.screen)
    assert "The browser was closed" in screen
    assert "No token was marked" in screen
    assert "record.cancelled: " in screen
    assert [(project.folder / each).exists() for each in ("flows", "specs", "home")] == [False] * 3
    assert left_in(project, EMAIL, PASSWORD) == []


@pytest.mark.req("REC-1", "REC-3")
def test_ctrl_c_while_the_browser_is_open_keeps_nothing(
    project: Project, site: PageSite, reviewing: Callable[..., Any]
) -> None:
    arrived, keys = threading.Event(), str(site.pages["/keys"])
    site.pages["/keys"] = lambda: (arrived.set(), keys)[1]
    with reviewing(SIGN_IN) as (terminal, told):
        terminal.wait_for("panel is marked")
        assert arrived.wait(TIME_LIMIT_S), told()
        terminal.press_ctrl_c()
        assert terminal.end() == DENIED, terminal.screen
    assert "record.cancelled: " in terminal.screen
    assert "Traceback" not in terminal.screen
    assert [(project.folder / each).exists() for each in ("flows", "specs", "home")] == [False] * 3
    assert left_in(project, EMAIL, PASSWORD) == []
