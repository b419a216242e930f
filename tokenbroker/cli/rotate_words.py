"""What ``tokenbroker rotate`` tells a person while it goes on, and at the end."""

import shutil
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import pytest
import typer

from tokenbroker.clock import Clock, iso
from tokenbroker.errors import BrokerError, ExitCode
from tokenbroker.human.checkpoint import Checkpoint, parked_in_words
from tokenbroker.lifecycle.replacement import Bench
from tokenbroker.lifecycle.standing import standing
from tokenbroker.lifecycle.tickets import Need, Ticket
from tokenbroker.policy.approve import Approval
from tokenbroker.pytest_plugin.own_session import INTERRUPTED
from tokenbroker.pytest_plugin.sitting import Sitting, Turn
from tokenbroker.run.result import RunEvent, Status, StepStarted
from tokenbroker.store.rotations import Rotation, Stage

_DOES = {
    Need.CLEANING: "revoking a key that was made and lost",
    Need.KEY: "a new key",
    Need.REVOKING: "revoking the key that is not needed any more",
}


class Told(Sitting):
    """A sitting that tells what happens as it happens."""

    def __init__(
        self,
        tickets: Sequence[Ticket],
        *,
        bench_of: Callable[[pytest.Item], Bench],
        waits: bool,
        shares: bool,
        clock: Clock,
        hook: str = "",
    ) -> None:
        """`hook` is the program that is called for each replacement; "" for none."""
        super().__init__(tickets, bench_of=bench_of, waits=waits, shares=shares)
        if hook:
            self._bench_of = lambda item: self._telling_of(hook, bench_of(item))
        self._clock = clock
        self._live = sys.stderr.isatty()
        self._told: set[str] = set()
        self._noted: set[str] = set()
        self._said_wait = False
        self.attended = sys.stdin.isatty()
        self.standing: dict[str, str] = {}

    def _telling_of(self, hook: str, bench: Bench) -> Bench:
        """`bench`, of whose hook it is told when it is called, and that it was."""

        def call(told: Mapping[str, object]) -> None:
            self._line(f"calls the hook {hook} for {told['reference']} …")
            bench.hook(told)
            self._line("")
            say(f"· {told['reference']}: the hook {hook} was called")

        return replace(bench, hook=call)

    def turn_begins(self, turn: Turn) -> None:
        self._line(f"{self._mark(turn)} {turn.ticket.reference}: {_DOES[turn.need]} …")

    def step(self, turn: Turn, event: RunEvent) -> None:
        progress = f"{self._mark(turn)} {turn.ticket.reference}: "
        if isinstance(event, StepStarted):
            only_if = f" (if {event.only_if} is there)" if event.only_if else ""
            self._line(f"{progress}{event.number}/{event.total} {event.title}{only_if}")
        elif event.status is Status.SKIPPED:
            self._line(f"{progress}skipped {event.title}")

    def turn_is_over(self, turn: Turn, bench: Bench) -> None:
        ticket = turn.ticket
        self._line("")
        if turn.lost is not None:
            return
        self._say_notes(ticket)
        if ticket.error is not None:
            if ticket.done is not None:
                self.standing[ticket.reference] = standing(ticket.done, bench)
            say(f"✗ {ticket.reference}: stopped ({ticket.error.code})")
        else:
            say(f"✓ {_reached(ticket, self._clock())}")

    def _say_notes(self, ticket: Ticket) -> None:
        for sentence in ticket.done.notes if ticket.done else ():
            if sentence not in self._noted:
                say(f"· {ticket.reference}: {sentence}")
            self._noted.add(sentence)

    def waits_for_grace(self, seconds: float) -> None:
        if not self._said_wait:
            say(f"… the old keys' grace: {_span(seconds)} to wait; with Ctrl-C they are revoked another time")
        self._said_wait = True

    def approved(self, approval: Approval) -> None:
        say(f"approved by {approval.who} ({approval.channel})")

    def shows_panel(self, mark: str, *, leads: bool) -> None:
        if "panel" not in self._told:
            say(f'Panels in the browser bear the words "{mark}". One without them is not ours.')
        self._told.add("panel")

    def waiting(self, checkpoint: Checkpoint, question: str) -> None:
        until = f"{checkpoint.deadline:%H:%M} UTC"
        say(f"\n{checkpoint.reason}: it waits until {until}; answer with: tokenbroker approve {question}")

    def parked(self, checkpoint: Checkpoint) -> None:
        say(f"\n{parked_in_words(checkpoint)}")

    def trouble(self, code: str, text: str) -> None:
        self._line("")
        say(text)

    def _mark(self, turn: Turn) -> str:
        return f"[{turn.number}/{turn.total}]"

    def _line(self, text: str) -> None:
        """One line that is written over, where somebody sees it."""
        if self._live:
            width = shutil.get_terminal_size().columns - 1  # a line that is broken can't be written over
            print(f"\r\x1b[K{text[:width]}", end="", file=sys.stderr, flush=True)


