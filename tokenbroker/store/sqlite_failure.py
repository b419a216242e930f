"""SQLite's errors in plain words: never SQLAlchemy's text, which holds statements and parameters."""

import sqlite3

from sqlalchemy.exc import DBAPIError

from tokenbroker.errors import BrokerError, SecretAccessDenied, SecretTimeout, SecretUnavailable

_Said = tuple[type[BrokerError], str, str]

# Primary result codes, https://www.sqlite.org/rescode.html; the extended code's low byte is the primary one.
_BUSY: _Said = (
    SecretTimeout,
    "is locked by another process",
    "wait until that process is done or end it, then try again",
)
_RESTORE = "restore it from a backup, or move it away to start with an empty store"
_DAMAGED: _Said = SecretUnavailable, "is damaged or is not a database", _RESTORE
_NO_WRITE: _Said = (
    SecretAccessDenied,
    "can't be written",
    "make the file and its folder writable for this user",
)
_SAID: dict[int, _Said] = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_ERROR: (SecretUnavailable, "doesn't have the expected shape", _RESTORE),
    sqlite3.SQLITE_READONLY: _NO_WRITE,
    sqlite3.SQLITE_PERM: _NO_WRITE,
    sqlite3.SQLITE_CANTOPEN: (
        SecretUnavailable,
        "can't be opened",
        "check that its disk is there, and make the file and its folder writable for this user",
    ),
    sqlite3.SQLITE_FULL: (
        SecretUnavailable,
        "can't grow: the disk is full",
        "free some space, then try again",
    ),
    sqlite3.SQLITE_IOERR: (
        SecretUnavailable,
        "can't be read or written: the disk reports an error",
        "check the disk, then try again",
    ),
}


def explain(error: Exception, store: str) -> BrokerError:
    """The error for a person, of the database that is called `store`; to be raised outside the ``except`` block."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    number = getattr(origin, "sqlite_errorcode", None)
    if number is None:
        return SecretUnavailable(f"{store} can't be used ({type(error).__name__})")
    unknown = (SecretUnavailable, f"can't be used (SQLite code {number})", "")
    kind, sentence, next_step = _SAID.get(number & 0xFF, unknown)
    return kind(f"{store} {sentence}", next_step=next_step)
