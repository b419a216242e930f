"""How the token is read out of what shows it (REC-1)."""

import re

import pytest

from tests.record.compose.sittings import CONSOLE, SHAPE, Sitting, button, element, submit, text_field, way
from tokenbroker.record.compose import compose
from tokenbroker.record.compose.capture import reading
from tokenbroker.record.recording import TOKEN_MARK, TokenSeen
from tokenbroker.run.steps.reading import Recipe

pytestmark = pytest.mark.req("REC-1")
SPAN = element(way("css", ".token"), tag="span")
TOKEN = "demo_4f9a81c2e7b34d5fa0c9e8d7b6a5f4e3d2c1b0"


def options(
    text: str, *, source: str = "text", shape: str = SHAPE, is_wrapped: bool = False, seen=SPAN
) -> dict:
    token = TokenSeen(source=source, around=text.replace("T", TOKEN_MARK), shape=shape, is_wrapped=is_wrapped)
    return reading(token, seen).options


def read_again(text: str, said: dict) -> str:
    """What a run reads out of `text` with these options."""
    pattern = re.compile(said["pattern"]) if "pattern" in said else None
    recipe = Recipe(
        source=said.get("from"), attribute=None, pattern=pattern, unwrap=said.get("unwrap", False)
    )
    return recipe.token_in(text)


@pytest.mark.parametrize("text", ["T", " T\n", ""])
def test_an_element_that_holds_nothing_else_needs_no_pattern(text):
    assert options(text) == {}


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("Your new key is T. It is shown once.", r"Your new key is (\S+)\."),
        ("Your new key is T", r"Your new key is (\S+)"),
        ("Here it is:\n\nT\n\nCopy it now", r"Here it is:\s+(\S+)"),
        ("T Click to copy", r"(\S+) Click to copy"),
        ("TClick to copy", r"^\s*(\S+?)Click to copy"),
        ("Key 12 of 30 is ready: T!", r"is ready: (\S+)!"),
        ("export API_KEY=T", f"({SHAPE})"),
        ("#4711 T (v2)", f"({SHAPE})"),
        ("A rather long sentence that says what T is", r"long sentence that says what (\S+)"),
    ],
)
def test_the_words_around_it_say_which_part_it_is(text, pattern):
    said = options(text)
    assert said == {"pattern": pattern}
    assert read_again(text.replace("T", TOKEN, 1), said) == TOKEN


def test_a_token_that_is_wrapped_is_read_up_to_the_words_after_it():
    said = options(" T\n Click to copy ", is_wrapped=True)
    assert said == {"pattern": r"(?s)^(.+?)\s*Click to copy", "unwrap": True}
    assert read_again(f" {TOKEN[:20]}\n{TOKEN[20:]}\n Click to copy ", said) == TOKEN


def test_a_wrapped_token_alone_needs_no_pattern():
    assert options("T", is_wrapped=True) == {"unwrap": True}


def test_a_text_of_which_nothing_lasts_is_told_to_the_person():
    read = reading(TokenSeen(source="text", around=f"12 {TOKEN_MARK} 34", is_wrapped=True), SPAN)
    assert read.options == {"unwrap": True}
    assert read.note


@pytest.mark.parametrize(
    ("source", "seen", "said"),
    [
        ("text", SPAN, {}),
        ("value", text_field("Key", "#key"), {}),
        ("value", SPAN, {"from": "value"}),
        ("text", text_field("Key", "#key"), {"from": "text"}),
        ("clipboard", button("Copy", "#copy"), {"from": "clipboard"}),
        ("attribute:data-key", SPAN, {"from": "attribute", "attribute": "data-key"}),
    ],
)
def test_where_it_stands_is_said_where_it_is_not_the_usual_place(source, seen, said):
    assert options("T" if source != "clipboard" else "", source=source, seen=seen) == said


def test_a_shape_that_is_no_regular_expression_is_none():
    assert reading(TokenSeen(source="text", shape="[a-"), SPAN).shape == ""


def test_a_second_token_has_a_reference_of_its_own_and_may_be_shown_for_it():
    sitting = Sitting()
    sitting.go("/keys")
    sitting.click(submit("Create", "#create", form=f"{CONSOLE}/keys"))
    sitting.token(element(way("css", ".id"), tag="code"))
    sitting.click(button("Show secret", "#show"))
    sitting.token(element(way("css", ".secret"), tag="code"))
    draft = compose(sitting.recording(), site="example", flow="sample", sink="vault")
    captured = [each.options["secret_ref"] for each in draft.steps if each.verb == "capture_token"]
    assert captured == ["vault:example/sample", "vault:example/sample-2"]
    assert "ignore[TB302]" in draft.steps[-2].comment


def test_without_a_token_the_draft_says_so():
    sitting = Sitting()
    sitting.go("/keys")
    draft = compose(sitting.recording(), site="example", flow="sample")
    assert [each.verb for each in draft.steps] == ["navigate"]
    assert any("capture_token" in note for note in draft.notes)
