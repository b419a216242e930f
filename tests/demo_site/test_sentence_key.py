"""Functions: the key is a word of a sentence."""

import re

import pytest
from playwright.sync_api import expect


def issue(visitor, caller="demo-only-sentence"):
    visitor.open("/functions")
    return visitor.submit("/functions/keys", {"caller": caller})


def key_in(answer):
    found = re.search(r"<p>Your new key is (\S+)\. Keep it safe\.</p>", answer.text)
    return found.group(1) if found else ""


def test_the_key_is_in_one_answer_and_on_no_page(visitor):
    visitor.sign_in()
    answer = issue(visitor)
    key = key_in(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert visitor.whoami(key) == 200
    listing = visitor.open("/functions").text
    assert "demo-only-sentence" in listing
    assert key not in listing


def test_sending_the_form_twice_makes_one_key(visitor):
    visitor.sign_in()
    visitor.open("/functions")
    fields = visitor.hidden() | {"caller": "demo-only-twice"}
    first, again = (visitor.client.post("/functions/keys", data=fields) for _ in range(2))
    assert (bool(key_in(first)), key_in(again)) == (True, "")
    assert visitor.open("/functions").text.count("demo-only-twice") == 1


def test_without_csrf_token_no_key_is_made(visitor):
    visitor.sign_in()
    assert visitor.client.post("/functions/keys", data={"caller": "demo-only"}).status_code == 403
    assert "demo-only<" not in visitor.open("/functions").text


def test_a_key_without_a_name_is_asked_for_again(visitor):
    visitor.sign_in()
    answer = issue(visitor, " ")
    assert (answer.status_code, key_in(answer)) == (422, "")
    assert 'name="caller"' in answer.text


@pytest.mark.browser
def test_the_sentence_is_one_text_node(person, running):
    person.goto("/functions")
    person.get_by_label("Caller").fill("demo-only-node")
    person.get_by_role("button", name="Issue key").click()
    notice = person.locator(".flash-notice p")
    expect(notice).to_have_text(re.compile(r"^Your new key is exk_live_\w{32}\. Keep it safe\.$"))
    assert notice.evaluate("p => [p.childNodes.length, p.firstChild.nodeName]") == [1, "#text"]
    assert [key.name for key in running.live_keys()] == ["demo-only-node"]
