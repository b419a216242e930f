"""Find the element that a selector set means: all alternatives are looked along, and must agree."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Frame, Locator

from tokenbroker.flow.selector import Alternative, Family, Fingerprint, SelectorSet
from tokenbroker.run.failure import StepFailed, Tried, attempt
from tokenbroker.run.quiet import has_settled, rounds
from tokenbroker.run.targets.engine import Candidate, Sight, Way, look
from tokenbroker.run.targets.fingerprint import (
    PageTexts,
    Surroundings,
    differences,
    fingerprint_of,
    fit,
    keyed_hash,
)
from tokenbroker.run.targets.found import Found, TargetReport
from tokenbroker.run.targets.reasons import Reason, reason_of
from tokenbroker.run.targets.selector import exact_pattern
from tokenbroker.run.targets.verdict import NOTHING, Evidence, Purpose, Verdict, judge

# A target that is not there by then may have moved into another frame.
LOOK_WIDER_S = 0.5
MAX_CANDIDATES = 6


@dataclass(frozen=True, kw_only=True)
class SetSearch:
    """One search for what `selector` means.

    Attributes:
        frames: where it may be, the step's own frame first; all of declared origins.
        as_written: an address of the site as the flow would write it.
    """

    selector: SelectorSet
    frames: tuple[Frame, ...]
    site: str
    as_written: Callable[[str], str]
    remaining_s: Callable[[], float]
    redact: Callable[[str], str]
    wordless: bool
    purpose: Purpose

    def find(self) -> Found:
        """The one element, waited for until the step's time is up.

        Raises:
            StepFailed: `target.not_found`, `target.ambiguous` or `target.bad_selector`.
        """
        began = time.monotonic()
        last = _View()
        for _ in rounds(self.frames[0].page, self.remaining_s):
            view = self._view(self.frames[:1])
            if view is not None and view.is_sure:
                return self._found(view)
            last = view or last
            if (view is None or not view.candidates) and time.monotonic() - began < LOOK_WIDER_S:
                continue
            # Half of the page may not be there yet: what is accepted on less than all has to stand alone then, too.
            if not has_settled(self.frames[0], self.remaining_s):
                continue
            view = self._view(self.frames)
            last = view or last
            if view is not None and view.verdict.accepted is not None:
                return self._found(view)
            if last.verdict.code == "target.ambiguous":
                break
        raise self._stop(last)

    def now(self) -> Found | None:
        """The element if it is there now, in the step's own frame; one that is only looked at."""
        view = self._view(self.frames[:1])
        return self._found(view) if view is not None and view.verdict.accepted is not None else None

    def is_gone(self) -> bool:
        """Whether a look at the step's own frame finds nothing that may be the element."""
        view = self._view(self.frames[:1])
        return view is not None and view.verdict.code == "target.not_found"

    def _view(self, frames: Sequence[Frame]) -> "_View | None":
        """What is there now; None while all of it is just changing."""
        sights = [sight for frame in frames if (sight := self._sight(frame)) is not None]
        if not sights:
            return None
        counts = [sum(each) for each in zip(*(sight.counts for sight in sights), strict=True)]
        # What is still empty is neither pressed nor read: it may hold the place of what is yet to come.
        candidates = [c for s in sights for c in s.candidates if not (c.is_empty and self.purpose.uses_it)]
        page = PageTexts(
            captions=self._hashes(text for sight in sights for text in sight.captions),
            names=self._hashes(text for sight in sights for text in sight.names),
        )
        prints = [self._print(candidate) for candidate in candidates]
        recorded = self.selector.fingerprint
        evidence = [
            Evidence(
                ways=candidate.ways,
                alone=frozenset(way for way in candidate.ways if counts[way] == 1),
                was_pressed=candidate.is_acted and candidate.presses,
                fit=fit(recorded, now, page=page, in_other_frame=candidate.frame != self.frames[0])
                if recorded is not None and now is not None
                else None,
            )
            for candidate, now in zip(candidates, prints, strict=True)
        ]
        verdict = judge(self.selector, evidence, purpose=self.purpose)
        return _View(
            candidates=tuple(candidates),
            prints=tuple(prints),
            evidence=tuple(evidence),
            verdict=verdict,
            counts=tuple(counts),
            hidden=tuple(sum(each) for each in zip(*(sight.hidden for sight in sights), strict=True)),
        )

    def _sight(self, frame: Frame) -> Sight | None:
        """One look at `frame`; None while it is just changing."""
        ways = [way_of(frame, alternative) for alternative in self.selector.alternatives]
        try:
            return attempt(
                lambda: look(
                    frame,
                    ways,
                    timeout_ms=self.remaining_s() * 1000,
                    wordless=self.wordless,
                    # What is only seen has no evidence of its own: a print serves the fingerprint alone.
                    prints=self.purpose is not Purpose.SEE or self.selector.fingerprint is not None,
                ),
                what="looking for the element",
            )
        except StepFailed as error:
            if error.code == "target.bad_selector":
                raise self._bad(ways) from None
            if error.code.startswith("browser."):
                raise
            return None

    def _hashes(self, texts: Iterable[str]) -> frozenset[str]:
        return frozenset(keyed_hash(text, site=self.site) for text in texts)

    def _print(self, candidate: Candidate) -> Fingerprint | None:
        around = candidate.print
        if around is None:
            return None
        return fingerprint_of(around, site=self.site, form=self.as_written(around.form))

    def _found(self, view: "_View") -> Found:
        number = view.verdict.accepted
        assert number is not None  # asked for by the callers
        candidate, evidence = view.candidates[number], view.evidence[number]
        families = [alternative.family.value for alternative in self.selector.alternatives]
        report = TargetReport(
            families=tuple(families),
            won=families[min(evidence.ways)],
            agreed=tuple(f for way, f in enumerate(families) if way in evidence.ways),
            failed=tuple(f for way, f in enumerate(families) if way not in evidence.ways),
            fingerprint=view.prints[number],
            differs=differences(self.selector.fingerprint, view.prints[number]),
            in_other_frame=candidate.frame != self.frames[0],
        )
        return replace(Found.of(candidate), report=report)

    def _stop(self, view: "_View") -> StepFailed:
        reason = self._reason(view)
        return StepFailed(
            f"no element to act on: {reason.why}",
            code=view.verdict.code,
            tried=self._tried(view),
            next_step=reason.next_step,
        )

    def unseen(self) -> tuple[str, tuple[Tried, ...]]:
        """Why a look does not find the element in the step's own frame, and where each alternative leads."""
        view = self._view(self.frames[:1])
        if view is None:
            return "the page could not be looked at", ()
        if view.verdict.accepted is not None:
            return "it came when the time was up", ()
        return self._reason(view).why, self._tried(view)

    def _reason(self, view: "_View") -> Reason:
        reason = reason_of(view.verdict, self.selector, view.evidence, view.prints, purpose=self.purpose)
        return replace(reason, why=self.redact(reason.why))

    def _tried(self, view: "_View") -> tuple[Tried, ...]:
        tried = tuple(
            Tried(selector=alternative.told, why=_led_to(view, way), candidates=())
            for way, alternative in enumerate(self.selector.alternatives)
        )
        shown = [
            self.redact(f"{number}: {candidate.shown}")
            for number, candidate in enumerate(view.candidates[:MAX_CANDIDATES], 1)
        ]
        if not shown:
            return tried
        return (*tried, Tried(selector="candidates", why="none is accepted", candidates=tuple(shown)))

    def _bad(self, ways: Sequence[Way]) -> StepFailed:
        why = "it is not a selector that Playwright understands"
        for way, alternative in zip(ways, self.selector.alternatives, strict=True):
            try:
                way.locator.count()
            except PlaywrightError:
                tried = Tried(selector=alternative.told, why=why)
                return _unusable(why, (tried,))
        return _unusable(why, ())


