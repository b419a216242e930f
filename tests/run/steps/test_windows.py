"""Windows that an act opens: caught with the act, named, worked in, and missed with a code."""

import threading

import pytest

from tokenbroker.run.failure import StepFailed
from tokenbroker.secret import Secret

pytestmark = [pytest.mark.browser, pytest.mark.req("FLOW-2")]
TOKEN = "exk_demo_0123456789abcdef"
KEYS = f"<!doctype html><title>keys</title><input id=pw><button onclick=window.close()>Done</button><code class=token>{TOKEN}</code>"
SHOW = 'click: { selector: "#show", opens: keys }'
CAPTURE = 'capture_token: { selector: ".token", secret_ref: "local:x", page: keys }'
TYPE = 'type: { selector: "#pw", value_ref: "secrets:p", page: keys }'


def button(act: str) -> str:
    return f'<h1>First</h1><button id=show onclick="{act}">Show key</button>'


@pytest.mark.parametrize(
    "html",
    [
        button("window.open('/keys')"),
        button("window.open('/keys', 'keys', 'popup,width=300,height=200')"),
        button("setTimeout(() => window.open('/keys'), 300)"),
        button("window.open('/keys', '_blank', 'noopener')"),
        "<a id=show href=/keys target=_blank>Show key</a>",
        "<form action=/keys target=_blank><button id=show>Show key</button></form>",
    ],
)
@pytest.mark.parametrize("act", [SHOW, 'press: { key: Enter, selector: "#show", opens: keys }'])
def test_a_token_is_captured_from_the_window_that_an_act_opens(on_page, site, html, act):
    site.pages["/keys"] = KEYS
    trial = on_page(html)
    trial.perform_all(act, CAPTURE)
    assert [token.reveal() for token in trial.keeping.kept] == [TOKEN]


def test_a_step_without_page_works_in_the_first_window(on_page, site):
    site.pages["/keys"] = KEYS
    trial = on_page(button("window.open('/keys')"))
    trial.perform_all(SHOW, 'wait_for: { selector: ".token", page: keys }', 'wait_for: "text=First"')
    assert trial.stage.page.title() == "t"


def test_a_key_press_on_whatever_has_the_focus_may_open_one_too(on_page, site):
    site.pages["/keys"] = KEYS
    trial = on_page(button("window.open('/keys')"))
    trial.stage.page.focus("#show")
    trial.perform_all("press: { key: Enter, opens: keys }", "press: { key: Tab, page: keys }", CAPTURE)
    assert trial.keeping.pressed == [2, 3]


def test_a_window_opened_from_a_frame_is_caught(on_page, site, other_site):
    site.pages["/keys"] = KEYS
    site.pages["/inner"] = button("window.open('/keys')")
    trial = on_page("<iframe name=inner src=/inner></iframe>")
    trial.perform_all('click: { selector: "#show", opens: keys, frame: { name: inner } }', CAPTURE)
    assert [token.reveal() for token in trial.keeping.kept] == [TOKEN]


def test_a_frame_in_a_window_is_reached(on_page, site, other_site):
    other_site.pages["/"] = KEYS
    site.pages["/keys"] = f"<iframe name=inner src={other_site.origin}/></iframe>"
    trial = on_page(button("window.open('/keys')"), origins=[other_site.origin])
    trial.perform_all(SHOW, CAPTURE.replace("page:", "frame: { name: inner }, page:"))
    assert [token.reveal() for token in trial.keeping.kept] == [TOKEN]


def test_an_act_that_opens_no_window_stops_with_its_code(on_page):
    trial = on_page(button("document.title = 'pressed'"))
    with pytest.raises(StepFailed) as stopped:
        trial.perform(SHOW, within_s=2)
    assert stopped.value.code == "page.not_opened"
    assert trial.keeping.pressed == [2]
    assert trial.stage.page.title() == "pressed"


def test_a_window_that_loads_for_longer_than_its_step_stops_it_and_is_known(on_page, site):
    is_loaded = threading.Event()

    def slowly() -> str:
        is_loaded.wait(30)
        return ""

    site.pages |= {"/keys": f"<script src=/slow></script>{KEYS}", "/slow": slowly}
    trial = on_page(button("window.open('/keys')"))
    try:
        with pytest.raises(StepFailed) as stopped:
            trial.perform(SHOW, within_s=2)
    finally:
        is_loaded.set()
    assert stopped.value.code == "navigation.timeout"
    window = trial.stage.windows.named("keys")
    assert window is not None
    assert window.url == f"{site.origin}/keys"


