"""Accounts: passwords, and the lock after five wrong ones."""

import hashlib
import hmac
import secrets
import sqlite3
from dataclasses import dataclass

WRONG_PASSWORDS_UNTIL_LOCKED = 5


class WrongPassword(Exception):
    """No account has this e-mail address with this password; which of the two is not told."""


class AccountLocked(Exception):
    """Too many wrong passwords; the right one does not open the account any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountRecord:
    """An account as other rooms of the site see it; `device_id` names its phone."""

    id: int
    email: str
    device_id: str


class Accounts:
    """The accounts in the site's file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def put(self, *, email: str, password: str, device_id: str | None = None) -> AccountRecord:
        """Add an account, or give the one with this address a new password and unlock it.

        A new account without `device_id` gets an unguessable one; an old one keeps its own.
        """
        salt = secrets.token_bytes(16)
        self._connection.execute(
            """
            INSERT INTO accounts (email, password_scrypt, password_salt, device_id) VALUES (?, ?, ?, ?)
            ON CONFLICT (email) DO UPDATE SET
                password_scrypt = excluded.password_scrypt, password_salt = excluded.password_salt,
                device_id = coalesce(?, device_id), wrong_passwords = 0
            """,
            (email.strip(), _scrypt(password, salt), salt, device_id or secrets.token_hex(16), device_id),
        )
        row = self._row(email)
        assert row is not None
        return _record(row)

    def sign_in(self, email: str, password: str) -> AccountRecord:
        """The account that these open.

        Raises:
            WrongPassword: they open none; it counts toward the lock.
            AccountLocked: the account is locked, whatever the password.
        """
        row = self._row(email)
        if row is None:
            _scrypt(password, b"nobody has this address")  # as slow as a real one: addresses can't be probed
            raise WrongPassword
        if row["wrong_passwords"] >= WRONG_PASSWORDS_UNTIL_LOCKED:
            raise AccountLocked
        if not hmac.compare_digest(_scrypt(password, row["password_salt"]), row["password_scrypt"]):
            self._count_wrong_password(row["id"])
            raise WrongPassword
        self._connection.execute("UPDATE accounts SET wrong_passwords = 0 WHERE id = ?", (row["id"],))
        return _record(row)

    def find(self, account_id: int) -> AccountRecord | None:
        """The account of that id."""
        row = self._connection.execute("SELECT * FROM accounts WHERE id = ?", (account_id,)).fetchone()
        return _record(row) if row else None

    def _count_wrong_password(self, account_id: int) -> None:
        count = self._connection.execute(
            """
            UPDATE accounts SET wrong_passwords = wrong_passwords + 1 WHERE id = ? RETURNING wrong_passwords
            """,
            (account_id,),
        ).fetchone()[0]
        if count >= WRONG_PASSWORDS_UNTIL_LOCKED:
            raise AccountLocked

    def _row(self, email: str) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._connection.execute(
            "SELECT * FROM accounts WHERE email = ?", (email.strip(),)
        ).fetchone()
        return row


def _record(row: sqlite3.Row) -> AccountRecord:
    return AccountRecord(id=row["id"], email=row["email"], device_id=row["device_id"])


def _scrypt(password: str, salt: bytes) -> bytes:
    # RFC 7914. A small cost (about 10 ms): the passwords are test data, and many tests sign in.
    return hashlib.scrypt(password.encode(), salt=salt, n=2**12, r=8, p=1)
