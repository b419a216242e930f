"""A service: what comes back from Example ID, whose sessions count, and what its keys open."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from demo_site.sso.log import read_calls
from demo_site.sso.services import BY_SLUG

ATLAS, BEACON, DRIFT = (BY_SLUG[slug] for slug in ("atlas", "beacon", "drift"))


@pytest.fixture
def calls(tmp_path):
    def read(after=0):
        with closing(sqlite3.connect(tmp_path / "site.sqlite")) as connection:
            return read_calls(connection, after=after)

    return read


def test_what_has_signed_in_once_signs_nobody_in_again(guest):
    guest.enter(BEACON)
    answer = guest.authorize(ATLAS)
    assert guest.client.get(answer).status_code == 200
    assert guest.client.get(answer).status_code == 403


def test_a_used_code_is_refused_with_a_fresh_state(guest):
    guest.enter(BEACON)
    used = guest.authorize(ATLAS)
    guest.client.get(used)
    guest.open(guest.at(ATLAS))
    guest.submit(guest.at(ATLAS, "/sign-out"), {})
    fresh = guest.authorize(ATLAS)
    mixed = used.partition("&state=")[0] + "&state=" + fresh.partition("&state=")[2]
    assert guest.client.get(mixed).status_code == 403


def test_an_answer_that_was_made_for_another_browser_signs_nobody_in(guest_with):
    attacker, victim = guest_with(), guest_with()
    attacker.enter(BEACON)
    answer = attacker.authorize(ATLAS)
    assert victim.open(answer).status_code == 403
    victim.open(victim.at(ATLAS))
    assert victim.is_asked


def test_a_code_for_one_service_is_refused_by_another(guest):
    guest.enter(DRIFT)
    to_atlas, to_beacon = guest.authorize(ATLAS), guest.authorize(BEACON)
    code = to_atlas.partition("?")[2].partition("&")[0]
    state = to_beacon.partition("&")[2]
    assert guest.client.get(f"{guest.at(BEACON, '/callback')}?{code}&{state}").status_code == 403


@pytest.mark.parametrize("theirs", ["atlas_session", "example_id_session"])
def test_a_session_of_one_origin_is_worth_nothing_at_another(guest, guest_with, theirs):
    guest.enter(ATLAS)
    thief = guest_with()
    thief.client.cookies.set("beacon_session", guest.client.cookies[theirs])
    thief.open(thief.at(BEACON))
    assert thief.is_asked


def test_every_sign_in_has_a_session_id_of_its_own_out_of_reach_of_scripts(guest):
    before = guest.client.get(guest.at(ATLAS), follow_redirects=False).headers["set-cookie"]
    guest.enter(ATLAS)
    assert "httponly" in before.lower()
    assert "samesite=lax" in before.lower()
    assert guest.client.cookies["atlas_session"] not in before


def test_the_page_that_was_asked_for_follows_the_sign_in(guest):
    guest.enter(BEACON)
    assert str(guest.open(f"{guest.at(ATLAS)}/new").url) == f"{guest.at(ATLAS)}/new"


def test_a_form_without_a_session_leads_nowhere(guest):
    assert guest.client.post(guest.at(ATLAS), data={"name": "demo-only"}).status_code == 403


def test_signing_out_of_a_service_ends_its_session_and_not_its_neighbours(guest):
    guest.enter(ATLAS)
    guest.enter(BEACON)
    cookie = guest.client.cookies["beacon_session"]
    assert "You have signed out" in guest.submit(guest.at(BEACON, "/sign-out"), {}).text
    guest.client.cookies.clear()
    guest.client.cookies.set("beacon_session", cookie)
    guest.open(guest.at(BEACON))
    assert guest.is_asked


def test_a_key_opens_its_service_alone_and_each_call_is_in_the_log(guest, calls):
    guest.enter(ATLAS)
    key = guest.made(ATLAS, "demo-only-caller")
    assert [guest.ask_api(service, key) for service in (ATLAS, BEACON)] == [200, 401]
    guest.end(ATLAS, "demo-only-caller")
    assert guest.ask_api(ATLAS, key) == 401
    told = [(call.service, call.status, call.key_name) for call in calls()]
    assert told == [
        ("atlas", 200, "demo-only-caller"),
        ("beacon", 401, ""),
        ("atlas", 401, "demo-only-caller"),
    ]
    assert [call.status for call in calls(after=calls()[1].number)] == [401]


def test_a_key_with_an_end_is_refused_from_then_on(guest):
    guest.enter(DRIFT)
    key = guest.made(DRIFT, life_days="30")
    guest.clock.advance(timedelta(days=30, seconds=-1))
    assert guest.ask_api(DRIFT, key) == 200
    guest.clock.advance(timedelta(seconds=1))
    assert guest.ask_api(DRIFT, key) == 401


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer atl_unknown"}, {"Authorization": "Basic x"}]
)
def test_a_call_without_a_live_key_is_refused_in_json(guest, header, calls):
    answer = guest.client.get(guest.at(ATLAS, "/v1/me"), headers=header)
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_token"})
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert [(call.status, call.key_id) for call in calls()] == [(401, "")]


@pytest.mark.parametrize("path", ["/nothing", "/keys/x/revoke", "/login"])
def test_what_is_not_there_has_a_page_under_the_same_policy(guest, path):
    guest.enter(ATLAS)
    answer = guest.open(guest.at(ATLAS, path))
    assert answer.status_code == 404
    assert answer.headers["content-security-policy"].startswith("default-src 'none';")
