"""The verbs that act: type, click, select, check, press, navigate."""

import threading

import pytest

from tokenbroker.run.failure import StepFailed
from tokenbroker.secret import Secret

pytestmark = [pytest.mark.browser, pytest.mark.req("FLOW-2")]


@pytest.fixture(params=["announced", "at once"])
def on_page(on_page, request):
    """As the shared one; a step that is not announced may look and act in one go, and must come to the same."""

    def open_page(*args, **kwargs):
        trial = on_page(*args, **kwargs)
        trial.keeping.careful = request.param == "announced"
        return trial

    return open_page


def test_type_fills_literals_and_references(on_page):
    trial = on_page("<input id=a><input id=b type=password>", inputs={"secrets:p": Secret("demo-only-pw")})
    trial.perform('type: { selector: "#a", value: "hello" }')
    trial.perform('type: { selector: "#b", value_ref: "secrets:p" }')
    assert trial.stage.page.input_value("#a") == "hello"
    assert trial.stage.page.input_value("#b") == "demo-only-pw"


def test_a_secret_is_not_typed_into_a_page_of_a_foreign_origin(on_page):
    trial = on_page("<input id=b>", inputs={"secrets:p": Secret("demo-only-pw")})
    trial.stage.page.goto("about:blank")
    trial.stage.page.set_content("<input id=b>")
    with pytest.raises(StepFailed) as stopped:
        trial.perform('type: { selector: "#b", value_ref: "secrets:p" }')
    assert stopped.value.code == "origin.not_declared"
    assert trial.stage.page.input_value("#b") == ""


@pytest.mark.parametrize(
    ("html", "code"),
    [("<input id=a disabled>", "step.timeout"), ("<p id=a>x</p>", "target.not_editable")],
)
@pytest.mark.req("SECRET-7")
def test_a_field_that_takes_no_text_fails_without_the_value(on_page, html, code):
    trial = on_page(html, inputs={"secrets:p": Secret("demo-only-pw")})
    with pytest.raises(StepFailed) as stopped:
        trial.perform('type: { selector: "#a", value_ref: "secrets:p" }', within_s=1)
    assert stopped.value.code == code
    assert "demo-only-pw" not in str(stopped.value)
    assert stopped.value.__context__ is None


def test_select_takes_a_value_or_a_label(on_page):
    trial = on_page("<select id=s><option value=1>One</option><option value=2>Two</option></select>")
    trial.perform('select: { selector: "#s", value: "2" }')
    assert trial.stage.page.input_value("#s") == "2"
    trial.perform('select: { selector: "#s", value: "One" }')
    assert trial.stage.page.input_value("#s") == "1"


def test_check_ticks_and_unticks(on_page):
    trial = on_page("<input type=checkbox id=c>")
    trial.perform('check: "#c"')
    assert trial.stage.page.is_checked("#c")
    trial.perform('check: { selector: "#c", checked: false }')
    assert not trial.stage.page.is_checked("#c")


def test_press_goes_to_the_target_or_to_the_focus(on_page):
    trial = on_page("<input id=a onkeydown='document.title = event.key'>")
    trial.perform('press: { key: Escape, selector: "#a" }')
    assert trial.stage.page.title() == "Escape"
    trial.perform("press: Tab")
    assert trial.stage.page.title() == "Tab"


@pytest.mark.req("RUN-10")
@pytest.mark.parametrize(
    "step",
    [
        'click: "#b"',
        'press: { key: Enter, selector: "#b" }',
        'check: "#c"',
        'select: { selector: "#s", value: x }',
    ],
)
def test_acts_that_may_create_are_announced_first(on_page, step):
    trial = on_page(
        "<button id=b>Go</button><input type=checkbox id=c><select id=s><option>x</option></select>"
    )
    trial.perform(step)
    assert trial.keeping.pressed == ([2] if trial.keeping.careful else [])


def test_a_control_that_is_replaced_before_the_click_is_found_again_and_pressed_once(on_page, site):
    trial = on_page(
        """<div id=host><button id=b disabled>Go</button></div><script>let n = 0; setTimeout(() => {
        host.innerHTML = '<button id=b onclick="document.title = ++n">Go</button>' }, 300)</script>"""
    )
    trial.perform('click: "#b"')
    assert trial.stage.page.title() == "1"


def test_navigate_reports_what_the_site_answers(on_page, site):
    trial = on_page("x")
    with pytest.raises(StepFailed) as stopped:
        trial.perform(f"navigate: {site.origin}/missing")
    assert stopped.value.code == "navigation.refused"


def test_navigate_to_nothing_fails_without_foreign_words(on_page):
    trial = on_page("x")
    with pytest.raises(StepFailed) as stopped:
        trial.perform("navigate: http://127.0.0.1:9/")
    assert stopped.value.code == "navigation.failed"


@pytest.mark.req("RUN-10")
def test_a_creating_press_waits_for_the_scripts_of_its_page(on_page, site):
    is_pressed_first = threading.Event()

    def late() -> str:
        is_pressed_first.wait(0.3)  # nobody sets it: the script is late, as over a slow line
        return "document.getElementById('b').onclick = () => { document.title = 'heard' }"

    site.pages["/late.js"] = late
    trial = on_page("<button id=b>Go</button><script async src=/late.js></script>")
    trial.keeping.careful = True
    trial.stage.page.reload(wait_until="commit")
    trial.perform('click: "#b"')
    assert trial.stage.page.title() == "heard"
