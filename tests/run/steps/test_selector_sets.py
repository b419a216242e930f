"""Selector sets in a real browser: all alternatives are looked along, and must agree (FLOW-3, RESIL-1, RESIL-2)."""

import json

import pytest

from tokenbroker.run.failure import StepFailed
from tokenbroker.secret import Secret

pytestmark = [pytest.mark.browser, pytest.mark.req("FLOW-3", "RESIL-2")]

SAY = 'onclick="document.title=this.dataset.n"'
SET = '[{ role: button, name: "Create" }, { css: "#create" }, { xpath: "//form/button[1]" }]'
FORM = f'<form action="/keys" onsubmit="return false"><button id=create {SAY} data-n=right>Create</button></form>'


def clicked(trial) -> str:
    return trial.stage.page.title()


def stopped_by(trial, step: str, *, within_s: float = 1.5) -> StepFailed:
    with pytest.raises(StepFailed) as stopped:
        trial.perform(step, within_s=within_s)
    return stopped.value


def with_fingerprint(trial, alternatives: str) -> str:
    """`alternatives` with the fingerprint of what they lead to now."""
    step = trial.plan_of(f"click: {{ selector: {alternatives} }}").flow.steps[1]
    trial.stage.begin(step, 5)
    told = trial.stage.find(step.selector).report.fingerprint.as_options()
    return f"{{ any: {alternatives}, fingerprint: {json.dumps(told)} }}"


def test_a_set_that_agrees_is_acted_on_and_reported(on_page):
    trial = on_page(FORM)
    trial.perform(f"click: {{ selector: {SET} }}")
    assert clicked(trial) == "right"
    report = trial.stage.target_report
    assert (report.won, report.agreed, report.failed, report.is_healed) == (
        "role",
        ("role", "css", "xpath"),
        (),
        False,
    )


@pytest.mark.req("RESIL-1")
@pytest.mark.parametrize(
    ("html", "failed"),
    [
        (FORM.replace("id=create", "id=c-91x"), ("css",)),
        (FORM.replace(">Create<", ">Add key<"), ("role",)),
        (FORM.replace("<button", "<div><button").replace("</form>", "</div></form>"), ("xpath",)),
    ],
)  # fmt: skip
def test_one_alternative_that_fails_is_healed_by_two_that_agree_and_told(on_page, html, failed):
    trial = on_page(FORM)
    selector = with_fingerprint(trial, SET)
    trial.stage.page.set_content(html)
    trial.perform(f"click: {{ selector: {selector} }}")
    assert clicked(trial) == "right"
    assert trial.stage.target_report.failed == failed
    assert trial.stage.target_report.is_healed


def test_without_a_fingerprint_what_is_left_of_a_set_takes_a_mark(on_page):
    trial = on_page(FORM.replace(">Create<", ">Add key<"))
    trial.perform(f"click: {{ selector: {SET} }}")
    assert clicked(trial) == "right"
    trial = on_page(FORM.replace("id=create", ""))
    assert stopped_by(trial, f"click: {{ selector: {SET} }}").code == "target.not_found"


def test_one_alternative_alone_does_not_press(on_page):
    trial = on_page(FORM.replace("id=create", "id=c-91x").replace(">Create<", ">Add key<"))
    error = stopped_by(trial, f"click: {{ selector: {SET} }}")
    assert (error.code, clicked(trial)) == ("target.not_found", "t")
    assert [tried.selector for tried in error.tried[:3]] == [
        'role: button "Create"',
        "css: #create",
        "xpath: //form/button[1]",
    ]
    assert trial.keeping.pressed == []


def test_alternatives_that_lead_to_different_elements_stop_and_list_both(on_page):
    decoy = f"<button id=create {SAY} data-n=wrong>Delete</button>"
    trial = on_page(FORM.replace("id=create", "") + decoy)
    error = stopped_by(trial, f"click: {{ selector: {SET} }}")
    assert clicked(trial) == "t"
    assert len(error.tried[-1].candidates) == 2


