"""What a line of Playwright's recorder says, and which ways are worth writing down (REC-1)."""

import json
from typing import Any

import pytest

from tokenbroker.flow.selector import Alternative, Family
from tokenbroker.record.codegen import action_of
from tokenbroker.record.ways import best_of

pytestmark = pytest.mark.req("REC-1")


def located(**locator: Any) -> Alternative | None:
    return action_of(json.dumps({"name": "click", "locator": locator}), window=0).locator


@pytest.mark.parametrize(
    ("locator", "way"),
    [
        ({"kind": "role", "body": "button", "options": {"name": "Go"}}, Alternative(family=Family.ROLE, value="button", name="Go")),
        ({"kind": "test-id", "body": "go"}, Alternative(family=Family.TEST_ID, value="go")),
        ({"kind": "label", "body": "Name"}, Alternative(family=Family.LABEL, value="Name")),
        ({"kind": "placeholder", "body": "Name"}, Alternative(family=Family.PLACEHOLDER, value="Name")),
        ({"kind": "text", "body": "Go on"}, Alternative(family=Family.TEXT, value="Go on")),
        ({"kind": "default", "body": "#go"}, Alternative(family=Family.CSS, value="#go")),
        ({"kind": "role", "body": "button", "options": {}}, None),
        ({"kind": "frame-locator", "body": "iframe", "next": {"kind": "role", "body": "button"}}, None),
        ({"kind": "nth", "body": 2}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_a_locator_becomes_an_alternative_where_a_flow_can_say_it(
    locator: dict[str, Any], way: Alternative | None
) -> None:
    assert located(**locator) == way


@pytest.mark.parametrize(
    "line", ["[]", '{"name": 1}', '{"name": "fill", "text": {}}', '{"name": "x", "locator": []}']
)
def test_a_line_that_is_not_as_it_should_be_says_nothing(line: str) -> None:
    action = action_of(line, window=0)
    assert (action.value, action.locator) == ("", None)


def test_the_first_line_counts_and_a_content_is_in_no_repr() -> None:
    action = action_of('{"name": "fill", "text": "demo-only-x"}\n{"name": "click"}', window=1)
    assert (action.name, action.value, action.window) == ("fill", "demo-only-x", 1)
    assert "demo-only" not in repr(action)


def test_ways_rest_on_different_things_and_the_most_lasting_comes_first() -> None:
    offers = [
        ["css", "input.field"], ["text", "Name"], ["css", 'input[name="token"]'], ["placeholder", "My token"],
        ["label", "Name"], ["role", "textbox", "Name"], ["css", "input[type=email]"],
    ]  # fmt: skip
    assert [each.told for each in best_of(offers)] == [
        "label: Name", "placeholder: My token", 'css: input[name="token"]', "css: input.field",
    ]  # fmt: skip


def test_what_may_be_a_number_or_made_up_is_not_written_down() -> None:
    offers = [
        ["role", "button", "Delete 3 keys"],
        ["css", "#ember123"],
        ["css", "button.x9f3k"],
        ["text", "Delete"],
    ]
    assert [str(each) for each in best_of(offers)] == ["Delete"]


def test_a_path_is_the_last_resort() -> None:
    offers = [["css", "#r4t7"], ["css", "div > p:nth-of-type(2)"]]
    assert [str(each) for each in best_of(offers)] == ["#r4t7"]


def test_of_a_token_s_element_no_words_are_written_down() -> None:
    offers = [["text", "abc"], ["css", "code[data-secret]"], ["css", "main code"], ["css", "#new-token"]]
    ways = [str(each) for each in best_of(offers, is_token=True)]
    assert ways == ["#new-token", "code[data-secret]"]
