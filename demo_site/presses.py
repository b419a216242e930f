"""What was pressed, and where: the site's own count of how its consoles are used.

A press is the name of a console and of a control, never what was typed, shown or sent: no key, no address, no
code fits into such a name.
"""

import re
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from demo_site.clock import Clock, iso

KEPT = 10_000
_NAME = re.compile(r"[a-z]{1,20}(?:-[a-z]{1,20}){0,5}")
"""Small letters in words: keys and codes have digits, addresses have an @."""


class Source(StrEnum):
    """How the site knows."""

    ACT = "act"
    """A request that changes something reached the console."""
    REPORT = "report"
    """A page told that a control of it was pressed."""


class PressRefused(Exception):
    """The name of a console or control is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Press:
    """One press. `status` is what an act was answered with, None for a report."""

    number: int
    console: str
    control: str
    source: Source
    status: int | None
    at: datetime


class Presses:
    """The newest presses, in the site's file."""

    def __init__(self, connection: sqlite3.Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def log(self, *, console: str, control: str, source: Source, status: int | None = None) -> None:
        """Keep a press.

        Raises:
            PressRefused: see there.
        """
        if not (_NAME.fullmatch(console) and _NAME.fullmatch(control)):
            raise PressRefused
        made = self._connection.execute(
            "INSERT INTO presses (console, control, source, status, at) VALUES (?, ?, ?, ?, ?)",
            (console, control, source.value, status, iso(self._clock())),
        )
        self._connection.execute("DELETE FROM presses WHERE number <= ?", ((made.lastrowid or 0) - KEPT,))


def read_presses(connection: sqlite3.Connection, *, after: int = 0) -> list[Press]:
    """The presses with a number above `after`, oldest first; also for one who reads past the site."""
    rows = connection.execute(
        "SELECT number, console, control, source, status, at FROM presses WHERE number > ? ORDER BY number",
        (after,),
    )
    return [
        Press(
            number=number,
            console=console,
            control=control,
            source=Source(source),
            status=status,
            at=datetime.fromisoformat(at),
        )
        for number, console, control, source, status, at in rows
    ]
