"""Which of the elements that a selector set leads to is the one that is meant, if any (FLOW-3, RESIL-2).

Each candidate has evidence for it. What rests on the same thing counts once: a role with its name, a label and a
text all rest on the words that the page shows; an XPath that counts elements, and the surroundings, rest on the
place. An element is accepted on the agreement of at least two kinds of evidence, one of which led to it, if nothing
contradicts; a lookalike must have less. Everything else stops the step: a guess could press the wrong button.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from tokenbroker.flow.basis import Basis, Evidential, bases_of, is_mark, is_name
from tokenbroker.flow.selector import SelectorSet
from tokenbroker.run.targets.fingerprint import Fit, Surroundings


class Purpose(Enum):
    """What an element is looked for."""

    SEE = "see"
    """To be told whether it is there: what it says is what is asked."""
    LOOK = "look"
    """To type a literal into: a mistake shows, and does no harm."""
    ACT = "act"
    """To be pressed, or given a secret."""
    READ = "read"
    """To read a token."""

    @property
    def uses_it(self) -> bool:
        """Whether a wrong element does harm."""
        return self in (Purpose.ACT, Purpose.READ)


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What speaks for one candidate.

    Attributes:
        ways: the numbers of the alternatives that lead to it.
        alone: those of them that lead to nothing else.
        was_pressed: it is a control, and the one that was acted on last.
        fit: how it fits the fingerprint; None without one.
    """

    ways: frozenset[int]
    alone: frozenset[int]
    was_pressed: bool = False
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
NO_AGREEMENT: Final = Verdict(
    code="target.not_found", why="nothing is there on which two independent alternatives agree"
)
DISAGREEMENT: Final = Verdict(code="target.ambiguous", why="the alternatives lead to different elements")


def judge(selector: SelectorSet, evidence: Sequence[Evidence], *, purpose: Purpose) -> Verdict:
    """Decide among the candidates whose `evidence` this is.

    Where it does no harm the primary alternative is enough, if it leads to one element and nothing speaks for another.
    """
    bases = bases_of(selector)
    cases = [_Case.of(each, bases) for each in evidence]
    fitting = [
        number
        for number, case in enumerate(cases)
        if _is_enough(case, purpose) and not (Basis.WORDS in bases and _lacks_its_words(case, purpose))
    ]
    best = [number for number in fitting if all(_outweighs(cases[number], other) for other in cases)]
    if len(best) == 1:
        ways, alone = evidence[best[0]].ways, evidence[best[0]].alone
        return Verdict(
            accepted=best[0],
            is_unanimous=bool(alone) and len(ways) == len(selector.alternatives),
            is_primary=not purpose.uses_it and 0 in alone,
        )
    if fitting:
        return DISAGREEMENT
    return NO_AGREEMENT if evidence else NOTHING


@dataclass(frozen=True, kw_only=True, slots=True)
class _Case:
    """All that speaks for one candidate, each basis once."""

    evidence: Evidence
    led_by: frozenset[Evidential]
    """What the alternatives that led to it rest on."""
    weight: frozenset[Evidential]
    """That, and what the fingerprint adds."""
    is_placed: bool
    """Whether a place leads to it and to nothing else."""
    is_whole: bool
    """Whether every alternative led to it."""

    @classmethod
    def of(cls, evidence: Evidence, bases: Sequence[Evidential]) -> "_Case":
        led_by = {bases[way] for way in evidence.ways}
        added: set[Evidential] = set()
        if (fit := evidence.fit) is not None:
            # A label that belongs to it by an id alone does not make that its name.
            led_by -= {Basis.WORDS} if fit.other_name else set()
            added |= {Basis.WORDS} if fit.same_name else set()
            added |= {Basis.PLACE} if fit.surroundings is Surroundings.SAME else set()
            added |= {Basis.KIND} if fit.same_kind and fit.same_number else set()
        return cls(
            evidence=evidence,
            led_by=frozenset(led_by),
            weight=frozenset(led_by | added),
            is_placed=Basis.PLACE in {bases[way] for way in evidence.alone},
            is_whole=len(evidence.ways) == len(bases),
        )

    @property
    def names(self) -> frozenset[Evidential]:
        """What says which element it is."""
        return frozenset(filter(is_name, self.weight))

    def stands(self, *surroundings: Surroundings) -> bool:
        """Whether it is known to stand in one of these."""
        return self.evidence.fit is not None and self.evidence.fit.surroundings in surroundings


