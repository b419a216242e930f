"""One case, one way: what came of it, by what the page and the site have seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from time import perf_counter

from playwright.sync_api import ElementHandle, Locator, Page
from playwright.sync_api import Error as PlaywrightError

from benchmarks.ui_mutations.alternatives import Alternative, alternatives_of
from benchmarks.ui_mutations.consoles import Point, Verb
from benchmarks.ui_mutations.draw import Case
from benchmarks.ui_mutations.kinds import KINDS
from benchmarks.ui_mutations.visit import Place, Visitor
from benchmarks.ui_mutations.ways import Claim, Ending, Task, Way
from benchmarks.ui_mutations.witness import Seen, Witness, mutate
from demo_site.presses import Source

DECOY = "decoy"
"""The reason of a wrong outcome that the site's own log tells."""


class Outcome(StrEnum):
    """What came of a case."""

    SURVIVED = "survived"
    """The right element, and no other, was used."""
    STOPPED = "stopped"
    """Nothing was used, and the way says why."""
    WRONG = "wrong"
    """Another element was used; or the way says it has acted, and nothing was reached."""
    ABSENT_REPORTED = "absent reported"
    """Nothing was used, and the way says that there is no such target: right where it is gone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """One line of the report; it holds nothing that was typed or shown."""

    way: str
    seed: int
    console: str
    step: int
    verb: str
    kind: str
    target_stays: bool
    outcome: Outcome
    reason: str
    took_ms: int


class Judge:
    """Runs cases with one visitor; what a way has learnt of a point is kept for its later cases."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._alternatives: dict[Point, tuple[Alternative, ...]] = {}
        self._learned: dict[tuple[str, Point], object] = {}

    def run(self, case: Case, way: Way) -> Result:
        """Bring the browser to the case's point, change the page, let `way` act, and judge."""
        with self._visitor.at(case.point) as (place, witness):
            task = self._task(place, case.point, witness, way)
            last = max((press.number for press in self._visitor.site.presses()), default=0)
            change(place, case)
            witness.forget()
            began = perf_counter()
            ending = _act(way, place, task)
            took_ms = round((perf_counter() - began) * 1000)
            seen = witness.seen(place.page.context.pages[0], expected=ending.claim is Claim.ACTED)
            decoys = sum(press.source is Source.REPORT for press in self._visitor.site.presses(after=last))
        outcome, reason = verdict(ending, seen, decoys_pressed=decoys)
        return Result(
            way=way.name,
            seed=case.seed,
            console=case.console,
            step=case.step,
            verb=case.point.verb.value,
            kind=case.kind,
            target_stays=case.target_stays,
            outcome=outcome,
            reason=reason,
            took_ms=took_ms,
        )

    def _task(self, place: Place, point: Point, witness: Witness, way: Way) -> Task:
        if point not in self._alternatives:
            reads = point.verb is Verb.READ
            self._alternatives[point] = alternatives_of(place.frame, place.target, reads=reads)

        def perform(element: ElementHandle | Locator, timeout_ms: float) -> None:
            _perform(point.verb, place.value, element, timeout_ms, place.page, witness)

        def task(learned: object) -> Task:
            return Task(point=point, alternatives=self._alternatives[point], learned=learned, perform=perform)

        if (way.name, point) not in self._learned:
            self._learned[way.name, point] = way.learn(place.page, place.frame, place.target, task(None))
        return task(self._learned[way.name, point])


def _act(way: Way, place: Place, task: Task) -> Ending:
    try:
        return way.act(place.page, place.frame, task)
    except PlaywrightError:  # a way's own fault, and no second chance
        return Ending(claim=Claim.STOPPED, reason="crashed")


def change(place: Place, case: Case) -> None:
    """Do the case's mutations to the live page."""
    changes = [(KINDS[mutation.kind].script, dict(mutation.options)) for mutation in case.mutations]
    mutate(place.target, console=case.console, reads=case.point.verb is Verb.READ, changes=changes)


def verdict(ending: Ending, seen: Sequence[Seen], *, decoys_pressed: int) -> tuple[Outcome, str]:
    """What came of a case, with a reason: what was seen counts, then what the way says."""
    if decoys_pressed or not all(event.right for event in seen):
        return Outcome.WRONG, DECOY if decoys_pressed else "other element"
    if ending.claim is Claim.ACTED:
        return (Outcome.SURVIVED, "") if seen else (Outcome.WRONG, "nothing reached")
    if seen:
        return Outcome.STOPPED, f"after acting: {ending.reason or ending.claim}"
    if ending.claim is Claim.NOT_THERE:
        return Outcome.ABSENT_REPORTED, ""
    return Outcome.STOPPED, ending.reason


def _click(element: ElementHandle | Locator, timeout_ms: float, page: Page) -> None:
    try:
        element.click(timeout=timeout_ms)
    except PlaywrightError:
        if not page.is_closed():  # a window that closes itself at a click takes Playwright's answer with it
            raise


def _perform(
    verb: Verb, value: str, element: ElementHandle | Locator, timeout_ms: float, page: Page, witness: Witness
) -> None:
    match verb:
        case Verb.CLICK:
            _click(element, timeout_ms, page)
        case Verb.TYPE:
            element.fill(value, timeout=timeout_ms)
        case Verb.CHECK:
            element.check(timeout=timeout_ms)
        case Verb.SELECT:
            element.select_option(index=int(value), timeout=timeout_ms)
        case Verb.READ:
            handle = element.element_handle(timeout=timeout_ms) if isinstance(element, Locator) else element
            witness.saw_reading(handle)
