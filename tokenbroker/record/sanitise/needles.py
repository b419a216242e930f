"""How a private value may be written in words and digits, and where its bounds have to be."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise
from typing import Final

from tokenbroker.record.sanitise.rule import SECRETS, Private, Rule
from tokenbroker.record.sanitise.shapes import significant_digits
from tokenbroker.record.sanitise.wording import fold, is_ordinary, is_word_of_flows, plain, words_of

MIN_SECRET: Final = 4
_MIN_WORD, _MIN_LOCAL, _MIN_JOINED, _MIN_LOOSE = 3, 3, 6, 6
_MIN_DIGITS, _MIN_TYPED_DIGITS = 4, 5
_SECOND_LEVEL: Final = frozenset({"ac", "co", "com", "edu", "gob", "gov", "govt", "ne", "net", "or", "org"})
_PUBLIC: Final = """
aol duck example fastmail free gmail gmx googlemail hey hotmail icloud laposte libero live mac mail me msn naver orange
outlook pm posteo proton protonmail qq seznam tuta tutanota t online web wp yahoo yandex zoho
"""
_PUBLIC_HOSTS: Final = frozenset(_PUBLIC.split())
_GREETINGS: Final = frozenset(
    {
        "hi",
        "hello",
        "hey",
        "welcome",
        "dear",
        "as",
        "by",
        "for",
        "mr",
        "mrs",
        "ms",
        "hallo",
        "bonjour",
        "hola",
    }
)


class Edge(Enum):
    """What may not touch a needle."""

    NONE = "none"
    """Anything may: it is peculiar enough, or of a script that puts no space between words."""
    LETTERS = "letters"
    """No letter but an s, as of "Adas"; a digit may, as in "ada42"."""
    WORD = "word"
    """No letter and no digit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Needle:
    """A folded text that stands for a private value."""

    text: str = field(repr=False)
    edge: Edge

    def stands_at(self, start: int, end: int, folded: str) -> bool:
        """Whether what is found there in `folded` is not only a part of another word."""
        if self.edge is Edge.NONE:
            return True
        before, after = folded[start - 1 : start] if start else "", folded[end : end + 1]
        if self.edge is Edge.WORD:
            return not (before.isalnum() or after.isalnum())
        if after == "s":
            after = folded[end + 1 : end + 2]
        return not (before.isalpha() or after.isalpha())


def needles_of(private: Private) -> Iterator[Needle]:
    """How `private` may be written in words; folded, for `fold` and `words_of` of what is searched."""
    found = _needles_of(private)
    yield from (each for each in found if each.text and not is_word_of_flows(each.text))


def _needles_of(private: Private) -> Iterator[Needle]:
    # What is searched has its escapes undone: also those that are none, but a part of the value.
    value = plain(private.value)
    whole, words = fold(value), words_of(value)
    match private.rule:
        case rule if rule in SECRETS:
            if len(whole) >= _MIN_LOOSE:
                yield Needle(text=whole, edge=Edge.NONE)
        case Rule.EMAIL:
            yield Needle(text=whole, edge=Edge.NONE)
            if label := _domain_of(whole):
                yield from _phrase(label)
            local = words_of(whole.partition("@")[0])
            if len(local) >= _MIN_LOCAL and not is_ordinary(local):
                yield from _phrase(local)
                yield from (
                    _word(each) for each in local.split() if len(each) >= _MIN_LOCAL and not is_ordinary(each)
                )
        case Rule.NAME:
            yield from _phrase(words)
            yield from (_word(word) for word in words.split() if _is_telling(word) and not is_ordinary(word))
        case Rule.TYPED | Rule.PARAMETER | Rule.PERSONAL:
            is_short = len(words) < (_MIN_TYPED_DIGITS if words.replace(" ", "").isdigit() else _MIN_WORD)
            if not is_short and not is_ordinary(words):
                yield Needle(text=words, edge=_edge(words, Edge.WORD))
        case _:
            if len(words) >= _MIN_WORD and not is_ordinary(words) and not words.isdigit():
                yield from _phrase(words)


