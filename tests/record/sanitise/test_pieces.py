"""Pieces of tokens, tokens that are words, and half characters (REC-2)."""

import pytest

from tests.record.sanitise.recordings import clicked, own, sanitised, selected, shown, typed
from tokenbroker.record.recording import TOKEN_MARK, TokenSeen
from tokenbroker.record.sanitise import Rule

pytestmark = pytest.mark.req("REC-2")

TOKEN = "demo_only_q7ZxP0aLm3Rt9VbKw2Ye8Ugh41Qzxw"  # pragma: allowlist secret


def seen(text: str, **said: object) -> TokenSeen:
    token = sanitised(shown(text, **said)).recording.events[0].token
    assert token is not None
    return token


@pytest.mark.parametrize(
    "text",
    [
        "Secret: correct horse battery staple",
        "Key of Ada Lovelace: tok_ab12",
        f"Key of Ada Lovelace: {TOKEN}",
    ],
)
def test_words_that_may_be_the_token_or_a_name_are_not_told(text: str) -> None:
    assert seen(text).around == ""


def test_ordinary_words_around_a_token_that_is_like_no_word_are_told() -> None:
    said = "Your new key is {}. It is shown once, so keep it in a safe place"
    assert seen(said.format(TOKEN)).around == said.format(TOKEN_MARK)


def test_each_word_that_may_be_one_of_the_token_is_sought() -> None:
    done = sanitised(
        shown("Secret: correct horse battery staple"), clicked("Staple horse"), clicked("My horse")
    )

    assert [event.element.label for event in done.recording.events[1:] if event.element] == ["", ""]
    assert done.why_not("the horse") is Rule.TOKEN


@pytest.mark.parametrize("words", ["Key Qzxw saved", "Key …1Qzxw saved", "Key demo_o saved"])
def test_the_ends_of_the_token_are_found_as_words(words: str) -> None:
    done = sanitised(shown(TOKEN), clicked(words), clicked("Key qzxwort saved"))

    labels = [event.element.label for event in done.recording.events[1:] if event.element]
    assert labels == ["", "Key qzxwort saved"]


def test_what_was_typed_stays_a_parameter_where_it_stands_beside_the_token() -> None:
    done = sanitised(typed("robot", "Name"), shown("robot tok_ab12"))

    assert done.recording.events[0].ref == "param:name"
    assert not done.params[0].personal


def test_half_a_character_stops_nothing() -> None:
    half = "\ud83d"
    events = (typed(f"ab{half}cdef", "Name"), clicked(f"{half}Save"), clicked("\\ud83d Save"))
    done = sanitised(*events, shown(half + TOKEN), selected(half), owns=(own("name", f"Ada{half}"),))

    assert done.why_not(half) is None
    assert half not in repr(done.recording)
    assert done.inputs["param:name"].reveal() == "ab\ufffdcdef"
