"""Example ID: one sign-in for all services, and nobody is sent anywhere but back to a service."""

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from demo_site.sso.log import SignInEvent, read_sign_ins
from demo_site.sso.services import BY_SLUG, SERVICES
from tests.demo_site.sso.conftest import PORTS

ATLAS, BEACON = BY_SLUG["atlas"], BY_SLUG["beacon"]
CALLBACK = f"http://testserver:{PORTS['atlas']}/callback"
RIGHT = {
    "response_type": "code",
    "client_id": "atlas",
    "redirect_uri": CALLBACK,
    "scope": "openid email",
    "state": "demo-only-state",
}


@pytest.fixture
def counted(tmp_path):
    def count():
        with closing(sqlite3.connect(tmp_path / "site.sqlite")) as connection:
            return Counter(entry.event for entry in read_sign_ins(connection))

    return count


def ask(guest, **asked):
    return guest.client.get(
        f"{guest.at(None, '/authorize')}?{urlencode(asked, doseq=True)}", follow_redirects=False
    )


def test_one_password_and_one_code_open_all_twelve_services(guest, counted):
    for service in SERVICES:
        assert service.name in guest.enter(service).text
    assert counted() == {
        SignInEvent.PASSWORD_ACCEPTED: 1,
        SignInEvent.CODE_SENT: 1,
        SignInEvent.CODE_ACCEPTED: 1,
        SignInEvent.SERVICE_ENTERED: 12,
    }
    assert len(guest.codes()) == 1


def test_a_password_without_the_code_opens_no_service(guest):
    guest.open(guest.at(ATLAS))
    guest.give_password()
    assert guest.is_asked
    guest.open(guest.at(ATLAS))
    assert guest.is_asked


def test_the_session_is_short_and_the_services_own_outlives_it(guest, counted):
    guest.enter(ATLAS)
    guest.clock.advance(timedelta(minutes=15))
    guest.open(guest.at(ATLAS))
    assert not guest.is_asked
    guest.open(guest.at(BEACON))
    assert guest.is_asked
    guest.enter(BEACON)
    assert counted()[SignInEvent.CODE_SENT] == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://elsewhere.example.net/callback"},
        {"redirect_uri": f"http://testserver:{PORTS['beacon']}/callback"},
        {"redirect_uri": f"{CALLBACK}/"},
        {"redirect_uri": f"{CALLBACK}?next=1"},
        {"redirect_uri": [CALLBACK, "https://elsewhere.example.net/"]},
        {"redirect_uri": ""},
        {"client_id": "nobody"},
        {"client_id": ["atlas", "beacon"]},
        {"response_type": "token"},
        {"scope": "email"},
        {"state": ""},
    ],
)
def test_what_is_not_asked_as_it_must_be_is_refused_and_sent_nowhere(guest, changed):
    unknown = ask(guest, **(RIGHT | changed))
    guest.enter(BEACON)
    known = ask(guest, **(RIGHT | changed))
    assert [answer.status_code for answer in (unknown, known)] == [400, 400]
    assert not any("location" in answer.headers for answer in (unknown, known))


def test_a_right_question_is_answered_with_a_code_and_its_state(guest):
    guest.enter(BEACON)
    answer = ask(guest, **RIGHT)
    assert answer.headers["location"].startswith(f"{CALLBACK}?code=")
    assert answer.headers["location"].endswith("&state=demo-only-state")


def test_the_forms_may_lead_on_to_the_service_that_asks_and_to_no_other(guest):
    guest.open(guest.at(ATLAS))
    policy = guest.page.headers["content-security-policy"]
    assert f"form-action 'self' http://testserver:{PORTS['atlas']};" in policy
    assert guest.open(guest.at(None, "/login")).headers["content-security-policy"] == policy
    guest.open(guest.at(BEACON))
    assert (
        f"form-action 'self' http://testserver:{PORTS['beacon']};"
        in guest.page.headers["content-security-policy"]
    )


def test_a_wrong_password_and_wrong_codes_are_told_and_the_service_is_still_waited_for(guest, counted):
    guest.open(guest.at(ATLAS))
    assert guest.give_password("demo-only-wrong").status_code == 401
    guest.give_password()
    for _ in range(3):
        guest.give_code(guest.wrong_code())
    assert str(guest.page.url) == guest.at(None, "/login")
    guest.give_password()
    guest.give_code(guest.codes()[-1])
    assert str(guest.page.url) == guest.at(ATLAS)
    assert (counted()[SignInEvent.PASSWORD_REFUSED], counted()[SignInEvent.CODE_REFUSED]) == (1, 3)


@pytest.mark.parametrize("path", ["/login", "/logout"])
def test_a_form_of_another_site_changes_nothing(guest, path, counted):
    guest.enter(ATLAS)
    before = counted()
    fields = {"email": guest.account.email, "password": guest.account.password, "csrf": "demo-only"}
    assert guest.client.post(guest.at(None, path), data=fields).status_code == 403
    assert counted() == before
    assert "Your services" in guest.open(guest.at(None)).text


def test_after_signing_out_the_next_service_asks(guest):
    guest.enter(ATLAS)
    guest.open(guest.at(None))
    guest.submit(guest.at(None, "/logout"), {})
    guest.open(guest.at(BEACON))
    assert guest.is_asked


def test_the_account_page_leads_to_every_service(guest):
    guest.enter(ATLAS)
    text = guest.open(guest.at(None)).text
    assert all(f'href="{guest.at(service)}"' in text for service in SERVICES)
