"""Why none of the elements that a selector set leads to was accepted, said so that a person can mend the flow."""

from collections.abc import Sequence
from dataclasses import dataclass

from tokenbroker.flow.basis import Basis, bases_of, resting_on
from tokenbroker.flow.selector import Fingerprint, SelectorSet
from tokenbroker.run.targets.fingerprint import Fit, Surroundings, differences
from tokenbroker.run.targets.verdict import NO_AGREEMENT, Evidence, Purpose, Verdict

_COMPARE = "open the page in your own browser and compare; then mend "
_MEND_SET = f"{_COMPARE}the alternatives that are no longer right"
_MEND_FINGERPRINT = (
    f"{_COMPARE}the alternatives; if it is the right element all the same, the fingerprint: without it, the next run's "
    "run.json tells the new one"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Why, and what to do."""

    why: str
    next_step: str


def reason_of(
    verdict: Verdict,
    selector: SelectorSet,
    evidence: Sequence[Evidence],
    prints: Sequence[Fingerprint | None],
    *,
    purpose: Purpose,
) -> Reason:
    """Why `verdict` accepts none of the candidates, of which `evidence` and `prints` tell in their order."""
    if verdict is not NO_AGREEMENT or not evidence:
        return Reason(why=verdict.why, next_step=_MEND_SET)
    number = max(range(len(evidence)), key=lambda each: len(evidence[each].ways))
    best, now, recorded = evidence[number], prints[number], selector.fingerprint
    this = f"candidate {number + 1}"
    if len(evidence) > 1 and len(best.ways) == 1 and len({way for each in evidence for way in each.ways}) > 1:
        return Reason(why="the alternatives lead to different elements", next_step=_MEND_SET)
    bases = bases_of(selector)
    rests_on = {bases[way] for way in best.ways}
    if Basis.WORDS in bases and Basis.WORDS not in rests_on:
        if purpose is Purpose.SEE:
            return Reason(why=f"{this} does not show the words that the set asks for", next_step=_MEND_SET)
        if purpose is Purpose.ACT and best.was_pressed:
            why = f"{this} is what was pressed last, and no longer shows the words that the set asks for"
            return Reason(why=why, next_step=_MEND_SET)
    if recorded is not None and now is not None and best.fit is not None:
        return _unlike(this, best.fit, recorded, now)
    if len(rests_on) == 1:
        (only,) = rests_on
        why = f"all that leads to {this} rests on {resting_on(only)}, which is one piece of evidence: it takes two"
    else:
        why = (
            f"{_families(selector, best)} lead to {this}, the others don't, and none of them is a mark (a test_id, "
            "an id, a name): without a fingerprint, what is left of a set needs one"
        )
    return Reason(
        why=why,
        next_step=f"{_MEND_SET}, add one that names a mark, or the fingerprint that run.json tells after a good run",
    )


def _unlike(this: str, fit: Fit, recorded: Fingerprint, now: Fingerprint) -> Reason:
    if fit.contradicts:
        before, after = (_shown(each, fit.contradicts) for each in (recorded, now))
        why = (
            f"{this} contradicts the fingerprint: its {fit.contradicts} is {after}, and {before} was recorded"
        )
    elif fit.surroundings is Surroundings.OTHER:
        why = f"{this} stands elsewhere: what stood around the element is on the page, and not around it"
    else:
        changed = differences(recorded, now)
        unlike = f", and it differs from the fingerprint in {', '.join(changed)}" if changed else ""
        why = f"too little speaks for {this}{unlike}"
    return Reason(why=why, next_step=_MEND_FINGERPRINT)


def _shown(told: Fingerprint, name: str) -> str:
    """What decides of it: of an address its origin, which alone contradicts."""
    value = str(getattr(told, name)) or "none"
    return "/".join(value.split("/")[:3]) if name == "form" else value


def _families(selector: SelectorSet, best: Evidence) -> str:
    names = [selector.alternatives[way].family.value for way in sorted(best.ways)]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
