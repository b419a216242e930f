"""Time, injected, so that a test can let a code expire without waiting for it."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Answers the time now, aware and in UTC."""


def system_clock() -> datetime:
    """The machine's time, aware and in UTC."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """`moment` as RFC 3339 text in UTC; it sorts as text in the order of time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
