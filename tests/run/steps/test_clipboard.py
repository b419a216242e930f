"""A token that a page only copies: lent for one step to one origin, read by us only, empty afterwards."""

import fcntl
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tokenbroker.run.clipboard import NOT_EMPTIED, lent_clipboard
from tokenbroker.run.failure import StepFailed

pytestmark = [pytest.mark.browser, pytest.mark.req("FLOW-2"), pytest.mark.req("RUN-9")]
TOKEN = "exk_demo_0123456789abcdef"
COPY = f"navigator.clipboard.writeText('{TOKEN}')"
EXEC = f"const t = document.createElement('textarea'); t.value = '{TOKEN}'; document.body.append(t); t.select(); document.execCommand('copy')"
CAPTURE = 'capture_token: {{ selector: "#copy", secret_ref: "local:x", from: clipboard{} }}'
PASTE = CAPTURE.format("")
STATES = (
    """names => Promise.all(names.map(name => navigator.permissions.query({ name }).then(s => s.state)))"""
)


def button(act: str) -> str:
    return f'<button id=copy onclick="{act}">Copy</button>'


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache folder, which is not there yet."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder / "tokenbroker"


@pytest.fixture
def look(flow_browser: Browser) -> Iterator[Page]:
    """A page of somebody else, in another context of the same browser, that can be asked what it can paste."""
    context = flow_browser.new_context()
    page = context.new_page()
    page.set_content("<textarea></textarea>")
    yield page
    context.close()


def pasted(page: Page) -> str:
    page.fill("textarea", "")
    page.press("textarea", "ControlOrMeta+V")
    return page.input_value("textarea")


def put(page: Page, text: str) -> None:
    page.fill("textarea", text)
    page.press("textarea", "ControlOrMeta+A")
    page.press("textarea", "ControlOrMeta+C")


@pytest.mark.parametrize(
    ("act", "options"),
    [
        (COPY, ""),
        (EXEC, ""),
        (f"setTimeout(() => {COPY}, 300)", ""),
        ("navigator.clipboard.writeText('Working…'); setTimeout(() => " + COPY + ", 300)", ""),
        (f"navigator.clipboard.writeText('KEY={TOKEN}')", ", pattern: '^KEY=(.+)$'"),
        (f"navigator.clipboard.writeText('{TOKEN[:16]}\\n{TOKEN[16:]}')", ", unwrap: true"),
    ],
)
def test_what_a_control_copies_is_captured_and_the_clipboard_is_empty_afterwards(on_page, look, act, options):
    trial = on_page(button(act))
    remark = trial.perform(CAPTURE.format(options))
    assert [token.reveal() for token in trial.keeping.kept] == [TOKEN]
    assert pasted(look) == ""
    assert trial.stage.notes == []
    assert TOKEN not in remark
    assert TOKEN not in trial.stage.redactor.text(f"said {TOKEN}")


def test_the_press_is_announced_as_that_of_its_own_step(on_page):
    trial = on_page(button(COPY))
    trial.perform(PASTE)
    assert trial.keeping.pressed == [2]


def test_the_page_may_write_while_the_step_takes_and_read_never(on_page):
    read = "navigator.clipboard.readText().catch(e => e.name)"
    state = "navigator.permissions.query({ name: 'clipboard-write' }).then(s => s.state)"
    asking = f"window.said = Promise.all([{read}, {state}, {COPY}])"
    trial = on_page(button(asking))
    trial.perform(PASTE)
    assert trial.stage.page.evaluate("window.said") == ["NotAllowedError", "granted", None]
    names = ["clipboard-write", "clipboard-read", "geolocation"]
    assert trial.stage.page.evaluate(STATES, names) == ["denied"] * 3
    refused = "navigator.clipboard.writeText('x').then(() => 'written', error => error.name)"
    assert trial.stage.page.evaluate(refused) == "NotAllowedError"


def test_only_the_pages_own_origin_is_lent_the_clipboard(on_page, other_site):
    other_site.pages["/"] = button(
        f"{COPY}.then(() => document.title = 'written', e => document.title = e.name)"
    )
    trial = on_page(button(COPY))
    foreign = trial.stage.page.context.new_page()
    foreign.goto(f"{other_site.origin}/")
    with lent_clipboard(
        trial.stage.page, trial.stage.window_origin(), lambda: 5, tell=pytest.fail
    ) as clipboard:
        foreign.click("#copy")
        foreign.wait_for_function("document.title !== ''")
        assert foreign.title() == "NotAllowedError"
        assert clipboard.text() == ""


def test_what_was_in_the_clipboard_before_is_not_taken_for_a_token(on_page, look):
    put(look, "old_0123456789abcdef")
    trial = on_page(button("document.title = 'pressed'"))
    with pytest.raises(StepFailed) as stopped:
        trial.perform(PASTE, within_s=2)
    assert stopped.value.code == "capture.no_token"
    assert trial.stage.page.title() == "pressed"
    assert pasted(look) == ""


