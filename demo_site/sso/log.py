"""What Example ID and the services' APIs have seen: sign-ins and calls, in the site's file.

Names of services, accounts and events stand there, and the ids of keys; never a password, a code or a key.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from demo_site.clock import Clock, iso

KEPT = 100_000


class SignInEvent(StrEnum):
    """What happened at Example ID."""

    PASSWORD_ACCEPTED = "password-accepted"  # noqa: S105
    PASSWORD_REFUSED = "password-refused"  # noqa: S105
    CODE_SENT = "code-sent"
    CODE_ACCEPTED = "code-accepted"
    CODE_REFUSED = "code-refused"
    SERVICE_ENTERED = "service-entered"
    """A service has exchanged its authorisation code: somebody is signed in there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SignIn:
    """One event. `account_email` is "" where no account has the address, `service` where none sent the person."""

    number: int
    event: SignInEvent
    account_email: str
    service: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One request to a service's API. `key_id` and `key_name` are "" for a key that the service never made."""

    number: int
    service: str
    status: int
    key_id: str
    key_name: str
    at: datetime


class Log:
    """The newest sign-ins and calls."""

    def __init__(self, connection: sqlite3.Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def sign_in(self, event: SignInEvent, *, account_id: int | None, service: str = "") -> None:
        """Keep what happened to somebody who signs in."""
        made = self._connection.execute(
            "INSERT INTO sign_ins (event, account_id, service, at) VALUES (?, ?, ?, ?)",
            (event.value, account_id, service, iso(self._clock())),
        )
        self._connection.execute("DELETE FROM sign_ins WHERE number <= ?", ((made.lastrowid or 0) - KEPT,))

    def call(self, *, service: str, status: int, key_id: str | None) -> None:
        """Keep that a service's API was asked, and how it has answered."""
        made = self._connection.execute(
            "INSERT INTO calls (service, status, key_id, at) VALUES (?, ?, ?, ?)",
            (service, status, key_id, iso(self._clock())),
        )
        self._connection.execute("DELETE FROM calls WHERE number <= ?", ((made.lastrowid or 0) - KEPT,))


def read_sign_ins(connection: sqlite3.Connection, *, after: int = 0) -> list[SignIn]:
    """The events with a number above `after`, oldest first; also for one who reads past the site."""
    rows = connection.execute(
        """
        SELECT number, event, coalesce(email, ''), service, at
        FROM sign_ins LEFT JOIN accounts ON accounts.id = sign_ins.account_id
        WHERE number > ? ORDER BY number
        """,
        (after,),
    )
    return [
        SignIn(
            number=number,
            event=SignInEvent(event),
            account_email=email,
            service=service,
            at=datetime.fromisoformat(at),
        )
        for number, event, email, service, at in rows
    ]


def read_calls(connection: sqlite3.Connection, *, after: int = 0) -> list[Call]:
    """The calls with a number above `after`, oldest first; also for one who reads past the site."""
    rows = connection.execute(
        """
        SELECT number, calls.service, status, coalesce(key_id, ''), coalesce(name, ''), at
        FROM calls LEFT JOIN service_keys ON service_keys.id = calls.key_id
        WHERE number > ? ORDER BY number
        """,
        (after,),
    )
    return [
        Call(
            number=number,
            service=service,
            status=status,
            key_id=key_id,
            key_name=name,
            at=datetime.fromisoformat(at),
        )
        for number, service, status, key_id, name, at in rows
    ]
