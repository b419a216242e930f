"""Which steps of a flow create a key, and the record that is kept of it until the key is safe (RUN-10)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tokenbroker.clock import Clock
from tokenbroker.errors import BrokerError
from tokenbroker.flow.life import TokenLife, life_said
from tokenbroker.flow.model import Flow, Step
from tokenbroker.policy.approve import Plan
from tokenbroker.run.intent import UNKNOWN, Intent
from tokenbroker.run.keep import Remember, forget, keep
from tokenbroker.run.left_key import sentence_of_lost, sentence_of_read
from tokenbroker.run.spool import OpenIntent, Spool
from tokenbroker.run.steps import STEPS
from tokenbroker.secret import Secret
from tokenbroker.sinks.sink import Reference, Sink


@dataclass(frozen=True, kw_only=True, slots=True)
class Creation:
    """A step that may create a key, and the captures that read what it created."""

    step: int
    """The step's number: the intent is durable before it begins."""
    name: str
    revoke: str | None
    captures: tuple[int, ...]
    """Numbers of the `capture_token` steps, in order."""
    targets: tuple[str, ...]
    """Their `secret_ref`s."""
    lives: tuple[dict[str, str], ...]
    """What each of them says of the life of its token."""


def creations(flow: Flow) -> tuple[Creation, ...]:
    """The creating steps of `flow`.

    A step that says `creates` is one, for the captures that follow it, on whatever page. Else it is the first
    step that may create something after the last `navigate` or `wait_human` before the capture. Where nothing
    acts there: what was pressed before that `wait_human` (a site that asks for a code before it shows the key),
    or the `wait_human` itself; after a `navigate`, the capture, for fetching a page creates nothing.
    """
    found: dict[int, list[Step]] = {}
    declared: dict[int, dict[str, str]] = {}
    start: Step | None = None
    asked: Step | None = None
    said: Step | None = None
    for step in flow.steps:
        if step.verb in ("navigate", "wait_human"):
            asked = (start or step) if step.verb == "wait_human" else None
            start = None
            # What a step said holds until its key was read: a site may ask for a code, or show the key elsewhere.
            said = None if said is not None and said.number in found else said
        elif STEPS[step.verb].may_create:
            start = start or step
            if "creates" in step.options:
                said = step
                declared[step.number] = step.options["creates"]
        elif step.verb == "capture_token":
            found.setdefault((said or start or asked or step).number, []).append(step)
    return tuple(
        Creation(
            step=number,
            name=declared.get(number, {}).get("name", UNKNOWN),
            revoke=declared.get(number, {}).get("revoke") or _way_to_revoke(captures),
            captures=tuple(step.number for step in captures),
            targets=tuple(str(step.options["secret_ref"]) for step in captures),
            lives=tuple(map(life_said, captures)),
        )
        for number, captures in found.items()
    )


def _way_to_revoke(captures: Sequence[Step]) -> str | None:
    """The flow that revokes what they capture, if one of them names it."""
    return next((said for step in captures if (said := life_said(step).get("revokes"))), None)


@dataclass(kw_only=True)
class _Open:
    """An intent of this run that is not yet cleared."""

    creation: Creation
    intent: OpenIntent
    sinks: tuple[Sink, ...]
    """Where each of the creation's tokens goes."""
    pressed: bool = False
    read: int = 0
    """Captures that had a token to keep."""
    kept: int = 0


