"""What a set that was healed may be mended with: which steps, which alternatives, and what is proposed (RESIL-3).

A proposal goes from the run that made it through its evidence to the file, and what has been evidence is checked
again by the rules here before anything is shown or written.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from tokenbroker.flow.basis import bases_of
from tokenbroker.flow.model import Step, StepTypes
from tokenbroker.flow.selector import Alternative, Family, SelectorSet

MAX_WORDS: Final = 60
MAX_MARK: Final = 40
_MIN_BASES: Final = 2
_MARK: Final = re.compile(r"[A-Za-z]+(?:[-_]{1,2}[A-Za-z]+)*")
_HUMP: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_NO_WORD: Final = re.compile(
    r"[^aeiouy]{5,}", re.IGNORECASE
)  # what a build tool makes up; btn, pwd and html are shorter
_MAX_WORD: Final = 15
_ROLE: Final = re.compile(r"[a-z]{2,20}")
_TAG: Final = r"[a-z]{1,20}(?:-[a-z]{1,20}){0,3}"
_CSS: Final = re.compile(
    r"\#(?P<id>[\w-]+)"
    rf"|{_TAG}\[name=\"(?P<name>[\w-]+)\"\]"
    rf"|(?:form )?{_TAG}\[type=(?P<type>[a-z-]+)\]"
    rf"|{_TAG}\.(?P<style>[\w-]+)",
    re.ASCII,
)


class Act(StrEnum):
    """What is proposed for an alternative that failed."""

    REPLACE = "replace"
    DROP = "drop"
    KEEP = "keep"
    """Nothing: the element has nothing lasting to offer, and without this one too little evidence would be left."""


class ByHand(StrEnum):
    """Why nothing is proposed for a set, which has to be mended by hand."""

    NO = ""
    FRAME = "frame"
    """The element stands in another frame now."""
    KEY = "key"
    """A key may have been made by then, so that no word of the page is kept."""
    ORIGIN = "origin"
    """The element stands in a frame that belongs, or what holds it does, to an origin which the flow does not name."""
    RESTLESS = "restless"
    """The page did not come to rest, or the element had gone before anything could be proven."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """What is proposed for one alternative that failed.

    Attributes:
        number: its place in the set, from 0.
        family: its own family.
        fresh: what is to stand in its place; proven to have led to the element, and to nothing else.
    """

    number: int
    family: Family
    act: Act
    fresh: Alternative | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Mend:
    """What is proposed for the set of one step, or why nothing is."""

    proposals: tuple[Proposal, ...] = ()
    by_hand: ByHand = ByHand.NO

    @property
    def changes(self) -> tuple[Proposal, ...]:
        """The proposals that change something."""
        return tuple(each for each in self.proposals if each.act is not Act.KEEP)

    def as_record(self) -> dict[str, Any]:
        """For the evidence."""
        return {
            "by_hand": self.by_hand.value,
            "proposals": [
                {
                    "number": each.number,
                    "family": each.family.value,
                    "act": each.act.value,
                    "with": as_options(each.fresh) if each.fresh is not None else None,
                }
                for each in self.proposals
            ],
        }


def as_options(alternative: Alternative) -> dict[str, str]:
    """`alternative` as it stands in a flow."""
    said = {alternative.family.value: alternative.value}
    return said | {"name": alternative.name} if alternative.family is Family.ROLE else said


def why_never(step: Step, steps: StepTypes) -> str:
    """Why the set of `step` is never mended, for a person; "" where it may be.

    What a flow states about a page, reads from it, or fills in for a reference has to stay as a person wrote it.
    """
    kind = steps[step.verb]
    if "sink" in kind.requires:
        return "it reads a token"
    if kind.looks or kind.requires:
        return "it says what the page has to show"
    if "value_ref" in step.options:
        return "it fills in what a reference stands for"
    return ""


def may_be_proposed(alternative: Alternative) -> bool:
    """Whether `alternative` is of a form that a run may propose: words without numbers, names that no tool made up."""
    match alternative.family:
        case Family.ROLE:
            return bool(_ROLE.fullmatch(alternative.value)) and is_wording(alternative.name)
        case Family.LABEL | Family.PLACEHOLDER | Family.TEXT:
            return is_wording(alternative.value) and not alternative.name
        case Family.TEST_ID:
            return is_lasting(alternative.value)
        case Family.CSS:
            found = _CSS.fullmatch(alternative.value)
            return found is not None and all(map(is_lasting, filter(None, found.groups())))
        case Family.XPATH:
            return False


def is_wording(text: str) -> bool:
    """Whether `text` may be proposed as the words of a control: short, and no number, address or covered secret."""
    return (
        0 < len(text) <= MAX_WORDS
        and text == " ".join(text.split())
        and text.isprintable()
        and any(map(str.isalpha, text))
        and not any(each.isnumeric() or each in "@«»…•" for each in text)
    )


def is_lasting(mark: str) -> bool:
    """Whether `mark`, an id, a name or a class, looks like one that a person gave: a build tool makes up new ones."""
    if len(mark) > MAX_MARK or not _MARK.fullmatch(mark):
        return False
    for part in re.split("[-_]+", mark):
        humps = _HUMP.findall(part)
        shortest = 3 if len(humps) > 1 else 2
        if any(not shortest <= len(each) <= _MAX_WORD or _NO_WORD.search(each) for each in humps):
            return False
    return True


def is_enough(alternatives: Mapping[int, Alternative]) -> bool:
    """Whether at least two of `alternatives` rest on different things."""
    return len({*bases_of(SelectorSet(alternatives=(*alternatives.values(),)))}) >= _MIN_BASES


def mended(selector: SelectorSet, mend: Mend) -> dict[int, Alternative]:
    """The alternatives of `selector`, by their places in it, as they are once `mend` is applied."""
    after = dict(enumerate(selector.alternatives))
    for each in mend.changes:
        if each.fresh is None:
            del after[each.number]
        else:
            after[each.number] = each.fresh
    return after
