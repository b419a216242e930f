"""Storage: the key is cut into lines."""

import re

import pytest
from playwright.sync_api import expect


def add(visitor, **fields):
    visitor.open("/storage")
    return visitor.submit("/storage/credentials", {"for": "demo-only-wrapped", "rights": "ro"} | fields)


def lines_in(answer):
    return [line.replace("<wbr>", "") for line in re.findall(r'"card__line">(.*?)</span>', answer.text)]


def test_the_lines_make_a_key_that_works_and_no_page_shows_them_again(visitor):
    visitor.sign_in()
    answer = add(visitor)
    lines = lines_in(answer)
    assert len(lines) == 3
    assert visitor.whoami("".join(lines)) == 200
    assert "".join(lines) not in answer.text
    listing = visitor.open("/storage").text
    assert "demo-only-wrapped" in listing
    assert not any(line in listing for line in lines[1:])


def test_sending_the_form_twice_makes_one_key(visitor):
    visitor.sign_in()
    visitor.open("/storage")
    fields = visitor.hidden() | {"for": "demo-only-twice", "rights": "rw"}
    first, again = (visitor.client.post("/storage/credentials", data=fields) for _ in range(2))
    assert (bool(lines_in(first)), lines_in(again)) == (True, [])
    assert visitor.open("/storage").text.count("demo-only-twice") == 1


def test_without_csrf_token_no_key_is_made(visitor):
    visitor.sign_in()
    fields = {"for": "demo-only", "rights": "ro"}
    assert visitor.client.post("/storage/credentials", data=fields).status_code == 403
    assert "demo-only<" not in visitor.open("/storage").text


@pytest.mark.parametrize("fields", [{"for": ""}, {"rights": "root"}])
def test_a_credential_that_can_not_be_made_is_asked_for_again(visitor, fields):
    visitor.sign_in()
    answer = add(visitor, **fields)
    assert (answer.status_code, lines_in(answer)) == (422, [])


@pytest.mark.browser
def test_the_block_shows_three_lines_and_the_words_that_copy_them(person, running):
    person.goto("/storage")
    person.get_by_label("Used by").fill("demo-only-card")
    person.get_by_role("button", name="Add credential").click()
    block = person.locator("[data-secret]")
    expect(block).to_be_visible()
    shown = block.inner_text().split()
    assert [len(line) for line in shown[:3]] == [15, 15, 11]
    assert shown[3:] == ["Click", "to", "copy"]
    assert [key.name for key in running.live_keys()] == ["demo-only-card"]
