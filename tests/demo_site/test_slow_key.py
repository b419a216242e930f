"""Batch: as slow and as flaky as it is told to be, and never otherwise."""

import re
import time

import pytest
from playwright.sync_api import expect

KEYS = "/console-slow/api/keys?delay_ms=0"


def statuses(visitor, count):
    return [visitor.client.get(KEYS).status_code for _ in range(count)]


@pytest.fixture
def signed_in(visitor):
    visitor.sign_in()
    return visitor


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ("", [503, 200, 200]),
        ("&failures=0", [200, 200, 200]),
        ("&failures=2", [503, 503, 200]),
        ("&failures=99", [503] * 5 + [200]),
        ("&failures=-1", [503, 200]),
        ("&failures=²", [503, 200]),
    ],
)
def test_so_many_answers_fail_as_were_asked_for(signed_in, query, seen):
    signed_in.open(f"/console-slow/keys?delay_ms=0{query}")
    assert statuses(signed_in, len(seen)) == seen


def test_without_a_wish_a_session_fails_once_however_often_the_page_is_opened(signed_in):
    for expected in (503, 200):
        signed_in.open("/console-slow/keys?delay_ms=0")
        assert statuses(signed_in, 1) == [expected]


def test_one_session_does_not_fail_for_another(visitor_with):
    one, other = visitor_with(), visitor_with()
    for visitor, failures in ((one, 1), (other, 0)):
        visitor.sign_in()
        visitor.open(f"/console-slow/keys?delay_ms=0&failures={failures}")
    assert (statuses(other, 1), statuses(one, 1)) == ([200], [503])


def test_an_answer_takes_as_long_as_was_asked_for(signed_in):
    signed_in.open("/console-slow/keys?delay_ms=0&failures=0")
    began = time.monotonic()
    signed_in.client.get("/console-slow/api/keys?delay_ms=120")
    assert time.monotonic() - began >= 0.12


def test_making_a_key_never_fails_halfway(signed_in):
    signed_in.open("/console-slow/keys?delay_ms=0&failures=5")
    answer = signed_in.client.post(KEYS, content="demo-only-slow", headers={"X-CSRF-Token": signed_in.csrf()})
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    assert signed_in.whoami(answer.json()["token"]) == 200


@pytest.mark.parametrize(("headers", "name", "status"), [({}, "demo-only", 403), (None, " ", 422)])
def test_a_key_that_may_not_or_can_not_be_made_is_refused(signed_in, headers, name, status):
    headers = {"X-CSRF-Token": signed_in.csrf()} if headers is None else headers
    assert signed_in.client.post(KEYS, content=name, headers=headers).status_code == status
    signed_in.open("/console-slow/keys?delay_ms=0&failures=0")
    assert signed_in.client.get(KEYS).json() == {"keys": []}


@pytest.mark.browser
def test_a_person_retries_waits_for_the_button_and_gets_the_token(person, running):
    person.goto("/console-slow/keys?failures=1&delay_ms=100")
    expect(person.get_by_role("alert")).to_contain_text("503")
    person.get_by_role("button", name="Retry").click()
    person.get_by_label("Token name").fill("demo-only-late")
    person.get_by_role("button", name="Create token").click()
    token = person.locator(".bt-token")
    expect(token).to_have_text("Generating…")
    expect(token).to_have_text(re.compile(r"^exk_live_\w{32}$"))
    assert [key.name for key in running.live_keys()] == ["demo-only-late"]
