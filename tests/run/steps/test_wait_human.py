"""The end of a checkpoint (RUN-12)."""

import threading

import pytest

from tests.run.steps.conftest import Person, PersonAtPage
from tokenbroker.errors import HumanDenied, HumanTimeout, HumanUnreachable
from tokenbroker.human.checkpoint import Kind, Outcome
from tokenbroker.run.failure import StepFailed

pytestmark = [pytest.mark.browser, pytest.mark.req("RUN-12", "HUMAN-1")]
WAIT = 'wait_human: { reason: "Enter the code" }'
RIGHT, WRONG = "314159", "271828"
CHECK = f"if (this.code.value === '{RIGHT}') {{ this.remove(); document.title = 'in' }} else {{ %s }} return false"


def form(field: str, otherwise: str = "this.reset()") -> str:
    return f'<form onsubmit="{CHECK % otherwise}">{field}<button>Verify</button></form>'


@pytest.mark.parametrize(
    "field",
    [
        "<input name=code autocomplete=one-time-code>",
        "<input name=code inputmode=numeric maxlength=6>",
        "<input name=code type=tel maxlength=8><input type=text name=note>",
        "<input name=code autocomplete='section-a one-time-code'><input inputmode=numeric maxlength=6>",
    ],
)
def test_one_visible_code_field_takes_the_code_and_enter_sends_it(on_page, field):
    trial = on_page(form(field), person=Person(codes=[RIGHT]))
    trial.perform(WAIT)
    assert trial.stage.page.title() == "in"
    assert [checkpoint.kind for checkpoint in trial.person.asked] == [Kind.OTP]


def test_a_group_of_single_digits_takes_the_code_digit_by_digit(on_page):
    digits = "".join("<input maxlength=1 inputmode=numeric class=d>" for _ in range(6))
    html = f"""<form onsubmit="return false">{digits}</form><script>document.querySelectorAll('.d').forEach((d, i, all) =>
      d.addEventListener('input', () => {{ all[i + 1]?.focus();
        if ([...all].map(x => x.value).join('') === '{RIGHT}') {{ document.forms[0].remove(); document.title = 'in' }} }}))</script>"""
    trial = on_page(html, person=Person(codes=[RIGHT]))
    trial.perform(WAIT)
    assert trial.stage.page.title() == "in"


def test_a_form_that_sends_itself_needs_no_enter(on_page):
    html = f"""<form><input name=code autocomplete=one-time-code oninput="if (value === '{RIGHT}') {{
      document.title = 'in'; form.remove() }}"></form>"""
    trial = on_page(html, person=Person(codes=[RIGHT]))
    trial.perform(WAIT)
    assert trial.stage.page.title() == "in"


def test_a_wrong_code_is_asked_for_again_in_the_same_page(on_page):
    trial = on_page(form("<input name=code autocomplete=one-time-code>"), person=Person(codes=[WRONG, RIGHT]))
    trial.perform(WAIT)
    assert [checkpoint.attempt for checkpoint in trial.person.asked] == [1, 2]


def test_a_wrong_code_is_asked_for_again_on_a_new_page(on_page, site):
    ask = "<form method=post action=/code><input name=code autocomplete=one-time-code></form>"
    site.pages["/code"] = lambda: "<title>in</title>" if RIGHT in site.posts[-1] else ask
    trial = on_page(ask, person=Person(codes=[WRONG, WRONG, RIGHT]))
    trial.perform(WAIT)
    assert trial.stage.page.title() == "in"
    assert len(site.posts) == 3


THINKING = "setTimeout(() => { document.forms[0].remove(); document.title = 'in' }, 1500)"
FETCHING = "fetch('/slow').then(() => { document.forms[0].remove(); document.title = 'in' })"
ANSWERS_LATE = {
    "by script": ("onsubmit", f"this.reset(); {THINKING}; return false"),
    "by fetch": ("onsubmit", f"this.reset(); {FETCHING}; return false"),
    "drawn anew": ("onsubmit", f"this.innerHTML += ''; {THINKING}; return false"),
    "by a form": ("onsubmit", "const copy = this.code.value; this.reset(); this.kept.value = copy"),
}


