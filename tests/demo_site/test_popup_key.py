"""Registry: a key that is made and shown in a window of its own."""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect


def generate(visitor, **fields):
    visitor.open("/registry/tokens/new")
    return visitor.submit("/registry/tokens/new", {"note": "demo-only-popup", "access": "pull"} | fields)


def token_in(answer):
    found = re.search(r'<samp id="token">([^<]+)</samp>', answer.text)
    return found.group(1) if found else ""


def test_the_token_is_in_one_answer_and_on_no_page(visitor):
    visitor.sign_in()
    answer = generate(visitor)
    token = token_in(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert visitor.whoami(token) == 200
    assert "demo-only-popup" in visitor.open("/registry").text
    assert all(token not in visitor.open(path).text for path in ("/registry", "/registry/tokens/new"))


def test_sending_the_form_twice_makes_one_token(visitor):
    visitor.sign_in()
    visitor.open("/registry/tokens/new")
    fields = visitor.hidden() | {"note": "demo-only-twice", "access": "push"}
    first, again = (visitor.client.post("/registry/tokens/new", data=fields) for _ in range(2))
    assert (bool(token_in(first)), token_in(again), again.status_code) == (True, "", 409)
    assert visitor.open("/registry").text.count("demo-only-twice") == 1


def test_without_csrf_token_no_token_is_made(visitor, site):
    visitor.sign_in()
    fields = {"note": "demo-only", "access": "pull"}
    assert visitor.client.post("/registry/tokens/new", data=fields).status_code == 403
    assert "demo-only<" not in visitor.open("/registry").text


@pytest.mark.parametrize("fields", [{"note": ""}, {"access": "root"}])
def test_a_token_that_can_not_be_made_is_asked_for_again(visitor, fields):
    visitor.sign_in()
    answer = generate(visitor, **fields)
    assert answer.status_code == 422
    assert 'name="note"' in answer.text


@pytest.mark.browser
def test_done_closes_the_window_and_the_page_that_opened_it_shows_the_new_row(person, running):
    person.goto("/registry")
    with person.expect_popup() as opened:
        person.get_by_role("button", name="Generate token").click()
    window = opened.value
    assert window.evaluate("opener === null") is False
    window.get_by_label("Note").fill("demo-only-window")
    window.get_by_role("button", name="Generate").click()
    expect(window.locator("#token")).to_contain_text("exk_live_")
    # The window may be gone before the browser has answered that the click is done.
    with window.expect_event("close"), suppress(PlaywrightError):
        window.get_by_role("button", name="Done").click()
    expect(person.locator("#tokens td", has_text="demo-only-window")).to_have_count(1)
    assert [key.name for key in running.live_keys()] == ["demo-only-window"]