@pytest.mark.req("RESIL-1")
def test_a_lookalike_elsewhere_is_not_pressed_when_the_element_has_gone(on_page):
    page = f"<section><h2>Keys</h2>{FORM}</section>"
    trial = on_page(page)
    selector = with_fingerprint(trial, '[{ role: button, name: "Create" }, { css: "form button" }]')
    archive = f'<section><h2>Archive</h2><form action="/archive"><button {SAY} data-n=wrong>Create</button></form></section>'
    trial.stage.page.set_content(archive + "<section><h2>Keys</h2><p>None yet</p></section>")
    error = stopped_by(trial, f"click: {{ selector: {selector} }}")
    assert error.code == "target.not_found"
    assert clicked(trial) != "wrong"


@pytest.mark.req("RESIL-1")
def test_an_element_that_moved_into_a_frame_is_found_there(on_page):
    trial = on_page(
        f"<iframe srcdoc='{FORM.replace(chr(34), '&quot;')}'></iframe>".replace(
            "document.title", "top.document.title"
        )
    )
    trial.perform(f"click: {{ selector: {SET} }}")
    assert clicked(trial) == "right"
    assert trial.stage.target_report.in_other_frame


@pytest.mark.req("RESIL-1")
def test_what_stands_around_a_frame_of_one_origin_stands_around_what_is_in_it(on_page):
    shape = "<main><section><h2>Keys</h2>%s<button>Revoke</button><button>Rotate</button></section></main>"
    field = '<input id=key-name aria-label="%s">'
    trial = on_page(shape % (field % "Name"))
    selector = with_fingerprint(
        trial, '[{ label: "Name" }, { css: "#key-name" }, { xpath: "//section/input" }]'
    )
    trial.stage.page.set_content(shape % f"<iframe srcdoc='{field % 'Purpose'}'></iframe>")
    trial.perform(f"type: {{ selector: {selector}, value: ci }}", within_s=4)
    report = trial.stage.target_report
    assert (report.won, report.in_other_frame) == ("css", True)
    assert trial.stage.page.frames[1].locator("input").input_value() == "ci"


def test_a_button_of_another_name_is_not_pressed_where_the_form_has_gone(on_page):
    shape = "<main><section><h2>Keys</h2>%s<button type=button>Rotate</button><button type=button>Copy</button></section></main>"
    trial = on_page(
        shape
        % f'<form action="/keys" onsubmit="return false"><button class=go {SAY} data-n=right>Create</button></form>'
    )
    alternatives = '[{ role: button, name: "Create" }, { css: ".go" }, { xpath: "//section/*[2]/descendant-or-self::button" }]'
    selector = with_fingerprint(trial, alternatives)
    trial.stage.page.set_content(shape % f"<button class=go {SAY} data-n=wrong>Delete all keys</button>")
    error = stopped_by(trial, f"click: {{ selector: {selector} }}")
    assert (error.code, clicked(trial)) == ("target.not_found", "")


@pytest.mark.parametrize(
    "clobber",
    [
        "<form name=host action='/other'><input name=a></form><img name=host>",
        "<iframe name=host></iframe><iframe name=defaultView></iframe>",
        "<form name=getRootNode></form><form name=defaultView><input name=frameElement></form>",
    ],
)
def test_names_that_shadow_those_of_a_document_lead_nowhere(on_page, clobber):
    trial = on_page(FORM)
    selector = with_fingerprint(trial, SET)
    trial.stage.page.set_content(clobber + FORM)
    trial.perform(f"click: {{ selector: {selector} }}", within_s=4)
    assert clicked(trial) == "right"
    assert trial.stage.target_report.fingerprint.form.endswith("/keys")


def test_a_look_that_fails_tells_where_each_alternative_leads(on_page):
    trial = on_page(FORM.replace(">Create<", ">Add key<"))
    error = stopped_by(trial, f"wait_for: {{ selector: {SET} }}")
    assert error.code == "wait_for.timeout"
    assert "does not show the words that the set asks for" in error.sentence
    assert [tried.why for tried in error.tried[:3]] == [
        "nothing matches",
        "leads to candidate 1",
        "leads to candidate 1",
    ]


