"""What can go wrong with Infisical, in plain words: never the text of the client or of the server."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

import httpx2

from tokenbroker.errors import (
    BrokerError,
    SecretAccessDenied,
    SecretUnavailable,
)
from tokenbroker.sinks.failure import MISREAD, Words, shared_words
from tokenbroker.sinks.http_failure import failure_of

_T = TypeVar("_T")


class Failure(StrEnum):
    """Why Infisical did not do what it was asked for."""

    NOT_FOUND = "not_found"
    NO_FOLDER = "no_folder"
    NO_ENVIRONMENT = "no_environment"
    CONFLICT = "conflict"
    DENIED = "denied"
    NEEDS_APPROVAL = "needs_approval"
    TOKEN_REFUSED = "token_refused"  # noqa: S105  names of failures, not secrets
    LOGIN_REFUSED = "login_refused"
    TIMEOUT = "timeout"
    TOO_MANY_REQUESTS = "too_many_requests"
    CONNECTION_REFUSED = "connection_refused"
    NAME_UNKNOWN = "name_unknown"
    UNREACHABLE = "unreachable"
    TLS_REFUSED = "tls_refused"
    CUT_OFF = "cut_off"
    SERVER_ERROR = "server_error"
    MALFORMED = "malformed"
    NOT_UNDERSTOOD = "not_understood"


UNCERTAIN = frozenset({Failure.TIMEOUT, Failure.CUT_OFF, Failure.SERVER_ERROR, Failure.NOT_UNDERSTOOD})
"""After these a write may have been done all the same."""

ABSENT = (Failure.NOT_FOUND, Failure.NO_FOLDER)
"""What is asked for isn't there; of a missing folder the server says the same as of a missing environment."""

_UNAVAILABLE = SecretUnavailable
_CHECK = "check project_id and environment of the sink"
_SAID: dict[Failure, Words] = {
    **shared_words(Failure),
    Failure.NOT_FOUND: (_UNAVAILABLE, "knows nothing of that name", _CHECK),
    Failure.NO_FOLDER: (_UNAVAILABLE, "knows no such folder", _CHECK),
    Failure.NO_ENVIRONMENT: (
        _UNAVAILABLE,
        "knows no such project or environment, or shows it to nobody with these credentials",
        _CHECK,
    ),
    Failure.CONFLICT: (
        _UNAVAILABLE,
        "got other writes to the same path each time, and took none of ours",
        "try again when nobody else writes there",
    ),
    Failure.DENIED: (
        SecretAccessDenied,
        "does not allow this: the role of the identity is too narrow",
        "let the role allow what the page on settings lists under Infisical",
    ),
    Failure.NEEDS_APPROVAL: (
        SecretAccessDenied,
        "wants a person to approve each change of this folder, and has changed nothing yet",
        "reject the request there, and let the sink write where no approval is asked for",
    ),
    Failure.TOKEN_REFUSED: (
        SecretAccessDenied,
        "refuses the token: it has expired, was revoked, or is of another server",
        'give a fresh one in TOKENBROKER_INFISICAL_TOKEN, or let the sink sign in with auth = "universal"',
    ),
    Failure.LOGIN_REFUSED: (
        SecretAccessDenied,
        "refuses the client id and the client secret",
        "give valid ones in TOKENBROKER_INFISICAL_CLIENT_ID and TOKENBROKER_INFISICAL_CLIENT_SECRET",
    ),
    Failure.TOO_MANY_REQUESTS: (
        _UNAVAILABLE,
        "is asked too often now and turned this away",
        "try again in a minute",
    ),
    Failure.MALFORMED: (
        _UNAVAILABLE,
        "does not take the request as it is",
        "check the settings of the sink, and that the value is not too long for Infisical",
    ),
    Failure.NOT_UNDERSTOOD: (
        _UNAVAILABLE,
        "gave an answer that is not one of the secrets API",
        "check the address (redirects are not followed), and that the server has version 4 of that API",
    ),
}

_BY_STATUS = {
    401: Failure.TOKEN_REFUSED,
    403: Failure.DENIED,
    404: Failure.NOT_FOUND,
    408: Failure.TIMEOUT,
    429: Failure.TOO_MANY_REQUESTS,
    504: Failure.TIMEOUT,
}


_BY_BEGINNING = (
    # Of what is missing, the text alone says what it is.
    (404, "Project with ", Failure.NO_ENVIRONMENT),
    (404, "Environment with slug ", Failure.NO_ENVIRONMENT),
    (404, "Folder with path ", Failure.NO_FOLDER),
    (403, "This project does not belong to ", Failure.NO_ENVIRONMENT),
)


def attempt(call: Callable[[], httpx2.Response]) -> dict[str, Any] | Failure:
    """The JSON of the answer; what `call` raises, and a refusal, become a :class:`Failure` without their text."""
    try:
        return _told(call())
    except Exception as error:  # noqa: BLE001 - of the client, of TLS, or of an answer in another shape
        return Failure(failure_of(error))


def understood(read: Callable[[], _T]) -> _T | Failure:
    """What `read` makes of an answer, or NOT_UNDERSTOOD where the answer has another shape."""
    try:
        return read()
    except MISREAD:
        return Failure.NOT_UNDERSTOOD


def explain(failure: Failure, server: str) -> BrokerError:
    """The error for the person, to be raised outside of any ``except``; `server` is the address."""
    kind, sentence, next_step = _SAID[failure]
    return kind(f"Infisical at {server} {sentence}", next_step=next_step)


def _told(response: httpx2.Response) -> dict[str, Any] | Failure:
    status = response.status_code
    if status >= 500 and status not in _BY_STATUS:
        return Failure.SERVER_ERROR
    if 200 <= status < 300:
        body = response.json()
        if not isinstance(body, dict):
            return Failure.NOT_UNDERSTOOD
        return Failure.NEEDS_APPROVAL if "approval" in body else body
    if status < 400:
        return Failure.NOT_UNDERSTOOD
    return _refusal(status, response)


def _refusal(status: int, response: httpx2.Response) -> Failure:
    """What is said beside a status that means several things is read here, and never shown.

    https://github.com/Infisical/infisical/blob/main/backend/src/server/plugins/error-handler.ts
    https://github.com/Infisical/infisical/blob/main/backend/src/ee/services/permission/permission-service.ts
    https://github.com/Infisical/infisical/blob/main/backend/src/services/secret-v2-bridge/secret-v2-bridge-service.ts
    """
    try:
        body = response.json()
    except ValueError:
        body = None
    said = body if isinstance(body, dict) else {}
    if status == 403 and said.get("error") == "TokenError":
        return Failure.TOKEN_REFUSED
    message = str(said.get("message", ""))
    if status in (400, 409) and "already exist" in message:
        return Failure.CONFLICT
    for of_status, beginning, failure in _BY_BEGINNING:
        if status == of_status and message.startswith(beginning):
            return failure
    return _BY_STATUS.get(status, Failure.MALFORMED)
