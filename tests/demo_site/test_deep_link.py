"""Projects: an address that asks for a sign-in, and is forgotten over it."""

import re

import pytest

FORM = "/projects/alpha/keys/new"


def key_in(answer):
    found = re.search(r'data-credential="key-string">([^<]+)<', answer.text)
    return found.group(1) if found else ""


def sign_in_from(visitor, path):
    """Follow `path` as a stranger, and sign in where it leads."""
    visitor.open(path)
    visitor.submit("/login", {"email": visitor.account.email, "password": visitor.account.password})
    return visitor.give_code(visitor.codes()[-1])


def test_a_stranger_signs_in_and_lands_on_the_home_page(visitor):
    assert visitor.open(FORM).url.path == "/login"
    assert sign_in_from(visitor, FORM).url.path == "/products"
    assert visitor.open(FORM).url.path == FORM


def test_no_address_can_say_where_a_sign_in_lands(visitor):
    assert sign_in_from(visitor, f"{FORM}?landing=https://elsewhere.example").url.path == "/products"


def test_an_ordinary_sign_in_lands_where_it_always_does(visitor):
    assert visitor.sign_in().url.path == "/api-keys"
    visitor.submit("/logout", {})
    assert sign_in_from(visitor, "/projects").url.path == "/api-keys"


def test_the_key_is_in_one_answer_and_made_once(visitor):
    visitor.sign_in()
    visitor.open(FORM)
    fields = visitor.hidden() | {"display_name": "demo-only-deep"}
    first, again = (visitor.client.post("/projects/alpha/keys", data=fields) for _ in range(2))
    assert visitor.whoami(key_in(first)) == 200
    assert key_in(again) == ""
    assert visitor.open("/api-keys").text.count("demo-only-deep<") == 1


def test_without_csrf_token_no_key_is_made(visitor):
    visitor.sign_in()
    assert visitor.client.post("/projects/alpha/keys", data={"display_name": "x"}).status_code == 403
    assert visitor.client.post("/projects/alpha/keys").status_code == 403


def test_a_key_without_a_name_is_asked_for_again(visitor):
    visitor.sign_in()
    visitor.open(FORM)
    answer = visitor.submit("/projects/alpha/keys", {"display_name": " "})
    assert (answer.status_code, key_in(answer)) == (422, "")


def test_a_project_that_is_not_there_is_not_found(visitor):
    assert visitor.open("/projects/omega/keys/new").status_code == 404


@pytest.mark.browser
def test_a_person_goes_from_the_projects_to_a_key(person, running):
    person.goto("/projects")
    person.get_by_role("listitem").filter(has_text="Alpha").get_by_role("link", name="Add a key").click()
    person.get_by_label("Display name").fill("demo-only-tile")
    person.get_by_role("button", name="Add key").click()
    person.wait_for_selector("[data-credential=key-string]:has-text('exk_live_')")
    assert [key.name for key in running.live_keys()] == ["demo-only-tile"]