@pytest.mark.parametrize("how", ANSWERS_LATE)
def test_a_field_that_is_emptied_while_the_site_thinks_is_not_a_refusal(on_page, site, how):
    event, act = ANSWERS_LATE[how]

    def slowly() -> str:
        threading.Event().wait(3)  # the site takes its time
        return "<title>in</title>"

    site.pages["/slow"] = slowly
    html = f"""<form method=post action=/slow {event}="{act}">
      <input type=hidden name=kept><input name=code autocomplete=one-time-code></form>"""
    trial = on_page(html, person=Person(codes=[RIGHT]))
    trial.perform(WAIT, within_s=10)
    assert len(trial.person.asked) == 1
    assert trial.stage.page.title() == "in"


def test_the_mark_of_an_earlier_code_does_not_condemn_the_next(on_page):
    judge = f"""if (this.code.value === '{RIGHT}') setTimeout(() => {{ this.remove(); document.title = 'in' }}, 2500);
      else this.code.setAttribute('aria-invalid', 'true'); return false"""
    html = f'<form onsubmit="{judge}"><input name=code autocomplete=one-time-code></form>'
    trial = on_page(html, person=Person(codes=[WRONG, RIGHT]))
    trial.perform(WAIT, within_s=10)
    assert [checkpoint.attempt for checkpoint in trial.person.asked] == [1, 2]
    assert trial.stage.page.title() == "in"


def test_a_page_without_an_origin_is_named_to_the_person(on_page):
    trial = on_page("x")
    trial.stage.page.goto("about:blank")
    trial.perform('wait_human: { reason: "Look at it" }', within_s=1)
    assert [checkpoint.origin for checkpoint in trial.person.asked] == ["about:blank"]


@pytest.mark.req("RUN-7")
def test_three_refused_codes_end_the_step(on_page, site):
    ask = "<form method=post action=/code><input name=code autocomplete=one-time-code></form>"
    site.pages["/code"] = ask
    trial = on_page(ask, person=Person(codes=[WRONG]))
    with pytest.raises(HumanDenied) as ended:
        trial.perform(WAIT)
    assert ended.value.code == "human.code_refused"
    assert len(site.posts) == 3


@pytest.mark.parametrize(
    ("outcome", "error"), [(Outcome.DENIED, HumanDenied), (Outcome.TIMED_OUT, HumanTimeout)]
)
def test_a_no_and_a_silence_end_the_step(on_page, outcome, error):
    trial = on_page(form("<input name=code autocomplete=one-time-code>"), person=Person(outcome=outcome))
    with pytest.raises(error):
        trial.perform(WAIT)


def test_the_person_may_type_the_code_into_the_page(on_page):
    trial = on_page(form("<input name=code autocomplete=one-time-code>"), person=Person(waits_for_page=True))
    page = trial.stage.page
    trial.person.on_ask = lambda: (page.fill("[name=code]", RIGHT), page.press("[name=code]", "Enter"))
    trial.perform(WAIT)
    assert page.title() == "in"


def test_without_a_code_field_the_persons_word_ends_the_step(on_page):
    trial = on_page("<p>Approve it on your phone</p>")
    assert "done by tester" in trial.perform('wait_human: { reason: "Look at it" }', within_s=1)
    assert [checkpoint.kind for checkpoint in trial.person.asked] == [Kind.CONFIRM]


def test_until_is_proven_by_the_page(on_page):
    trial = on_page("<p id=p>Waiting</p>", person=Person(waits_for_page=True))
    trial.person.on_ask = lambda: trial.stage.page.evaluate("p.textContent = 'Approved'")
    trial.perform('wait_human: { reason: "Approve it", kind: device, until: "text=Approved" }')


def test_a_word_that_the_page_does_not_bear_out_fails(on_page):
    trial = on_page("<p>Waiting</p>")
    with pytest.raises(StepFailed) as stopped:
        trial.perform('wait_human: { reason: "Approve it", until: "text=Approved" }', within_s=0.5)
    assert stopped.value.code == "human.not_proven"


