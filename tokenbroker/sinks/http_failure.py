"""Why a request by httpx2 had no answer, by the name that the failure has in each kind's own set."""

import socket
import ssl
from collections.abc import Iterator
from typing import Final

import httpx2

_BY_CLASS: Final[tuple[tuple[type[BaseException], str], ...]] = (
    # A header that can't be sent: the token is the only one that comes from outside.
    (httpx2.LocalProtocolError, "token_refused"),
    (UnicodeEncodeError, "token_refused"),
    (httpx2.TimeoutException, "timeout"),
    (socket.gaierror, "name_unknown"),
    (ssl.SSLError, "tls_refused"),
    (ConnectionRefusedError, "connection_refused"),
    (httpx2.ConnectError, "unreachable"),
    (httpx2.NetworkError, "cut_off"),
    (httpx2.RemoteProtocolError, "cut_off"),
    (httpx2.TransportError, "unreachable"),
)


def failure_of(error: Exception) -> str:
    """What `error`, which came out of a request or of reading its answer, means; nothing of its text remains."""
    behind = [*_behind(error)]
    found = (name for kind, name in _BY_CLASS if any(isinstance(each, kind) for each in behind))
    return next(found, "not_understood")


def _behind(error: BaseException) -> Iterator[BaseException]:
    """`error` and what it arose from."""
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop(0)
        if each is not None and not any(each is other for other in seen):
            seen.append(each)
            waiting += [each.__cause__, each.__context__]
            yield each
