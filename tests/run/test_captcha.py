"""A CAPTCHA in a step's way is put to a person who can act in the page, and to nobody else (RUN-7)."""

import pytest

from tests.run.steps.conftest import Person, PersonAtPage, Trial, context, on_page, site
from tokenbroker.errors import HumanDenied, HumanUnreachable
from tokenbroker.human.checkpoint import Kind, Outcome
from tokenbroker.run.captcha import MAX_CAPTCHAS, find_captcha, past_captcha
from tokenbroker.run.failure import StepFailed
from tokenbroker.run.steps import STEPS

__all__ = ["context", "on_page", "site"]
pytestmark = [pytest.mark.browser, pytest.mark.req("RUN-7")]

WIDGET = "<div class=g-recaptcha data-sitekey=demo-only><textarea name=g-recaptcha-response></textarea></div>"
SOLVE = "document.querySelector('[name=g-recaptcha-response]').value = 'demo-only'"
COVER = """<div id=cover data-captcha style="position: fixed; inset: 0"></div>"""
CLICK = 'click: "#go"'
STEP = 'wait_human: { reason: "Solve it"%s }'


def perform(trial: Trial, step_yaml: str, *, within_s: float = 1) -> str:
    """As the runner does."""
    step = trial.plan_of(step_yaml).flow.steps[1]
    kind = STEPS[step.verb]
    return past_captcha(
        lambda: trial.perform(step_yaml, within_s=within_s), trial.stage, is_idempotent=kind.idempotent
    )


@pytest.mark.parametrize(
    ("html", "name"),
    [
        (WIDGET, "reCAPTCHA"),
        ("<div class=h-captcha data-sitekey=x></div>", "hCaptcha"),
        ("<div class=cf-turnstile data-sitekey=x></div>", "Turnstile"),
        ("<form data-captcha>Which is a cat?</form>", "a CAPTCHA"),
        ("<iframe srcdoc='<div data-sitekey=x></div>'></iframe>", "a CAPTCHA"),
        ("<div class=g-recaptcha data-size=invisible></div>", None),
        ("<div class=g-recaptcha hidden></div>", None),
        (f"{WIDGET}<script>{SOLVE}</script>", None),
        ("<p>no CAPTCHA here</p>", None),
    ],
)
def test_a_captcha_is_known_by_its_widget(on_page, html, name):
    page = on_page(html).stage.page
    page.wait_for_load_state()
    assert find_captcha(page) == name


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://www.google.com/recaptcha/api2/bframe?k=x", "reCAPTCHA"),
        ("https://newassets.hcaptcha.com/captcha/v1/x", "hCaptcha"),
        ("https://challenges.cloudflare.com/turnstile/v0/x", "Turnstile"),
        ("https://www.google.com.example/recaptcha/api2/bframe", None),
    ],
)
def test_a_captcha_is_known_by_its_frame_also_in_a_closed_shadow_root(on_page, context, address, name):
    context.route(
        lambda url: url.startswith("https:"),
        lambda route: route.fulfill(body="<p>x</p>", content_type="text/html"),
    )
    trial = on_page("<div id=host></div>")
    page = trial.stage.page
    put = "at => { const f = document.createElement('iframe'); f.src = at; host.attachShadow({mode: 'closed'}).append(f) }"
    with page.expect_event("framenavigated", lambda frame: frame.url == address):
        page.evaluate(put, address)
    assert find_captcha(page) == name
    page.evaluate("host.className = 'grecaptcha-badge'; host.hidden = true")
    assert find_captcha(page) is None


def test_a_step_that_a_captcha_covers_waits_for_the_person_and_is_done_once(on_page):
    trial = on_page(
        f"<button id=go onclick='document.title += 1'>Go</button>{COVER}",
        person=PersonAtPage(waits_for_page=True),
    )
    page = trial.stage.page
    page.evaluate("document.title = ''")
    trial.person.on_ask = lambda: page.evaluate("cover.remove()")
    assert "a CAPTCHA: done by tester" in perform(trial, CLICK)
    assert [checkpoint.kind for checkpoint in trial.person.asked] == [Kind.ACTION]
    assert page.title() == "1"


