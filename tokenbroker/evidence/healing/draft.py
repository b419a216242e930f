"""What is to change in a flow's text, by what a run proposes, and what is not, with the reasons.

Nothing that a run's record says is taken at its word: whether a step may be mended at all, what may be proposed for
an alternative and whether the text is still a flow are asked again here.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from tokenbroker.errors import FlowError, UsageError
from tokenbroker.evidence.healing.record import RunRecord, StepRecord, TargetRecord, bad_record
from tokenbroker.flow.document import Document, NodePath, parse_document
from tokenbroker.flow.edit import Value
from tokenbroker.flow.lint import lint_document
from tokenbroker.flow.load import examine
from tokenbroker.flow.mend import Act, ByHand, Mend, Proposal, is_enough, may_be_proposed, mended, why_never
from tokenbroker.flow.model import Flow, Step, StepTypes
from tokenbroker.flow.patch import SetChange, patched
from tokenbroker.flow.rule import Severity
from tokenbroker.flow.selector import Alternative, Family, Fingerprint, SelectorSet

BY_HAND: Final[Mapping[ByHand, str]] = {
    ByHand.FRAME: "it stands in another frame now: add `frame` to the step, or change it",
    ByHand.KEY: "a key may have been made by then, so that the run kept no word of the page: `creates` on the step "
    "that makes the key lets those before it be mended",
    ByHand.ORIGIN: "the page that it was found in belongs to an origin that the flow does not name",
    ByHand.RESTLESS: "the page did not come to rest, so that nothing could be proven",
}
_NOTHING_LASTING: Final = (
    "the element has no lasting name to offer, and without this one too little evidence is left"
)
_OTHER_ORIGIN: Final = "the form of the element belongs to another origin, which no patch takes over"
_NOT_AS_GOOD: Final = (
    "with it, the file would be no flow, or one with more findings of `tokenbroker validate`"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One alternative as it was and as it is to be; None: it is taken out."""

    was: Alternative
    becomes: Alternative | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """What failed or differs and is not changed, and why."""

    what: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StepDraft:
    """What is to become of the set of one step that was healed.

    Attributes:
        changed_fields: the fields of its fingerprint that are to say what the element is now.
        left: all that is not mended; without a change, the whole set.
    """

    step: Step
    agreed: tuple[str, ...]
    failed: tuple[str, ...]
    changes: tuple[Change, ...] = ()
    changed_fields: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A flow's text with all that can be mended, and how it came to it."""

    run: RunRecord
    steps: tuple[StepDraft, ...]
    before: Document
    text: str

    @property
    def changes_something(self) -> bool:
        """Whether there is a patch at all."""
        return self.text != self.before.text


def draft_of(flow: Flow, document: Document, run: RunRecord, types: StepTypes) -> Draft:
    """What `run` proposes for `flow`, whose text `document` is.

    Raises:
        UsageError: `heal.bad_record`.
    """
    text = document.text
    steps: list[StepDraft] = []
    for record in run.healed:
        step = _step_of(flow, record, run)
        drafted, text = _drafted(step, record, text, document, run, types)
        steps.append(drafted)
    return Draft(run=run, steps=tuple(steps), before=document, text=text)


def _step_of(flow: Flow, record: StepRecord, run: RunRecord) -> Step:
    step = flow.steps[record.number - 1] if record.number <= len(flow.steps) else None
    target = record.target
    assert target is not None  # of a step that was healed
    if step is None or step.verb != record.verb or not isinstance(step.selector, SelectorSet):
        raise bad_record(run.run, f"step {record.number} is another one in the flow")
    families = [each.family for each in step.selector.alternatives]
    if sorted(families) != sorted([*target.agreed, *target.failed]):
        raise bad_record(run.run, f"the set of step {record.number} is another one in the flow")
    return step