_TO_DO: Final = {
    Stage.BEGUN: "the new key is to be made, or to be proven",
    Stage.PROVEN: "the new key is proven, and is to be put in its place",
    Stage.REPLACED: "the new key is in place, those who use the old one are to be told, and it is to be revoked",
    Stage.TOLD: "the new key is in place, the old one is to be revoked",
    Stage.SURPLUS: "another's key is in its place, the new one is to be revoked",
}
_KEYS: Final = {Stage.TOLD: "old key", Stage.SURPLUS: "unneeded new key"}
"""What is to be revoked once its grace is over."""
_REPLACED: Final = frozenset({Stage.REPLACED, Stage.TOLD, Stage.REVOKED, Stage.UNPROVEN})


def still_to_do(rotation: Rotation, now: datetime) -> str:
    """What a replacement under way has reached, and what is still to be done."""
    said = _TO_DO.get(rotation.state, rotation.state.value)
    after = rotation.revoke_after if rotation.state in _KEYS else None
    return f"{said} after {_moment(after, now)}" if after is not None and after > now else said


def is_in_place(rotation: Rotation | None) -> bool:
    """Whether the reference leads to another key than the old one already."""
    return rotation is not None and (rotation.state in _REPLACED or rotation.state is Stage.SURPLUS)


def say_graces(rotations: Sequence[Rotation], now: datetime) -> None:
    """One line of the keys that wait for nothing but the end of their grace."""
    ends = [rotation.revoke_after for rotation in rotations if rotation.revoke_after is not None]
    if ends:
        keys = Counter(_KEYS[rotation.state] for rotation in rotations)
        said = " and ".join(count(number, key) for key, number in keys.items())
        has = "has its" if len(rotations) == 1 else "have their"
        latest = "" if len({*ends}) == 1 else " at the latest"
        say(f"{said} {has} grace until {_moment(max(ends), now)}{latest}.")


def _moment(moment: datetime, now: datetime) -> str:
    return f"{moment:%H:%M} UTC" if moment.date() == now.date() else f"{moment:%Y-%m-%d %H:%M} UTC"


def _stage(ticket: Ticket) -> Stage | None:
    return ticket.progress.state if ticket.progress else None


