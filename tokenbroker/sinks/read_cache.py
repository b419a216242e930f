"""Reads that are answered from memory for a while; threads that want the same thing at once ask for it once."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from tokenbroker.clock import Clock
from tokenbroker.errors import BrokerError

_K = TypeVar("_K")
_T = TypeVar("_T")
_ENTRIES_MAX: Final = 1024


@dataclass(kw_only=True)
class _Flight(Generic[_T]):
    """A question that somebody is asking now."""

    landed: threading.Event = field(default_factory=threading.Event)
    answer: _T | None = None
    failed: BrokerError | None = None
    ended: bool = False


class ReadCache(Generic[_K, _T]):
    """Answers by their keys, each of them for `keep_s` seconds, and None, for what is absent, for `absent_s` at most.

    Their age is the longer of what the clock says and what has passed, so that a clock set back keeps nothing longer.
    With `keep_s` of 0 nothing is kept, and each who asks gets an answer of their own.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        keep_s: float,
        absent_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._keep = timedelta(seconds=keep_s)
        self._keep_absent = timedelta(seconds=min(keep_s, absent_s))
        self._lock = threading.Lock()
        self._entries: dict[_K, tuple[_T | None, datetime, float]] = {}
        self._flights: dict[_K, _Flight[_T]] = {}

    def get(self, key: _K, ask: Callable[[], _T | None]) -> _T | None:
        """The answer that is kept, or else what `ask` gives: to all who want it while it is being asked for.

        Raises:
            BrokerError: `ask` did, for everybody who waited for it. That is not kept.
        """
        if not self._keep:
            return ask()
        with self._lock:
            kept = self._entries.get(key)
            if kept is not None and self._is_fresh(kept):
                return kept[0]
            flight = self._flights.get(key)
            mine = flight is None
            if flight is None:
                flight = self._flights[key] = _Flight()
        if mine:
            return self._fly(key, flight, ask)
        flight.landed.wait()
        if flight.failed is not None:
            raise copy_of(flight.failed)
        return flight.answer if flight.ended else self.get(key, ask)

    def clear(self) -> None:
        """Forget everything; what is being asked for now reaches those who wait for it, and is not kept."""
        with self._lock:
            self._entries.clear()
            self._flights.clear()

    def _fly(self, key: _K, flight: "_Flight[_T]", ask: Callable[[], _T | None]) -> _T | None:
        since, started = self._clock(), self._monotonic()
        try:
            flight.answer = ask()
            flight.ended = True
        except BrokerError as error:
            flight.failed = copy_of(error)
            raise
        finally:
            with self._lock:
                # Another one in its place, or none: somebody has changed what was asked for since.
                if self._flights.get(key) is flight:
                    del self._flights[key]
                    if flight.ended:
                        self._remember(key, flight.answer, since, started)
            flight.landed.set()
        return flight.answer

    def _remember(self, key: _K, answer: _T | None, since: datetime, started: float) -> None:
        self._entries.pop(key, None)
        if len(self._entries) >= _ENTRIES_MAX:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = answer, since, started

    def _is_fresh(self, kept: tuple[_T | None, datetime, float]) -> bool:
        answer, since, started = kept
        keep = self._keep if answer is not None else self._keep_absent
        passed = timedelta(seconds=self._monotonic() - started)
        return timedelta() <= self._clock() - since < keep and passed < keep


def copy_of(error: BrokerError) -> BrokerError:
    """`error` for another thread: one exception that several raise would gather all their frames."""
    return type(error)(error.sentence, next_step=error.next_step, code=error.code)
