"""What ``tokenbroker rotate`` tells a person: before, while it goes on, and at the end."""

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from tokenbroker.clock import iso
from tokenbroker.errors import BrokerError, ExitCode
from tokenbroker.human.checkpoint import Checkpoint, parked_in_words
from tokenbroker.lifecycle.replacing import Bench, standing
from tokenbroker.lifecycle.tickets import Need, Ticket
from tokenbroker.policy.approve import Approval
from tokenbroker.pytest_plugin.sitting import Sitting, Turn
from tokenbroker.run.result import RunEvent, StepStarted
from tokenbroker.store.rotations import Stage

_DOES = {
    Need.CLEANING: "revoking a key that was made and lost",
    Need.KEY: "a new key",
    Need.REVOKING: "revoking the old key",
}


def announce(tickets: Sequence[Ticket]) -> None:
    """Say what is to be done, and early what a person will be asked for."""
    one = len(tickets) == 1
    say(f"{len(tickets)} token{'' if one else 's'} to replace:")
    for ticket in tickets:
        life = ticket.ways.life
        ends = f"ends {life.ends_at:%Y-%m-%d %H:%M} UTC" if life.ends_at else "its end is not known"
        how = "goes on" if ticket.rotation else ticket.ways.creator.id
        say(f"  {ticket.reference}@{life.version}  {ends}  {how}")
    for sentence in _asked(tickets):
        say(sentence)


def _asked(tickets: Sequence[Ticket]) -> Iterable[str]:
    steps = [
        step
        for ticket in tickets
        for step in ticket.ways.creator.steps
        if step.verb == "wait_human" and ticket.rotation is None
    ]
    if steps:
        reasons = dict.fromkeys(str(step.options["reason"]) for step in steps)
        yield f"You will be asked: {'; '.join(reasons)}"
    by_hand = [ticket.reference for ticket in tickets if ticket.ways.revoker is None]
    if by_hand:
        yield f"No flow revokes the old keys of {', '.join(by_hand)}: you will have to, at their sites."


class Told(Sitting):
    """A sitting that tells what happens as it happens."""

    def __init__(
        self, tickets: Sequence[Ticket], *, bench_of: Callable[[pytest.Item], Bench], waits: bool
    ) -> None:
        super().__init__(tickets, bench_of=bench_of, waits=waits)
        self._live = sys.stderr.isatty()
        self._told: set[str] = set()
        self._said_wait = False
        self.attended = sys.stdin.isatty()
        self.standing: dict[str, str] = {}

    def turn_begins(self, turn: Turn) -> None:
        self._line(f"{self._mark(turn)} {turn.ticket.reference}: {_DOES[turn.need]} …")

    def step(self, turn: Turn, event: RunEvent) -> None:
        if isinstance(event, StepStarted):
            self._line(
                f"{self._mark(turn)} {turn.ticket.reference}: {event.number}/{event.total} {event.title}"
            )

    def turn_is_over(self, turn: Turn, bench: Bench) -> None:
        ticket = turn.ticket
        self._line("")
        if turn.lost is not None:
            return
        if ticket.error is not None:
            if ticket.done is not None:
                self.standing[ticket.reference] = standing(ticket.done, bench)
            say(f"✗ {ticket.reference}: {ticket.error.sentence}")
        else:
            say(f"✓ {_reached(ticket)}")

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
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def _reached(ticket: Ticket) -> str:
    rotation = ticket.done.rotation if ticket.done else ticket.rotation
    if rotation is None or rotation.new_version is None:
        return f"{ticket.reference} is as it was"
    new = f"{rotation.reference}@{rotation.new_version}"
    if rotation.state is Stage.REVOKED:
        return (
            f"{ticket.reference}: the old key (@{rotation.old_version}) is revoked, and its site refuses it"
        )
    after = rotation.revoke_after
    until = f"until {after:%Y-%m-%d %H:%M} UTC" if after else "on"
    return f"{new} is in place, proven by its site; the old key (@{rotation.old_version}) works {until}"


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def rows_of(told: Told, refusals: Sequence[BrokerError]) -> list[dict[str, Any]]:
    """What ``--json`` prints: an object for each token."""
    rows = []
    for ticket in told.tickets:
        rotation = ticket.done.rotation if ticket.done else ticket.rotation
        rows.append(
            {
                "reference": ticket.reference,
                "state": rotation.state.value if rotation else "not begun",
                "old_version": ticket.ways.life.version,
                "new_version": rotation.new_version if rotation else None,
                "revoke_after": iso(rotation.revoke_after) if rotation and rotation.revoke_after else None,
                "code": ticket.error.code if ticket.error else None,
                "standing": told.standing.get(ticket.reference),
            }
        )
    refused = [
        {"reference": None, "state": "refused", "code": error.code, "why": error.sentence}
        for error in refusals
    ]
    return [*rows, *refused]


def say_end(told: Told, refusals: Sequence[BrokerError]) -> None:
    """The closing lines: what waits, what has stopped and which key works, and what to do."""
    for error in refusals:
        say(f"✗ {error}")
    failed = [ticket for ticket in told.tickets if ticket.error is not None]
    for ticket in failed:
        say(f"\n! {ticket.error}")
        if ticket.reference in told.standing:
            say(f"  now: {told.standing[ticket.reference]}")
    waiting = [
        rotation.revoke_after
        for ticket in told.tickets
        if ticket.error is None
        and (rotation := ticket.done.rotation if ticket.done else ticket.rotation) is not None
        and rotation.state is Stage.TOLD
        and rotation.revoke_after is not None
    ]
    if waiting:
        after = f"{max(waiting):%Y-%m-%d %H:%M} UTC"
        keys = f"{len(waiting)} old key{'s' if len(waiting) > 1 else ''}"
        say(f"\n{keys} to revoke; after {after}: tokenbroker rotate --due")
    if failed and not told.exit_code:
        told.exit_code = int(ExitCode.FAILED)


def say(text: str) -> None:
    """To the person; what a program reads goes to standard output."""
    print(text, file=sys.stderr, flush=True)
