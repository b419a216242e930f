"""What can go wrong with Bitwarden Secrets Manager, in plain words: never a text of the SDK or of the server."""

from enum import StrEnum

from tokenbroker.errors import BrokerError, SecretAccessDenied, SecretUnavailable
from tokenbroker.sinks.failure import Words, shared_words

SERVER = "Bitwarden Secrets Manager"


class Failure(StrEnum):
    """Why Secrets Manager did not do what it was asked for."""

    NOT_FOUND = "not_found"
    DENIED = "denied"
    TOKEN_REFUSED = "token_refused"  # noqa: S105  names of failures, not secrets
    TIMEOUT = "timeout"
    BUSY = "busy"
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

_PROJECT = (
    SecretAccessDenied,
    "does not allow this: the machine account may not do it in this project, or there is no such project",
    "let the machine account read and write the project, and check organization_id and project_id",
)
_UNAVAILABLE = SecretUnavailable
_SAID: dict[Failure, Words] = {
    **shared_words(Failure),
    # The server tells what is not there and what may not be touched by the same status.
    Failure.NOT_FOUND: _PROJECT,
    Failure.DENIED: _PROJECT,
    Failure.TOKEN_REFUSED: (
        SecretAccessDenied,
        "refuses the access token: it has expired, was revoked, is not whole, or is of another server",
        "give a fresh one of the machine account in TOKENBROKER_BITWARDEN_ACCESS_TOKEN",
    ),
    Failure.BUSY: (
        _UNAVAILABLE,
        "holds the mark of another writer at the same path, which was not taken away in time",
        "try again; a mark that a writer has left behind lapses by itself after some minutes",
    ),
    Failure.TOO_MANY_REQUESTS: (
        _UNAVAILABLE,
        "is asked too often now and turned this away",
        "try again in a while",
    ),
    Failure.MALFORMED: (
        _UNAVAILABLE,
        "does not take the request as it is",
        "check the settings of the sink, and that the value is not too long",
    ),
    Failure.TOO_LONG: (
        _UNAVAILABLE,
        "does not take a text as long as this",
        "put at most 25,000 characters, and shorten the note that a person has written beside it",
    ),
    Failure.NOT_UNDERSTOOD: (
        _UNAVAILABLE,
        "gave an answer that is not one of its kind, or that its key does not open",
        "check the address, organization_id, and that the server is of a current version",
    ),
    Failure.ENDED: (
        _UNAVAILABLE,
        "could not be asked: the process with its SDK has ended",
        "try again; check that the machine has memory left, and that bitwarden-sdk can be imported",
    ),
}


def explain(failure: Failure, address: str) -> BrokerError:
    """The error for the person, to be raised outside of any ``except``."""
    kind, sentence, next_step = _SAID[failure]
    return kind(f"{SERVER} at {address} {sentence}", next_step=next_step)
