"""Where private values recur, in whatever way they are written, and what is private by its form."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Final, NoReturn

from ahocorasick_rs import AhoCorasick

from tokenbroker.record.sanitise.needles import (
    MIN_SECRET,
    careful_words,
    digits_of,
    holds_digits,
    in_opaque_forms,
    is_of_person,
    needles_of,
)
from tokenbroker.record.sanitise.rule import SECRETS, Private, Rule, rank
from tokenbroker.record.sanitise.shapes import digit_runs, shape_in, shape_in_flow
from tokenbroker.record.sanitise.wording import fold, is_in_every_flow, is_ordinary, plain, whole, words_of
from tokenbroker.redact import Redactor
from tokenbroker.redact.forms import opaque_forms
from tokenbroker.redact.needles import Needles
from tokenbroker.secret import Secret

_BETWEEN: Final = "\ue000"  # of nobody's alphabet
_MARK: Final = re.compile(r"«(?:secret:n|#)(\d+)»")
_PECULIAR: Final = SECRETS | {Rule.EMAIL, Rule.PHONE, Rule.ACCOUNT}


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What is private in a text; `private` is None where only its form says so, and `text` is what has that form."""

    rule: Rule
    private: Private | None = None
    text: str = field(default="", repr=False)


class Finder:
    """Knows the private values of one recording. It can't be pickled, and says nothing of them."""

    def __init__(self, values: Iterable[Private]) -> None:
        mended = [replace(each, value=whole(each.value)) for each in values]
        self._pieces = {each.value: each for each in mended if each.is_piece}
        self._piece = _any_of(self._pieces, flags=0) if self._pieces else None
        self._values = sorted(
            (each for each in mended if not each.is_piece), key=lambda each: rank(each.rule)
        )
        self._redactor = Redactor()
        self._whole: dict[str, Private] = {}
        self._needles = [(needle, each) for each in self._values for needle in needles_of(each)]
        self._digits = [(digits, each) for each in self._values if (digits := digits_of(each))]
        self._careful = [(pattern, each) for each in self._values for pattern in careful_words(each)]
        self._words = AhoCorasick([needle.text for needle, _ in self._needles])
        opaque = []
        for number, each in enumerate(self._values):
            if _is_sought_whole(each):
                self._whole.setdefault(fold(plain(each.value)), each)
            if each.rule in _PECULIAR and _is_sought_inside(each):
                self._redactor.add(Secret(each.value), label=f"n{number}")
            else:
                opaque += [(number, form) for text in in_opaque_forms(each) for form in opaque_forms(text)]
        self._opaque = Needles(opaque)
        self._known: dict[str, Found | None] = {}
        self._without_peculiar: set[str] = set()

    def prime(self, texts: Iterable[str]) -> None:
        """Look through many `texts` at once, which is quicker than one by one."""
        self._prime(list({*map(whole, texts)} - self._without_peculiar))

    def _prime(self, texts: Sequence[str]) -> None:
        if self._redactor.is_clean(texts):
            self._without_peculiar.update(texts)
        elif len(texts) > 1:
            middle = len(texts) // 2
            self._prime(texts[:middle])
            self._prime(texts[middle:])

    def find(self, text: str) -> Found | None:
        """What is private in `text`, the words of a page; None for nothing."""
        if text not in self._known:
            said = whole(text)
            self._known[text] = self._find(said) if said and not said.isspace() else None
        return self._known[text]

    def find_own(self, text: str) -> Found | None:
        """As `find`, but not by form."""
        found = self.find(text)
        return found if found is not None and found.private is not None else None

    def tells_of_person(self, text: str) -> bool:
        """Whether `text` holds more than what was typed and tells nothing of anybody."""
        return any(
            found.rule not in {Rule.TYPED, Rule.PARAMETER} and not (found.private and found.private.is_piece)
            for found in self._all(whole(text))
        )

    def find_in_flow(self, text: str, *, public: frozenset[str]) -> Found | None:
        """What is private in `text`, a whole flow or program, which has words and numbers of its own.

        It has to say the `public` names as well: a value that is one, or a part of one, is sought beside them only.
        """
        text = whole(text)
        bare = plain(text)
        names = fold(" ".join(public))
        beside = _words_of(public).sub(_BETWEEN, text)
        known = chain(
            self._peculiar(text, public=names),
            self._in_words(text, bare, public=names),
            self._peculiar(beside),
            self._in_words(beside, plain(beside)),
            self._in_digits(bare),
            self._in_pieces(plain(beside)),
        )
        if found := next(known, None):
            return found
        rules = (shape_in_flow(line) for line in bare.splitlines())
        return next((Found(rule=rule) for rule in rules if rule), None)

    def _find(self, text: str) -> Found | None:
        return min(self._all(text), key=lambda found: rank(found.rule), default=None)

    def _all(self, text: str) -> Iterator[Found]:
        bare = plain(text)
        if whole := self._whole.get(fold(bare)):
            yield Found(rule=whole.rule, private=whole)
        if text not in self._without_peculiar:
            yield from self._peculiar(text)
        yield from self._in_words(text, bare)
        yield from self._in_digits(bare)
        yield from self._in_pieces(bare)
        for pattern, private in self._careful:
            if any(map(is_of_person, pattern.finditer(bare))):
                yield self._of(private)
        for said in {text, bare}:
            if shape := shape_in(said):
                yield Found(rule=shape[0], text=shape[1])

    def _peculiar(self, text: str, public: str = "") -> Iterator[Found]:
        redacted = self._redactor.text(text)
        if redacted == text:
            return
        numbers = {int(number) for number in _MARK.findall(redacted)}
        known = [self._values[number] for number in sorted(numbers) if number < len(self._values)]
        # A mark that could not name its secret, for one stands in it: any of them will do.
        yield from (self._of(each) for each in known or self._values[:1] if fold(each.value) not in public)

    def _in_words(self, text: str, bare: str, public: str = "") -> Iterator[Found]:
        folded = fold(bare) + _BETWEEN + words_of(bare)
        for number, start, end in self._words.find_matches_as_indexes(folded, overlapping=True):
            needle, private = self._needles[number]
            if needle.text not in public and needle.stands_at(start, end, folded):
                yield self._of(private)
        for span in self._opaque.spans(text.encode("utf-8", "surrogatepass")):
            yield self._of(self._values[span.owner])

    def _in_digits(self, bare: str) -> Iterator[Found]:
        if self._digits and any(map(str.isdigit, bare)):
            runs = digit_runs(fold(bare))
            yield from (self._of(each) for digits, each in self._digits if holds_digits(runs, digits))

    def _in_pieces(self, bare: str) -> Iterator[Found]:
        if self._piece is not None:
            yield from (self._of(self._pieces[piece[0]]) for piece in self._piece.finditer(bare))

    @staticmethod
    def _of(private: Private) -> Found:
        return Found(rule=private.rule, private=private)

    def __repr__(self) -> str:
        return f"<Finder of {len(self._values)} private values>"

    def __reduce_ex__(self, protocol: object, /) -> NoReturn:
        raise TypeError("a Finder holds private values and can't be pickled")


def _words_of(names: Iterable[str]) -> re.Pattern[str]:
    return _any_of(names, flags=re.IGNORECASE)


def _any_of(names: Iterable[str], *, flags: int) -> re.Pattern[str]:
    either = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<![^\W_])(?:{either})(?![^\W_])", flags)


def _is_sought_inside(private: Private) -> bool:
    return len(private.value) >= MIN_SECRET and not is_in_every_flow(private.value)


def _is_sought_whole(private: Private) -> bool:
    """Whether a text that is nothing but the value tells it: not where that is what pages say of themselves."""
    if private.rule in SECRETS:
        return not is_in_every_flow(private.value)
    if private.rule in {Rule.TYPED, Rule.PARAMETER}:
        return len(private.value) >= MIN_SECRET and not is_ordinary(private.value)
    return True