def test_what_the_act_itself_fails_with_comes_first(on_page):
    trial = on_page("<h1>x</h1>")
    with pytest.raises(StepFailed) as stopped:
        trial.perform(SHOW, within_s=0.4)
    assert stopped.value.code == "target.not_found"


def test_a_window_whose_opening_step_was_left_out_is_not_open(on_page):
    trial = on_page(button(""))
    with pytest.raises(StepFailed) as stopped:
        trial.perform_all(f'{SHOW}\n    when: "#never"', CAPTURE, within_s=1)
    assert stopped.value.code == "page.not_opened"


def test_a_window_that_was_closed_stops_with_its_code(on_page, site):
    site.pages["/keys"] = KEYS
    trial = on_page(button("window.open('/keys')"))
    with pytest.raises(StepFailed) as stopped:
        trial.perform_all(SHOW, 'click: { selector: "text=Done", page: keys }', CAPTURE)
    assert stopped.value.code == "page.closed"
    assert trial.keeping.pressed == [2, 3]


@pytest.mark.parametrize("event", ["onclick", "onmousedown"])
def test_a_press_that_closes_its_own_window_is_done(on_page, site, event):
    site.pages["/keys"] = KEYS.replace("onclick", event)
    trial = on_page(button("window.open('/keys')"))
    trial.perform_all(SHOW, 'click: { selector: "text=Done", page: keys }', 'wait_for: "text=First"')
    assert trial.keeping.pressed == [2, 3]


@pytest.mark.req("FLOW-3")
@pytest.mark.parametrize(("when", "done"), [(".token", True), ("h1", False)])
def test_when_is_looked_for_in_the_window_of_its_step(on_page, site, when, done):
    site.pages["/keys"] = KEYS
    trial = on_page(button("window.open('/keys')"))
    *_, remark = trial.perform_all(SHOW, f'{CAPTURE}\n    when: "{when}"', within_s=3)
    assert (remark is not None) is done


def test_a_step_with_when_is_left_out_where_its_window_is_not_open(on_page):
    trial = on_page(button(""))
    assert trial.perform_all(f'{SHOW}\n    when: "#never"', f'{CAPTURE}\n    when: ".token"', within_s=1) == [
        None,
        None,
    ]


@pytest.mark.req("RUN-9")
@pytest.mark.parametrize("step", [TYPE, CAPTURE])
def test_no_secret_is_typed_into_or_read_from_a_window_of_an_undeclared_origin(on_page, other_site, step):
    other_site.pages["/"] = KEYS
    trial = on_page(
        button(f"window.open('{other_site.origin}/')"), inputs={"secrets:p": Secret("demo-only-pw")}
    )
    with pytest.raises(StepFailed) as stopped:
        trial.perform_all(SHOW, step)
    assert stopped.value.code == "origin.not_declared"
    assert trial.stage.page.input_value("#pw") == ""
    assert trial.keeping.kept == []


WRITTEN = "const w = window.open(''); w.document.body.innerHTML = `<code class=token>" + TOKEN + "</code>`"


def test_an_empty_window_that_the_page_fills_belongs_to_the_page(on_page):
    trial = on_page(f"<button id=show>Show</button><script>show.onclick = () => {{ {WRITTEN} }}</script>")
    trial.perform_all(SHOW, CAPTURE)
    assert [token.reveal() for token in trial.keeping.kept] == [TOKEN]


@pytest.mark.req("RUN-9")
def test_an_empty_window_that_a_foreign_frame_fills_does_not(on_page, other_site):
    other_site.pages["/"] = (
        f"<button id=show>Show</button><script>show.onclick = () => {{ {WRITTEN} }}</script>"
    )
    trial = on_page(f"<iframe name=inner src={other_site.origin}/></iframe>")
    with pytest.raises(StepFailed) as stopped:
        trial.perform_all(SHOW.replace("opens:", "frame: { name: inner }, opens:"), CAPTURE)
    assert stopped.value.code == "origin.not_declared"


def test_a_page_at_an_address_of_its_own_making_belongs_to_its_maker(on_page):
    blob = (
        "window.open(URL.createObjectURL(new Blob([`<code class=token>"
        + TOKEN
        + "</code>`], { type: 'text/html' })))"
    )
    trial = on_page(f"<button id=show>Show</button><script>show.onclick = () => {{ {blob} }}</script>")
    trial.perform_all(SHOW, CAPTURE)
    assert [token.reveal() for token in trial.keeping.kept] == [TOKEN]
