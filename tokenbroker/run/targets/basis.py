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


Evidential = Basis | tuple[Basis, int]
"""One piece of evidence; marks by different identifiers are different ones, told apart by a number."""

_IDENTIFIER: Final = re.compile(
    r"""\#([\w-]+)                                                         # css: #id
      | \[\s*(?:id|name|data-[\w-]+|for)\s*[*^$~|]?=\s*["']?([\w:.-]+)   # css: [name=…]
      | @(?:id|name|data-[\w-]+|for)\s*(?:=|,)\s*["']([\w:.-]+)""",  # xpath: @id='…', contains(@id, '…')
    re.VERBOSE,
)
_BUTTON_TYPE: Final = "(?:submit|button|reset)"
_WORDS_IN_XPATH: Final = re.compile(
    rf"text\(\)|normalize-space|string\(|@aria-label|@placeholder|@title|@type=.{_BUTTON_TYPE}.*@value"
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
    if alternative.family is Family.TEST_ID:
        return {alternative.value}
    return {next(filter(None, groups)) for groups in _IDENTIFIER.findall(alternative.value)}
