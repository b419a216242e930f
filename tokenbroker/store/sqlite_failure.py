"""SQLite's errors in plain words: never SQLAlchemy's text, which holds statements and parameters."""

import sqlite3

from sqlalchemy.exc import DBAPIError

from tokenbroker.errors import SecretUnavailable

# Primary result codes, https://www.sqlite.org/rescode.html; the extended code's low byte is the primary one.
_BUSY = "is locked by another process", "wait until that process is done or end it, then try again"
_DAMAGED = (
    "is damaged or is not a database",
    "restore it from a backup, or move it away to start with an empty store",
)
_NO_WRITE = "can't be written", "make the file and its folder writable for this user"
_FULL = "can't grow: the disk is full", "free some space, then try again"
_DISK = "can't be read or written: the disk reports an error", "check the disk, then try again"
_SAID = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_ERROR: ("doesn't have the expected shape", _DAMAGED[1]),
    sqlite3.SQLITE_READONLY: _NO_WRITE,
    sqlite3.SQLITE_CANTOPEN: ("can't be opened", _NO_WRITE[1]),
    sqlite3.SQLITE_PERM: _NO_WRITE,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: _DISK,
}


def explain(error: Exception, store: str) -> SecretUnavailable:
    """The sentence for `error` of the database that is called `store`, to be raised outside the ``except`` block."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    number = getattr(origin, "sqlite_errorcode", None)
    if number is None:
        return SecretUnavailable(f"{store} can't be used ({type(error).__name__})")
    sentence, next_step = _SAID.get(number & 0xFF, (f"can't be used (SQLite code {number})", ""))
    return SecretUnavailable(f"{store} {sentence}", next_step=next_step)
