"""Notebooks: one token a person."""

import re

import pytest

SETTINGS = "/notebooks/settings"


def make(visitor):
    visitor.open(SETTINGS)
    return visitor.submit(f"{SETTINGS}/token", {})


def token_in(answer):
    found = re.search(r"<kbd>([^<]+)</kbd>", answer.text)
    return found.group(1) if found else ""


def revoke(visitor):
    visitor.open(SETTINGS)
    return visitor.submit(f"{SETTINGS}/token/revoke", {})


def test_the_token_is_in_one_answer_and_on_no_page(visitor):
    visitor.sign_in()
    token = token_in(make(visitor))
    assert visitor.whoami(token) == 200
    assert token not in visitor.open(SETTINGS).text


def test_while_one_lives_a_second_is_refused(visitor):
    visitor.sign_in()
    first = token_in(make(visitor))
    again = make(visitor)
    assert (again.status_code, token_in(again)) == (409, "")
    assert "Generate token" not in again.text
    assert visitor.whoami(first) == 200


def test_once_it_is_revoked_a_new_one_can_be_made(visitor):
    visitor.sign_in()
    first = token_in(make(visitor))
    assert "Your token was revoked." in revoke(visitor).text
    second = token_in(make(visitor))
    assert (visitor.whoami(first), visitor.whoami(second)) == (401, 200)


def test_a_token_of_one_person_is_not_in_the_way_of_another(visitor_with):
    one, other = visitor_with(), visitor_with()
    one.sign_in()
    other.sign_in()
    tokens = [token_in(make(one)), token_in(make(other))]
    revoke(one)
    assert (one.whoami(tokens[0]), other.whoami(tokens[1])) == (401, 200)


@pytest.mark.parametrize("path", [f"{SETTINGS}/token", f"{SETTINGS}/token/revoke"])
def test_without_csrf_token_nothing_is_made_or_revoked(visitor, path):
    visitor.sign_in()
    token = token_in(make(visitor))
    assert visitor.client.post(path).status_code == 403
    assert visitor.whoami(token) == 200


@pytest.mark.browser
def test_revoking_asks_in_a_dialog_and_no_means_no(person, running):
    person.goto(SETTINGS)
    person.get_by_role("button", name="Generate token").click()
    person.get_by_role("link", name="I stored it").click()
    revoke = person.get_by_role("button", name="Revoke token")
    person.once("dialog", lambda dialog: dialog.dismiss())
    revoke.click()
    assert len(running.live_keys()) == 1
    person.once("dialog", lambda dialog: dialog.accept())
    revoke.click()
    person.wait_for_selector("text=You have none.")
    assert running.live_keys() == []
