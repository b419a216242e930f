"""Deploy: a token for those who approve it on the phone."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

CONFIRM, MADE = "/deploy/tokens/confirm", "/deploy/tokens/made"


def request_token(visitor, name="demo-only-deploy"):
    visitor.open("/deploy")
    return visitor.submit("/deploy/tokens", {"token_name": name})


def standing(visitor):
    return visitor.client.get(f"{CONFIRM}/standing").json()["standing"]


def question(visitor):
    """Where the answer to the question on the phone goes; None if nothing is asked there."""
    text = visitor.client.get(f"/phone/{visitor.account.device_id}/messages").text
    found = re.search(r'action="(/phone/[^"]+/approvals/[^"]+)"', text)
    assert text.count("data-approve") == text.count("data-deny") == (1 if found else 0)
    return found.group(1) if found else None


def answer(visitor, answer):
    return visitor.client.post(question(visitor), data={"answer": answer})


def make(visitor):
    return visitor.submit(MADE, {})


def token_in(answer):
    found = re.search(r'id="deploy-token">([^<]+)<', answer.text)
    return found.group(1) if found else ""


@pytest.fixture
def waiting(visitor):
    visitor.sign_in()
    assert "data-waiting-for-device" in request_token(visitor).text
    return visitor


def test_an_approved_token_is_shown_once_and_works(waiting):
    assert standing(waiting) == "waiting"
    answer(waiting, "approve")
    assert (standing(waiting), question(waiting)) == ("approved", None)
    shown = make(waiting)
    assert waiting.whoami(token_in(shown)) == 200
    assert token_in(shown) not in waiting.open("/deploy").text


def test_one_approval_makes_one_token(waiting):
    answer(waiting, "approve")
    fields = waiting.hidden()
    answers = [waiting.client.post(MADE, data=fields) for _ in range(2)]
    assert [bool(token_in(each)) for each in answers] == [True, False]
    assert waiting.open("/deploy").text.count("demo-only-deploy") == 1


def test_before_the_phone_has_said_yes_no_token_is_made(waiting):
    assert token_in(make(waiting)) == ""
    assert "demo-only-deploy" not in waiting.open("/deploy").text


def test_a_denied_token_is_not_made_and_the_page_says_so(waiting):
    answer(waiting, "deny")
    assert standing(waiting) == "denied"
    assert token_in(make(waiting)) == ""
    assert 'data-device-outcome="denied"' in waiting.open(CONFIRM).text


def test_a_question_expires_after_two_minutes_and_can_not_be_answered_then(waiting):
    place = question(waiting)
    waiting.clock.advance(timedelta(minutes=2))
    assert (standing(waiting), question(waiting)) == ("expired", None)
    waiting.client.post(place, data={"answer": "approve"})
    assert standing(waiting) == "expired"
    assert 'data-device-outcome="expired"' in waiting.open(CONFIRM).text


def test_the_first_answer_counts(waiting):
    place = question(waiting)
    for said in ("deny", "approve"):
        waiting.client.post(place, data={"answer": said})
    assert standing(waiting) == "denied"


def test_the_newest_question_is_asked_first(waiting):
    first = question(waiting)
    request_token(waiting, "demo-only-newer")
    assert question(waiting) != first
    answer(waiting, "deny")
    assert question(waiting) == first


@pytest.mark.parametrize("said", ["", "yes"])
def test_an_answer_that_is_none_is_refused(waiting, said):
    assert answer(waiting, said).status_code == 404
    assert standing(waiting) == "waiting"


def test_a_question_is_answered_on_its_own_phone_only(waiting, visitor_with):
    other = visitor_with()
    place = question(waiting).replace(waiting.account.device_id, other.account.device_id)
    assert waiting.client.post(place, data={"answer": "approve"}).status_code == 404
    assert standing(waiting) == "waiting"


def test_without_csrf_token_nobody_is_asked_and_nothing_is_made(waiting):
    answer(waiting, "approve")
    assert waiting.client.post(MADE).status_code == 403
    assert waiting.client.post("/deploy/tokens", data={"token_name": "demo-only"}).status_code == 403
    assert question(waiting) is None


@pytest.mark.parametrize("name", [" ", "x" * 65])
def test_a_token_that_can_not_be_made_is_asked_for_again(visitor, name):
    visitor.sign_in()
    if name.strip():
        request_token(visitor, name)
        answer(visitor, "approve")
        page = make(visitor)
    else:
        page = request_token(visitor, name)
    assert (page.url.path, token_in(page)) == ("/deploy", "")
    assert 'role="alert"' in page.text


@pytest.mark.browser
@pytest.mark.parametrize("said", ["approve", "deny"])
def test_the_page_goes_on_by_itself_once_the_phone_has_answered(person, running, account, said):
    person.goto("/deploy")
    person.get_by_label("Token name").fill("demo-only-phone")
    person.get_by_role("button", name="Request token").click()
    expect(person.locator("[data-waiting-for-device]")).to_be_visible()
    phone = person.context.new_page()
    phone.goto(running.phones[account.email])
    expect(phone.get_by_role("alertdialog")).to_contain_text("127.0.0.1")
    phone.locator(f"[data-{said}]").click()
    if said == "approve":
        expect(person.locator("#deploy-token")).to_have_text(re.compile(r"^exk_live_\w{32}$"))
    else:
        expect(person.locator("[data-device-outcome=denied]")).to_be_visible()
    expect(phone.get_by_role("alertdialog")).to_have_count(0)
    assert len(running.live_keys()) == (said == "approve")
