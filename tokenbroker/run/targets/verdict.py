"""Which of the elements that a selector set leads to is the one that is meant, if any (FLOW-3, RESIL-2).

Each candidate has evidence for it. What rests on the same thing counts once: a role with its name, a label and a
text all rest on the words that the page shows; an XPath that counts elements, and the surroundings, rest on the
place. An element is accepted on the agreement of at least two kinds of evidence, one of which led to it, if nothing
contradicts; a lookalike must have less. Everything else stops the step: a guess could press the wrong button.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from tokenbroker.flow.selector import Alternative, Family, SelectorSet
from tokenbroker.run.targets.fingerprint import Fit, Surroundings


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
    """It is the only one of its kind, or one of as many as there were."""


_IDENTIFIER: Final = re.compile(
    r"""\#([\w-]+)                                                   # css: #id
      | \[\s*(?:id|name|data-[\w-]+|for)\s*[*^$~|]?=\s*["']?([\w:.-]+)   # css: [name=…]
      | @(?:id|name|data-[\w-]+|for)\s*(?:=|,)\s*["']([\w:.-]+)""",  # xpath: @id='…', contains(@id, '…')
    re.VERBOSE,
)
_WORDS_IN_XPATH: Final = re.compile(
    r"text\(\)|normalize-space|string\(|@aria-label|@placeholder|@title|@value"
)
_WORDS_IN_CSS: Final = re.compile(
    r":(?:has-text|text|text-is|text-matches)\(|\[\s*(?:aria-label|placeholder|title)"
    r"|\[type=.?(?:submit|button|reset).*\[value"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What speaks for one candidate.

    Attributes:
        ways: the numbers of the alternatives that lead to it.
        alone: those of them that lead to nothing else.
        fit: how it fits the fingerprint; None without one.
    """

    ways: frozenset[int]
    alone: frozenset[int]
    fit: Fit | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The number of the accepted candidate, or None and why.

    Attributes:
        is_unanimous: every alternative leads to it, and one of them to nothing else.
        is_primary: the primary alternative leads to it and to nothing else, which is enough for a look.
        code: `target.not_found` or `target.ambiguous` where none was accepted.
        why: the same for a person.
    """

    accepted: int | None = None
    is_unanimous: bool = False
    is_primary: bool = False
    code: str = ""
    why: str = ""


NOTHING: Final = Verdict(code="target.not_found", why="none of the alternatives matches anything")


def judge(selector: SelectorSet, evidence: Sequence[Evidence], *, has_consequences: bool) -> Verdict:
    """Decide among the candidates whose `evidence` this is.

    Without consequences (a step that looks, or types no secret) the primary alternative is enough where it leads to one
    element, and nothing speaks for another.
    """
    bases = tuple(map(_basis, selector.alternatives))
    marks = _marks(selector)
    weights = [_bases(each, bases, marks) for each in evidence]
    fitting = [
        n
        for n, each in enumerate(evidence)
        if _is_enough(each, weights[n], bases, has_consequences=has_consequences)
    ]
    best = [
        n for n in fitting if all(_outweighs(n, other, evidence, weights) for other in range(len(evidence)))
    ]
    if len(best) == 1:
        ways, alone = evidence[best[0]].ways, evidence[best[0]].alone
        return Verdict(
            accepted=best[0],
            is_unanimous=bool(alone) and len(ways) == len(bases),
            is_primary=not has_consequences and 0 in alone,
        )
    if fitting:
        return Verdict(code="target.ambiguous", why="the alternatives lead to different elements")
    if evidence:
        return Verdict(
            code="target.not_found", why="nothing is there on which two independent alternatives agree"
        )
    return NOTHING


def _marks(selector: SelectorSet) -> tuple[int, ...]:
    """For each alternative the first one that names an identifier which it names, too: together they are one."""
    first: dict[str, int] = {}
    marks = []
    for number, alternative in enumerate(selector.alternatives):
        named = _identifiers(alternative)
        marks.append(min([number, *(first[each] for each in named if each in first)]))
        first |= {each: marks[-1] for each in named if each not in first}
    return tuple(marks)


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
    if alternative.family not in (Family.CSS, Family.XPATH):
        return set()
    return {next(filter(None, groups)) for groups in _IDENTIFIER.findall(alternative.value)}


def _bases(evidence: Evidence, bases: Sequence[Basis], marks: Sequence[int]) -> frozenset[object]:
    """What speaks for a candidate, each basis once; marks by different identifiers are different ones."""
    found: set[object] = {
        (Basis.MARK, marks[way]) if bases[way] is Basis.MARK else bases[way] for way in evidence.ways
    }
    if evidence.fit is not None:
        found |= {Basis.WORDS} if evidence.fit.same_name else set()
        found |= {Basis.PLACE} if evidence.fit.surroundings is Surroundings.SAME else set()
        found |= {Basis.KIND} if evidence.fit.same_kind and evidence.fit.same_number else set()
    return frozenset(found)


def _is_enough(
    evidence: Evidence, weight: frozenset[object], bases: Sequence[Basis], *, has_consequences: bool
) -> bool:
    fit = evidence.fit
    if fit is not None and fit.contradicts:
        return False
    is_other = fit is not None and fit.surroundings is Surroundings.OTHER
    if not has_consequences and 0 in evidence.alone and not is_other:
        return True
    if is_other:
        # What was around it is around something else: a lookalike, unless the site's own mark says otherwise.
        return (
            Basis.MARK in {bases[way] for way in evidence.ways}
            and len(weight - {Basis.PLACE, Basis.KIND}) >= 2
        )
    led = {bases[way] for way in evidence.ways}
    if not evidence.ways or len(weight) < 2:
        return False
    if fit is None:
        # Without a fingerprint, what is left of a set takes a mark: words and a place are soon another's.
        return len(evidence.ways) == len(bases) or Basis.MARK in led
    if _names_it(weight):
        return True
    return fit.same_kind and _is_whole(fit, led)


def _is_whole(fit: Fit, led: Collection[Basis]) -> bool:
    """Whether the fingerprint fits so well that style and place are enough: they may be another's that came instead."""
    if fit.surroundings not in (Surroundings.SAME, Surroundings.GONE):
        return False
    if fit.surroundings is Surroundings.SAME and fit.is_text and len(led) > 1:
        return True
    is_unlike = fit.is_only and (fit.is_text or fit.tells_much)
    return fit.same_number and (len(led) > 1 or is_unlike)


def _names_it(weight: frozenset[object]) -> bool:
    return bool(_names(weight))


def _names(weight: frozenset[object]) -> frozenset[object]:
    """What of `weight` says which element it is, not only where it stands and how it looks."""
    return frozenset(each for each in weight if each in (Basis.WORDS, Basis.HINT) or isinstance(each, tuple))


def _outweighs(
    one: int, other: int, evidence: Sequence[Evidence], weights: Sequence[frozenset[object]]
) -> bool:
    """Whether `one` is clearly meant rather than `other`."""
    if one == other:
        return True
    mine, its = evidence[one].fit, evidence[other].fit
    fits_better = mine is not None and (
        (its is not None and its.contradicts)
        or (
            mine.surroundings is Surroundings.SAME
            and (its is None or its.surroundings is not Surroundings.SAME)
        )
    )
    if weights[other] <= weights[one]:
        # A place alone does not tell twins apart: one more before them, and it is the other's.
        return fits_better or weights[one] - weights[other] not in ({Basis.PLACE}, set())
    names, its_names = _names(weights[one]), _names(weights[other])
    is_named = (
        len(names) > 1 and its_names < names and (mine is None or mine.surroundings is not Surroundings.OTHER)
    )
    return is_named or (fits_better and len(weights[one]) > len(weights[other]))
