"""One writer at a time for each path of Secrets Manager, which takes an update from anybody, whatever it replaces.

A writer creates a secret that says so, its *claim*, and looks whether there is another one. Of two who do that at
once, at least the later one sees the other's; who sees one takes his own away, and tries again after a while that is
chosen by chance. A claim lapses, so that a writer who was killed doesn't stop the others for good; who has one writes
only while there is time left to do it in.
"""

import json
import random
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from tokenbroker.clock import Clock
from tokenbroker.sinks.failure import MISREAD
from tokenbroker.sinks.sdk_process import START_S
from tokenbroker.sinks.secrets_manager_failure import Failure

_SKEW_S: Final = 60.0
"""How far the clocks of two writers and the server may differ."""
_ANSWERS: Final = 8
"""What is asked under a claim: it is made, and three lists or reads and the write follow, each read perhaps twice."""

_Ask = Callable[..., Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A claim that is held.

    Attributes:
        handle: of the secret that says so.
        since: a moment not behind that at which it was made, by the clock.
        started: the same, by what has passed.
        write_within_s: how long after that a write may begin.
    """

    handle: str
    since: datetime
    started: float
    write_within_s: float

    def has_time(self, now: datetime) -> bool:
        """Whether a write that begins `now` ends before anybody may take the claim for lapsed."""
        passed_s = max(time.monotonic() - self.started, abs((now - self.since).total_seconds()))
        return passed_s < self.write_within_s


class Claims:
    """The claims of one sink; `ask` answers with a failure where `need` raises it."""

    def __init__(self, ask: _Ask, need: _Ask, *, timeout_s: float, clock: Clock) -> None:
        self._ask = ask
        self._need = need
        self._clock = clock
        self._patience_s = timeout_s
        # The process with the SDK may have to be started once on the way.
        self._lease_s = _ANSWERS * timeout_s + START_S + _SKEW_S
        self._write_within_s = self._lease_s - _SKEW_S - START_S - timeout_s
        self._name = secrets.token_hex(8)
        self._turn = threading.Lock()

    @contextmanager
    def on(self, path: str) -> Iterator[Claim | None]:
        """The claim of the only writer at `path`; None if there were others all the time."""
        key = f"{path}@1"  # a version can't be a path
        with self._turn:
            claim = self._made(key)
            try:
                yield claim
            finally:
                if claim is not None:
                    self._ask("delete", handle=claim.handle)

    def _made(self, key: str) -> Claim | None:
        deadline, others = time.monotonic() + self._patience_s, False
        while True:
            if not others:
                claim = self._new(key)
                others = self._others(key, claim.handle)
                if not others:
                    return claim
                self._ask("delete", handle=claim.handle)
            if time.monotonic() > deadline:
                return None
            time.sleep(random.uniform(0.01, 0.1))  # noqa: S311 - not a secret
            others = self._others(key, "")

    def _new(self, key: str) -> Claim:
        since, started = self._clock(), time.monotonic()
        made = self._need("create", key=key, value="being written", note=self._note())
        return Claim(
            handle=str(made["handle"]), since=since, started=started, write_within_s=self._write_within_s
        )

    def _others(self, key: str, own: str) -> bool:
        """Whether somebody else claims `key`; what has lapsed, or was left behind by us, is taken away."""
        handles = [each["handle"] for each in self._need("list") if each["key"] == key]
        found = False
        for handle in handles:
            if handle == own or (claim := self._claim(handle)) is None:
                continue
            if self._holds(claim):
                found = True
            else:
                self._ask("delete", handle=handle)
        return found

    def _claim(self, handle: str) -> dict[str, str] | None:
        found = self._ask("read", handles=[handle])
        if found is Failure.NOT_FOUND:
            return None  # taken away since
        if isinstance(found, Failure):
            found = self._need("read", handles=[handle])
        return next(iter(found), None)

    def _holds(self, claim: dict[str, str]) -> bool:
        try:
            said = json.loads(claim["note"])
            lapses = datetime.fromisoformat(claim["created"]) + timedelta(seconds=float(said["lease_s"]))
            return said["writer"] != self._name and lapses > self._clock()
        except MISREAD:
            return True  # not ours to judge

    def _note(self) -> str:
        return json.dumps({"writer": self._name, "lease_s": self._lease_s})
