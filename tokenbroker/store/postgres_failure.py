"""PostgreSQL's errors in plain words: never its own text, nor libpq's, which name users, addresses and statements."""

import re

import psycopg
import psycopg_pool
from sqlalchemy.exc import DBAPIError

from tokenbroker.errors import BrokerError, SecretAccessDenied, SecretTimeout, SecretUnavailable

_Said = tuple[type[BrokerError], str, str]

_PASSWORD = "TOKENBROKER_POSTGRES_PASSWORD"  # noqa: S105  the name of a variable
_REFUSED: _Said = (
    SecretAccessDenied,
    "refuses the user or the password, which may have expired",
    "give the right ones: the user stands in the url, the password in {password_from}",
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

_NOT_THERE: _Said = (
    SecretUnavailable,
    "is not there: nobody answers at its host and port, or nobody who speaks PostgreSQL",
    "check that it runs, and the host and port of the url",
)
_REFUSING: _Said = (
    SecretUnavailable,
    "was reached, and refuses the connection",
    "see the log of the server, which says why",
)
# What the server or libpq says in English where it gives no code: read here, and never shown.
_BY_WORDS: tuple[tuple[str, _Said], ...] = (
    (
        "failed to resolve host|could not translate host name",
        (
            SecretUnavailable,
            "can't be found: no name server knows its host",
            "check the host of the url, and the name servers of this machine",
        ),
    ),
    (
        "no password supplied",
        (SecretAccessDenied, "wants a password, and none was given", "give it in {password_from}"),
    ),
    (
        "authentication method requirement",
        (
            SecretAccessDenied,
            "asks for the password in a form that would give it away, and did not get it",
            "let the server ask with scram-sha-256, in pg_hba.conf and for the password of this user",
        ),
    ),
    ("authentication failed|role .* does not exist", _REFUSED),
    (
        r"no pg_hba\.conf entry|not permitted to log in",
        (
            SecretAccessDenied,
            "does not let this user in from this machine",
            "allow it there: a line in pg_hba.conf, and LOGIN for the user",
        ),
    ),
    (
        "permission denied for database",
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
    ("too many (connections|clients)|remaining connection slots", _BY_STATE["53300"]),
    (
        "the database system is",
        (SecretUnavailable, "is not ready: its server starts, ends or recovers", "try again in a while"),
    ),
    # A connection that breaks off, or an answer in another language, is no word about certificates.
    ("invalid response|server closed the connection|SSL SYSCALL error|unexpected eof", _NOT_THERE),
    (
        "does not support SSL",
        (
            SecretUnavailable,
            "offers no TLS, which is asked for beyond this machine",
            "turn it on at the server: ssl = on, with a certificate",
        ),
    ),
    (
        "SSL|certificate",
        (
            SecretUnavailable,
            "did not prove by TLS that it is the one: its certificate is not trusted here, or not its own",
            "name the certificate of its authority with ca_file, and check the host of the url",
        ),
    ),
    ("Connection refused|No such file|No route|unreachable|timed out", _NOT_THERE),
)
_ABOUT_HOST = re.compile(r"connection to server [^\n]*?(?:port \d+|\.PGSQL\.\d+\") failed: ")
_UNKNOWN_OUTCOME = "; whether the change was made is not known"


def explain(error: Exception, store: str, timeout_s: float, *, is_committing: bool) -> BrokerError | None:
    """The error for a person, of one that a statement ended with; None where the connection was lost."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(origin, psycopg_pool.PoolTimeout):
        return None
    if isinstance(origin, psycopg_pool.PoolClosed):
        return SecretUnavailable(f"{store} was closed")
    if isinstance(origin, psycopg.errors._WaitTimeout):
        return _error(_BY_STATE["57014"], store, timeout_s, is_committing=is_committing)
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


def explain_lost(
    error: Exception, store: str, refusal: BrokerError | None, *, is_committing: bool
) -> BrokerError:
    """The error for a person, of a connection that was lost or could not be had; `refusal`: why none can be had now."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    if refusal is not None:
        kind, sentence, next_step = type(refusal), refusal.sentence, refusal.next_step
    elif isinstance(origin, psycopg_pool.PoolTimeout):
        kind, sentence = SecretTimeout, f"{store} has no connection free: this process uses all of them"
        next_step = "try again in a while"
    else:
        kind, sentence = SecretUnavailable, f"PostgreSQL connection failed: {store} cut its answer off"
        next_step = "try again"
    return kind(sentence + (_UNKNOWN_OUTCOME if is_committing else ""), next_step=next_step)


def explain_connecting(error: psycopg.Error, store: str, password_from: str) -> BrokerError:
    """The error for a person, of one that connecting ended with; `password_from` names the variable of the password."""
    if isinstance(error, psycopg.errors.ConnectionTimeout):
        said: _Said = (
            SecretTimeout,
            "did not answer in time",
            "check the address and the network, or raise timeout_s",
        )
    else:
        said = _by_words(error)
    kind, sentence, next_step = said
    told = next_step.format(password_from=password_from or _PASSWORD)
    return kind(f"PostgreSQL connection failed: {store} {sentence}", next_step=told)


def _by_words(error: psycopg.Error) -> _Said:
    # What stands before names the host, which may be called anything.
    message = _ABOUT_HOST.split(str(error))[-1]
    found = next((said for words, said in _BY_WORDS if re.search(words, message)), None)
    if found is not None:
        return found
    # In another language: how far it came says what it can be.
    if error.pgconn is not None and error.pgconn.used_password:
        return _REFUSED
    return _REFUSING if "FATAL" in message or ":  " in message else _NOT_THERE


def _error(said: _Said, store: str, timeout_s: float, *, is_committing: bool = False) -> BrokerError:
    kind, sentence, next_step = said
    outcome = _UNKNOWN_OUTCOME if is_committing else ""
    told = next_step.format(password_from=_PASSWORD)
    return kind(f"{store} {sentence.format(timeout_s=timeout_s)}{outcome}", next_step=told)
