"""Checkpoints on pages that keep their address, change one dialog, or begin anew after a wrong code (RUN-12)."""

import pytest

from tests.run.steps.conftest import Person
from tokenbroker.errors import HumanDenied
from tokenbroker.human.checkpoint import Outcome
from tokenbroker.run.failure import StepFailed
from tokenbroker.secret import Secret

pytestmark = [pytest.mark.browser, pytest.mark.req("RUN-12", "HUMAN-1")]

RIGHT, WRONG = "314159", "271828"
ASK = "<form method=post action=/code><input name=code autocomplete=one-time-code></form>"
SIGN_IN = "<form method=post action=/signed><input name=user id=u><input type=password id=p name=p><button>Sign in</button></form>"
FLOW = (
    'type: { selector: "#u", value: "anna" }',
    'type: { selector: "#p", value_ref: "secrets:p" }',
    "click: 'text=Sign in'",
    'wait_human: { reason: "Enter the code" }',
)
INPUTS = {"secrets:p": Secret("demo-only-pw")}


def back_at_the_start(site):
    """A site that ends the sign-in after a wrong code."""
    site.pages["/signed"] = ASK
    site.pages["/code"] = lambda: (
        "<title>in</title>" if RIGHT in site.posts[-1] else "<script>location.replace('/')</script>"
    )


def test_a_wrong_code_that_leads_back_to_the_start_is_gone_to_again(on_page, site):
    back_at_the_start(site)
    trial = on_page(SIGN_IN, person=Person(codes=[WRONG, RIGHT]), inputs=INPUTS)
    *_, remark = trial.perform_all(*FLOW)
    assert trial.stage.page.title() == "in"
    assert remark == "done by tester (test), code 2 of 3 at most"
    assert [checkpoint.attempt for checkpoint in trial.person.asked] == [1, 2]
    assert [post.partition("=")[0] for post in site.posts] == ["user", "code", "user", "code"]


def test_it_is_gone_to_again_only_as_often_as_codes_may_be_wrong(on_page, site):
    back_at_the_start(site)
    trial = on_page(SIGN_IN, person=Person(codes=[WRONG]), inputs=INPUTS)
    with pytest.raises(HumanDenied) as ended:
        trial.perform_all(*FLOW)
    assert ended.value.code == "human.code_refused"
    assert len(trial.person.asked) == 3


def test_what_may_have_created_a_key_is_not_gone_to_again(on_page, site):
    back_at_the_start(site)
    trial = on_page(SIGN_IN, person=Person(codes=[WRONG, RIGHT]), inputs=INPUTS)
    trial.keeping.pressed_any = True
    trial.perform_all(*FLOW)
    assert len([post for post in site.posts if post.startswith("user")]) == 1


ONE_ADDRESS = f"""<div id=app></div><script>
  const start = () => {{ app.innerHTML = '<form onsubmit="ask(); return false"><input id=u><input type=password id=p><button>Sign in</button></form>' }};
  const ask = () => {{ app.innerHTML = '<form onsubmit="judge(this.code.value); return false"><input name=code autocomplete=one-time-code></form>' }};
  const judge = code => {{ if (code === '{RIGHT}') {{ app.innerHTML = '<h1>Welcome</h1>'; document.title = 'in' }} else start() }};
  start();
</script>"""


def test_on_a_page_that_keeps_its_address_the_start_is_known_by_what_it_asks(on_page):
    trial = on_page(ONE_ADDRESS, person=Person(codes=[WRONG, RIGHT]), inputs=INPUTS)
    trial.perform_all(*FLOW)
    assert trial.stage.page.title() == "in"


def dialog(body: str, *, then: str, after_ms: int = 300) -> str:
    """One dialog whose content is swapped in place, `after_ms` after its button was pressed."""
    return f"""<dialog open id=d>{body}<button id=b onclick="setTimeout(() => {{ d.innerHTML = `{then}` }}, {after_ms})">
      Go on</button></dialog>"""


@pytest.mark.parametrize("until", ['"text=Approved"', '[{ text: Approved }, { css: "#d .done" }]'])
def test_until_is_proven_by_the_same_dialog_with_other_content(on_page, until):
    trial = on_page(dialog("Waiting", then="<p class=done>Approved</p>"))
    trial.person.on_ask = lambda: trial.stage.page.click("#b")
    trial.person.waits_for_page = True
    remark = trial.perform(f'wait_human: {{ reason: "Approve it", kind: device, until: {until} }}')
    assert remark == "done by tester (test)"


def test_a_no_in_the_same_dialog_is_a_no(on_page):
    trial = on_page(dialog("Waiting", then="<p>Rejected</p>"))
    trial.person.on_ask = lambda: trial.stage.page.click("#b")
    trial.person.waits_for_page = True
    with pytest.raises(HumanDenied):
        trial.perform(
            'wait_human: { reason: "Approve it", kind: device, until: "text=Approved", denied: "text=Rejected" }'
        )


def test_a_person_who_says_done_too_early_is_held_to_what_the_dialog_shows(on_page):
    trial = on_page(
        dialog("Waiting", then="<p>Approved</p>", after_ms=60_000), person=Person(outcome=Outcome.DONE)
    )
    with pytest.raises(StepFailed) as stopped:
        trial.perform(
            'wait_human: { reason: "Approve it", kind: confirm, until: "text=Approved" }', within_s=1
        )
    assert stopped.value.code == "human.not_proven"


def test_a_code_is_taken_when_the_dialog_that_asked_for_it_shows_something_else(on_page):
    judged = f"if (value === '{RIGHT}') {{ d.innerHTML = '<p>Welcome</p>'; document.title = 'in' }}"
    trial = on_page(
        f'<dialog open id=d><input autocomplete=one-time-code oninput="{judged}"></dialog>',
        person=Person(codes=[RIGHT]),
    )
    trial.perform('wait_human: { reason: "Enter the code", kind: otp, until: "text=Welcome" }')
    assert trial.stage.page.title() == "in"
