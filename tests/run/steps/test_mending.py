"""What a step that was healed proposes for its set, in a real browser (RESIL-3)."""

import json
from typing import Any

import pytest

from tests.leak.canary import generate_canaries
from tests.leak.search import search_data
from tokenbroker.flow.mend import why_never
from tokenbroker.run.steps import STEPS, perform
from tokenbroker.secret import Secret

pytestmark = [pytest.mark.browser, pytest.mark.req("RESIL-3")]

SAY = 'onclick="document.title=this.dataset.n"'
BUTTON = f"<button id=create {SAY} data-n=right>Create</button>"
FORM = f'<form action="/keys" onsubmit="return false">{BUTTON}</form>'
SET = '[{ role: button, name: "Create" }, { css: "#create" }, { xpath: "//form/button[1]" }]'


def healed(trial: Any, step_yaml: str, *, within_s: float = 5) -> Any:
    """Do the step as the runner does; answers the report of its target."""
    step = trial.plan_of(step_yaml).flow.steps[1]
    trial.stage.begin(step, within_s, may_mend=not why_never(step, STEPS))
    perform(step, trial.stage)
    assert trial.stage.target_report.is_healed
    return trial.stage.target_report


def proposed(trial: Any, selector: str = SET, html: str = "") -> list[tuple[int, str, str]]:
    """The place, the act and what is proposed, for a click."""
    if html:
        trial.stage.page.set_content(html)
    mend = healed(trial, f"click: {{ selector: {selector} }}").mend
    assert trial.stage.page.title() == "right"
    assert mend.by_hand == ""
    return [(each.number, each.act.value, each.fresh.told if each.fresh else "") for each in mend.proposals]


def with_fingerprint(trial: Any, alternatives: str = SET) -> str:
    step = trial.plan_of(f"click: {{ selector: {alternatives} }}").flow.steps[1]
    trial.stage.begin(step, 5)
    told = trial.stage.find(step.selector).report.fingerprint.as_options()
    return f"{{ any: {alternatives}, fingerprint: {json.dumps(told)} }}"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (FORM.replace(">Create<", ">Add key<"), (0, "replace", 'role: button "Add key"')),
        (FORM.replace("id=create", "id=make-key"), (1, "replace", "css: #make-key")),
        (FORM.replace("id=create", 'name="make"'), (1, "replace", 'css: button[name="make"]')),
        (FORM.replace("id=create", "type=reset"), (1, "replace", "css: button[type=reset]")),
        (FORM.replace("id=create", "class='c-91x primary'"), (1, "replace", "css: button.primary")),
        (FORM.replace("<button", "<div><button"), (2, "drop", "")),
        (FORM.replace("id=create", "id=c-91x"), (1, "drop", "")),
        (FORM.replace(">Create<", ">Create (4)<"), (0, "drop", "")),
    ],
)  # fmt: skip
def test_one_of_its_own_family_is_proposed_or_none_where_the_element_has_nothing_lasting(
    on_page, html, expected
):
    trial = on_page(FORM)
    assert proposed(trial, with_fingerprint(trial), html) == [expected]


def test_a_family_that_has_nothing_to_offer_is_replaced_by_one_that_rests_on_something_new(on_page):
    trial = on_page(FORM)
    selector = with_fingerprint(trial, '[{ role: button, name: "Create" }, { xpath: "//form/button[1]" }]')
    html = FORM.replace("<button", "<div><button data-testid=go")
    assert proposed(trial, selector, html) == [(1, "replace", "test_id: go")]


def test_an_alternative_stays_where_too_little_would_be_left(on_page):
    trial = on_page(FORM.replace("id=create", ""))
    selector = with_fingerprint(trial, '[{ role: button, name: "Create" }, { xpath: "//form/button[1]" }]')
    html = FORM.replace("<button id=create", "<div><button")
    assert proposed(trial, selector, html) == [(1, "keep", "")]


def test_what_leads_to_another_element_too_is_not_proposed(on_page):
    trial = on_page(FORM)
    twin = (
        "<form><button type=button class=primary id=other>Other</button></form><b hidden class=b id=make></b>"
    )
    html = FORM.replace("id=create", "class=primary").replace("</form>", f"</form>{twin}")
    assert proposed(trial, with_fingerprint(trial), html) == [(1, "drop", "")]
    # Not even where the twin can't be seen.
    html = FORM.replace("id=create", "name=make").replace(
        "</form>", "</form><button hidden name=make>x</button>"
    )
    trial = on_page(FORM)
    assert proposed(trial, with_fingerprint(trial), html) == [(1, "drop", "")]


def test_fields_get_their_labels_and_hints(on_page):
    fields = '[{ label: "Key name" }, { placeholder: "Name" }, { css: "#name" }]'
    trial = on_page("<form><label for=name>Key name</label><input id=name placeholder='Call it'></form>")
    mend = healed(trial, f"type: {{ selector: {fields}, value: x }}").mend
    assert [(each.number, each.fresh.told) for each in mend.proposals] == [(1, "placeholder: Call it")]
    trial = on_page("<form><label for=name>Title</label><input id=name placeholder=Name></form>")
    mend = healed(trial, f"type: {{ selector: {fields}, value: x }}").mend
    assert [(each.number, each.fresh.told) for each in mend.proposals] == [(0, "label: Title")]
    assert trial.stage.page.input_value("#name") == "x"


