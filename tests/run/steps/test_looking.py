"""The verbs that look: wait_for, expect, capture_token."""

import threading
import time

import pytest

from tokenbroker.run.failure import StepFailed
from tokenbroker.run.quiet import Rest

pytestmark = [pytest.mark.browser, pytest.mark.req("FLOW-2")]
LATE = "<script>setTimeout(() => { %s }, 200)</script>"
TICKING = "<script>setInterval(() => { clock.textContent = Date.now() }, 200)</script>"
TOKEN = "exk_demo_0123456789abcdef"


@pytest.mark.parametrize(
    ("html", "step"),
    [
        ("<h1 hidden id=h>Security code</h1>" + LATE % "h.hidden = false", 'wait_for: "text=Security code"'),
        ("<h1 id=h>Wait</h1>" + LATE % "h.hidden = true", 'wait_for: { selector: "#h", state: hidden }'),
        ("<h1>Security code</h1><p>Security code</p>", 'wait_for: "text=Security code"'),
        ("x" + LATE % "history.pushState(0, '', '/there')", 'wait_for: { url: "@/there" }'),
        ("<b id=h>no</b>" + LATE % "h.textContent = 'all good'", 'expect: { selector: "#h", text: "good" }'),
        ("<input type=checkbox id=c checked>", 'expect: { selector: "#c", state: checked }'),
        ("<input type=checkbox id=c>", 'expect: { selector: "#c", state: unchecked }'),
        ("<button id=c disabled>x</button>", 'expect: { selector: "#c", state: disabled }'),
        ("<button id=c>x</button>", 'expect: { selector: "#c", state: enabled }'),
        ("<p>x</p>", 'expect: { selector: "#gone", state: hidden }'),
    ],
)
def test_what_comes_true_passes(on_page, site, html, step):
    on_page(html).perform(step.replace("@", site.origin))


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ('wait_for: "#nothing"', "wait_for.timeout"),
        ('wait_for: { selector: "#h", state: hidden }', "wait_for.timeout"),
        ('wait_for: { url: "@/never" }', "wait_for.timeout"),
        ('wait_for: "css=[["', "target.bad_selector"),
        ('expect: "#nothing"', "expect.failed"),
        ('expect: { selector: "#h", text: "other" }', "expect.failed"),
        ('expect: { selector: "#h", state: hidden }', "expect.failed"),
        ('expect: "css=[["', "target.bad_selector"),
    ],
)
def test_what_does_not_come_true_stops_with_its_code(on_page, site, step, code):
    trial = on_page("<h1 id=h>Here</h1><input id=p value=demo-only-shown>")
    with pytest.raises(StepFailed) as stopped:
        trial.perform(step.replace("@", site.origin), within_s=0.6)
    assert stopped.value.code == code
    assert "demo-only-shown" not in str(stopped.value)


@pytest.mark.req("RUN-10")
@pytest.mark.parametrize(
    "html",
    [
        f"<code class=token> {TOKEN}\n</code>",
        f"<input class=token readonly value={TOKEN}>",
        f"<textarea class=token>{TOKEN}</textarea>",
        "<code class=token></code>" + LATE % f"document.querySelector('.token').textContent = '{TOKEN}'",
        "<code class=token>••••••••••••</code>"
        + LATE % f"document.querySelector('.token').textContent = '{TOKEN}'",
        "<code class=token>Generating a key…</code>"
        + LATE % f"document.querySelector('.token').outerHTML = '<b class=token>{TOKEN}</b>'",
    ],
)
def test_a_token_is_captured_once_it_is_whole(on_page, html):
    trial = on_page(html)
    remark = trial.perform('capture_token: { selector: ".token", secret_ref: "local:x" }')
    assert [token.reveal() for token in trial.keeping.kept] == [TOKEN]
    assert TOKEN not in remark
    assert TOKEN not in trial.stage.redactor.text(f"said {TOKEN}")


TYPED = f"""<code class=token></code><script>
  const [place] = document.getElementsByClassName('token'), whole = '{TOKEN}';
  const timer = setInterval(() => {{
    place.textContent = whole.slice(0, place.textContent.length + 1);
    if (place.textContent === whole) clearInterval(timer);
  }}, 40)</script>"""


@pytest.mark.req("RUN-10")
@pytest.mark.parametrize("begun", [0, 8, 9, 12])
def test_a_token_that_is_typed_out_is_captured_whole(on_page, begun):
    trial = on_page(TYPED)
    trial.stage.page.wait_for_function(f"document.querySelector('.token').textContent.length >= {begun}")
    trial.perform('capture_token: { selector: ".token", secret_ref: "local:x" }')
    assert [token.reveal() for token in trial.keeping.kept] == [TOKEN]


@pytest.mark.req("RUN-10")
@pytest.mark.parametrize(
    "placeholder", ["Generating", "LOADING…", "Generating...", "exk_demo_", "please_wait"]
)
def test_a_placeholder_is_waited_out(on_page, placeholder):
    late = f"<script>setTimeout(() => {{ document.querySelector('.token').textContent = '{TOKEN}' }}, 800)</script>"
    trial = on_page(f"<code class=token>{placeholder}</code>{late}")
    trial.perform('capture_token: { selector: ".token", secret_ref: "local:x" }')
    assert [token.reveal() for token in trial.keeping.kept] == [TOKEN]


