"""JavaScript dialogs: the announced one is answered as announced, any other with no, and none holds a run."""

import pytest

from tokenbroker.run.failure import StepFailed

pytestmark = [pytest.mark.browser, pytest.mark.req("FLOW-2")]
WORDS = "demo-only-words"
ASKING = f"<button id=b onclick=\"document.title = confirm('{WORDS}')\">Revoke</button>"
LATE = f"<button id=b onclick=\"setTimeout(() => {{ document.title = confirm('{WORDS}') }}, 300)\">Revoke</button>"


@pytest.mark.parametrize("html", [ASKING, LATE])
@pytest.mark.parametrize(("answer", "title"), [("accept", "true"), ("dismiss", "false")])
@pytest.mark.parametrize("act", ['click: { selector: "#b"', 'press: { key: Enter, selector: "#b"'])
def test_an_announced_dialog_is_answered_as_announced(on_page, html, answer, title, act):
    trial = on_page(html)
    trial.perform(f"{act}, dialog: {answer} }}")
    trial.stage.page.wait_for_function(f"document.title === '{title}'")
    assert trial.stage.dialogs.remark == ""


@pytest.mark.parametrize(
    ("html", "step"),
    [
        ("<input type=checkbox id=c onclick='document.title = confirm()'>", 'check: { selector: "#c", dialog: accept }'),
        ("<select id=c onchange='document.title = confirm()'><option>a<option>b</select>", 'select: { selector: "#c", value: b, dialog: accept }'),
    ],
)  # fmt: skip
def test_other_acts_may_bring_one_up_too(on_page, html, step):
    trial = on_page(html)
    trial.perform(step)
    trial.stage.page.wait_for_function("document.title === 'true'")


def test_a_prompt_is_accepted_with_what_it_proposes(on_page):
    trial = on_page("<button id=b onclick=\"document.title = prompt('Name?', 'proposed')\">Go</button>")
    trial.perform('click: { selector: "#b", dialog: accept }')
    trial.stage.page.wait_for_function("document.title === 'proposed'")


@pytest.mark.req("SECRET-7")
@pytest.mark.parametrize("kind", ["alert", "confirm", "prompt"])
def test_an_unannounced_dialog_is_dismissed_and_told_without_its_words(on_page, kind):
    trial = on_page(f"<button id=b onclick=\"document.title = 'said ' + {kind}('{WORDS}')\">Go</button>")
    trial.perform('click: "#b"')
    assert trial.stage.page.title() in ("said undefined", "said false", "said null")
    assert kind in trial.stage.dialogs.remark
    assert WORDS not in trial.stage.dialogs.remark
    trial.perform('expect: "#b"')
    assert trial.stage.dialogs.remark == ""


def test_of_two_dialogs_only_the_first_is_the_announced_one(on_page):
    trial = on_page("<button id=b onclick=\"document.title = [confirm('a'), confirm('b')]\">Go</button>")
    trial.perform('click: { selector: "#b", dialog: accept }')
    assert trial.stage.page.title() == "true,false"
    assert "confirm" in trial.stage.dialogs.remark


POPUP = 'click: { selector: "#show", opens: other }'
SHOW = "<button id=show onclick=\"w = window.open('/other')\">Show</button>"


@pytest.mark.req("RUN-9")
@pytest.mark.parametrize(
    "act", ["[w.confirm('a'), confirm('b')]", "[confirm('b'), w.confirm('a')].reverse()"]
)
def test_another_windows_dialog_is_never_the_announced_one(on_page, site, act):
    site.pages["/other"] = "<title>other</title>"
    trial = on_page(f'{SHOW}<button id=b onclick="document.title = {act}">Go</button>')
    trial.perform_all(POPUP, 'click: { selector: "#b", dialog: accept }')
    assert trial.stage.page.title() == "false,true"
    assert "confirm" in trial.stage.dialogs.remark


@pytest.mark.req("RUN-9")
def test_another_windows_dialog_is_not_what_the_step_waits_for(on_page, site):
    site.pages["/other"] = "<title>other</title>"
    trial = on_page(f"{SHOW}<button id=b onclick=\"document.title = w.confirm('a')\">Go</button>")
    with pytest.raises(StepFailed) as stopped:
        trial.perform_all(POPUP, 'click: { selector: "#b", dialog: accept }', within_s=1)
    assert stopped.value.code == "dialog.not_shown"
    assert trial.stage.page.title() == "false"


def test_the_dialog_of_a_steps_own_window_is_the_announced_one(on_page, site):
    site.pages["/other"] = ASKING
    trial = on_page(SHOW)
    trial.perform_all(POPUP, 'click: { selector: "#b", dialog: accept, page: other }')
    assert trial.stage.page.title() == "true"


def test_an_announced_dialog_that_does_not_come_stops_with_its_code(on_page):
    trial = on_page("<button id=b onclick=\"document.title = 'pressed'\">Go</button>")
    with pytest.raises(StepFailed) as stopped:
        trial.perform('click: { selector: "#b", dialog: accept }', within_s=2)
    assert stopped.value.code == "dialog.not_shown"
    assert trial.stage.page.title() == "pressed"


def test_a_dialog_is_announced_for_its_own_step_only(on_page):
    trial = on_page(ASKING)
    with pytest.raises(StepFailed):
        trial.perform('click: { selector: "#none", dialog: accept }', within_s=0.4)
    trial.perform('click: "#b"')
    assert trial.stage.page.title() == "false"


def test_a_window_and_a_dialog_may_come_of_one_act(on_page, site):
    site.pages["/keys"] = "<title>keys</title>"
    trial = on_page("<button id=b onclick=\"if (confirm()) window.open('/keys')\">Go</button>")
    trial.perform_all(
        'click: { selector: "#b", dialog: accept, opens: keys }', "press: { key: Tab, page: keys }"
    )
    assert trial.stage.page.title() == "keys"


@pytest.mark.parametrize("where", ["same", "frame"])
def test_a_question_whether_to_leave_does_not_hold_a_run(on_page, site, where):
    staying = "<input id=a><script>onbeforeunload = event => { event.preventDefault(); event.returnValue = 'x' }</script>"
    site.pages["/staying"], site.pages["/there"] = staying, "<title>there</title>"
    trial = on_page(staying if where == "same" else "<iframe name=inner src=/staying></iframe>")
    frame = ", frame: { name: inner }" if where == "frame" else ""
    trial.perform_all(f'press: {{ key: x, selector: "#a"{frame} }}', f"navigate: {site.origin}/there")
    assert trial.stage.page.title() == "there"
    assert "leave" in trial.stage.dialogs.remark
