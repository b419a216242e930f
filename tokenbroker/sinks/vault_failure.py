"""What can go wrong with Vault, in plain words: never the text of hvac, of requests or of the server."""

import socket
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import TypeVar

import hvac
import requests
import urllib3
from hvac import exceptions

from tokenbroker.errors import (
    BrokerError,
    SecretAccessDenied,
    SecretNotFound,
    SecretUnavailable,
)
from tokenbroker.sinks.failure import Words, shared_words

_T = TypeVar("_T")


class Failure(StrEnum):
    """Why Vault did not do what it was asked for."""

    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    DENIED = "denied"
    TOKEN_REFUSED = "token_refused"  # noqa: S105  names of failures, not secrets
    LOGIN_REFUSED = "login_refused"
    TIMEOUT = "timeout"
    SEALED = "sealed"
    NOT_READY = "not_ready"
    TOO_MANY_REQUESTS = "too_many_requests"
    CONNECTION_REFUSED = "connection_refused"
    NAME_UNKNOWN = "name_unknown"
    UNREACHABLE = "unreachable"
    TLS_REFUSED = "tls_refused"
    CUT_OFF = "cut_off"
    SERVER_ERROR = "server_error"
    MALFORMED = "malformed"
    NO_ENGINE = "no_engine"
    NOT_UNDERSTOOD = "not_understood"


UNCERTAIN = frozenset({Failure.TIMEOUT, Failure.CUT_OFF, Failure.SERVER_ERROR, Failure.NOT_UNDERSTOOD})
"""After these a write may have been done all the same."""

_UNAVAILABLE = SecretUnavailable
_SAID: dict[Failure, Words] = {
    **shared_words(Failure),
    Failure.NOT_FOUND: (SecretNotFound, "holds nothing there", "check the path and the settings of the sink"),
    Failure.CONFLICT: (
        _UNAVAILABLE,
        "got other writes to the same path each time, and took none of ours",
        "try again when nobody else writes there",
    ),
    Failure.DENIED: (
        SecretAccessDenied,
        "does not allow this: the policy of the token is too narrow",
        "let the policy allow what the page on settings lists under Vault",
    ),
    Failure.TOKEN_REFUSED: (
        SecretAccessDenied,
        "refuses the token: it has expired, was revoked, or is of another server or namespace",
        'give a fresh one in TOKENBROKER_VAULT_TOKEN, or let the sink sign in with auth = "approle"',
    ),
    Failure.LOGIN_REFUSED: (
        SecretAccessDenied,
        "refuses the role id and the secret id",
        "give valid ones in TOKENBROKER_VAULT_ROLE_ID and TOKENBROKER_VAULT_SECRET_ID, and check auth_mount",
    ),
    Failure.SEALED: (_UNAVAILABLE, "is sealed", "ask whoever runs it to unseal it"),
    Failure.NOT_READY: (
        _UNAVAILABLE,
        "is not ready: it starts, is on standby, or was never initialised",
        "wait until it is, or name the active node",
    ),
    Failure.TOO_MANY_REQUESTS: (
        _UNAVAILABLE,
        "is asked too often now and turned this away",
        "try again in a while",
    ),
    Failure.MALFORMED: (
        _UNAVAILABLE,
        "does not take the request as it is",
        "check the settings of the sink, and that the value is not too long for Vault",
    ),
    Failure.NO_ENGINE: (_UNAVAILABLE, "has no secrets engine at the mount", "check mount and namespace"),
    Failure.NOT_UNDERSTOOD: (
        _UNAVAILABLE,
        "gave an answer that is not one of a KV engine of version 2",
        "check the address (redirects are not followed), and that the mount is of version 2",
    ),
}

_BY_CLASS: tuple[tuple[type[BaseException], Failure], ...] = (
    (exceptions.RateLimitExceeded, Failure.TOO_MANY_REQUESTS),
    (exceptions.Forbidden, Failure.DENIED),
    (exceptions.Unauthorized, Failure.DENIED),
    (exceptions.InvalidPath, Failure.NOT_FOUND),
    (exceptions.VaultNotInitialized, Failure.NOT_READY),
    (exceptions.VaultDown, Failure.NOT_READY),
    (exceptions.InternalServerError, Failure.SERVER_ERROR),
    (exceptions.BadGateway, Failure.SERVER_ERROR),
    (exceptions.InvalidRequest, Failure.MALFORMED),
    (exceptions.VaultError, Failure.SERVER_ERROR),
    # A header that can't be sent: the token is the only one that comes from outside.
    (requests.exceptions.InvalidHeader, Failure.TOKEN_REFUSED),
    (UnicodeEncodeError, Failure.TOKEN_REFUSED),
    (requests.exceptions.SSLError, Failure.TLS_REFUSED),
    (requests.exceptions.Timeout, Failure.TIMEOUT),
    (urllib3.exceptions.ReadTimeoutError, Failure.TIMEOUT),
    (socket.gaierror, Failure.NAME_UNKNOWN),
    (ConnectionRefusedError, Failure.CONNECTION_REFUSED),
    (urllib3.exceptions.NewConnectionError, Failure.UNREACHABLE),
    (urllib3.exceptions.ProtocolError, Failure.CUT_OFF),
    (requests.exceptions.ChunkedEncodingError, Failure.CUT_OFF),
    (requests.exceptions.ConnectionError, Failure.UNREACHABLE),
)
# What Vault says beside a status that means several things; read here, and never shown.
_BY_WORDS = {
    (exceptions.VaultDown, "sealed"): Failure.SEALED,
    (exceptions.InvalidRequest, "check-and-set parameter did not match"): Failure.CONFLICT,
    (exceptions.InvalidPath, "no handler for route"): Failure.NO_ENGINE,
}


def attempt(call: Callable[[hvac.Client], _T], client: hvac.Client) -> _T | Failure:
    """What `call` answers; whatever it raises becomes a :class:`Failure`, and nothing of its text remains."""
    try:
        return call(client)
    except Exception as error:  # noqa: BLE001 - of hvac, requests, urllib3, or of an answer in another shape
        return classify(error)


def classify(error: Exception) -> Failure:
    """What `error`, which came out of a call of hvac, means."""
    if isinstance(error, exceptions.VaultError):
        said = " ".join(str(each) for each in error.errors or ()).lower()
        for (kind, words), failure in _BY_WORDS.items():
            if isinstance(error, kind) and words in said:
                return failure
    behind = [*_behind(error)]
    found = (failure for kind, failure in _BY_CLASS if any(isinstance(each, kind) for each in behind))
    return next(found, Failure.NOT_UNDERSTOOD)


def explain(failure: Failure, server: str) -> BrokerError:
    """The error for the person, to be raised outside of any ``except``; `server` is the address."""
    kind, sentence, next_step = _SAID[failure]
    return kind(f"Vault at {server} {sentence}", next_step=next_step)


def _behind(error: BaseException) -> Iterator[BaseException]:
    """`error` and what it arose from: requests wraps what urllib3 wraps."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        each = waiting.pop(0)
        if isinstance(each, BaseException) and not any(each is other for other in seen):
            seen.append(each)
            waiting += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
            yield each
