"""Mail: the key comes by a second request, once, into a read-only field."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect


def make_credential(visitor):
    """Make one; answers where its page asks for the key."""
    visitor.open("/mail/credentials/new")
    answer = visitor.submit("/mail/credentials", {"label": "demo-only-mail", "permission": "sending"})
    found = re.search(r'data-secret="([^"]+)"', answer.text)
    assert found is not None
    return found.group(1)


def ask(visitor, address):
    return visitor.client.post(address, headers={"X-CSRF-Token": visitor.csrf()})


def test_the_key_is_in_no_page_and_in_one_answer(visitor):
    visitor.sign_in()
    address = make_credential(visitor)
    shown = visitor.page.text
    answer = ask(visitor, address)
    key = answer.json()["api_key"]
    assert key not in shown
    assert answer.headers["cache-control"] == "no-store"
    assert visitor.whoami(key) == 200
    assert ask(visitor, address).status_code == 410


def test_a_key_that_nobody_asked_for_is_let_go_after_five_minutes(visitor):
    visitor.sign_in()
    address = make_credential(visitor)
    visitor.clock.advance(timedelta(minutes=5))
    assert ask(visitor, address).status_code == 410


def test_the_key_is_for_its_account_only(visitor_with):
    owner, other = visitor_with(), visitor_with()
    owner.sign_in()
    other.sign_in()
    address = make_credential(owner)
    assert ask(other, address).status_code == 410
    assert other.open(address.removesuffix("/secret").replace("/api/", "/")).status_code == 404
    assert ask(owner, address).status_code == 200


def test_without_csrf_token_no_key_is_made_or_told(visitor, site):
    visitor.sign_in()
    fields = {"label": "demo-only", "permission": "sending"}
    assert visitor.client.post("/mail/credentials", data=fields).status_code == 403
    address = make_credential(visitor)
    assert visitor.client.post(address).status_code == 403
    assert ask(visitor, address).status_code == 200


def test_sending_the_form_twice_makes_one_key(visitor):
    visitor.sign_in()
    visitor.open("/mail/credentials/new")
    fields = visitor.hidden() | {"label": "demo-only-twice", "permission": "full"}
    for _ in range(2):
        visitor.client.post("/mail/credentials", data=fields)
    assert visitor.open("/mail").text.count("demo-only-twice") == 1


@pytest.mark.parametrize(
    "fields", [{"label": " ", "permission": "full"}, {"label": "x", "permission": "root"}]
)
def test_a_credential_that_can_not_be_made_is_asked_for_again(visitor, fields):
    visitor.sign_in()
    visitor.open("/mail/credentials/new")
    answer = visitor.submit("/mail/credentials", fields)
    assert answer.status_code == 422
    assert 'name="label"' in answer.text


@pytest.mark.browser
def test_the_field_is_empty_then_holds_the_key_and_after_a_reload_a_mask(person, running):
    person.goto("/mail/credentials/new")
    person.get_by_label("Label").fill("demo-only-field")
    held = []
    person.route(
        "**/secret", lambda route: held.append(route)
    )  # the answer that fills the field is kept back
    with person.expect_request("**/secret"):
        person.get_by_role("button", name="Generate credential").click()
    field = person.get_by_label("API key")
    assert field.get_attribute("readonly") == ""
    assert field.input_value() == ""
    held.pop().continue_()
    expect(field).to_have_value(re.compile(r"exk_live_\w{32}$"))
    assert field.get_attribute("value") is None
    person.unroute("**/secret")
    person.reload()
    expect(field).to_have_value(re.compile(r"exk_live_•+\w{4}$"))
    assert [key.name for key in running.live_keys()] == ["demo-only-field"]
