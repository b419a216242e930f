"""What can go wrong with 1Password, in plain words: never the text of the SDK or of a server."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import httpx2

from tokenbroker.clock import Clock
from tokenbroker.errors import BrokerError, SecretAccessDenied, SecretUnavailable
from tokenbroker.sinks.failure import Words, shared_words
from tokenbroker.sinks.http_failure import failure_of

PAUSE_S: Final = 60.0
"""How long nothing is asked after 1Password has said that it was asked too often, unless it says how long."""
_PAUSE_MAX_S: Final = 3600.0


class Failure(StrEnum):
    """Why 1Password did not do what it was asked for."""

    NOT_FOUND = "not_found"
    NO_VAULT = "no_vault"
    SEVERAL_VAULTS = "several_vaults"
    CONFLICT = "conflict"
    DENIED = "denied"
    TOKEN_REFUSED = "token_refused"  # noqa: S105  names of failures, not secrets
    TIMEOUT = "timeout"
    TOO_MANY_REQUESTS = "too_many_requests"
    CONNECTION_REFUSED = "connection_refused"
    NAME_UNKNOWN = "name_unknown"
    UNREACHABLE = "unreachable"
    TLS_REFUSED = "tls_refused"
    CUT_OFF = "cut_off"
    SERVER_ERROR = "server_error"
    MALFORMED = "malformed"
    TOO_LONG = "too_long"
    NOT_UNDERSTOOD = "not_understood"
    ENDED = "ended"


UNCERTAIN = frozenset(
    {Failure.TIMEOUT, Failure.CUT_OFF, Failure.SERVER_ERROR, Failure.NOT_UNDERSTOOD, Failure.ENDED}
)
"""After these a write may have been done all the same."""

_UNAVAILABLE = SecretUnavailable
_SAID: dict[Failure, Words] = {
    **shared_words(Failure),
    Failure.NOT_FOUND: (_UNAVAILABLE, "knows no such item any more", "try again"),
    Failure.NO_VAULT: (
        SecretAccessDenied,
        "shows no vault of that name to this token",
        "check the vault of the sink, and which vaults the token may use",
    ),
    Failure.SEVERAL_VAULTS: (
        SecretAccessDenied,
        "has several vaults of that name",
        "name the vault by its id",
    ),
    Failure.CONFLICT: (
        _UNAVAILABLE,
        "got other writes to the same vault each time, and took none of ours",
        "try again when nobody else writes there",
    ),
    Failure.DENIED: (
        SecretAccessDenied,
        "does not allow this: the token may not do it in this vault",
        "let the token read and write items of the vault",
    ),
    Failure.TOKEN_REFUSED: (
        SecretAccessDenied,
        "refuses the token: it has expired, was revoked, is not whole, or is of another kind",
        "give a fresh one in TOKENBROKER_ONEPASSWORD_TOKEN, and check the client of the sink",
    ),
    Failure.TOO_MANY_REQUESTS: (
        _UNAVAILABLE,
        "was asked too often, and is not asked again for a while",
        "try again later: service accounts have limits by the hour and by the day",
    ),
    Failure.MALFORMED: (
        _UNAVAILABLE,
        "does not take the request as it is",
        "check the settings of the sink, and that the value is not too long",
    ),
    Failure.TOO_LONG: (_UNAVAILABLE, "does not take an item as long as this", "put a shorter value"),
    Failure.NOT_UNDERSTOOD: (
        _UNAVAILABLE,
        "gave an answer that is not one of its kind",
        "check the address (redirects are not followed), and that the server is of a current version",
    ),
    Failure.ENDED: (
        _UNAVAILABLE,
        "could not be asked: the process with its SDK has ended",
        "try again; check that the machine has memory left, and that onepassword-sdk can be imported",
    ),
}

_BY_STATUS = {
    401: Failure.TOKEN_REFUSED,
    403: Failure.DENIED,
    404: Failure.NOT_FOUND,
    408: Failure.TIMEOUT,
    409: Failure.CONFLICT,
    413: Failure.TOO_LONG,
    429: Failure.TOO_MANY_REQUESTS,
    504: Failure.TIMEOUT,
}


@dataclass(kw_only=True)
class Gate:
    """Shut for a while after 1Password was asked too often; while it is, nothing is sent. Threads may share it."""

    clock: Clock
    opens_at: datetime | None = None

    def is_shut(self) -> bool:
        return self.opens_at is not None and self.clock() < self.opens_at

    def shut(self, said: str = "") -> None:
        """For as long as `said`, the header Retry-After in seconds (RFC 9110 section 10.2.3), or PAUSE_S."""
        pause_s = min(float(said), _PAUSE_MAX_S) if said.isascii() and said.isdigit() else PAUSE_S
        self.opens_at = self.clock() + timedelta(seconds=pause_s)


def attempt(call: Callable[[], httpx2.Response]) -> tuple[Any, str]:
    """The JSON of the answer and its Retry-After; what `call` raises, and a refusal, become a :class:`Failure`."""
    try:
        response = call()
        return _told(response), response.headers.get("Retry-After", "")
    except Exception as error:  # noqa: BLE001 - of the client, of TLS, or of an answer in another shape
        return Failure(failure_of(error)), ""


def explain(failure: Failure, server: str) -> BrokerError:
    """The error for the person, to be raised outside of any ``except``; `server` is what it is called."""
    kind, sentence, next_step = _SAID[failure]
    return kind(f"{server} {sentence}", next_step=next_step)


def _told(response: httpx2.Response) -> Any:
    status = response.status_code
    if 200 <= status < 300:
        return response.json() if response.content else {}
    if status < 400:
        return Failure.NOT_UNDERSTOOD
    if status >= 500:
        return _BY_STATUS.get(status, Failure.SERVER_ERROR)
    return _BY_STATUS.get(status, Failure.MALFORMED)
