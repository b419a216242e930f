"""Which element a selector means (FLOW-3, and the rule of bare ``text=`` in acting steps)."""

import pytest

from tokenbroker.run.failure import StepFailed
from tokenbroker.run.targets.selector import bare_text, exact_pattern

pytestmark = [pytest.mark.browser, pytest.mark.req("FLOW-3")]


@pytest.fixture(params=["announced", "at once"])
def on_page(on_page, request):
    """As the shared one; a step that is not announced may look and act in one go, and must come to the same."""

    def open_page(*args, **kwargs):
        trial = on_page(*args, **kwargs)
        trial.keeping.careful = request.param == "announced"
        return trial

    return open_page


SAY = 'onclick="document.title=this.dataset.n"'


def clicked(trial) -> str:
    return trial.stage.page.title()


@pytest.mark.parametrize(
    ("html", "right"),
    [
        # The heading and the longer control hold the word too: the control with exactly that name wins.
        (f"<h1>Create API Key</h1><button {SAY} data-n=wrong>Create API Key</button><button {SAY} data-n=right>Create</button>", "right"),
        (f"<button {SAY} data-n=wrong>Create <b>API Key</b></button><button {SAY} data-n=right>Create</button>", "right"),
        (f"<button {SAY} data-n=right aria-label=Create>+</button><p>Create</p>", "right"),
        (f"<a href='#' {SAY} data-n=right>Create</a><span>create</span>", "right"),
        (f"<button hidden {SAY} data-n=wrong>Create</button><button {SAY} data-n=right>Create</button>", "right"),
        # No control has that name: the one exact text leads to the control around it.
        (f"<div role=button aria-label='Make one' {SAY} data-n=right><span>Create</span></div><p>Create more</p>", "right"),
        # No exact text at all: one substring match.
        (f"<button {SAY} data-n=right>Create it now</button>", "right"),
    ],
)  # fmt: skip
def test_bare_text_means_the_control_with_that_name(on_page, html, right):
    trial = on_page(html)
    trial.perform('click: { selector: "text=Create" }')
    assert clicked(trial) == right


def test_a_dialog_that_comes_late_is_waited_for_and_the_button_just_pressed_is_not_pressed_again(on_page):
    trial = on_page(
        """<button onclick="document.title += 'opened '; setTimeout(() => document.body.insertAdjacentHTML('beforeend',
        '<dialog open><button onclick=&quot;document.title += \\'created\\'&quot;>Create</button></dialog>'), 300)">Create API Key</button>"""
    )
    trial.perform('click: { selector: "text=Create API Key" }')
    trial.perform('click: { selector: "text=Create" }')
    assert clicked(trial) == "topenedcreated"


def test_the_button_just_pressed_is_no_match_even_where_nothing_else_comes(on_page):
    trial = on_page("<button onclick=\"document.title += '+'\">Create API Key</button>")
    trial.perform('click: { selector: "text=Create API Key" }')
    with pytest.raises(StepFailed) as stopped:
        trial.perform('click: { selector: "text=Create" }', within_s=2)
    assert stopped.value.code == "target.not_found"
    assert clicked(trial) == "t+"


def test_a_dialog_with_the_same_button_that_comes_late_stops_the_second_press(on_page):
    trial = on_page(
        """<button onclick="document.title += '+'; setTimeout(() => document.body.insertAdjacentHTML('beforeend',
        '<dialog open><button>Create</button></dialog>'), 300)">Create</button>"""
    )
    trial.perform('click: { selector: "text=Create" }')
    with pytest.raises(StepFailed) as stopped:
        trial.perform('click: { selector: "text=Create" }')
    assert stopped.value.code == "target.ambiguous"
    assert clicked(trial) == "t+"


def test_a_late_control_comes_before_a_text_that_was_there_first(on_page):
    trial = on_page(
        f"""<div {SAY} data-n=wrong>Create</div><script>setTimeout(() => document.body.insertAdjacentHTML('beforeend',
        `<button {SAY} data-n=right>Create</button>`), 300)</script>"""
    )
    trial.perform('click: { selector: "text=Create" }')
    assert clicked(trial) == "right"


def test_the_same_button_may_be_pressed_twice_by_its_exact_name(on_page):
    trial = on_page("<button onclick=\"document.title += '+'\">Next</button>")
    trial.perform('click: { selector: "text=Next" }')
    trial.perform('click: { selector: "text=Next" }')
    assert clicked(trial) == "t++"


@pytest.mark.parametrize(
    "restless",
    [
        "setInterval(() => { clock.textContent = Date.now() }, 200)",
        "window.setTimeout = window.requestAnimationFrame = () => 0",
    ],
)
def test_a_page_that_never_rests_or_took_the_timers_does_not_hold_a_step(on_page, restless):
    trial = on_page(
        f"<b id=clock></b><button {SAY} data-n=right>Create it now</button><script>{restless}</script>"
    )
    trial.perform('click: { selector: "text=Create" }')
    assert clicked(trial) == "right"


