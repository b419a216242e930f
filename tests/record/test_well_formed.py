"""Halves of characters in what a page says (REC-1)."""

import json

import pytest

from tests.record.conftest import Doing, Person, Sit, acts
from tokenbroker.record.codegen import action_of
from tokenbroker.record.recording import What
from tokenbroker.record.well_formed import well_formed

pytestmark = pytest.mark.req("REC-1")


def test_lone_surrogates_are_replaced_at_any_depth_and_whole_characters_stay() -> None:
    told = json.loads(r'{"a\ud800": ["x\udc00y", {"b": "\ud83d\ude00"}], "n": 1, "none": null}')
    assert well_formed(told) == {"a\ufffd": ["x\ufffdy", {"b": "\U0001f600"}], "n": 1, "none": None}


def test_what_playwright_s_recorder_says_is_well_formed() -> None:
    assert action_of(r'{"name": "fill", "text": "a\ud800"}', window=0).value == "a\ufffd"


@pytest.mark.browser
def test_a_label_and_a_notice_with_half_a_character_can_be_written(sit: Sit) -> None:
    def do(person: Person) -> Doing:
        yield from person.until(lambda: person.page.evaluate("window.done"))
        person.click("button")
        yield
        yield

    page = """<button onclick="const h = document.createElement('h2'); h.textContent = 'x'.repeat(118) + '\\ud800' +
      '\\u{1f600}\\u{1f600}'; document.body.append(h)"></button>
    <script>document.querySelector("button").textContent = "Go \\ud800"; done = true;</script>"""
    (pressed,) = acts(sit(do, page))
    assert pressed.what is What.CLICK
    assert pressed.element is not None
    for words in (pressed.element.label, *(each.name for each in pressed.appeared)):
        words.encode()
