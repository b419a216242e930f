"""What a flow would do, told before it runs: where it goes, what it types where, whom it asks, what it stores."""

from collections.abc import Mapping
from dataclasses import dataclass

from tokenbroker.flow.life import life_said
from tokenbroker.flow.model import Flow, Step
from tokenbroker.human.checkpoint import Kind
from tokenbroker.run.creation import Creation, creations
from tokenbroker.run.intent import UNKNOWN
from tokenbroker.run.steps import STEPS

UNDECIDED = f"{Kind.OTP.value} or {Kind.CONFIRM.value}"
"""The kind of a checkpoint that the page decides on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed:
    """One place where a reference's value is typed.

    Attributes:
        field: the selector of the field, as the flow says it.
        page: the address that the flow went to last before that; clicks may have led on from there. Wherever they
            led, the value is typed only on a page of a declared origin.
        frame: whether the field is in a frame that the step names.
        window: the name of the window that it is in, where it is not the first one.
    """

    step: int
    line: int
    reference: str
    field: str
    page: str
    frame: bool
    window: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """One place where something is typed or chosen that is no secret: a literal, or a parameter by its name."""

    step: int
    line: int
    text: str
    field: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """One point where only a person may act, step 0 before the run; `only_if` is a selector, and "" means always."""

    step: int
    line: int
    kind: str
    reason: str
    only_if: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """One step that may create a key at the site; `name` and `revoke` as the flow says them, "" where it does not.

    `is_said`: the flow itself says so, with `creates`; else it is taken for the one.
    """

    step: int
    line: int
    is_said: bool
    what: str
    name: str
    revoke: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """One token: read where and how, and stored under which reference; `life` is what the flow says of that."""

    step: int
    line: int
    source: str
    secret_ref: str
    life: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """One request that carries a captured token; `secret_ref` "" means the last one."""

    step: int
    line: int
    url: str
    secret_ref: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Outline:
    """All of that for one flow, in the order of its steps."""

    typed: tuple[Typed, ...]
    written: tuple[Written, ...]
    asked: tuple[Asking, ...]
    made: tuple[Made, ...]
    kept: tuple[Kept, ...]
    sent: tuple[Sent, ...]


def outline_of(flow: Flow, *, needs_approval: bool = False) -> Outline:
    """What `flow` would do; nothing of a value is in it, for nothing is read.

    `needs_approval`: whether a person has to approve a run of it.
    """
    typed, written, asked, kept, sent = [], [], [], [], []
    plain = {f"param:{param.name}" for param in flow.params if not param.personal}
    page = ""
    if needs_approval:
        asked.append(
            Asking(
                step=0,
                line=1,
                kind=Kind.APPROVAL.value,
                reason="Approve the run before it starts",
                only_if="",
            )
        )
    for step in flow.steps:
        page = str(step.options["url"]) if step.verb == "navigate" else page
        line = step.position.line
        text = step.options.get("value", step.options.get("value_ref"))
        if "value" in step.options or text in plain:
            written.append(
                Written(step=step.number, line=line, text=str(text), field=str(step.selector or ""))
            )
        elif text is not None:
            typed.append(_typed(step, page))
        if "human" in STEPS[step.verb].requires:
            asked.append(
                Asking(
                    step=step.number,
                    line=line,
                    kind=str(step.options.get("kind", UNDECIDED)),
                    reason=str(step.options.get("reason", step.title)),
                    only_if=str(step.when or ""),
                )
            )
        if "token" in STEPS[step.verb].requires:
            reference = str(step.options.get("secret_ref", ""))
            sent.append(Sent(step=step.number, line=line, url=str(step.options["url"]), secret_ref=reference))
        elif "secret_ref" in step.options:
            source = (
                f"{step.options.get('from', 'text')} of {step.selector}" if step.selector else "the clipboard"
            )
            kept.append(
                Kept(
                    step=step.number,
                    line=line,
                    source=source,
                    secret_ref=str(step.options["secret_ref"]),
                    life=life_said(step),
                )
            )
    made = tuple(_made(flow, creation) for creation in creations(flow))
    return Outline(
        typed=tuple(typed),
        written=tuple(written),
        asked=tuple(asked),
        made=made,
        kept=tuple(kept),
        sent=tuple(sent),
    )


def _made(flow: Flow, creation: Creation) -> Made:
    step = flow.steps[creation.step - 1]
    name = "" if creation.name == UNKNOWN else creation.name
    revoke = creation.revoke or ""
    return Made(
        step=step.number,
        line=step.position.line,
        is_said="creates" in step.options,
        what=step.title,
        name=name,
        revoke=revoke,
    )


def _typed(step: Step, page: str) -> Typed:
    return Typed(
        step=step.number,
        line=step.position.line,
        reference=str(step.options["value_ref"]),
        field=str(step.selector),
        page=page,
        frame="frame" in step.options,
        window=str(step.options.get("page", "")),
    )
