"""PostgreSQL's errors in plain words: never its own text, nor libpq's, which name users, addresses and statements."""

import re
import socket

import psycopg
from sqlalchemy.exc import DBAPIError

from tokenbroker.errors import BrokerError, SecretAccessDenied, SecretTimeout, SecretUnavailable

_Said = tuple[type[BrokerError], str, str]

_REFUSED: _Said = (
    SecretAccessDenied,
    "refuses the user or the password, which may have expired",
    "give the right ones: the user stands in the url, the password in TOKENBROKER_POSTGRES_PASSWORD",
)
# SQLSTATEs and their classes, https://www.postgresql.org/docs/current/errcodes-appendix.html
_BY_STATE: dict[str, _Said] = {
    "57014": (
        SecretTimeout,
        "did not answer within {timeout_s:g} s",
        "check that it is well, or raise timeout_s",
    ),
    "55P03": (
        SecretTimeout,
        "is held by another process for more than {timeout_s:g} s",
        "wait until that process is done or end it, then try again",
    ),
    "53100": (
        SecretUnavailable,
        "can't grow: the disk of its server is full",
        "free some space there, then try again",
    ),
    "53300": (
        SecretUnavailable,
        "has no connection left",
        "let the server allow more, or try again in a while",
    ),
    "25006": (SecretUnavailable, "is read only", "name the primary server: a standby takes no writes"),
    "42501": (
        SecretAccessDenied,
        "does not allow this to the user that signs in",
        "let that user own the database or a schema of its own, as the page on settings says",
    ),
    "42P07": (
        SecretUnavailable,
        "holds tables of another program under the same names",
        "give tokenbroker a database or a schema of its own",
    ),
    "42P01": (SecretUnavailable, "doesn't have the expected shape", "put it back from its backup"),
    "42703": (SecretUnavailable, "doesn't have the expected shape", "put it back from its backup"),
    "42804": (SecretUnavailable, "doesn't have the expected shape", "put it back from its backup"),
}
_BY_CLASS: dict[str, _Said] = {
    "28": _REFUSED,
    "53": (SecretUnavailable, "lacks room or memory on its server", "see the log of the server"),
    "58": (SecretUnavailable, "has an error of its disk", "see the log of the server"),
    "XX": (SecretUnavailable, "is damaged", "see the log of the server, and put it back from its backup"),
}
# After these the connection is gone, and why is found by trying another one.
_LOST = {"57P01", "57P02", "57P03", "57P05", "25P03"}
_LOST_CLASS = "08"

_UNPROVEN: _Said = (
    SecretUnavailable,
    "did not prove by TLS that it is the one: its certificate is missing, not trusted here, or not its own",
    "name the certificate of its authority with ca_file, and check the host of the url",
)
_NOT_THERE: _Said = (
    SecretUnavailable,
    "is not there: nobody answers at its host and port, or nobody who speaks PostgreSQL",
    "check that it runs, and the host and port of the url",
)
# What the server or libpq says in English where it gives no code: read here, and never shown.
_BY_WORDS: tuple[tuple[str, _Said], ...] = (
    ("authentication failed", _REFUSED),
    ("no password supplied", _REFUSED),
    (r"no pg_hba\.conf entry", _REFUSED),
    ("role .* does not exist", _REFUSED),
    (
        "permission denied",
        (SecretAccessDenied, "does not allow this user to connect", "let it: GRANT CONNECT ON DATABASE …"),
    ),
    (
        "database .* does not exist",
        (
            SecretUnavailable,
            "is not there: its server knows no database of that name",
            "create it, or mend the url",
        ),
    ),
    ("too many (connections|clients)", _BY_STATE["53300"]),
    ("remaining connection slots", _BY_STATE["53300"]),
    (
        "the database system is",
        (SecretUnavailable, "is not ready: its server starts, ends or recovers", "try again in a while"),
    ),
    # Before the next one: "SSL error: unexpected eof" tells nothing of a certificate.
    ("invalid response|unexpected eof|unexpectedly|SSL SYSCALL", _NOT_THERE),
    ("SSL|certificate", _UNPROVEN),
)


def explain(error: Exception, store: str, timeout_s: float) -> BrokerError | None:
    """The error for a person, of one that a statement ended with; None where the connection was lost."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(origin, psycopg.errors._WaitTimeout):
        return _error(_BY_STATE["57014"], store, timeout_s)
    state = (origin.sqlstate if isinstance(origin, psycopg.Error) else None) or ""
    if isinstance(origin, psycopg.OperationalError | psycopg.InterfaceError) and (
        not state or state in _LOST or state.startswith(_LOST_CLASS)
    ):
        return None
    said = _BY_STATE.get(state) or _BY_CLASS.get(state[:2])
    if said is None:
        kind = f"SQLSTATE {state}" if state else type(origin).__name__
        said = (SecretUnavailable, f"can't be used ({kind})", "see the log of the server")
    return _error(said, store, timeout_s)


def explain_connecting(error: psycopg.Error | None, host: str, store: str) -> BrokerError:
    """The error for a person, of one that connecting ended with; None for a connection that was lost while in use."""
    if error is None:
        said: _Said = (
            SecretUnavailable,
            "cut its answer off; whether the last change was made is not known",
            "try again: what is done twice under one id is done once",
        )
    elif isinstance(error, psycopg.errors.ConnectionTimeout):
        said = (
            SecretTimeout,
            "did not answer in time",
            "check the address and the network, or raise timeout_s",
        )
    else:
        said = _by_name(host) or _by_words(str(error))
    kind, sentence, next_step = said
    return kind(f"PostgreSQL connection failed: {store} {sentence}", next_step=next_step)


def _by_name(host: str) -> _Said | None:
    if not host or host.startswith("/"):
        return None
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return (
            SecretUnavailable,
            "can't be found: no name server knows its host",
            "check the host of the url, and the name servers of this machine",
        )
    return None


def _by_words(message: str) -> _Said:
    return next((said for words, said in _BY_WORDS if re.search(words, message)), _NOT_THERE)


def _error(said: _Said, store: str, timeout_s: float) -> BrokerError:
    kind, sentence, next_step = said
    return kind(f"{store} {sentence.format(timeout_s=timeout_s)}", next_step=next_step)