@pytest.mark.req("RUN-10")
def test_a_token_is_captured_from_a_page_that_never_rests(on_page):
    trial = on_page(f"<b id=clock></b><code class=token>{TOKEN}</code>" + TICKING)
    trial.perform('capture_token: { selector: ".token", secret_ref: "local:x" }')
    assert [token.reveal() for token in trial.keeping.kept] == [TOKEN]


@pytest.mark.req("SECRET-7")
def test_an_ambiguous_capture_shows_no_word_of_the_page(on_page):
    trial = on_page("<button class=token id=demo-pin>exk short 1</button><button class=token>x</button>")
    with pytest.raises(StepFailed) as stopped:
        trial.perform('capture_token: { selector: ".token", secret_ref: "local:x" }')
    assert stopped.value.code == "target.ambiguous"
    shown = str(stopped.value.tried)
    assert "<button>" in shown
    assert "exk" not in shown
    assert "demo-pin" not in shown


@pytest.mark.req("FLOW-3")
@pytest.mark.parametrize(("selector", "there"), [("#clock", True), ("text=never", False)])
def test_when_answers_on_a_page_that_never_rests(on_page, selector, there):
    trial = on_page("<b id=clock>0</b>" + TICKING)
    trial.stage.deadline = time.monotonic() + 5
    assert trial.stage.seek().is_there(selector, Rest()) is there
    assert trial.stage.remaining_s() > 1


@pytest.mark.req("FLOW-2")
@pytest.mark.parametrize(
    ("html", "selector", "unless", "there"),
    [
        ("<h1>Keys</h1>", "#email", "text=Keys", False),
        ("<h1 hidden id=h>Keys</h1>" + LATE % "h.hidden = false", "#email", "text=Keys", False),
        ("<h1>Keys</h1><input id=email>", "#email", "text=Keys", True),
        ("<input hidden id=email>" + LATE % "email.hidden = false", "#email", "text=Keys", True),
        ("<h1>Keys</h1>", "#email", "[{css: h1}, {text: Keys}]", False),
    ],
)
def test_when_is_decided_by_whichever_is_seen_first_though_the_page_never_rests(
    on_page, html, selector, unless, there
):
    trial = on_page(html + "<b id=clock>0</b>" + TICKING)
    step = trial.plan_of(f"{{ click: '#x', when: '{selector}', unless: {unless} }}").flow.steps[1]
    trial.stage.begin(step, 2.5)  # it counts as quiet after three seconds only
    assert trial.stage.applies() is there
    assert trial.stage.remaining_s() > 0.5


@pytest.mark.req("FLOW-2")
@pytest.mark.parametrize(("unless", "told"), [("h1", "there is h1"), ("h2", "nor is h2")])
def test_a_step_that_is_left_out_says_whether_its_unless_was_there(on_page, unless, told):
    trial = on_page("<h1>Keys</h1>")
    trial.stage.begin(trial.plan_of(f"{{ click: '#x', when: '#email', unless: {unless} }}").flow.steps[1], 5)
    assert not trial.stage.applies()
    assert trial.stage.why_left_out() == f"not there: #email; {told}"


@pytest.mark.req("FLOW-2")
def test_when_does_not_wait_for_a_page_that_never_completes(on_page, site):
    ended = threading.Event()
    site.pages["/never"] = lambda: "" if ended.wait(60) else None
    site.pages["/keys"] = "<h1>Keys</h1><img src=/never>"
    trial = on_page("<p>One moment</p>")
    try:
        trial.stage.page.goto(f"{site.origin}/keys", wait_until="commit")
        trial.stage.begin(trial.plan_of("{ click: '#x', when: '#email' }").flow.steps[1], 20)
        assert not trial.stage.applies()
        assert trial.stage.remaining_s() > 14
    finally:
        ended.set()


@pytest.mark.req("FLOW-2")
@pytest.mark.parametrize(("when", "unless"), [("h1[", "h1"), ("#email", "h1[")])
def test_a_selector_that_is_none_is_said_and_leaves_no_step_out(on_page, when, unless):
    trial = on_page("<h1 hidden>Keys</h1><input hidden id=email>")
    step = trial.plan_of(f"{{ click: '#x', when: '{when}', unless: '{unless}' }}").flow.steps[1]
    trial.stage.begin(step, 2)
    with pytest.raises(StepFailed) as stopped:
        trial.stage.applies()
    assert stopped.value.code == "target.bad_selector"


@pytest.mark.req("FLOW-2")
def test_when_is_asked_of_the_page_that_another_one_leads_on_to(on_page, site):
    site.pages["/ask"] = "<input id=email>"
    trial = on_page("<p>One moment</p>" + LATE % "location.replace('/ask')")
    remarks = trial.perform_all('{ type: { selector: "#email", value: "it" }, when: "#email" }')
    assert remarks != [None]


@pytest.mark.parametrize(
    "text", ["", "••••••••••••1234", "short", "two words of text", "Generating", "exk_demo_012..."]
)
def test_what_is_no_whole_token_is_not_captured(on_page, text):
    trial = on_page(f"<code class=token>{text}</code>")
    with pytest.raises(StepFailed) as stopped:
        trial.perform('capture_token: { selector: ".token", secret_ref: "local:x" }', within_s=0.5)
    assert stopped.value.code == "capture.no_token"
    assert trial.keeping.kept == []
