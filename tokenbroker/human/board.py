"""Where a run's questions wait for an answer from another terminal, and how such an answer reaches it.

Each question has a key pair that lives in the run's process: a one-time code crosses the database only sealed for it
(an age file), and is removed with the question.
"""

import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

import pyrage
from pyrage import x25519

from tokenbroker.clock import Clock, system_clock
from tokenbroker.errors import BrokerError
from tokenbroker.human.checkpoint import Answer, Checkpoint, Kind, Outcome, PageSays
from tokenbroker.secret import Secret
from tokenbroker.store import checkpoints
from tokenbroker.store.checkpoints import Given, Waiting
from tokenbroker.store.engine import Store

LOOK_S = 0.04
_LOOK_PARKED_S = 0.5
PAGE_S = 0.3
_SEEN_S = 3.0


class Board:
    """The board of one store, which is asked for when something is posted."""

    def __init__(self, store: Callable[[], Store], *, clock: Clock = system_clock) -> None:
        self._store = store
        self._clock = clock

    @contextmanager
    def posted(self, checkpoint: Checkpoint) -> Iterator["Posted | None"]:
        """`checkpoint` as a question that can be answered from elsewhere; None where the store does not take it."""
        posted: Posted | None = None
        with suppress(BrokerError):  # the run has other ways to ask
            posted = Posted(self._store(), checkpoint, self._clock)
        try:
            yield posted
        finally:
            if posted is not None:
                posted.withdraw()


class Posted:
    """A question on the board, as the run that asks it sees it."""

    def __init__(self, store: Store, checkpoint: Checkpoint, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._checkpoint = checkpoint
        self._is_parked = False
        self._identity = x25519.Identity.generate()
        self._question = Waiting(
            id=secrets.token_hex(4),
            flow_id=checkpoint.flow_id,
            kind=checkpoint.kind.value,
            reason=checkpoint.reason,
            origin=checkpoint.origin,
            attempt=checkpoint.attempt,
            asked_at=clock(),
            deadline=checkpoint.deadline,
            parked_until=checkpoint.parked_until,
            recipient=str(self._identity.to_public()),
        )
        checkpoints.post(store, self._question)
        self._given: Given | None = None
        self._looked = self._seen = time.monotonic()

    @property
    def id(self) -> str:
        """By which `approve` finds it."""
        return self._question.id

    def outcome(self) -> Outcome | None:
        """How somebody elsewhere has answered, if anybody has; to be asked often, it looks now and then."""
        now = time.monotonic()
        with suppress(BrokerError):  # a store that is down answers nothing
            often_s = _LOOK_PARKED_S if self._is_parked else LOOK_S
            if self._given is None and now - self._looked >= often_s:
                self._looked = now
                self._given = checkpoints.given_to(self._store, self._question.id)
                self._note_parked()
            if now - self._seen >= _SEEN_S:
                self._seen = now
                self._keep_alive(self._clock())
        return None if self._given is None else Outcome(self._given.outcome)

    def _keep_alive(self, now: datetime) -> None:
        """Say that the run lives; where it was taken for gone, as after a machine's sleep, it asks again."""
        is_there = checkpoints.keep_alive(self._store, self._question.id, now=now)
        if not is_there and self._given is None:
            checkpoints.post(self._store, self._question, now=now)

    def _note_parked(self) -> None:
        """Leave in the audit that it is parked, once it is; where the store refuses, it is tried again."""
        now = self._clock()
        if self._is_parked or self._given is not None or self._checkpoint.parked_at(now) is None:
            return
        checkpoints.park(self._store, self._question, asked=self._checkpoint.asked, now=now)
        self._is_parked = True

    def settled(self, own: Answer) -> Answer:
        """The answer that counts: `own`, which this process has got, unless another came first."""
        given = Given(outcome=own.outcome.value, channel=own.channel, who=own.who, at=own.at, sealed=None)
        if self._given is None:
            with suppress(BrokerError):
                if not checkpoints.claim(self._store, self._question, given):
                    self._given = checkpoints.given_to(self._store, self._question.id)
        return own if self._given is None else self._opened(self._given)

    def withdraw(self) -> None:
        """Take it down."""
        with suppress(BrokerError):  # it is stale soon, and goes then
            checkpoints.withdraw(self._store, self._question.id)

    def _opened(self, given: Given) -> Answer:
        code: Secret | None = None
        if given.sealed is not None:
            with suppress(pyrage.DecryptError, ValueError, KeyError):
                told = json.loads(pyrage.decrypt(given.sealed, [self._identity]))
                # Sealed for this question: an answer to another one opens nothing here.
                code = Secret(told["code"]) if told["question"] == self._question.id else None
        return Answer(
            outcome=Outcome(given.outcome), code=code, who=given.who, channel=given.channel, at=given.at
        )


def answered(question: Waiting, answer: Answer, *, channel: str) -> Given:
    """What `answer` gives to `question`: its code sealed for the run that asks."""
    sealed = None
    if answer.code is not None:
        recipient = x25519.Recipient.from_str(question.recipient)
        told = json.dumps({"question": question.id, "code": answer.code.reveal()}).encode()
        sealed = pyrage.encrypt(told, [recipient])
    return Given(outcome=answer.outcome.value, channel=channel, who=answer.who, at=answer.at, sealed=sealed)


def as_checkpoint(question: Waiting) -> Checkpoint:
    """The checkpoint that `question` stands for."""
    return Checkpoint(
        kind=Kind(question.kind),
        reason=question.reason,
        flow_id=question.flow_id,
        origin=question.origin,
        deadline=question.deadline,
        parked_until=question.parked_until,
        attempt=question.attempt,
    )


def seldom(page_says: PageSays, *, every_s: float = PAGE_S) -> PageSays:
    """`page_says`, asked that often at most: looking into a page costs more than looking at the board."""
    last = 0.0

    def says() -> Outcome | None:
        nonlocal last
        if time.monotonic() - last < every_s:
            return None
        last = time.monotonic()
        return page_says()

    return says
