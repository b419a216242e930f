"""What would mend a set that was healed: made of the element that was found, proven by a look of its own (RESIL-3)."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from playwright.sync_api import Frame

from tokenbroker.flow.basis import bases_of
from tokenbroker.flow.mend import Act, ByHand, Mend, Proposal, as_options, is_enough, may_be_proposed
from tokenbroker.flow.selector import Alternative, Family, SelectorSet
from tokenbroker.run.failure import StepFailed, attempt
from tokenbroker.run.quiet import has_settled
from tokenbroker.run.targets.engine import Hints, Way, hints_of, look
from tokenbroker.run.targets.found import Found, TargetReport
from tokenbroker.run.targets.sets import way_of
from tokenbroker.secret import Secret

_IN_ORDER: Final = (
    Family.TEST_ID,
    Family.ROLE,
    Family.LABEL,
    Family.PLACEHOLDER,
    Family.TEXT,
    Family.CSS,
)
LIMIT_S: Final = 4.0
_ELEMENT: Final = 0
"""The way that leads to what was found, in the look that proves."""


@dataclass(frozen=True, kw_only=True)
class Mender:
    """Proposes what would mend the set of one step.

    Attributes:
        redact: makes a text safe to keep; one that it changes is not proposed.
        varying: texts that differ from run to run; what holds one is not proposed either.
    """

    selector: SelectorSet
    redact: Callable[[str], str]
    varying: frozenset[str]
    _until: float = field(default_factory=lambda: time.monotonic() + LIMIT_S)

    @classmethod
    def of(
        cls, selector: SelectorSet, *, redact: Callable[[str], str], inputs: Mapping[str, str | Secret]
    ) -> "Mender":
        """For `selector`, in a run with `inputs`: those that are no secrets differ from run to run."""
        given = (each.casefold() for each in inputs.values() if isinstance(each, str))
        # A letter or two stand in many words.
        return cls(
            selector=selector, redact=redact, varying=frozenset(each for each in given if len(each) > 2)
        )

    def mend(self, found: Found, report: TargetReport, *, is_at_rest: bool) -> Mend:
        """What to change in the set, so that all of it leads to what was `found`; takes `LIMIT_S` at most.

        Raises:
            StepFailed: the browser has gone.
        """
        if report.in_other_frame:
            return Mend(by_hand=ByHand.FRAME)
        if not is_at_rest and not has_settled(found.frame, self._remaining_s):
            return Mend(by_hand=ByHand.RESTLESS)
        try:
            hints = attempt(
                lambda: hints_of(found.element, timeout_ms=self._remaining_s() * 1000),
                what="looking at the element",
            )
            offers = [*self._offers(hints)]
            failed = {n: each for n, each in self._numbered() if each.family.value in report.failed}
            proven = self._proven(found, [*failed.values(), *offers])
        except StepFailed as error:
            if error.code.startswith("browser."):
                raise
            return Mend(by_hand=ByHand.RESTLESS)
        return Mend(proposals=tuple(self._proposals(failed, offers, proven)))

    def _remaining_s(self) -> float:
        return max(self._until - time.monotonic(), 0.001)  # Playwright takes zero for "no limit"

    def _numbered(self) -> Iterator[tuple[int, Alternative]]:
        yield from enumerate(self.selector.alternatives)

    def _offers(self, hints: Hints) -> Iterator[Alternative]:
        for family in _IN_ORDER:
            for each in _of_family(family, hints):
                if may_be_proposed(each) and all(map(self._may_be_kept, as_options(each).values())):
                    yield each

    def _may_be_kept(self, text: str) -> bool:
        return self.redact(text) == text and not any(each in text.casefold() for each in self.varying)

    def _proven(self, found: Found, alternatives: Sequence[Alternative]) -> frozenset[Alternative]:
        """Those of `alternatives` that lead to what was `found`, and to nothing else, seen or not."""
        frame: Frame = found.frame
        ways = [Way(locator=found.element), *(way_of(frame, each) for each in alternatives)]
        sight = attempt(
            lambda: look(frame, ways, timeout_ms=self._remaining_s() * 1000, wordless=True, proof=True),
            what="looking along what is proposed",
        )
        led = next((each.ways for each in sight.candidates if _ELEMENT in each.ways), frozenset())
        return frozenset(
            each
            for way, each in enumerate(alternatives, 1)
            if way in led and sight.counts[way] == 1 and not sight.hidden[way]
        )

    def _proposals(
        self,
        failed: Mapping[int, Alternative],
        offers: Sequence[Alternative],
        proven: frozenset[Alternative],
    ) -> Iterator[Proposal]:
        # What leads to it by now only came late.
        left = {number: each for number, each in failed.items() if each not in proven}
        after = {number: each for number, each in self._numbered() if number not in left}
        good = [each for each in offers if each in proven]
        fresh = {
            number: next((each for each in good if each.family is was.family), None)
            for number, was in left.items()
        }
        after |= {number: each for number, each in fresh.items() if each is not None}
        for number, was in left.items():
            chosen = fresh[number] or _another(good, after)
            if chosen is not None:
                after[number] = chosen
                yield Proposal(number=number, family=was.family, act=Act.REPLACE, fresh=chosen)
            else:
                act = Act.DROP if is_enough(after) else Act.KEEP
                yield Proposal(number=number, family=was.family, act=act)


def _another(good: Sequence[Alternative], after: Mapping[int, Alternative]) -> Alternative | None:
    """The first of a family that the set has not, which rests on something that the others don't rest on."""
    taken = {each.family for each in after.values()}
    weight = _weight(after.values())
    return next(
        (each for each in good if each.family not in taken and _weight([*after.values(), each]) > weight),
        None,
    )


def _weight(alternatives: Iterable[Alternative]) -> int:
    """On how many different things they rest."""
    return len({*bases_of(SelectorSet(alternatives=tuple(alternatives)))})


def _of_family(family: Family, hints: Hints) -> Iterator[Alternative]:
    """What `hints` offer, the most lasting first."""
    match family:
        case Family.TEST_ID:
            said = [hints.test_id]
        case Family.ROLE:
            if hints.role and hints.name:
                yield Alternative(family=family, value=hints.role, name=hints.name)
            return
        case Family.LABEL:
            said = [hints.label]
        case Family.PLACEHOLDER:
            said = [hints.placeholder]
        case Family.TEXT:
            said = [hints.text]
        case _:
            said = [*_css(hints)]
    yield from (Alternative(family=family, value=each) for each in said if each)


def _css(hints: Hints) -> Iterator[str]:
    if hints.id:
        yield f"#{hints.id}"
    if hints.named:
        yield f'{hints.tag}[name="{hints.named}"]'
    if hints.type and hints.type != "text":
        yield f"{hints.tag}[type={hints.type}]"
        if hints.is_in_form:
            yield f"form {hints.tag}[type={hints.type}]"
    yield from (f"{hints.tag}.{each}" for each in hints.classes)