class CreationRecord:
    """Keeps the spool in step with one run; fulfils `tokenbroker.run.keeper.Keeper`.

    `open_sink` answers the sink of an alias; `on_press` is called with True before the first creating step acts, and
    with False where it turned out that none has; `remember`
    keeps what the flow says of the life of a token, once that is stored.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        run_id: str,
        spool: Spool,
        open_sink: Callable[[str], Sink],
        clock: Clock,
        on_press: Callable[[bool], None] = lambda _: None,
        remember: Remember = forget,
    ) -> None:
        self._plan = plan
        self._run_id = run_id
        self._spool = spool
        self._open_sink = open_sink
        self._clock = clock
        self._on_press = on_press
        self._remember = remember
        self._creations = {
            creation.step: replace(creation, targets=tuple(map(plan.lands_at, creation.targets)))
            for creation in creations(plan.flow)
        }
        self._open: dict[int, _Open] = {}
        self.references: list[Reference] = []
        self.ends: dict[Reference, datetime] = {}
        self._pressed: set[int] = set()

    @property
    def pressed_any(self) -> bool:
        """Whether a step that may create a key has acted."""
        return bool(self._pressed)

    def begin(self, step: Step, page_address: str) -> None:
        """Before `step` begins: make the intent durable if it may create a key."""
        if step.number in self._open:
            return  # it is done again
        creation = self._creations.get(step.number) or self._uncovered(step)
        if creation is None:
            return
        intent = Intent(
            run_id=self._run_id,
            flow_id=self._plan.flow.id,
            site=self._plan.flow.site,
            origin=self._plan.origins[0] if self._plan.origins else "",
            key_name=creation.name,
            revoke=creation.revoke or page_address,
            targets=creation.targets,
            created_at=self._clock(),
            lives=creation.lives,
            params={name: value for name, value in self._plan.params.items() if isinstance(value, str)},
        )
        # Opened before anything is created: a token that was read must find its sink there.
        sinks = tuple(self._open_sink(target.partition(":")[0]) for target in creation.targets)
        self._open[step.number] = _Open(creation=creation, intent=self._spool.intend(intent), sinks=sinks)
        if not STEPS[step.verb].may_create:
            self.before_press(step)  # a page or a person's code makes the key, or the page shows one already

    def _uncovered(self, step: Step) -> Creation | None:
        """A creation for a capture that none covers: its creating step was skipped, and a key is shown all the same."""
        if step.verb != "capture_token" or any(
            step.number in e.creation.captures for e in self._open.values()
        ):
            return None
        target = self._plan.lands_at(str(step.options["secret_ref"]))
        return Creation(
            step=step.number,
            name=UNKNOWN,
            revoke=_way_to_revoke([step]),
            captures=(step.number,),
            targets=(target,),
            lives=(life_said(step),),
        )

    def announces(self, step: Step) -> bool:
        """Whether `step` is a creating one that has not announced its act yet."""
        entry = self._open.get(step.number)
        return entry is not None and not entry.pressed

    def before_press(self, step: Step) -> None:
        """Durable before a creating step acts: from here on the key is possibly created."""
        entry = self._open.get(step.number)
        if entry is not None and not entry.pressed:
            if not self.pressed_any:
                self._on_press(True)
            entry.intent.mark_pressed()
            entry.pressed = True
            self._pressed.add(step.number)

    def foresee(self, step: Step, page_address: str) -> bool:
        """Note that `step` may act before it begins, if it may create a key; answers whether that is new."""
        if step.number not in self._creations or step.number in self._open:
            return False
        self.begin(step, page_address)
        self.before_press(step)
        return True

    @property
    def in_doubt(self) -> bool:
        """Whether a step has announced an act of which not everything was captured yet."""
        return any(entry.pressed for entry in self._open.values())

    @property
    def may_retract(self) -> bool:
        """Whether a single step is in doubt, and no token was read for it."""
        entries = [entry for entry in self._open.values() if entry.pressed]
        return len(entries) == 1 and not entries[0].read

    def retract(self) -> None:
        """Take back that a step was about to act: the person has done nothing, and goes no further here."""
        if not self.may_retract:
            return
        (number,) = (number for number, entry in self._open.items() if entry.pressed)
        _clear(self._open.pop(number).intent)
        self._pressed.discard(number)
        if not self._pressed:
            self._on_press(False)

    def keep(self, step: Step, token: Secret) -> str:
        """Seal `token`, store it, read it back, and clear its intent; answers the reference as text."""
        entry = next(e for e in self._open.values() if step.number in e.creation.captures)
        index = entry.creation.captures.index(step.number)
        path = entry.creation.targets[index].partition(":")[2]
        entry.read += 1
        reference = keep(
            token,
            index=index,
            intent=entry.intent,
            sink=entry.sinks[index],
            path=path,
            actor=self._plan.actor,
            remember=self._remember,
        )
        entry.kept += 1
        self.references.append(reference)
        intent = entry.intent.leftover.intent
        said = TokenLife.of(entry.creation.lives[index])
        if intent is not None and (ends_at := said.ends(intent.created_at)) is not None:
            self.ends[reference] = ends_at
        if entry.kept == len(entry.creation.captures):
            _clear(entry.intent)
            del self._open[entry.creation.step]
        return str(reference)

    def close(self) -> tuple[str, ...]:
        """At the end of a run, however it ended: a sentence for each key that is not yet safe.

        An intent whose step never acted is dropped; any other stays for ``tokenbroker recover``.
        """
        sentences = []
        for entry in self._open.values():
            if not entry.pressed and not entry.read:
                _clear(entry.intent)
                continue
            entry.intent.leave()
            sentences += self._unsafe(entry)
        self._open.clear()
        return tuple(sentences)

    def _unsafe(self, entry: _Open) -> list[str]:
        name, intent = entry.creation.name, entry.intent.leftover.intent
        which = f"the key '{name}'" if name != UNKNOWN else "a key"
        revoke = intent.revoke if intent else self._plan.flow.site
        sentences = []
        if entry.kept < entry.read:
            sentences.append(sentence_of_read(which))
        if entry.read < len(entry.creation.captures):
            captured = "was not captured" if not entry.read else "was captured in part only"
            site = self._plan.flow.site
            sentences.append(sentence_of_lost(which, site=site, captured=captured, revoke=revoke))
        return sentences


def _clear(intent: OpenIntent) -> None:
    """Remove an intent that is done with; where the disk refuses, recover removes it: nothing depends on it."""
    try:
        intent.clear()
    except BrokerError:
        intent.leave()