@pytest.mark.parametrize("selector", ["text=Delete", "button", "css=button", "role=button[name='Delete']"])
def test_two_candidates_stop_the_step_and_are_listed_without_a_click(on_page, selector):
    trial = on_page(
        f"<button id=a {SAY} data-n=wrong>Delete</button><button id=b {SAY} data-n=wrong>Delete</button>"
    )
    with pytest.raises(StepFailed) as stopped:
        trial.perform(f'click: {{ selector: "{selector}" }}')
    assert stopped.value.code == "target.ambiguous"
    assert [candidate.split(">")[0] for candidate in stopped.value.tried[0].candidates] == [
        "<button#a",
        "<button#b",
    ]
    assert clicked(trial) == "t"
    assert trial.keeping.pressed == []


def test_one_visible_match_among_hidden_ones_is_taken(on_page):
    trial = on_page(f"<button hidden>Go</button><button {SAY} data-n=right>Go</button>")
    trial.perform('click: { selector: "button" }')
    assert clicked(trial) == "right"


@pytest.mark.parametrize(
    ("selector", "code"),
    [("#nothing", "target.not_found"), ("text=nothing", "target.not_found"), ("css=[[", "target.bad_selector"), ("nope=x", "target.bad_selector")],
)  # fmt: skip
def test_a_selector_that_finds_nothing_stops_with_its_code(on_page, selector, code):
    trial = on_page("<button>Go</button>")
    with pytest.raises(StepFailed) as stopped:
        trial.perform(f'click: {{ selector: "{selector}" }}', within_s=1)
    assert stopped.value.code == code
    assert stopped.value.tried[0].selector == selector


def test_candidates_hold_no_text_of_fields_or_cells(on_page):
    trial = on_page("<table><tr><td class=c>4111-secret-cell</td><td class=c>more</td></tr></table>")
    with pytest.raises(StepFailed) as stopped:
        trial.perform('click: { selector: ".c" }')
    assert "secret-cell" not in str(stopped.value.tried)


@pytest.mark.req("SECRET-7")
def test_candidates_hold_no_long_run_of_characters(on_page):
    token = "exk_demo_0123456789abcdef"
    pad = "copy this key that stands here for you to take it "
    trial = on_page(
        f"<button class=c id={token}>{token}</button><a class=c aria-label='{pad}{token}'>x</a><button class=c>Copy</button>"
    )
    with pytest.raises(StepFailed) as stopped:
        trial.perform('click: { selector: ".c" }')
    shown = str(stopped.value.tried)
    assert "exk_demo" not in shown
    assert "Copy" in shown


@pytest.mark.req("SECRET-7")
def test_candidates_hold_no_control_characters(on_page):
    unseen = "\\x1b[31m|\\x07|\\x7f \\x9b2J|\\u202e|\\u200b"
    token = "exk_demo\\x1b_01234\\ufeff56789abc"
    trial = on_page(
        f"<button class=c>x</button><button class=c>x</button><script>const [a, b] = document.querySelectorAll('.c');"
        f"a.ariaLabel = 'Copy\\n\\x01 all {unseen}'; a.id = 'one\\x1b'; b.ariaLabel = '{token}'</script>"
    )
    with pytest.raises(StepFailed) as stopped:
        trial.perform('click: { selector: ".c" }')
    first, second = stopped.value.tried[0].candidates
    assert '<button#one> "Copy all [31m|| 2J||" at' in first
    assert '"…"' in second


@pytest.mark.req("SECRET-7")
def test_candidates_hold_no_words_once_a_key_may_have_been_made(on_page):
    trial = on_page("<button class=c id=pin-1234>exk 1234</button><button class=c>Copy</button>")
    trial.keeping.pressed_any = True
    with pytest.raises(StepFailed) as stopped:
        trial.perform('click: { selector: ".c" }')
    shown = str(stopped.value.tried)
    assert "1234" not in shown
    assert "Copy" not in shown


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        ("text=Create", "Create"),
        ("text=  Create   API Key ", "Create API Key"),
        ('text="Create"', None),
        ("text='Create'", None),
        ("text=/Create/i", None),
        ("text=Create >> nth=0", None),
        ("#create", None),
        ("text=", None),
    ],
)
def test_only_bare_text_follows_the_rule_of_its_own(selector, text):
    assert bare_text(selector) == text


@pytest.mark.parametrize("text", ["Create (new)", "a/b", "C++", "50% [off]", "a.b*c?", "x|y", "$5", "{z}"])
def test_text_with_marks_of_regular_expressions_is_found(on_page, text):
    trial = on_page(f"<div {SAY} data-n=right>{text}</div><div>{text} and more</div>")
    assert exact_pattern(text).startswith("/^")
    trial.perform(f'click: {{ selector: "text={text}" }}')
    assert clicked(trial) == "right"
