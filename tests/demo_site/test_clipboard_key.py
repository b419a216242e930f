"""Maps: a key that goes to the clipboard and is on no page."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect


def add_key(visitor, name="demo-only-map"):
    visitor.open("/maps")
    return visitor.submit("/maps/api/keys", {"name": name})


def copy_address(answer):
    found = re.search(r'data-address="([^"]+)"', answer.text)
    assert found is not None
    return found.group(1)


def copy(visitor, address):
    return visitor.client.post(address, headers={"X-CSRF-Token": visitor.csrf()})


def test_the_key_is_told_once_and_is_in_no_page(visitor):
    visitor.sign_in()
    tile = add_key(visitor)
    address = copy_address(tile)
    answer = copy(visitor, address)
    key = answer.json()["key"]
    assert key not in tile.text + visitor.open("/maps").text
    assert visitor.whoami(key) == 200
    assert copy(visitor, address).status_code == 410


def test_a_page_that_was_opened_later_offers_no_copy(visitor):
    visitor.sign_in()
    add_key(visitor)
    assert "demo-only-map" in visitor.open("/maps").text
    assert "data-address" not in visitor.page.text


def test_a_key_is_for_its_account_and_for_five_minutes(visitor_with):
    owner, other = visitor_with(), visitor_with()
    owner.sign_in()
    other.sign_in()
    address = copy_address(add_key(owner))
    assert copy(other, address).status_code == 410
    owner.clock.advance(timedelta(minutes=5))
    assert copy(owner, address).status_code == 410


def test_without_csrf_token_no_key_is_made_or_told(visitor, site):
    visitor.sign_in()
    assert visitor.client.post("/maps/api/keys", data={"name": "demo-only"}).status_code == 403
    address = copy_address(add_key(visitor))
    assert visitor.client.post(address).status_code == 403
    assert copy(visitor, address).status_code == 200


def test_a_name_that_will_not_do_is_told_as_text(visitor):
    visitor.sign_in()
    answer = add_key(visitor, " ")
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.browser
def test_a_clipboard_that_was_refused_at_first_gets_the_same_key_later(person, running):
    person.context.grant_permissions([], origin=running.url)  # and so none that isn't named
    person.goto("/maps")
    person.get_by_text("Create a key").click()
    person.get_by_label("App name").fill("demo-only-copy")
    person.get_by_role("button", name="Add key").click()
    person.get_by_role("button", name="Copy key").click()
    expect(person.get_by_text("Your browser doesn't let this page use the clipboard")).to_be_visible()
    person.context.grant_permissions(["clipboard-write"], origin=running.url)
    person.get_by_role("button", name="Copy key").click()
    expect(person.get_by_role("button", name="Copied")).to_be_disabled()
    assert re.search(r"exk_live_\w", person.content()) is None
    assert [key.name for key in running.live_keys()] == ["demo-only-copy"]
