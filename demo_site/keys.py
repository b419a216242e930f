"""API keys: made here, shown once, kept as a hash."""

import hashlib
import hmac
import secrets
import sqlite3
import string
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from demo_site.clock import Clock, iso

PREFIX = "exk_live_"
SCOPES = ("read", "write", "admin")
NAME_LENGTH_LIMIT = 64

_BASE62 = string.digits + string.ascii_letters


class KeyRefused(Exception):
    """A key can't be made like this; the message is for the person at the form."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiKey:
    """A key as its owner sees it later on: everything but the key itself."""

    id: str
    name: str
    last_four: str
    scopes: tuple[str, ...]
    created_at: datetime

    @property
    def masked(self) -> str:
        return f"{PREFIX}••••••••{self.last_four}"


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyHolder:
    """Whom a live key speaks for."""

    account_email: str
    key_name: str
    scopes: tuple[str, ...]


class Keys:
    """The keys in the site's file."""

    def __init__(
        self, connection: sqlite3.Connection, clock: Clock, make_key: Callable[[], str] | None = None
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._make_key = make_key or new_key

    def create(self, account_id: int, *, name: str, scopes: Collection[str]) -> tuple[ApiKey, str]:
        """Make a key; answers what is kept of it, and the key, which nobody can ask for again.

        Raises:
            KeyRefused: the name or the scopes won't do.
        """
        key = self._make_key()
        return self._store(account_id, name, scopes, key), key

    def seed(self, account_id: int, *, name: str, scopes: Collection[str], key: str | None) -> None:
        """See to it that the account has this key; one that it has or had stays as it is."""
        if key is None:
            known = self._connection.execute(
                "SELECT 1 FROM keys WHERE account_id = ? AND name = ? AND revoked_at IS NULL",
                (account_id, name),
            )
        else:
            known = self._connection.execute("SELECT 1 FROM keys WHERE sha256 = ?", (_sha256(key),))
        if known.fetchone() is None:
            self._store(account_id, name, scopes, key or self._make_key())

    def listing(self, account_id: int) -> tuple[ApiKey, ...]:
        """The account's live keys, newest first."""
        rows = self._connection.execute(
            """
            SELECT * FROM keys WHERE account_id = ? AND revoked_at IS NULL
            ORDER BY created_at DESC, rowid DESC
            """,
            (account_id,),
        )
        return tuple(_api_key(row) for row in rows)

    def find(self, account_id: int, key_id: str) -> ApiKey | None:
        """The account's live key of that id."""
        row = self._connection.execute(
            "SELECT * FROM keys WHERE id = ? AND account_id = ? AND revoked_at IS NULL", (key_id, account_id)
        ).fetchone()
        return _api_key(row) if row else None

    def revoke(self, account_id: int, key_id: str) -> ApiKey | None:
        """End the account's live key of that id; answers it, or None if there is none."""
        row = self._connection.execute(
            """
            UPDATE keys SET revoked_at = ? WHERE id = ? AND account_id = ? AND revoked_at IS NULL RETURNING *
            """,
            (iso(self._clock()), key_id, account_id),
        ).fetchone()
        return _api_key(row) if row else None

    def holder_of(self, key: str) -> KeyHolder | None:
        """Whom `key` speaks for, or None if it is unknown or revoked."""
        digest = _sha256(key)
        row = self._connection.execute(
            """
            SELECT keys.sha256, keys.name, keys.scopes, accounts.email
            FROM keys JOIN accounts ON accounts.id = keys.account_id
            WHERE keys.sha256 = ? AND keys.revoked_at IS NULL
            """,
            (digest,),
        ).fetchone()
        if row is None or not hmac.compare_digest(digest, row["sha256"]):
            return None
        return KeyHolder(
            account_email=row["email"], key_name=row["name"], scopes=tuple(row["scopes"].split())
        )

    def _store(self, account_id: int, name: str, scopes: Collection[str], key: str) -> ApiKey:
        row = self._connection.execute(
            """
            INSERT INTO keys (id, account_id, name, sha256, last_four, scopes, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING *
            """,
            (
                f"key_{secrets.token_hex(6)}",
                account_id,
                checked_name(name),
                _sha256(key),
                key[-4:],
                " ".join(_checked_scopes(scopes)),
                iso(self._clock()),
            ),
        ).fetchone()
        return _api_key(row)


def new_key() -> str:
    """A key such as no other: the prefix and 32 random characters (190 bits)."""
    return PREFIX + "".join(secrets.choice(_BASE62) for _ in range(32))


def checked_name(name: str) -> str:
    """`name` without white space around it; raises KeyRefused where it can't be a key's."""
    name = name.strip()
    if not name:
        raise KeyRefused("Give the key a name.")
    if len(name) > NAME_LENGTH_LIMIT:
        raise KeyRefused(f"A name has at most {NAME_LENGTH_LIMIT} characters.")
    if not name.isprintable():
        raise KeyRefused("A name is one line of text.")
    return name


def _checked_scopes(scopes: Collection[str]) -> tuple[str, ...]:
    if not scopes:
        raise KeyRefused("Choose at least one scope.")
    if not set(scopes) <= set(SCOPES):
        raise KeyRefused("There is no such scope.")
    return tuple(scope for scope in SCOPES if scope in scopes)


def _api_key(row: sqlite3.Row) -> ApiKey:
    return ApiKey(
        id=row["id"],
        name=row["name"],
        last_four=row["last_four"],
        scopes=tuple(row["scopes"].split()),
        created_at=datetime.fromisoformat(row["created_at"]),
    )


def _sha256(key: str) -> str:
    # No salt and no stretching: a key has 190 random bits, there is nothing to guess.
    return hashlib.sha256(key.encode()).hexdigest()
