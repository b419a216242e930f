"""Questions to a person that wait in the database for an answer from anywhere; the first one counts.

A row lives as long as its question: whoever asked removes it. A run that was killed can't; its row is known by that
nobody has seen the run for :data:`STALE`, and goes with the next look.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, func, insert, select, update

from tokenbroker.clock import iso
from tokenbroker.store.audit_log import AuditEntry, append, record
from tokenbroker.store.engine import Store
from tokenbroker.store.models import CHECKPOINTS

STALE = timedelta(seconds=20)
"""A run that lives is seen every few seconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A question that nobody has answered yet.

    Attributes:
        kind: a value of :class:`tokenbroker.human.checkpoint.Kind`.
        recipient: the age recipient of the run that asks; what it alone may know is sealed for it.
        parked_until: until when it may still be answered after its deadline; None where that is its end.
    """

    id: str
    flow_id: str
    kind: str
    reason: str
    origin: str
    attempt: int
    asked_at: datetime
    deadline: datetime
    recipient: str
    parked_until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """The answer that counts; `sealed` is None where it holds no code, or the run has its code already."""

    outcome: str
    channel: str
    who: str
    at: datetime
    sealed: bytes | None


_NAMES = tuple(Waiting.__dataclass_fields__)
_MOMENTS = ("asked_at", "deadline", "parked_until")
_ENDS_AT = func.coalesce(CHECKPOINTS.c.parked_until, CHECKPOINTS.c.deadline)
_QUESTION = select(*(CHECKPOINTS.c[name] for name in _NAMES))


def post(store: Store, question: Waiting, *, now: datetime | None = None) -> None:
    """Let `question` wait, from `now` on if that is not when it was asked. Questions whose runs are gone are removed.

    Raises:
        SecretUnavailable, SecretTimeout, SecretAccessDenied: the store can't be written.
    """
    row = {name: getattr(question, name) for name in _NAMES}
    row |= {name: iso(at) for name in _MOMENTS if (at := row[name]) is not None}

    def work(connection: Connection) -> None:
        seen_at = now or question.asked_at
        _sweep(connection, seen_at)
        connection.execute(insert(CHECKPOINTS).values(**row, seen_at=iso(seen_at)))

    store.write(work)


def keep_alive(store: Store, question_id: str, *, now: datetime) -> bool:
    """Note that the run which asks still lives; answers whether its question is still there."""
    seen = update(CHECKPOINTS).where(CHECKPOINTS.c.id == question_id).values(seen_at=iso(now))
    return store.write(lambda connection: connection.execute(seen).rowcount == 1)


def waiting(store: Store, *, now: datetime) -> list[Waiting]:
    """The questions that can be answered, the oldest first. Those whose runs are gone are removed."""

    def work(connection: Connection) -> list[Waiting]:
        _sweep(connection, now)
        open_ones = _QUESTION.where(CHECKPOINTS.c.outcome.is_(None), iso(now) < _ENDS_AT)
        rows = connection.execute(open_ones.order_by(CHECKPOINTS.c.asked_at)).mappings()
        return [Waiting(**{**row, **_moments(row)}) for row in rows]

    return store.write(work)


def park(store: Store, question: Waiting, *, asked: str, now: datetime) -> None:
    """Leave in the audit that `asked` has not answered `question` before its deadline, and that it waits on."""
    until = iso(question.parked_until or question.deadline)
    entry = AuditEntry(
        service_id=question.flow_id.split("/")[0],
        action="park_checkpoint",
        actor=asked,
        key=question.flow_id,
        result="parked",
        detail={"checkpoint": question.id, "kind": question.kind, "until": until},
    )
    record(store, entry, at=now)


def claim(store: Store, question: Waiting, given: Given) -> bool:
    """Let `given` be the answer, unless there is one; answers whether it is. An audit row tells of it then.

    A question whose run is gone takes none: nobody would hear it.
    """
    entry = AuditEntry(
        service_id=question.flow_id.split("/")[0],
        action="answer_checkpoint",
        actor=given.who,
        key=question.flow_id,
        result=given.outcome,
        detail={"checkpoint": question.id, "channel": given.channel, "kind": question.kind},
    )
    values = {"outcome": given.outcome, "channel": given.channel, "who": given.who, "sealed": given.sealed}
    # One UPDATE decides: of several who answer at once only one may be heard.
    first = update(CHECKPOINTS).where(*_open(question.id, given.at))

    def work(connection: Connection) -> bool:
        is_first = connection.execute(first.values(**values, answered_at=iso(given.at))).rowcount == 1
        if is_first:
            append(connection, entry, at=given.at)
        return is_first

    return store.write(work)


def given_to(store: Store, question_id: str) -> Given | None:
    """The answer to that question, if there is one."""
    columns = (CHECKPOINTS.c[name] for name in ("outcome", "channel", "who", "answered_at", "sealed"))
    query = select(*columns).where(CHECKPOINTS.c.id == question_id, CHECKPOINTS.c.outcome.is_not(None))
    row = store.read(lambda connection: connection.execute(query).first())
    if row is None:
        return None
    outcome, channel, who, at, sealed = row
    return Given(outcome=outcome, channel=channel, who=who, at=datetime.fromisoformat(at), sealed=sealed)


def is_open(store: Store, question_id: str, *, now: datetime) -> bool:
    """Whether that question still waits for an answer: nobody has given one, and its run lives."""
    query = select(CHECKPOINTS.c.id).where(*_open(question_id, now))
    return store.read(lambda connection: connection.execute(query).first()) is not None


def withdraw(store: Store, question_id: str) -> None:
    """Remove the question, with whatever was answered."""
    store.write(lambda c: c.execute(delete(CHECKPOINTS).where(CHECKPOINTS.c.id == question_id)))


def _open(question_id: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    is_seen = CHECKPOINTS.c.seen_at >= iso(now - STALE)
    return CHECKPOINTS.c.id == question_id, CHECKPOINTS.c.outcome.is_(None), is_seen


def _sweep(connection: Connection, now: datetime) -> None:
    connection.execute(delete(CHECKPOINTS).where(CHECKPOINTS.c.seen_at < iso(now - STALE)))


def _moments(row: RowMapping) -> dict[str, datetime | None]:
    return {name: None if row[name] is None else datetime.fromisoformat(row[name]) for name in _MOMENTS}