def careful_words(private: Private) -> Iterator[re.Pattern[str]]:
    """How the words of a person's name are written that are ordinary words as well; see `is_of_person`."""
    if private.rule is Rule.NAME:
        for word in words_of(private.value).split():
            if _is_telling(word) and is_ordinary(word):
                either = rf"(?:{re.escape(word.capitalize())}|{re.escape(word.upper())})"
                yield re.compile(
                    rf"(?P<before>[^\W\d_]\w*[,:]?)?[^\w]*(?<![^\W_])(?:{either})(?P<own>['\u2019]s)?(?![^\W_])"
                )


def is_of_person(found: re.Match[str]) -> bool:
    """Whether an ordinary word is somebody's name here.

    It is with an 's, and, written with a capital, where a small word, a greeting, a comma or a colon stands before it:
    "Signed in as Grant" and "Hello, Will" are of a person, "Grant access" and "Please Grant Access" of none.
    """
    before = found["before"] or ""
    stands_for = (
        before.rstrip(",:").lower() in _GREETINGS or before[-1:] in {",", ":"} or before[:1].islower()
    )
    return bool(found["own"]) or (bool(before) and stands_for)


def digits_of(private: Private) -> str:
    """The digits by which `private` is sought, whatever stands between them; "" where there are too few."""
    digits = re.sub(r"\D", "", private.value)
    is_number = len(digits) >= _MIN_DIGITS and 2 * len(digits) > len(re.sub(r"[\W_]", "", private.value))
    if private.rule is Rule.PHONE:
        return significant_digits(private.value)
    is_asked = private.rule not in {Rule.TYPED, Rule.PARAMETER} or len(digits) >= _MIN_LOOSE
    return digits if is_number and is_asked else ""


def holds_digits(runs: list[str], digits: str) -> bool:
    """Whether one of `runs` is, or of long ones holds, `digits`."""
    return any(digits in run if len(digits) >= _MIN_LOOSE else digits == run for run in runs)


def in_opaque_forms(private: Private) -> set[str]:
    """The texts of `private` that are sought in base64 and hexadecimal digits: it, and what it consists of."""
    if private.rule in {Rule.TYPED, Rule.PARAMETER} and (
        len(private.value) < _MIN_LOOSE or is_ordinary(private.value)
    ):
        return set()
    texts = {private.value, private.value.lower(), private.value.upper()}
    if private.rule is Rule.EMAIL:
        texts.add(private.value.partition("@")[0])
    if private.rule is Rule.NAME:
        parts = private.value.split()
        texts |= {*parts, *map(str.lower, parts), *map("_".join, pairwise(parts))}
    return {each for each in texts if len(each) >= MIN_SECRET and not is_ordinary(each)}


def _domain_of(email: str) -> str:
    """What the domain of `email` is called, ``acme`` of ``mail.acme.co.uk``; "" for a host of everybody's."""
    labels = email.rpartition("@")[2].split(".")
    if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL:
        del labels[-1]
    label = words_of(labels[-2]) if len(labels) > 1 else ""
    is_told = len(label) >= _MIN_WORD and label not in _PUBLIC_HOSTS and not is_ordinary(label)
    return label if is_told else ""


def _phrase(words: str) -> Iterator[Needle]:
    yield Needle(text=words, edge=_edge(words, Edge.LETTERS))
    joined = words.replace(" ", "")
    if " " in words and len(joined) >= _MIN_JOINED:
        yield Needle(text=joined, edge=Edge.LETTERS)


def _word(word: str) -> Needle:
    return Needle(text=word, edge=_edge(word, Edge.LETTERS))


def _is_telling(word: str) -> bool:
    return len(word) >= (2 if _has_no_spaces(word) else _MIN_WORD) and not word.isdigit()


def _edge(text: str, edge: Edge) -> Edge:
    return Edge.NONE if _has_no_spaces(text) else edge


def _has_no_spaces(text: str) -> bool:
    """Whether `text` is of a script that puts no space between words, or hangs syllables on them: Thai to Hangul."""
    return any("\u0e00" <= each < "\u1e00" or each >= "\u2e80" for each in text)
