"""Doing a step again: freely where twice is the same as once, else only on proof (RUN-8)."""

import threading

import pytest

from tests.flow.texts import flow_from
from tokenbroker.errors import FlowError
from tokenbroker.run import one_pass, retry
from tokenbroker.run.failure import StepFailed
from tokenbroker.run.steps import STEPS

pytestmark = [pytest.mark.browser, pytest.mark.req("RUN-8")]

HEAD = 'version: 1\nsite: s\nflow: f\nallowed_automation: semi_auto\nsteps:\n  - navigate: "https://c.example.com/"\n'
BUSY_ONCE = """<button id=b onclick="n = (window.n || 0) + 1; document.title = n;
  out.textContent = n < 2 ? 'Busy, nothing was made' : 'Made'">Make</button><p id=out></p>"""
PROOF = "retry: { times: 2, expect: { selector: 'text=nothing was made' } }"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Without the pauses: how long they are has a test of its own."""
    monkeypatch.setattr(retry, "pause_s", lambda tries: 0.001)


def performed(trial, step_yaml: str, *, within_s: float = 2) -> str:
    """The step as the runner does it."""
    step = trial.plan_of(step_yaml).flow.steps[1]
    trial.stage.begin(step, within_s)
    return one_pass.performed(step, trial.stage)


def test_going_to_a_site_that_is_down_for_a_moment_is_tried_again(on_page, site):
    trial = on_page("x")
    answers = iter([503, 503, 200])
    site.pages["/flaky"] = lambda: _next_status(site, answers)
    remark = performed(trial, f"navigate: {site.origin}/flaky", within_s=10)
    assert remark == "took 3 tries"


def _next_status(site, answers):
    site.status["/flaky"] = next(answers, 200)
    return "<h1>there</h1>"


def test_what_the_site_refuses_for_good_is_not_asked_again(on_page, site):
    trial = on_page("x")
    asked = []
    site.pages["/no"] = lambda: asked.append(1) or "no"
    site.status["/no"] = 403
    with pytest.raises(StepFailed) as stopped:
        performed(trial, f"navigate: {site.origin}/no", within_s=10)
    assert stopped.value.code == "navigation.refused"
    assert len(asked) == 1


def test_a_look_is_done_again_as_often_as_the_flow_says(on_page):
    trial = on_page("<script>setTimeout(() => document.body.append('Ready'), 700)</script>")
    assert performed(trial, "{ wait_for: 'text=Ready', retry: 5 }", within_s=0.3).endswith("tries")


def test_a_press_that_had_no_effect_is_repeated_on_proof(on_page):
    trial = on_page(BUSY_ONCE)
    assert performed(trial, f"{{ click: '#b', {PROOF} }}") == "took 2 tries"
    assert trial.stage.page.title() == "2"


def test_a_press_without_that_proof_is_done_once(on_page):
    trial = on_page(BUSY_ONCE.replace("Busy, nothing was made", "Who knows"))
    assert performed(trial, f"{{ click: '#b', {PROOF} }}") == ""
    assert trial.stage.page.title() == "1"


BUSY_PAGE = "<form action=/busy><button id=b>Make</button></form><p>Busy, nothing was made</p>"


def test_a_press_that_never_has_an_effect_ends_with_its_code(on_page, site):
    trial = on_page("x")
    asked = []
    site.pages["/busy"] = lambda: asked.append(1) or BUSY_PAGE
    trial.stage.page.goto(f"{site.origin}/busy")
    with pytest.raises(StepFailed) as stopped:
        performed(trial, f"{{ click: '#b', {PROOF} }}")
    assert stopped.value.code == "retry.no_effect"
    assert len(asked) == 4


def test_what_stays_from_before_a_press_proves_nothing_and_stops_the_run(on_page):
    # The answer to the first press stands there when the second one is done, and stays.
    trial = on_page(BUSY_ONCE.replace("n < 2", "true"))
    with pytest.raises(StepFailed, match="can't be told") as stopped:
        performed(trial, f"{{ click: '#b', {PROOF} }}", within_s=2)
    assert stopped.value.code == "retry.unproven"
    assert trial.stage.page.title() == "2"


def test_what_goes_after_a_press_and_comes_again_proves_that_it_had_no_effect(on_page):
    trial = on_page(
        """<button id=b onclick="document.title = ++n; p.textContent = ''; setTimeout(() => {
          p.textContent = n < 3 ? 'Busy, nothing was made' : 'Made' }, 400)">Make</button>
        <p id=p>Busy, nothing was made</p><script>let n = 0</script>"""
    )
    assert performed(trial, f"{{ click: '#b', {PROOF} }}") == "took 3 tries"
    assert trial.stage.page.title() == "3"


TOASTS = "[{ text: 'nothing was made' }, { css: '.busy' }]"


@pytest.mark.parametrize("within_s", [0.3, 1.0, 2.0])
def test_what_a_set_names_and_stays_is_never_taken_for_gone(on_page, within_s):
    trial = on_page(
        "<button id=b onclick=\"document.title += '+'\">Make</button><p class=busy>nothing was made</p>"
    )
    step = f"{{ click: '#b', retry: {{ times: 2, expect: {{ selector: {TOASTS} }} }} }}"
    with pytest.raises(StepFailed) as stopped:
        performed(trial, step, within_s=within_s)
    assert stopped.value.code == "retry.unproven"
    assert trial.stage.page.title() == "t+"


def test_of_two_that_a_set_may_mean_one_that_goes_proves_nothing(on_page):
    trial = on_page(
        """<button id=b onclick="document.title += '+'; document.querySelector('p')?.remove()">Make</button>
        <p class=busy>nothing was made</p><p class=busy>nothing was made</p>"""
    )
    step = f"{{ click: '#b', retry: {{ times: 2, expect: {{ selector: {TOASTS} }} }} }}"
    with pytest.raises(StepFailed) as stopped:
        performed(trial, step, within_s=1.5)
    assert stopped.value.code == "retry.unproven"
    assert trial.stage.page.title() == "t+"


def test_a_window_that_its_press_closes_has_proven_nothing_and_is_no_failure(on_page):
    trial = on_page("x")
    with trial.stage.page.expect_popup() as opened:
        trial.stage.page.evaluate("window.open('about:blank')")
    window = opened.value
    window.set_content(
        "<button id=b onclick='setTimeout(() => window.close(), 300)'>Allow</button><p>nothing was made</p>"
    )
    step = trial.plan_of(f"{{ click: '#b', {PROOF} }}").flow.steps[1]
    trial.stage.begin(step, 3)
    trial.stage.page = window
    assert one_pass.performed(step, trial.stage) == ""


def test_a_late_page_that_shows_it_again_proves_that_the_press_had_no_effect(on_page, site):
    trial = on_page("x")
    asked = []

    def late() -> str:
        threading.Event().wait(0.4)
        return (
            BUSY_PAGE.replace("/busy", "/late")
            if len(asked.append(1) or asked) < 3
            else "<title>made</title>"
        )

    site.pages["/busy"] = lambda: BUSY_PAGE.replace("/busy", "/late")
    site.pages["/late"] = late
    trial.stage.page.goto(f"{site.origin}/busy")
    assert performed(trial, f"{{ click: '#b', {PROOF} }}") == "took 3 tries"


def test_a_try_that_fails_after_a_press_says_that_it_was_pressed(on_page):
    trial = on_page(
        """<button id=b onclick="document.title += '+'; this.remove(); p.textContent = 'Busy, nothing was made'">
        Make</button><p id=p></p>"""
    )
    with pytest.raises(StepFailed, match="pressed once before, without effect") as stopped:
        performed(trial, f"{{ click: '#b', {PROOF} }}", within_s=0.8)
    assert stopped.value.code == "target.not_found"


def test_what_was_pressed_and_failed_is_not_pressed_again_without_proof(on_page):
    trial = on_page("<button id=b onclick=\"document.title += '+'\">Open</button>")
    step = "{ click: { selector: '#b', opens: w }, retry: { times: 3, expect: { selector: '#no' } } }"
    with pytest.raises(StepFailed) as stopped:
        performed(trial, step, within_s=0.8)
    assert stopped.value.code == "page.not_opened"
    assert trial.stage.page.title() == "t+"


def test_a_press_whose_target_was_not_there_is_tried_again_for_nothing_was_pressed(on_page):
    trial = on_page(
        """<script>setTimeout(() => { document.body.innerHTML =
        '<button id=b onclick="document.title += 1">Go</button>' }, 1500)</script>"""
    )
    step = "{ click: '#b', retry: { times: 5, expect: { selector: '#no' } } }"
    assert performed(trial, step, within_s=1).endswith("tries")
    assert trial.stage.page.title() == "t1"


@pytest.mark.parametrize(
    ("step", "is_right"),
    [
        ("{ navigate: 'https://c.example.com/', retry: 2 }", True),
        ("{ click: '#b', retry: { times: 2, expect: { selector: '#x', text: busy } } }", True),
        ("{ click: '#b', retry: { times: 2, expect: { selector: '#x', state: hidden } } }", False),
        ("{ click: '#b', retry: 2 }", False),
        ("{ wait_for: '#b', retry: { times: 2, expect: { selector: '#x' } } }", False),
        ("{ wait_human: { reason: 'Enter it' }, retry: 2 }", False),
        ("{ capture_token: { selector: '#b', secret_ref: 'local:a' }, retry: 2 }", False),
    ],
)
def test_the_language_takes_no_blind_repetition(step, is_right):
    if is_right:
        assert flow_from(f"{HEAD}  - {step}\n", "flows/f.yaml").steps[1].retry is not None
        return
    with pytest.raises(FlowError) as stopped:
        flow_from(f"{HEAD}  - {step}\n", "flows/f.yaml")
    assert stopped.value.code in ("flow.bad_retry", "flow.schema", "flow.unknown_key")


def test_every_verb_says_whether_twice_is_the_same_as_once():
    assert {verb for verb, kind in STEPS.items() if kind.idempotent} == {
        "navigate",
        "type",
        "wait_for",
        "expect",
        "verify_token",
    }