def _lacks_its_words(case: _Case, purpose: Purpose) -> bool:
    """Whether it does not say what it has to say: a page says what has come with its words, and a control that was
    just pressed may stand where the next one is to come."""
    is_asked = purpose is Purpose.SEE or (purpose is Purpose.ACT and case.evidence.was_pressed)
    return is_asked and Basis.WORDS not in case.led_by


def _is_enough(case: _Case, purpose: Purpose) -> bool:
    fit = case.evidence.fit
    if not case.led_by or (fit is not None and bool(fit.contradicts)):
        return False
    if case.stands(Surroundings.OTHER):
        # What was around it is around something else: a lookalike, unless the site's own mark says otherwise.
        return any(map(is_mark, case.led_by)) and len(case.names) > 1
    if not purpose.uses_it and 0 in case.evidence.alone:
        return True
    if fit is None:
        # Without a fingerprint, what is left of a set takes a mark: words and a place are soon another's.
        return len(case.weight) > 1 and (case.is_whole or any(map(is_mark, case.led_by)))
    if purpose is Purpose.ACT and len(case.led_by) == 1 and not case.weight & {Basis.WORDS, Basis.KIND}:
        # An id alone may have come to be something else's: what is called otherwise has to be of the kind.
        return False
    if purpose is Purpose.ACT and fit.other_form and case.stands(Surroundings.UNKNOWN):
        # Another form's button, on another page it may be.
        return any(map(is_mark, case.led_by)) and len(case.weight) > 1
    if case.stands(Surroundings.BARE) and fit.same_name and fit.same_role:
        return len(case.evidence.alone) > 1
    return len(case.weight) > 1 and (bool(case.names) or _fits_whole(fit, case, purpose))


def _fits_whole(fit: Fit, case: _Case, purpose: Purpose) -> bool:
    """Whether the fingerprint fits so well that style and place are enough: they may be another's that came instead."""
    if not fit.same_kind or fit.surroundings not in (Surroundings.SAME, Surroundings.GONE):
        return False
    if purpose is Purpose.ACT and fit.other_form and fit.other_name:
        return False  # whatever it does, nothing says that it is what was recorded
    is_read = purpose is Purpose.READ
    if fit.surroundings is Surroundings.SAME and is_read and len(case.led_by) > 1:
        return True
    is_placed = fit.same_around and case.is_placed
    is_harmless = purpose is Purpose.LOOK
    is_unlike = fit.same_row or (fit.is_only and (is_read or is_harmless or fit.tells_much or is_placed))
    return fit.same_number and (len(case.led_by) > 1 or is_unlike)


def _outweighs(one: _Case, other: _Case) -> bool:
    """Whether `one` is clearly meant rather than `other`."""
    if one is other:
        return True
    mine, its = one.evidence.fit, other.evidence.fit
    if (
        mine is not None
        and its is not None
        and mine.same_kind
        and its.other_form
        and other.stands(Surroundings.OTHER)
    ):
        return True  # elsewhere and outside of the form, it can't do what was recorded, whatever it is called
    fits_better = (its is not None and bool(its.contradicts)) or (
        one.stands(Surroundings.SAME) and not other.stands(Surroundings.SAME)
    )
    if other.weight <= one.weight:
        # A place alone does not tell twins apart: one more before them, and it is the other's.
        return fits_better or one.weight - other.weight not in ({Basis.PLACE}, set())
    # Without a fingerprint nobody knows what it was called: a label leads to what has the id that it names.
    is_known = mine is not None and not one.stands(Surroundings.OTHER)
    is_named = is_known and len(one.names) > 1 and other.names < one.names
    return is_named or (fits_better and other.names <= one.names)