@pytest.mark.parametrize(
    ("until", "told"),
    [
        ("'text=Approved'", "and the page did not show text=Approved"),
        (
            "[{ text: Approved }, { css: '#done' }]",
            "and the page did not show Approved (candidate 1 does not show the words that the set asks for)",
        ),
    ],
)
def test_a_silence_before_a_page_that_does_not_show_until_tells_that_too(on_page, until, told):
    trial = on_page("<p id=done>Granted</p>", person=Person(outcome=Outcome.TIMED_OUT))
    with pytest.raises(HumanTimeout) as ended:
        trial.perform(f'wait_human: {{ reason: "Approve it", kind: device, until: {until} }}')
    assert told in ended.value.sentence
    assert "mend `until`" in ended.value.next_step


def test_an_otp_step_on_a_page_without_a_field_says_so(on_page):
    trial = on_page("<p>nothing</p>")
    with pytest.raises(StepFailed) as stopped:
        trial.perform('wait_human: { reason: "Enter it", kind: otp }', within_s=0.5)
    assert stopped.value.code == "human.no_challenge"


def test_a_code_is_redacted_from_then_on(on_page):
    trial = on_page(form("<input name=code autocomplete=one-time-code>"), person=Person(codes=[RIGHT]))
    trial.perform(WAIT)
    assert RIGHT not in trial.stage.redactor.text(f"the code {RIGHT} was typed")


def test_a_new_code_asked_for_in_the_page_meanwhile_is_no_refusal(on_page):
    trial = on_page(form("<input name=code autocomplete=one-time-code>"), person=Person(codes=[RIGHT]))
    trial.person.on_ask = lambda: trial.stage.page.reload()
    trial.perform(WAIT)
    assert trial.stage.page.title() == "in"
    assert [checkpoint.attempt for checkpoint in trial.person.asked] == [1]


def test_a_code_may_have_to_be_proven_by_the_page(on_page):
    trial = on_page(form("<input name=code autocomplete=one-time-code>"), person=Person(codes=[RIGHT]))
    with pytest.raises(StepFailed) as stopped:
        trial.perform('wait_human: { reason: "Code", kind: otp, until: "text=Welcome" }', within_s=2)
    assert stopped.value.code == "human.not_proven"


@pytest.mark.req("RUN-9")
@pytest.mark.parametrize("asked_before", [0, 1])
def test_a_code_is_not_typed_into_a_page_that_went_elsewhere_while_the_person_thought(
    on_page, site, other_site, asked_before
):
    ask = "<form method=post action=/code><input name=code autocomplete=one-time-code></form>"
    site.pages["/code"] = other_site.pages["/"] = other_site.pages["/code"] = ask
    trial = on_page(ask, person=Person(codes=[WRONG, RIGHT]))
    page = trial.stage.page

    def go() -> None:
        if len(trial.person.asked) == asked_before + 1:
            page.goto(f"{other_site.origin}/")

    trial.person.on_ask = go
    with pytest.raises(StepFailed) as stopped:
        trial.perform(WAIT)
    assert stopped.value.code == "origin.not_declared"
    assert page.input_value("[name=code]") == ""
    assert len(site.posts) == asked_before
    assert other_site.posts == []


def outcomes(trial) -> list[Outcome]:
    """What was noted of each checkpoint, for the audit."""
    noted: list[Outcome] = []
    trial.stage.on_checkpoint = lambda checkpoint, answer: noted.append(answer.outcome)
    return noted


DEVICE = 'wait_human: { reason: "Approve it on your phone", kind: device%s }'
WAITING = "<p id=p>Check your phone</p>"
SIGN_IN = "<form><input name=user><input type=password></form>"