def test_what_only_came_late_is_not_mended(on_page):
    trial = on_page(
        "<label for=n>Key name</label><input id=n>"
        "<script>setTimeout(() => { document.querySelector('input').setAttribute('data-testid', 'name') }, 400)</script>"
    )
    mend = healed(trial, 'type: { selector: [{ label: "Key name" }, { test_id: name }], value: x }').mend
    assert mend.proposals == ()


def test_what_moved_into_another_frame_is_to_be_mended_by_hand(on_page):
    inner = FORM.replace(chr(34), "&quot;").replace("document.title", "top.document.title")
    trial = on_page(f"<iframe srcdoc='{inner}'></iframe>")
    mend = healed(trial, f"click: {{ selector: {SET} }}").mend
    assert (mend.by_hand, mend.proposals) == ("frame", ())


def test_a_field_for_a_secret_and_a_token_are_healed_and_never_mended(on_page):
    trial = on_page(
        "<form><label for=k>Word</label><input id=k type=password></form>",
        inputs={"secrets:p": Secret("demo-only-pw")},
    )
    fields = '[{ label: "Pin" }, { css: "#k" }, { xpath: "//form/input" }]'
    assert healed(trial, f'type: {{ selector: {fields}, value_ref: "secrets:p" }}').mend is None
    trial = on_page("<main><output id=k data-testid=token>exk_demo_0123456789</output></main>")
    token = '[{ css: "#k" }, { xpath: "//main/output" }, { test_id: key }]'
    assert healed(trial, f'capture_token: {{ selector: {token}, secret_ref: "local:a" }}').mend is None


@pytest.mark.req("SECRET-7")
def test_nothing_is_proposed_once_a_key_may_have_been_made(on_page):
    trial = on_page(FORM)
    trial.keeping.pressed_any = True
    selector = with_fingerprint(trial)
    trial.stage.page.set_content(FORM.replace(">Create<", ">Add key<"))
    mend = healed(trial, f"click: {{ selector: {selector} }}").mend
    assert (mend.by_hand, mend.proposals) == ("key", ())
    assert "Add key" not in json.dumps(trial.stage.target_report.as_record())


CODES = [
    "481516", "1234-5678", "WDJB-MJHT", "sk-live-abcdef", "abcd efgh ijkl mnop", "exk_1", "aB3x", "4b", "kE-yValue",
    "exk_demo_0123456789abcdef", "dGhpc2lzYXRva2Vu", "Copy exk_demo_0123456789abcdef",
]  # fmt: skip


@pytest.mark.leak
@pytest.mark.req("SECRET-7")
@pytest.mark.parametrize("code", CODES)
def test_a_name_that_looks_like_a_token_is_not_proposed(on_page, code):
    trial = on_page(FORM)
    selector = with_fingerprint(trial)
    html = FORM.replace(
        ">Create<", f' aria-label="{code}" title="{code}" class="{code}" name="{code}">{code}<'
    )
    trial.stage.page.set_content(html)
    report = healed(trial, f"click: {{ selector: {selector} }}")
    assert [each.act.value for each in report.mend.proposals] == ["drop"]
    assert code not in json.dumps(report.as_record())


@pytest.mark.leak
@pytest.mark.req("SECRET-7")
@pytest.mark.parametrize("kind", ["email", "password", "otp", "token"])
@pytest.mark.parametrize("place", ["b.textContent = value; b.title = `Create ${value}`", "b.id = value"])
def test_a_planted_value_on_the_control_is_in_no_record_although_nobody_knows_it_yet(on_page, kind, place):
    canaries = generate_canaries()
    value = getattr(canaries, kind).value
    trial = on_page(FORM)
    selector = with_fingerprint(trial)
    trial.stage.page.set_content(FORM)
    trial.stage.page.evaluate(
        "value => { const b = document.querySelector('button'); b.name = value; b.className = value;"
        f" b.dataset.testid = value; {place} }}",
        value,
    )
    report = healed(trial, f"click: {{ selector: {selector} }}")
    assert search_data(canaries, json.dumps(report.as_record()).encode(), where="record") == []


@pytest.mark.req("SECRET-7")
def test_a_secret_and_what_differs_from_run_to_run_are_not_proposed(on_page):
    for words, inputs in (
        ("Keys of Anna", {"secrets:n": Secret("Anna")}),
        ("Keys of Anna", {"param:who": "anna"}),
    ):
        trial = on_page(FORM, inputs=inputs)
        for reference, value in inputs.items():
            if isinstance(value, Secret):
                trial.stage.redactor.add(value, label=reference)
        assert proposed(trial, with_fingerprint(trial), FORM.replace(">Create<", f">{words}<")) == [
            (0, "drop", "")
        ]


def test_the_step_keeps_its_time_and_its_element(on_page):
    """Making a proposal takes nothing of the step's time, and the look that proves does not lose the element."""
    trial = on_page(FORM)
    selector = with_fingerprint(trial)
    trial.stage.page.set_content(FORM.replace(">Create<", ">Add key<"))
    healed(trial, f"click: {{ selector: {selector} }}", within_s=1.2)
    assert trial.stage.page.title() == "right"
    assert trial.keeping.pressed == [2]


def test_a_page_can_not_forge_what_is_proposed(on_page):
    trial = on_page(FORM)
    forged = (
        "<script>Element.prototype.getAttribute = () => 'forged'; JSON.stringify = () => '{}';"
        "Element.prototype.matches = () => false</script>"
    )
    assert proposed(trial, with_fingerprint(trial), FORM.replace(">Create<", ">Add key<") + forged) == [
        (0, "replace", 'role: button "Add key"')
    ]
