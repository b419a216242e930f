"""Of the token only its shape is kept (REC-2)."""

import re

import pytest

from tests.record.sanitise.recordings import clicked, own, sanitised, shown
from tokenbroker.record.recording import TokenSeen
from tokenbroker.record.sanitise import Rule

pytestmark = pytest.mark.req("REC-2")

TOKEN = "demo_only_q7ZxP0aLm3Rt9VbKw2Ye8Ugh41Fd"  # pragma: allowlist secret
LINES = f"{TOKEN[:19]}\n{TOKEN[19:]}"
MARK = "\u2982TOKEN\u2982"


def seen(text: str = TOKEN, **said: object) -> TokenSeen:
    token = sanitised(shown(text, **said), owns=(own("name", "Ada Lovelace"),)).recording.events[0].token
    assert token is not None
    return token


@pytest.mark.parametrize(
    ("text", "said", "around", "is_wrapped"),
    [
        (TOKEN, {}, MARK, False),
        (f"  {TOKEN}\n", {}, MARK, False),
        (f"Bearer {TOKEN}", {}, f"Bearer {MARK}", False),
        (f"Your key: {TOKEN} (copy it now)", {}, f"Your key: {MARK} (copy it now)", False),
        (f"{TOKEN} Click to copy", {"inner": ("Click to copy",)}, f"{MARK} Click to copy", False),
        (f"Your key {TOKEN} ends soon", {"selected": TOKEN}, f"Your key {MARK} ends soon", False),
        (LINES, {}, MARK, True),
        (f"{LINES}\nCopy", {"inner": ("Copy",)}, f"{MARK} Copy", True),
        (f"Ada's key: {TOKEN}", {}, "", False),
        (f"Key 47110815: {TOKEN}", {}, "", False),
        (f'{{"token": "{TOKEN}"}}', {}, f'{{"token": "{MARK}"}}', False),
        (f"TOKEN={TOKEN}", {"selected": TOKEN}, f"TOKEN={MARK}", False),
    ],
)
def test_the_token_is_told_from_the_words_around_it(
    text: str, said: dict[str, object], around: str, is_wrapped: bool
) -> None:
    token = seen(text, **said)

    assert (token.text, token.selected) == ("", "")
    assert (token.around, token.is_wrapped, token.shape) == (around, is_wrapped, "[A-Za-z0-9_]{30,50}")


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("a1b2c3d4", "[A-Za-z0-9]{5,10}"),
        ("demo.only-q7ZxP0aLm3Rt9VbKw2Y", "[A-Za-z0-9.-]{20,35}"),
        ("123e4567-e89b-12d3-a456-426614174000", "[A-Za-z0-9-]{20,50}"),
        ("demo!only?q7ZxP0aLm3Rt9VbK", r"\S{20,35}"),
    ],
)
def test_a_shape_consists_of_classes_and_a_range_and_fits_the_token(value: str, shape: str) -> None:
    assert seen(value).shape == shape
    assert re.fullmatch(shape, value)


def test_a_token_in_groups_is_one() -> None:
    token = seen("q7Zx P0aL m3Rt 9VbK w2Ye 8Ugh")

    assert (token.is_wrapped, token.shape) == (True, "[A-Za-z0-9]{15,30}")


def test_of_a_token_that_was_only_copied_nothing_is_known() -> None:
    assert seen("", source="clipboard") == TokenSeen(source="clipboard")


@pytest.mark.parametrize(
    ("source", "left"), [("attribute:data-key", "attribute:data-key"), ("attribute:x47Ada", "attribute:")]
)
def test_the_attribute_that_holds_it_is_named_where_its_name_tells_nothing(source: str, left: str) -> None:
    assert seen(source=source).source == left


def test_the_token_is_found_elsewhere_also_a_line_of_it() -> None:
    words = [f"Copy {TOKEN}", LINES, TOKEN[:19], TOKEN[19:], TOKEN[:14] + "…", TOKEN.encode().hex()]
    done = sanitised(shown(LINES), *map(clicked, words))

    assert {event.element.label for event in done.recording.events[1:] if event.element} == {""}
    assert [(each.rule, each.masked) for each in done.replacements] == [(Rule.TOKEN, "the token")] * len(
        done.replacements
    )


def test_another_word_that_might_have_been_the_token_is_found_as_well() -> None:
    done = sanitised(shown(f"id-4711-abcd {TOKEN}"), clicked("Key id-4711-abcd"))

    assert {event.element.label for event in done.recording.events[1:] if event.element} == {""}