@pytest.mark.parametrize(
    ("then", "outcome"),
    [
        ("location.assign('/in')", Outcome.DONE),
        ("history.pushState(null, '', '/in')", Outcome.DONE),
        ("location.assign('/login')", Outcome.DENIED),
        ("location.assign('/refused')", Outcome.DENIED),
    ],
)
def test_where_the_waiting_page_goes_says_how_a_device_checkpoint_ended(on_page, site, then, outcome):
    site.pages |= {"/in": "<title>in</title>", "/login": SIGN_IN, "/refused": "<h1>No</h1>"}
    site.status["/refused"] = 403
    trial = on_page(WAITING, person=Person(waits_for_page=True))
    trial.person.on_ask = lambda: trial.stage.page.evaluate(then)
    noted = outcomes(trial)
    if outcome is Outcome.DONE:
        trial.perform(DEVICE % "")
    else:
        with pytest.raises(HumanDenied):
            trial.perform(DEVICE % "")
    assert noted == [outcome]


@pytest.mark.parametrize(("shows", "outcome"), [("Signed in", Outcome.DONE), ("Denied", Outcome.DENIED)])
def test_what_the_page_shows_says_how_a_checkpoint_ended(on_page, shows, outcome):
    trial = on_page(WAITING, person=Person(waits_for_page=True))
    trial.person.on_ask = lambda: trial.stage.page.evaluate("shows => { p.textContent = shows }", shows)
    noted = outcomes(trial)
    step = DEVICE % ', until: "text=Signed in", denied: "text=Denied"'
    if outcome is Outcome.DONE:
        trial.perform(step)
    else:
        with pytest.raises(HumanDenied) as ended:
            trial.perform(step)
        assert ended.value.code == "human.denied"
    assert noted == [outcome]


def test_a_page_that_says_denied_outweighs_a_person_s_word(on_page):
    trial = on_page("<p>Denied</p>")
    noted = outcomes(trial)
    with pytest.raises(HumanDenied):
        trial.perform(DEVICE % ', denied: "text=Denied"')
    assert noted == [Outcome.DENIED]


def test_a_waiting_page_that_only_loads_itself_anew_still_waits(on_page):
    trial = on_page(WAITING)
    trial.person.on_ask = lambda: trial.stage.page.goto(trial.stage.page.url + "?again=1#top")
    with pytest.raises(StepFailed) as stopped:
        trial.perform(DEVICE % "", within_s=0.5)
    assert stopped.value.code == "human.not_proven"


def test_a_sign_in_form_on_its_way_out_is_not_the_page_that_waits(on_page):
    late = "setTimeout(() => { document.forms[0].remove(); history.pushState(null, '', '/device') }, 300)"
    trial = on_page(f"{SIGN_IN}<script>{late}</script>")
    trial.person.on_ask = lambda: trial.stage.page.evaluate("history.pushState(null, '', '/in')")
    assert "done by tester" in trial.perform(DEVICE % "")


def test_the_time_of_the_person_is_not_that_of_the_page(on_page):
    trial = on_page(WAITING)
    show = "setTimeout(() => { p.textContent = 'Signed in' }, 300)"

    def take_all_the_time_of_the_step() -> None:
        trial.stage.page.evaluate(show)
        trial.stage.deadline = 0

    trial.person.on_ask = take_all_the_time_of_the_step
    trial.perform(DEVICE % ', until: "text=Signed in"', within_s=3)


def test_a_selector_that_is_none_stops_the_step_before_the_person_has_waited(on_page):
    trial = on_page(WAITING, person=Person(waits_for_page=True))
    with pytest.raises(StepFailed) as stopped:
        trial.perform(DEVICE % ', until: "css=:::"')
    assert stopped.value.code == "target.bad_selector"


@pytest.mark.req("RUN-7", "HUMAN-2")
def test_an_act_by_hand_needs_a_window_or_a_person_who_sees_the_page(on_page):
    step = 'wait_human: { reason: "Choose a plan", kind: action }'
    trial = on_page("<p>Plans</p>")
    with pytest.raises(HumanUnreachable) as stopped:
        trial.perform(step)
    assert stopped.value.code == "human.no_window"
    assert "--headed" in stopped.value.next_step
    assert trial.person.asked == []
    trial = on_page("<p>Plans</p>", person=PersonAtPage())
    assert "done by tester" in trial.perform(step)