def _drafted(
    step: Step, record: StepRecord, text: str, document: Document, run: RunRecord, types: StepTypes
) -> tuple[StepDraft, str]:
    target, selector = record.target, step.selector
    assert target is not None
    assert isinstance(selector, SelectorSet)

    def draft(**more: Any) -> StepDraft:
        agreed, failed = (tuple(each.value for each in which) for which in (target.agreed, target.failed))
        return StepDraft(step=step, agreed=agreed, failed=failed, **more)

    why = why_never(step, types) or _why_by_hand(target)
    if why:
        return draft(left=(Left(what="the set", why=why),)), text
    mend = _mend_of(step, selector, target, run)
    fields, left = _fields(selector.fingerprint, target)
    left += [
        Left(what=selector.alternatives[each.number].told, why=_NOTHING_LASTING)
        for each in mend.proposals
        if each.act is Act.KEEP
    ]
    wanted = {each.number: each.fresh for each in mend.changes}
    done = patched(text, SetChange(at=_place(step, document), alternatives=wanted, fingerprint=fields))
    for each in done.refused:
        what = f"fingerprint: {each.what}"
        if isinstance(each.what, int):
            what = selector.alternatives[each.what].told
            del wanted[each.what]
        else:
            del fields[each.what]
        left.append(Left(what=what, why=each.why))
    if done.text != text and not _is_as_good(done.text, text, document, types):
        return draft(left=(*left, Left(what="the set", why=_NOT_AS_GOOD))), text
    changes = tuple(Change(was=selector.alternatives[n], becomes=each) for n, each in sorted(wanted.items()))
    return draft(changes=changes, changed_fields=tuple(fields), left=tuple(left)), done.text


def _why_by_hand(target: TargetRecord) -> str:
    if target.in_other_frame:
        return BY_HAND[ByHand.FRAME]
    if target.mend is None:
        return "the run kept no proposal: it was one of an earlier release; run the flow again"
    return BY_HAND.get(target.mend.by_hand, "")


def _mend_of(step: Step, selector: SelectorSet, target: TargetRecord, run: RunRecord) -> Mend:
    """What the record proposes, once it has proven to be what a run may propose for this set."""
    assert target.mend is not None
    proposals: list[Proposal] = []
    for each in target.mend.proposals:
        is_known = each.number < len(selector.alternatives)
        if not is_known or selector.alternatives[each.number].family is not each.family:
            raise _bad(step, run)
        fresh = _alternative(each.fresh) if each.fresh is not None else None
        if each.family not in target.failed or (each.act is Act.REPLACE) != (fresh is not None):
            raise _bad(step, run)
        if each.fresh is not None and (fresh is None or not may_be_proposed(fresh)):
            raise _bad(step, run)
        proposals.append(Proposal(number=each.number, family=each.family, act=each.act, fresh=fresh))
    mend = Mend(proposals=tuple(proposals))
    numbers = [each.number for each in proposals]
    after = mended(selector, mend) if len(numbers) == len({*numbers}) else {}
    has_dropped = any(each.act is Act.DROP for each in proposals)
    if not after or (has_dropped and not is_enough(after)):
        raise _bad(step, run)
    return mend


def _bad(step: Step, run: RunRecord) -> UsageError:
    return bad_record(run.run, f"what it proposes for step {step.number} is nothing that a run proposes")


def _alternative(said: Mapping[Any, str]) -> Alternative | None:
    """What `said` stands for; None where that is no alternative."""
    families = [*({*said} - {"name"})]
    if len(families) != 1 or ("name" in said) != (families == ["role"]):
        return None
    (family,) = families
    return Alternative(family=Family(family), value=said[family], name=said.get("name", ""))


def _fields(recorded: Fingerprint | None, target: TargetRecord) -> tuple[dict[str, Value | None], list[Left]]:
    """What the fields of the set's fingerprint that differ are to say; None takes one out."""
    now = target.fingerprint
    if recorded is None or now is None:
        return {}, []
    fields: dict[str, Value | None] = {}
    left: list[Left] = []
    there = recorded.as_options()
    for name in target.differs:
        value = getattr(now, name)
        if name not in there or there[name] == value:
            continue
        if name == "form" and value and urlsplit(value)[:2] != urlsplit(recorded.form)[:2]:
            left.append(Left(what="fingerprint: form", why=_OTHER_ORIGIN))
            continue
        fields[name] = value or None
    return fields, left


def _place(step: Step, document: Document) -> NodePath:
    """Where the set of `step` stands: behind `selector`, or right behind the verb."""
    path: NodePath = ("steps", step.number - 1, step.verb)
    inside = (*path, "selector")
    return inside if inside in document.values else path


def _is_as_good(after: str, before: str, document: Document, types: StepTypes) -> bool:
    """Whether `after` is a flow, and has no finding that `before` has not."""
    try:
        read = parse_document(after.encode(), document.path)
    except FlowError:
        return False
    if examine(read, types)[0] is None:
        return False
    return not Counter(_findings(read, types)) - Counter(
        _findings(parse_document(before.encode(), document.path), types)
    )


def _findings(document: Document, types: StepTypes) -> Iterator[str]:
    yield from (
        each.id
        for each in lint_document(document, types)
        if each.severity is not Severity.NOTE and each.reason is None
    )
