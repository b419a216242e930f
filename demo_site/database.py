"""The site's SQLite file.

Only what must survive a restart is in it: accounts, keys, and what was pressed, signed in to and called. Sessions,
challenges and text messages live in memory, so that no one-time code ever rests on a disk.
"""

import sqlite3
from pathlib import Path

SCHEMA_VERSION = 3
APPLICATION_ID = 0x45784C64  # "ExLd": tells our file from any other SQLite file

SCHEMA = """
CREATE TABLE accounts (
    id              INTEGER PRIMARY KEY,
    email           TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password_scrypt BLOB NOT NULL,
    password_salt   BLOB NOT NULL,
    device_id       TEXT NOT NULL UNIQUE,
    wrong_passwords INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE keys (
    id         TEXT PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    name       TEXT NOT NULL,
    sha256     TEXT NOT NULL UNIQUE,
    last_four  TEXT NOT NULL,
    scopes     TEXT NOT NULL,
    created_at TEXT NOT NULL,
    revoked_at TEXT
) STRICT;

CREATE TABLE presses (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    console TEXT NOT NULL,
    control TEXT NOT NULL,
    source  TEXT NOT NULL,
    status  INTEGER,
    at      TEXT NOT NULL
) STRICT;

CREATE TABLE service_keys (
    id         TEXT PRIMARY KEY,
    service    TEXT NOT NULL,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    name       TEXT NOT NULL,
    sha256     TEXT NOT NULL UNIQUE,
    last_four  TEXT NOT NULL,
    scope      TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    revoked_at TEXT
) STRICT;

CREATE TABLE sign_ins (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    event      TEXT NOT NULL,
    account_id INTEGER REFERENCES accounts (id),
    service    TEXT NOT NULL,
    at         TEXT NOT NULL
) STRICT;

CREATE TABLE calls (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    service TEXT NOT NULL,
    status  INTEGER NOT NULL,
    key_id  TEXT,
    at      TEXT NOT NULL
) STRICT;

CREATE VIEW live_keys (account_email, name, key_sha256, created_at) AS
    SELECT accounts.email, keys.name, keys.sha256, keys.created_at
    FROM keys JOIN accounts ON accounts.id = keys.account_id
    WHERE keys.revoked_at IS NULL
    ORDER BY keys.created_at, keys.id;
"""


class DatabaseUnusable(Exception):
    """The file can't be opened, or is not a database of this site; the message says which."""


def open_database(path: Path) -> sqlite3.Connection:
    """Open the site's file for writing, making it (0600) and its tables if they are not there.

    Readers in other processes are never blocked: the journal is a write-ahead log.

    Raises:
        DatabaseUnusable: see there.
    """
    try:
        path.touch(mode=0o600, exist_ok=True)
        # The server has one thread for requests; a test client may run it in another than made it.
        connection = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise DatabaseUnusable(f"{path} can't be opened for writing: {error}") from error
    try:
        _prepare(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise DatabaseUnusable(f"{path} can't be used as a database: {error}") from error
    except DatabaseUnusable:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.row_factory = sqlite3.Row
    application_id = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if tables and application_id != APPLICATION_ID:
        raise DatabaseUnusable(f"{path} is a database of something else")
    if tables and version != SCHEMA_VERSION:
        raise DatabaseUnusable(
            f"{path} has version {version}, this site needs {SCHEMA_VERSION}: use a new file"
        )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    if not tables:
        connection.executescript(
            f"""
            BEGIN;
            PRAGMA application_id = {APPLICATION_ID};
            PRAGMA user_version = {SCHEMA_VERSION};
            {SCHEMA}
            COMMIT;
            """
        )