def test_an_element_that_comes_late_is_waited_for_and_a_lookalike_before_it_left_alone(on_page):
    late = json.dumps(FORM)
    trial = on_page(
        f"<button {SAY} data-n=wrong>Create</button><div id=here></div>"
        f"<script>setTimeout(() => {{ here.innerHTML = {late} }}, 700)</script>"
    )
    trial.perform(f"click: {{ selector: {SET} }}")
    assert clicked(trial) == "right"


def test_a_secret_is_typed_only_where_two_agree_and_a_literal_by_the_primary(on_page):
    fields = '[{ label: "Key name" }, { css: "#name" }]'
    trial = on_page(
        "<label for=n2>Key name</label><input id=n2>", inputs={"secrets:p": Secret("demo-only-pw")}
    )
    error = stopped_by(trial, f'type: {{ selector: {fields}, value_ref: "secrets:p" }}')
    assert error.code == "target.not_found"
    trial.perform(f'type: {{ selector: {fields}, value: "hello" }}')
    assert trial.stage.page.input_value("#n2") == "hello"


def test_a_text_that_labels_a_field_means_the_field(on_page):
    trial = on_page("<label for=n>Key name</label><input id=n>")
    trial.perform('type: { selector: [{ text: "Key name" }, { css: "#n" }], value: "hello" }')
    assert trial.stage.page.input_value("#n") == "hello"


def test_a_token_is_read_where_the_alternatives_agree(on_page):
    trial = on_page("<main><output class=token>exk_demo_0123456789</output></main>")
    trial.perform(
        'capture_token: { selector: [{ css: ".token" }, { xpath: "//main/output" }], secret_ref: "local:a" }'
    )
    assert trial.keeping.kept == [Secret("exk_demo_0123456789")]


def test_looking_steps_take_sets(on_page):
    trial = on_page(
        "<h1>Keys</h1><script>setTimeout(() => document.querySelector('h1').remove(), 300)</script>"
    )
    heading = '[{ role: heading, name: "Keys" }, { css: "h1" }]'
    trial.perform(f"expect: {{ selector: {heading}, text: Keys }}")
    trial.perform(f"wait_for: {{ selector: {heading}, state: hidden }}")
    trial.perform(f"expect: {{ selector: {heading}, state: hidden }}")
    assert stopped_by(trial, f"wait_for: {{ selector: {heading} }}").code == "wait_for.timeout"
    assert stopped_by(trial, f"expect: {{ selector: {heading} }}").code == "expect.failed"


def test_when_takes_a_set(on_page):
    trial = on_page(FORM)
    there, gone = (f'[{{ text: "{text}" }}, {{ css: "#create" }}]' for text in ("Create", "Delete"))
    for selector, is_there in ((there, True), (gone, False)):
        step = trial.plan_of(f"{{ click: '#create', when: {selector} }}").flow.steps[1]
        trial.stage.begin(step, 2)
        assert trial.stage.applies() is is_there


def test_an_alternative_that_is_none_is_named(on_page):
    trial = on_page(FORM)
    error = stopped_by(trial, 'click: { selector: [{ css: "[[" }, { text: Create }] }')
    assert (error.code, error.tried[0].selector) == ("target.bad_selector", "css: [[")


@pytest.mark.req("SECRET-7")
def test_the_report_of_a_set_holds_no_word_of_the_page(on_page):
    trial = on_page(
        "<form action=/keys><h2>Keys of demo-only-anna</h2><button id=create type=button>Create demo-only</button></form>"
    )
    selector = with_fingerprint(trial, '[{ css: "#create" }, { xpath: "//form/button" }]')
    trial.perform(f"click: {{ selector: {selector} }}")
    told = json.dumps(trial.stage.target_report.as_record())
    assert "demo-only" not in told
    assert '"role": "button"' in told


def test_a_page_can_not_forge_what_an_alternative_leads_to(on_page):
    trial = on_page(
        FORM
        + "<script>Element.prototype.getAttribute = () => 'forged'; Document.prototype.querySelectorAll = () => [];"
        "Element.prototype.matches = () => false; JSON.stringify = () => '{}'</script>"
    )
    trial.perform(f"click: {{ selector: {SET} }}")
    assert clicked(trial) == "right"


