"""What can go wrong with Bitwarden's `bw`, in plain words: never the text of the client, of Node or of the server."""

import re
from enum import StrEnum

from tokenbroker.errors import (
    BrokerError,
    SecretAccessDenied,
    SecretNotFound,
    SecretUnavailable,
)
from tokenbroker.sinks.failure import Words, shared_words


class Failure(StrEnum):
    """Why Bitwarden did not do what it was asked for."""

    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    DENIED = "denied"
    LOGIN_REFUSED = "login_refused"
    PASSWORD_REFUSED = "password_refused"  # noqa: S105  names of failures, not secrets
    SECOND_FACTOR = "second_factor"
    TIMEOUT = "timeout"
    TOO_MANY_REQUESTS = "too_many_requests"
    CONNECTION_REFUSED = "connection_refused"
    NAME_UNKNOWN = "name_unknown"
    UNREACHABLE = "unreachable"
    TLS_REFUSED = "tls_refused"
    CUT_OFF = "cut_off"
    TOO_LONG = "too_long"
    DAMAGED = "damaged"
    UNSETTLED = "unsettled"
    ENDED = "ended"
    DISK_FULL = "disk_full"
    SERVER_ERROR = "server_error"


UNCERTAIN = frozenset({Failure.TIMEOUT, Failure.CUT_OFF, Failure.ENDED, Failure.SERVER_ERROR})
"""After these a write may have been done all the same."""

_UNAVAILABLE = SecretUnavailable
_SAID: dict[Failure, Words] = {
    **shared_words(Failure),
    Failure.NOT_FOUND: (SecretNotFound, "holds nothing there", "check the path and the settings of the sink"),
    Failure.CONFLICT: (
        _UNAVAILABLE,
        "got other writes to the same item each time, and took none of ours",
        "try again when nobody else writes there",
    ),
    Failure.DENIED: (
        SecretAccessDenied,
        "does not allow this to the account",
        "let the account edit what lies there, and check organization_id and collection_id",
    ),
    Failure.LOGIN_REFUSED: (
        SecretAccessDenied,
        "refuses the login: the API key, or the e-mail address with the password, is not valid any more or never was",
        "give the right ones in TOKENBROKER_BITWARDEN_CLIENT_ID and TOKENBROKER_BITWARDEN_CLIENT_SECRET",
    ),
    Failure.PASSWORD_REFUSED: (
        SecretAccessDenied,
        "takes the login, but the master password does not open the vault",
        "give the right one in TOKENBROKER_BITWARDEN_PASSWORD",
    ),
    Failure.SECOND_FACTOR: (
        SecretAccessDenied,
        "asks for a second factor, which no program can give",
        "sign in with the account's personal API key, which needs none",
    ),
    Failure.TOO_MANY_REQUESTS: (
        _UNAVAILABLE,
        "is asked too often now and turned this away",
        "try again in a while",
    ),
    Failure.TOO_LONG: (
        _UNAVAILABLE,
        "does not take so long a text: a password or field holds about 3,600 bytes",
        "keep so long a secret in another sink",
    ),
    Failure.DAMAGED: (
        SecretAccessDenied,
        "holds an item that does not open with the keys of the account, and nothing else is at that path",
        "put the item back from a backup, or delete it",
    ),
    Failure.UNSETTLED: (
        _UNAVAILABLE,
        "can't be asked: the program bw does not show what it has fetched",
        "try again; if that doesn't help, install the version of bw that the page on settings names",
    ),
    Failure.ENDED: (
        _UNAVAILABLE,
        "can't be asked: the program bw ended before it answered",
        "run `bw --version`, and install the version that the page on settings names",
    ),
    Failure.DISK_FULL: (
        _UNAVAILABLE,
        "can't be asked: there is no room for the data that the program bw keeps while it runs",
        "free some space in the folder for temporary files",
    ),
    Failure.SERVER_ERROR: (
        _UNAVAILABLE,
        "has an error of its own, or is not a Bitwarden server",
        "check the address, and see the log of the server",
    ),
}

_URL = re.compile(r"https?://\S+")
_BY_WORDS: tuple[tuple[str, Failure], ...] = (
    # What the system calls it is sure; the rest are words that may stand in another sentence, too.
    (r"\beconnrefused\b", Failure.CONNECTION_REFUSED),
    (r"\b(enotfound|eai_again)\b", Failure.NAME_UNKNOWN),
    (r"\b(enospc|edquot)\b", Failure.DISK_FULL),
    (r"\beconnreset\b", Failure.CUT_OFF),
    (r"\betimedout\b", Failure.TIMEOUT),
    (r"\b(ehostunreach|enetunreach)\b", Failure.UNREACHABLE),
    (r"out of date", Failure.CONFLICT),
    (r"maximum encrypted value length|request entity too large|\b413\b", Failure.TOO_LONG),
    (r"client_id or client_secret is incorrect|username or password is incorrect", Failure.LOGIN_REFUSED),
    (r"invalid_grant|invalid_client|invalid api key|not logged in|vault is locked", Failure.LOGIN_REFUSED),
    (r"invalid master password|decryption operation failed", Failure.PASSWORD_REFUSED),
    (r"two-step|two.factor|no provider selected|new device verification", Failure.SECOND_FACTOR),
    (r"certificate|self-signed|altname|ssl routines|wrong version number", Failure.TLS_REFUSED),
    (r"too many requests|slow down|rate limit|\b429\b", Failure.TOO_MANY_REQUESTS),
    (r"premature close|socket hang up|unexpected end|other side closed", Failure.CUT_OFF),
    (r"timeout", Failure.TIMEOUT),
    (r"forbidden|\b403\b|do not have permission|no edit permission", Failure.DENIED),
    (r"not found\.?$|\b404\b", Failure.NOT_FOUND),
    (r"unauthorized|\b401\b", Failure.LOGIN_REFUSED),
)


def failure_in(text: str) -> Failure:
    """Which failure the client tells of in `text`, which goes no further."""
    said = _URL.sub("", text.lower())
    return next((failure for words, failure in _BY_WORDS if re.search(words, said)), Failure.SERVER_ERROR)


def explain(failure: Failure, address: str) -> BrokerError:
    """`failure` of the server at `address` as an error of ours."""
    kind, what, next_step = _SAID[failure]
    return kind(f"Bitwarden at {address} {what}", next_step=next_step)
