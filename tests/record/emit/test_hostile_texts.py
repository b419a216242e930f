"""Whatever a draft says stands in literals and comments of its spec, and can't get out of them."""

import pytest
from hypothesis import example, given, settings

from tests.record.emit.hostile import HOSTILE, MARK, hostile_draft, hostile_drafts, texts
from tests.record.emit.typescript import NotTypeScript, is_balanced, words
from tokenbroker.record.draft import Draft
from tokenbroker.record.emit.literal import comment, string, template
from tokenbroker.record.emit.spec import emit_spec

pytestmark = pytest.mark.req("REC-1")


def is_contained(draft: Draft) -> bool:
    """Whether nothing foreign stands outside of literals, comments, and names that were made of it."""
    text = emit_spec(draft)
    loose = [word.text for word in words(text) if word.kind == "code" and MARK in word.text]
    # camelCase and SCREAMING_CASE names hold letters and digits only, which is all that `words` lets through.
    return is_balanced(text) and not any(word in (MARK, f"{MARK}()") for word in loose)


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_hostile_text_stays_where_it_was_put(number: int) -> None:
    assert is_contained(list(hostile_drafts())[number])


@settings(max_examples=40, deadline=None)
@given(text=texts, other=texts)
@example(text="\\", other="'")
def test_no_text_gets_out(text: str, other: str) -> None:
    assert is_contained(hostile_draft(text, other))


@given(text=texts)
def test_a_string_literal_is_one_word_and_says_the_text(text: str) -> None:
    (word,) = words(string(text))
    assert word.kind == "string"
    # Of what is written there, Python and JavaScript read the same; a character may be a pair of halves.
    read = word.text[1:-1].encode("ascii", "backslashreplace").decode("unicode_escape")
    assert read.encode("utf-16", "surrogatepass") == text.encode("utf-16", "surrogatepass")


@given(text=texts)
def test_a_template_and_a_comment_are_one_word(text: str) -> None:
    assert [word.kind for word in words(template("PLACE", text))] == ["template"]
    assert [word.kind for word in words(f"// {comment(text)}\n")] == ["comment", "space"]


@pytest.mark.parametrize("text", ["'open", "a `b", "'a'; \u2028 x @", "/* a */"])
def test_the_words_know_what_is_not_closed(text: str) -> None:
    with pytest.raises(NotTypeScript):
        list(words(text))
