"""Time, injected: whoever needs the time takes a :data:`Clock`, and tests give one that stands still."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Answers the time now, aware and in UTC."""


def system_clock() -> datetime:
    """The machine's time, aware and in UTC."""
    return datetime.now(UTC)


def midnight(moment: datetime) -> datetime:
    """The beginning of the day of `moment`, UTC."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def iso(moment: datetime) -> str:
    """`moment` as RFC 3339 text in UTC with microseconds; it sorts as text in the order of time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