def _reached(ticket: Ticket, now: datetime) -> str:
    rotation = ticket.progress
    if rotation is not None and rotation.state is Stage.SURPLUS:
        return (
            f"{ticket.reference} leads to another's key; the new key '{rotation.key_name}' is to be revoked"
        )
    if rotation is None or rotation.new_version is None:
        return f"{ticket.reference} is as it was"
    new = f"{rotation.reference}@{rotation.new_version}"
    if rotation.state is Stage.REVOKED:
        return (
            f"{ticket.reference}: the old key (@{rotation.old_version}) is revoked, and its site refuses it"
        )
    after = rotation.revoke_after
    is_left = after is not None and after > now
    then = f"is to be revoked after {after:%Y-%m-%d %H:%M} UTC" if is_left else "is to be revoked now"
    return f"{new} is in place, proven by its site; the old key (@{rotation.old_version}) {then}"


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def rows_of(told: Told, refusals: Sequence[BrokerError]) -> list[dict[str, Any]]:
    """What ``--json`` prints: an object for each token."""
    rows = []
    for ticket in told.tickets:
        rotation = ticket.progress
        rows.append(
            {
                "reference": ticket.reference,
                "state": rotation.state.value if rotation else "not begun",
                "old_version": ticket.ways.life.version,
                "new_version": rotation.new_version if rotation else None,
                "revoke_after": iso(rotation.revoke_after) if rotation and rotation.revoke_after else None,
                "code": ticket.error.code if ticket.error else None,
                "standing": told.standing.get(ticket.reference),
                "notes": [
                    *(ticket.done.notes if ticket.done else ()),
                    *(loss.sentence for loss in ticket.unsettled),
                ],
            }
        )
    refused = [
        {"reference": None, "state": "refused", "code": error.code, "why": error.sentence}
        for error in refusals
    ]
    return [*rows, *refused]


def say_end(told: Told, refusals: Sequence[BrokerError]) -> None:
    """The closing lines: what waits, what has stopped and which key works, and what to do."""
    failed = [ticket for ticket in told.tickets if ticket.error is not None]
    stages = Counter(stage for ticket in told.tickets if (stage := _stage(ticket)) is not None)
    # What an earlier sitting has put in place is not told again.
    replaced = sum(
        _stage(ticket) in _REPLACED and not is_in_place(ticket.rotation) for ticket in told.tickets
    )
    if not told.tickets and not refusals:
        say("Nothing is due.")
    if len(told.tickets) > 1:
        revoked = count(stages[Stage.REVOKED], "old key")
        say(f"\n{count(replaced, 'token')} replaced, {revoked} revoked, {len(failed)} stopped.")
    if told.tickets and refusals:
        say(f"{len(refusals)} could not be replaced: see above, before the sitting began.")
    for ticket in failed:
        say(f"\n! {ticket.error}")
        if ticket.reference in told.standing:
            say(f"  now: {told.standing[ticket.reference]}")
    for ticket in told.tickets:
        for loss in ticket.unsettled:
            say(f"\n? {ticket.reference}: {loss.sentence}")
    waiting = [
        (rotation.revoke_after, _KEYS[rotation.state])
        for ticket in told.tickets
        if ticket.error is None
        and (rotation := ticket.progress) is not None
        and rotation.state in _KEYS
        and rotation.revoke_after is not None
    ]
    if waiting:
        after = f"{max(after for after, _ in waiting):%Y-%m-%d %H:%M} UTC"
        keys = " and ".join(count(number, key) for key, number in Counter(key for _, key in waiting).items())
        what = told.tickets[0].reference if len(told.tickets) == 1 else "--due"
        say(f"\n{keys} to revoke; after {after}: tokenbroker rotate {what}")
    if failed and not told.exit_code:
        told.exit_code = int(ExitCode.FAILED)


def agrees(question: str, *, otherwise: str) -> bool:
    """Whether the person says yes.

    Raises:
        typer.Exit: with 130; they have ended the command, by Ctrl-C or Ctrl-D, and are told what is so `otherwise`.
    """
    with suppress(typer.Abort):
        return typer.confirm(question, default=True, err=True)
    say(f"\nInterrupted: {otherwise}.")
    raise typer.Exit(INTERRUPTED)


def say(text: str) -> None:
    """To the person; what a program reads goes to standard output."""
    print(text, file=sys.stderr, flush=True)


def count(number: int, what: str) -> str:
    """``1 token``, ``2 tokens``."""
    return f"{number} {what}{'' if number == 1 else 's'}"