def test_the_control_is_pressed_once_however_long_it_takes(on_page):
    trial = on_page(button("document.title += '+'; setTimeout(() => " + COPY + ", 600)"))
    trial.perform(PASTE)
    assert trial.stage.page.title() == "t+"


def test_a_step_that_fails_leaves_no_permission_and_no_page(on_page, flow_browser):
    trial = on_page(button("1"))
    contexts = len(flow_browser.contexts)
    with pytest.raises(StepFailed) as stopped:
        trial.perform(PASTE.replace("#copy", "#none"), within_s=0.4)
    assert stopped.value.code == "target.not_found"
    assert len(flow_browser.contexts) == contexts
    assert len(trial.stage.page.context.pages) == 1
    assert trial.stage.page.evaluate(STATES, ["clipboard-write"]) == ["denied"]


def test_one_step_at_a_time_has_the_clipboard(on_page):
    trial = on_page(button(COPY))
    origin = trial.stage.window_origin()
    with lent_clipboard(trial.stage.page, origin, lambda: 5, tell=pytest.fail):
        with pytest.raises(StepFailed) as stopped:
            trial.perform(PASTE, within_s=0.3)
        assert stopped.value.code == "clipboard.busy"
        assert trial.keeping.pressed == []
    trial.perform(PASTE)


def test_only_the_user_can_open_the_lock_on_the_clipboard(on_page, cache):
    on_page(button(COPY)).perform(PASTE)
    (lock,) = cache.iterdir()
    assert [stat.S_IMODE(file.stat().st_mode) for file in (cache, lock)] == [0o700, 0o600]


def test_the_lock_excludes_runs_of_other_installations(on_page, cache):
    trial = on_page(button(COPY))
    trial.perform(PASTE)
    (lock,) = cache.iterdir()
    with lock.open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(StepFailed) as stopped:
            trial.perform(PASTE, within_s=0.3)
    assert stopped.value.code == "clipboard.busy"
    trial.perform(PASTE)


@pytest.mark.parametrize("in_the_way", ["folder", "lock"])
def test_a_lock_that_can_not_be_made_stops_before_the_press(on_page, cache, tmp_path, in_the_way):
    trial = on_page(button(COPY))
    if in_the_way == "folder":
        cache.parent.write_text("", encoding="utf-8")
    else:
        cache.mkdir(parents=True)
        (cache / "clipboard-lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StepFailed) as stopped:
        trial.perform(PASTE)
    assert stopped.value.code == "clipboard.unavailable"
    assert str(cache) in stopped.value.sentence
    assert trial.keeping.pressed == []
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.req("SECRET-7")
def test_a_clipboard_that_could_not_be_emptied_is_told(on_page, flow_browser):
    trial = on_page(button(COPY))
    told: list[str] = []
    known = set(flow_browser.contexts)
    with lent_clipboard(trial.stage.page, trial.stage.window_origin(), lambda: 5, tell=told.append):
        (ours,) = set(flow_browser.contexts) - known
        ours.close()
    assert told == [NOT_EMPTIED]


def test_the_site_has_no_way_to_our_page(on_page):
    trial = on_page(button(COPY))
    with lent_clipboard(trial.stage.page, trial.stage.window_origin(), lambda: 5, tell=pytest.fail):
        assert trial.stage.page.context.pages == [trial.stage.page]
        (ours,) = [c for c in trial.stage.page.context.browser.contexts if c != trial.stage.page.context and c.pages
                   and c.pages[0].locator("textarea").count()]  # fmt: skip
        assert ours.pages[0].evaluate("fetch('http://127.0.0.1:9/').catch(() => 'no way')") == "no way"


@pytest.mark.parametrize("allow", ["clipboard-write", ""])
def test_a_frame_copies_where_its_page_lets_it(on_page, other_site, allow):
    other_site.pages["/"] = button(COPY)
    trial = on_page(
        f"<iframe name=keys allow='{allow}' src={other_site.origin}/></iframe>", origins=[other_site.origin]
    )
    step = CAPTURE.format(", frame: { name: keys }")
    if allow:
        trial.perform(step)
        assert [token.reveal() for token in trial.keeping.kept] == [TOKEN]
    else:
        with pytest.raises(StepFailed) as stopped:
            trial.perform(step, within_s=1)
        assert stopped.value.code == "capture.no_token"


@pytest.mark.parametrize("opened", ["/keys", ""])
def test_a_window_copies_for_its_own_origin(on_page, site, opened):
    site.pages["/keys"] = button(COPY)
    fill = "" if opened else ".document.body.innerHTML = document.getElementById('inside').innerHTML"
    trial = on_page(
        f"<template id=inside>{button(COPY)}</template><button id=show onclick=\"window.open('{opened}'){fill}\">Show</button>"
    )
    trial.perform_all('click: { selector: "#show", opens: keys }', CAPTURE.format(", page: keys"))
    assert [token.reveal() for token in trial.keeping.kept] == [TOKEN]