def _unusable(why: str, tried: tuple[Tried, ...]) -> StepFailed:
    return StepFailed(
        f"no element to act on: {why}",
        code="target.bad_selector",
        tried=tried,
        next_step="mend its spelling: a bracket or a quotation mark is missing, say",
    )


def _led_to(view: "_View", way: int) -> str:
    if not (view.counts[way] if view.counts else 0):
        hidden = view.hidden[way] if view.hidden else 0
        return f"only what can't be seen matches ({hidden})" if hidden else "nothing matches"
    numbers = [str(number) for number, each in enumerate(view.candidates, 1) if way in each.ways]
    if not numbers:
        return "what it leads to is still empty"
    more = ", …" if len(numbers) > MAX_CANDIDATES else ""
    return f"leads to candidate{'s' if len(numbers) > 1 else ''} {', '.join(numbers[:MAX_CANDIDATES])}{more}"


@dataclass(frozen=True, kw_only=True, slots=True)
class _View:
    """What was there at one moment, and what follows from it."""

    candidates: tuple[Candidate, ...] = ()
    prints: tuple[Fingerprint | None, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    verdict: Verdict = NOTHING
    counts: tuple[int, ...] = ()
    hidden: tuple[int, ...] = ()

    @property
    def is_sure(self) -> bool:
        """Whether there is no need to wait until the page has come to rest."""
        number = self.verdict.accepted
        # What was just pressed may be the forerunner of what is meant, which is still to come.
        if number is None or self.evidence[number].was_pressed:
            return False
        if not (self.verdict.is_unanimous or self.verdict.is_primary):
            return False
        fit = self.evidence[number].fit
        return fit is None or fit.surroundings is Surroundings.SAME or fit.same_kind


def way_of(frame: Frame, alternative: Alternative) -> Way:
    """How `alternative` is looked for in `frame`."""
    value = alternative.value
    locator: Locator
    match alternative.family:
        case Family.TEST_ID:
            locator = frame.get_by_test_id(value)
        case Family.ROLE:
            locator = frame.get_by_role(value, name=alternative.name, exact=True)  # type: ignore[arg-type]  # a literal
        case Family.LABEL:
            locator = frame.get_by_label(value, exact=True)
        case Family.PLACEHOLDER:
            locator = frame.get_by_placeholder(value, exact=True)
        case Family.TEXT:
            return Way(locator=frame.locator(f"text={exact_pattern(value)}"), to="owner")
        case Family.CSS | Family.XPATH:
            locator = frame.locator(f"{alternative.family.value}={value}")
    return Way(locator=locator)