def test_a_step_whose_target_a_captcha_keeps_back_goes_on_after_it(on_page):
    trial = on_page(WIDGET, person=PersonAtPage(waits_for_page=True))
    add = "document.body.insertAdjacentHTML('beforeend', '<input id=go>')"
    trial.person.on_ask = lambda: trial.stage.page.evaluate(f"{SOLVE}; {add}")
    perform(trial, 'type: { selector: "#go", value: "hello" }')
    assert trial.stage.page.input_value("#go") == "hello"


def test_a_disabled_button_behind_a_captcha_is_pressed_after_it(on_page):
    html = f"<button id=go disabled onclick='document.title = `in`'>Go</button>{WIDGET}"
    trial = on_page(html, person=PersonAtPage(waits_for_page=True))
    trial.person.on_ask = lambda: trial.stage.page.evaluate(f"{SOLVE}; go.disabled = false")
    perform(trial, CLICK)
    assert trial.stage.page.title() == "in"


def test_without_a_captcha_a_failure_stays_what_it_is(on_page):
    trial = on_page("<p>nothing</p>", person=PersonAtPage())
    with pytest.raises(StepFailed) as stopped:
        perform(trial, CLICK, within_s=0.3)
    assert stopped.value.code == "target.not_found"
    assert trial.person.asked == []


def test_a_step_that_may_have_acted_is_not_done_again(on_page):
    trial = on_page(WIDGET, person=PersonAtPage())

    def act() -> str:
        raise StepFailed("clicking: it was not possible", code="step.timeout")

    with pytest.raises(StepFailed):
        past_captcha(act, trial.stage, is_idempotent=False)
    assert trial.person.asked == []


def test_where_nobody_can_act_in_the_page_it_fails_at_once_and_says_what_to_do(on_page):
    trial = on_page(WIDGET)
    with pytest.raises(HumanUnreachable) as stopped:
        perform(trial, CLICK, within_s=0.3)
    assert (stopped.value.code, int(stopped.value.exit_code)) == ("human.captcha", 11)
    assert "--headed" in stopped.value.next_step
    assert trial.person.asked == []


def test_a_captcha_that_comes_again_and_again_ends_the_step(on_page):
    trial = on_page(WIDGET, person=PersonAtPage())
    with pytest.raises(HumanDenied) as stopped:  # somebody was reached
        perform(trial, CLICK, within_s=0.2)
    assert stopped.value.code == "human.captcha"
    assert [checkpoint.attempt for checkpoint in trial.person.asked] == [1, 2, 3]


def test_a_step_is_done_after_the_last_captcha_that_a_person_solves(on_page):
    trial = on_page(WIDGET, person=PersonAtPage())

    def act() -> str:
        if len(trial.person.asked) < MAX_CAPTCHAS:
            raise StepFailed("clicking: something else covers the element", code="target.covered")
        return "pressed"

    remark = past_captcha(act, trial.stage, is_idempotent=False)
    assert remark.split("; ") == ["reCAPTCHA: done by tester (test)"] * MAX_CAPTCHAS + ["pressed"]
    assert [checkpoint.attempt for checkpoint in trial.person.asked] == [1, 2, 3]


def test_a_person_who_won_t_solve_it_stops_the_run(on_page):
    trial = on_page(WIDGET, person=PersonAtPage(outcome=Outcome.DENIED))
    with pytest.raises(HumanDenied):
        perform(trial, CLICK, within_s=0.2)


@pytest.mark.parametrize("kind", ["", ", kind: action"])
def test_a_wait_human_ends_when_the_captcha_is_solved(on_page, kind):
    trial = on_page(WIDGET, person=PersonAtPage(waits_for_page=True))
    trial.person.on_ask = lambda: trial.stage.page.evaluate(SOLVE)
    trial.perform(STEP % kind)
    assert [checkpoint.kind for checkpoint in trial.person.asked] == [Kind.ACTION]


@pytest.mark.parametrize("kind", ["", ", kind: action", ', until: "text=in"'])
def test_a_wait_human_on_a_captcha_without_hands_fails_at_once(on_page, kind):
    trial = on_page(WIDGET, person=Person())
    with pytest.raises(HumanUnreachable) as stopped:
        trial.perform(STEP % kind)
    assert stopped.value.code == "human.captcha"
    assert trial.person.asked == []
