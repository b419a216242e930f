"""What an alternative of a selector set rests on: two that rest on the same thing are one piece of evidence."""

import re
from enum import Enum
from typing import Final

from tokenbroker.flow.selector import Alternative, Family, SelectorSet


class Basis(Enum):
    """What evidence rests on."""

    WORDS = "words"
    """What the page calls it."""
    HINT = "hint"
    """The placeholder of the field."""
    MARK = "mark"
    """A name that the site's developers gave it: a test id, an id, a name attribute."""
    STYLE = "style"
    """Its classes, tag or attributes."""
    PLACE = "place"
    """Where it stands."""
    KIND = "kind"
    """It is of the recorded kind, and there are as many of that kind as there were."""


_IN_WORDS: Final = {
    Basis.WORDS: "the words that the page shows",
    Basis.HINT: "its placeholder",
    Basis.MARK: "a name that the site's developers gave it",
    Basis.STYLE: "its style",
    Basis.PLACE: "the place where it stands",
    Basis.KIND: "its kind",
}
Evidential = Basis | tuple[Basis, int]
"""One piece of evidence; marks by different identifiers are different ones, told apart by a number."""

_CSS_ID: Final = re.compile(r"\#([\w-]+)")
_CSS_ATTRIBUTE: Final = re.compile(
    r"""\[\s*(?:id|name|data-[\w-]+|for)\s*[*^$~|]?=\s*["']?([\w:.-]+)"""  # [name=…]
)
_XPATH_ATTRIBUTE: Final = re.compile(
    r"""@(?:id|name|data-[\w-]+|for)\s*(?:=|,)\s*["']([\w:.-]+)"""  # @id='…', contains(@id, '…')
)
_BUTTON_TYPE: Final = "(?:submit|button|reset)"
_WORDS_IN_XPATH: Final = re.compile(
    rf"text\(\)|normalize-space|string\(|@aria-label|@placeholder|@title|@type=.{_BUTTON_TYPE}.*@value"
    r"|\.\s*=|(?:contains|starts-with)\(\s*\.\s*,|\[\s*[\w-]+\s*=\s*[\"']"  # [.='…'], contains(., '…'), [h2='…']
)
_WORDS_IN_CSS: Final = re.compile(
    r":(?:has-text|text|text-is|text-matches)\(|\[\s*(?:aria-label|placeholder|title)"
    rf"|\[type=.?{_BUTTON_TYPE}.*\[value"
)


def bases_of(selector: SelectorSet) -> tuple[Evidential, ...]:
    """What each alternative of `selector` rests on, in their order."""
    first: dict[str, int] = {}
    bases: list[Evidential] = []
    for number, alternative in enumerate(selector.alternatives):
        basis = _basis(alternative)
        if basis is not Basis.MARK:
            bases.append(basis)
            continue
        named = _identifiers(alternative)
        # Two alternatives that name the same identifier are one mark.
        mark = min([number, *(first[each] for each in named if each in first)])
        first |= {each: mark for each in named if each not in first}
        bases.append((Basis.MARK, mark))
    return tuple(bases)


def is_mark(evidential: Evidential) -> bool:
    """Whether it is a name that the site's developers gave the element."""
    return isinstance(evidential, tuple)


def is_name(evidential: Evidential) -> bool:
    """Whether it says which element it is, not only where it stands and how it looks."""
    return evidential in (Basis.WORDS, Basis.HINT) or is_mark(evidential)


def resting_on(evidential: Evidential) -> str:
    """What it is, in words for a person."""
    return "the same id or name" if isinstance(evidential, tuple) else _IN_WORDS[evidential]


def _basis(alternative: Alternative) -> Basis:
    match alternative.family:
        case Family.ROLE | Family.LABEL | Family.TEXT:
            return Basis.WORDS
        case Family.PLACEHOLDER:
            return Basis.HINT
        case Family.TEST_ID:
            return Basis.MARK
    in_words = _WORDS_IN_CSS if alternative.family is Family.CSS else _WORDS_IN_XPATH
    if in_words.search(alternative.value):
        return Basis.WORDS
    if _identifiers(alternative):
        return Basis.MARK
    is_place = alternative.family is Family.XPATH or ":nth" in alternative.value
    return Basis.PLACE if is_place else Basis.STYLE


def _identifiers(alternative: Alternative) -> set[str]:
    """The marks of the element itself: those of what it stands in say where it is, and those inside of it little."""
    value = alternative.value
    match alternative.family:
        case Family.TEST_ID:
            return {value}
        case Family.CSS:
            own = re.sub(r"\([^()]*\)", "", _last_part(value, " \t\n>+~"))
            return {*_CSS_ID.findall(re.sub(r"\[[^\]]*\]", "", own)), *_CSS_ATTRIBUTE.findall(own)}
        case _:
            step = _last_part(value, "/")
            return set() if "/" in step else {*_XPATH_ATTRIBUTE.findall(step)}


def _last_part(value: str, separators: str) -> str:
    """What follows the last of `separators` that stands in no bracket and no quotation marks."""
    depth, quote, start = 0, "", 0
    for place, letter in enumerate(value.strip()):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter in "([":
            depth += 1
        elif letter in ")]":
            depth -= 1
        elif letter in separators and not depth:
            start = place + 1
    return value.strip()[start:]