STATUS = '[{ text: Approved }, { css: "#status" }, { xpath: "//main/p[1]" }]'


def test_what_the_page_has_to_say_is_not_healed_by_its_place(on_page):
    trial = on_page("<main><p id=status>Waiting</p></main>")
    assert stopped_by(trial, f"expect: {{ selector: {STATUS} }}", within_s=0.4).code == "expect.failed"
    trial.perform(f"wait_for: {{ selector: {STATUS}, state: hidden }}")
    trial.stage.page.set_content("<main><p id=status>Approved</p></main>")
    trial.perform(f"expect: {{ selector: {STATUS} }}")


def test_what_is_there_twice_is_not_hidden(on_page):
    trial = on_page("<p class=spin>Loading</p><p class=spin>Loading</p>")
    loading = '[{ text: Loading }, { css: ".spin" }]'
    for verb in ("wait_for", "expect"):
        with pytest.raises(StepFailed):
            trial.perform(f"{verb}: {{ selector: {loading}, state: hidden }}", within_s=0.4)


def test_the_opener_of_a_dialog_is_not_pressed_again_for_the_button_in_it(on_page):
    opener = "document.title='opened'; setTimeout(() => { d.innerHTML = `<button class=b %s data-n=made>Create</button>` }, 300)"
    trial = on_page(
        f'<div id=d></div><main><button class=a onclick="{opener % SAY.replace(chr(34), "")}">Create</button></main>'
    )
    trial.perform('click: { selector: [{ role: button, name: Create }, { css: ".a" }] }')
    assert clicked(trial) == "opened"
    trial.perform('click: { selector: [{ role: button, name: Create }, { css: "#d .b" }] }')
    assert clicked(trial) == "made"


def test_what_was_just_pressed_is_not_pressed_for_the_button_that_comes_in_its_place(on_page):
    later = "n = (window.n || 0) + 1; document.title = 'next ' + n; setTimeout(() => { this.textContent = 'Create key' }, 1500)"
    trial = on_page(f'<form onsubmit="return false"><button id=submit onclick="{later}">Next</button></form>')
    trial.perform('click: { selector: [{ role: button, name: Next }, { css: "#submit" }] }')
    selector = '[{ role: button, name: "Create key" }, { css: "#submit" }, { xpath: "//form/button[1]" }]'
    trial.perform(f"click: {{ selector: {selector} }}", within_s=6)
    assert clicked(trial) == "next 2"


def test_an_act_that_came_to_nothing_does_not_count_as_done(on_page):
    cover = '<div id=c style="position:fixed;inset:0;background:#fff"></div>'
    trial = on_page(f"<button {SAY} data-n=right>Create API Key</button>{cover}")
    assert stopped_by(trial, "click: 'text=Create'").code == "target.covered"
    trial.stage.page.evaluate("document.getElementById('c').remove()")
    trial.perform("click: 'text=Create'")
    assert clicked(trial) == "right"


@pytest.mark.req("SECRET-7")
@pytest.mark.parametrize(
    "code",
    [
        "481516",
        "1234-5678",
        "WDJB-MJHT",
        "sk-live-abcdef",
        "abcd efgh ijkl mnop",
        "exk_1",
        "aB3x",
        "4b",
        "k9",
        "kE-yValue",
    ],
)
@pytest.mark.parametrize(
    "around", ["%s", "%s é"]
)  # plain texts are looked at by quicker patterns than others
def test_what_may_be_a_code_is_not_in_a_fingerprint(on_page, code, around):
    code = code if around == "%s" else around % code.replace(" ", "-")
    trial = on_page(
        f"<main><h1>{code}</h1><table><tr><th>{code}</th><td><p>{code}</p><button class=a id=b>{code}</button></td></tr></table></main>"
    )
    step = trial.plan_of('click: { selector: [{ css: "#b" }, { xpath: "//td/button" }] }').flow.steps[1]
    trial.stage.begin(step, 5)
    told = trial.stage.find(step.selector).report.fingerprint
    assert (told.name, told.caption, told.row, told.near) == ("", "", "", ())
