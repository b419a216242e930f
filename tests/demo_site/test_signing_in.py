"""The password, the lock, the one-time code."""

from datetime import timedelta

import pytest


def test_password_and_code_lead_to_the_keys(visitor):
    assert visitor.give_password().url.path == "/login/verify"
    assert visitor.give_code(visitor.codes()[-1]).url.path == "/api-keys"


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(visitor):
    cookie = visitor.open("/login").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_every_stage_has_a_session_id_of_its_own(visitor):
    ids = []
    for step in (lambda: visitor.open("/login"), visitor.give_password, visitor.sign_in):
        step()
        ids.append(visitor.client.cookies["example_cloud_session"])
    assert len(set(ids)) == 3


@pytest.mark.parametrize("token", [None, "", "not-the-token", "nö"])
def test_a_form_without_the_sessions_csrf_token_is_refused(visitor, token):
    visitor.open("/login")
    fields = {"email": visitor.account.email, "password": visitor.account.password}
    answer = visitor.client.post("/login", data=fields if token is None else fields | {"csrf": token})
    assert answer.status_code == 403
    assert visitor.codes() == []


def test_the_csrf_token_of_another_session_is_refused(visitor_with):
    one, other = visitor_with(), visitor_with()
    one.open("/login")
    other.open("/login")
    other.page = one.page
    assert other.submit("/login", {"email": "", "password": ""}).status_code == 403


def test_five_wrong_passwords_lock_the_account_even_for_the_right_one(visitor):
    statuses = [visitor.give_password("demo-only-wrong").status_code for _ in range(5)]
    assert statuses == [401, 401, 401, 401, 423]
    answer = visitor.give_password()
    assert answer.status_code == 423
    assert "This account is locked" in answer.text
    assert visitor.codes() == []


def test_a_right_password_starts_the_count_again(visitor):
    for _ in range(2):
        for _ in range(4):
            assert visitor.give_password("demo-only-wrong").status_code == 401
        assert visitor.give_password().url.path == "/login/verify"


def test_an_unknown_address_is_answered_like_a_wrong_password(visitor):
    known = visitor.give_password("demo-only-wrong")
    visitor.open("/login")
    unknown = visitor.submit("/login", {"email": "demo-only-nobody@example.test", "password": "demo-only-x"})
    assert (known.status_code, unknown.status_code) == (401, 401)


def test_a_password_without_the_code_opens_nothing(visitor):
    visitor.give_password()
    assert visitor.open("/api-keys").url.path == "/login"
    assert visitor.open("/console").url.path == "/login"
    assert visitor.open("/console/api/keys").status_code == 401


def test_a_wrong_code_asks_again_for_the_same_code(visitor):
    visitor.give_password()
    answer = visitor.give_code(visitor.wrong_code())
    assert answer.status_code == 401
    assert 'id="code"' in answer.text
    assert len(visitor.codes()) == 1
    assert visitor.give_code(visitor.codes()[-1]).url.path == "/api-keys"


def test_three_wrong_codes_lead_back_to_the_login(visitor):
    visitor.give_password()
    right = visitor.codes()[-1]
    for _ in range(3):
        visitor.give_code(visitor.wrong_code())
    assert visitor.path() == "/login"
    assert visitor.give_code(right).url.path == "/login"
    assert visitor.open("/api-keys").url.path == "/login"


def test_a_new_code_replaces_the_old_one_and_buys_no_more_guesses(visitor):
    visitor.give_password()
    visitor.give_code(visitor.wrong_code())
    visitor.give_code(visitor.wrong_code())
    assert visitor.submit("/login/new-code", {}).url.path == "/login/verify"
    assert len(visitor.codes()) == 2
    assert visitor.give_code(visitor.wrong_code()).url.path == "/login"


@pytest.mark.parametrize(("age", "path"), [(299, "/api-keys"), (300, "/login/verify")])
def test_a_code_is_valid_for_five_minutes(visitor, age, path):
    visitor.give_password()
    visitor.clock.advance(timedelta(seconds=age))
    assert visitor.give_code(visitor.codes()[-1]).url.path == path


def test_a_code_is_good_for_one_sign_in(visitor):
    visitor.sign_in()
    used = visitor.codes()[-1]
    visitor.open("/api-keys")
    visitor.submit("/logout", {})
    visitor.give_password()
    if visitor.codes()[-1] != used:  # once in a million times the new code is the old one
        assert visitor.give_code(used).status_code == 401


def test_signing_out_ends_the_session(visitor):
    visitor.sign_in()
    cookie = visitor.client.cookies["example_cloud_session"]
    visitor.submit("/logout", {})
    visitor.client.cookies.set("example_cloud_session", cookie)
    assert visitor.open("/api-keys").url.path == "/login"


def test_a_session_ends_after_eight_hours(visitor):
    visitor.sign_in()
    visitor.clock.advance(timedelta(hours=8))
    assert visitor.open("/api-keys").url.path == "/login"


def test_the_phone_shows_the_newest_code_last_and_marks_it(visitor):
    visitor.give_password()
    visitor.submit("/login/new-code", {})
    text = visitor.open(f"/phone/{visitor.account.device_id}/messages").text
    assert text.count("data-latest-code") == 1
    assert f"<b data-latest-code>{visitor.codes()[-1]}</b>" in text
    assert text.index(visitor.codes()[0]) < text.index("data-latest-code")


def test_a_phone_that_nobody_has_is_not_found(visitor):
    assert visitor.open("/phone/0123456789abcdef0123456789abcdef").status_code == 404
