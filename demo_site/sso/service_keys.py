"""The services' keys: made here, shown once, kept as a hash, beside Example Cloud's own."""

import hashlib
import secrets
import sqlite3
import string
from dataclasses import dataclass
from datetime import datetime, timedelta

from demo_site.clock import Clock, iso
from demo_site.keys import KeyRefused, checked_name
from demo_site.sso.service import Service

_BASE62 = string.digits + string.ascii_letters


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceKey:
    """A key as its owner sees it later on, and as the site's file has it: everything but the key itself."""

    id: str
    service: str
    account_email: str
    name: str
    key_sha256: str
    last_four: str
    scope: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class ServiceKeys:
    """The keys of all services in the site's file."""

    def __init__(self, connection: sqlite3.Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def create(
        self, service: Service, account_id: int, *, name: str, scope: str = "", life_days: int = 0
    ) -> tuple[ServiceKey, str]:
        """Make a key; answers what is kept of it, and the key, which nobody can ask for again.

        Raises:
            KeyRefused: the name, the scope or the life won't do.
        """
        name = checked_name(name)
        if service.scopes and scope not in service.scopes:
            raise KeyRefused("Choose a scope.")
        if service.lives_days and life_days not in service.lives_days:
            raise KeyRefused("Choose how long it shall live.")
        if service.unique_names and self.named(service, account_id, name):
            raise KeyRefused(f"There is a live {service.noun} of this name. Choose another name.")
        key = new_service_key(service)
        return self._store(service, account_id, name, key, scope=scope, life_days=life_days), key

    def seed(self, service: Service, account_id: int, *, name: str, key: str | None) -> None:
        """See to it that the account has this key; one that it has or had stays as it is."""
        known = self._connection.execute(
            """
            SELECT 1 FROM service_keys
            WHERE sha256 = ? OR (? AND service = ? AND account_id = ? AND name = ? AND revoked_at IS NULL)
            """,
            (_sha256(key or ""), key is None, service.slug, account_id, name),
        )
        if known.fetchone() is None:
            self._store(
                service,
                account_id,
                checked_name(name),
                key or new_service_key(service),
                scope=next(iter(service.scopes), ""),
                life_days=0,
            )

    def listing(self, service: Service, account_id: int) -> tuple[ServiceKey, ...]:
        """The account's live keys at `service`, newest first."""
        rows = self._connection.execute(
            f"{_SELECT} WHERE {_LIVE} AND service = ? AND account_id = ? ORDER BY created_at DESC, k.rowid DESC",
            (iso(self._clock()), service.slug, account_id),
        )
        return tuple(map(_service_key, rows))

    def named(self, service: Service, account_id: int, name: str) -> tuple[ServiceKey, ...]:
        """Those of exactly this name."""
        return tuple(key for key in self.listing(service, account_id) if key.name == name.strip())

    def find(self, service: Service, account_id: int, key_id: str) -> ServiceKey | None:
        """The account's live key of that id at `service`."""
        return next((key for key in self.listing(service, account_id) if key.id == key_id), None)

    def revoke(self, service: Service, account_id: int, key_id: str) -> ServiceKey | None:
        """End the account's live key of that id; answers it as it was, or None if there is none."""
        key = self.find(service, account_id, key_id)
        if key is not None:
            self._connection.execute(
                "UPDATE service_keys SET revoked_at = ? WHERE id = ?", (iso(self._clock()), key_id)
            )
        return key

    def of_secret(self, service: Service, key: str) -> tuple[ServiceKey | None, bool]:
        """The key of `service` that this is, and whether it is live; None if the service never made it."""
        row = self._connection.execute(
            f"{_SELECT} WHERE sha256 = ? AND service = ?", (_sha256(key), service.slug)
        ).fetchone()
        if row is None:
            return None, False
        known, now = _service_key(row), self._clock()
        return known, known.revoked_at is None and (known.expires_at is None or known.expires_at > now)

    def _store(
        self, service: Service, account_id: int, name: str, key: str, *, scope: str, life_days: int
    ) -> ServiceKey:
        now, key_id = self._clock(), f"key_{secrets.token_hex(6)}"
        self._connection.execute(
            """
            INSERT INTO service_keys
                (id, service, account_id, name, sha256, last_four, scope, created_at, expires_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            (
                key_id,
                service.slug,
                account_id,
                name,
                _sha256(key),
                key[-4:],
                scope,
                iso(now),
                iso(now + timedelta(days=life_days)) if life_days else None,
            ),
        )
        return _service_key(self._connection.execute(f"{_SELECT} WHERE k.id = ?", (key_id,)).fetchone())


def new_service_key(service: Service) -> str:
    """A key such as no other: the service's prefix and 32 random characters (190 bits)."""
    return service.prefix + "".join(secrets.choice(_BASE62) for _ in range(32))


def read_service_keys(connection: sqlite3.Connection) -> list[ServiceKey]:
    """Every key of every service, revoked ones too, oldest first; also for one who reads past the site."""
    return [_service_key(row) for row in connection.execute(f"{_SELECT} ORDER BY created_at, k.rowid")]


_SELECT = """
SELECT k.id, service, email, name, sha256, last_four, scope, created_at, expires_at, revoked_at
FROM service_keys AS k JOIN accounts ON accounts.id = k.account_id
"""
_LIVE = "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)"


def _service_key(row: tuple[str, ...] | sqlite3.Row) -> ServiceKey:
    key_id, service, email, name, sha256, last_four, scope, created_at, expires_at, revoked_at = row
    return ServiceKey(
        id=key_id,
        service=service,
        account_email=email,
        name=name,
        key_sha256=sha256,
        last_four=last_four,
        scope=scope,
        created_at=datetime.fromisoformat(created_at),
        expires_at=datetime.fromisoformat(expires_at) if expires_at else None,
        revoked_at=datetime.fromisoformat(revoked_at) if revoked_at else None,
    )


def _sha256(key: str) -> str:
    # No salt and no stretching: a key has 190 random bits, there is nothing to guess.
    return hashlib.sha256(key.encode()).hexdigest()
