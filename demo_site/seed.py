"""What a site starts with: accounts and keys, as they come over the starter's pipe."""

import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from demo_site.keys import SCOPES
from demo_site.sso.services import BY_SLUG

_DEVICE_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")


class SeedUnreadable(Exception):
    """The starter's line is not what it should be; the message names the place, never a value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SeedKey:
    """A key that an account has from the start, at Example Cloud or at the service of that slug.

    Without `key` the site makes one that nobody learns. A service's key has no scopes.
    """

    name: str
    service: str = ""
    scopes: tuple[str, ...] = ("read",)
    key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """An account that exists from the start. Without `device_id` the site makes an unguessable one."""

    email: str
    password: str = field(repr=False)
    device_id: str = field(default="", repr=False)
    keys: tuple[SeedKey, ...] = ()


def generate_account(*, keys: tuple[SeedKey, ...] = ()) -> Account:
    """A new account whose every value is random and looks like the test data that it is."""
    return Account(
        email=f"demo-only-{secrets.token_hex(3)}@example.test",
        password=f"demo-only-{secrets.token_urlsafe(12)}",
        device_id=secrets.token_hex(16),
        keys=keys,
    )


def to_line(accounts: Iterable[Account]) -> str:
    """The accounts as the one line of JSON that `python -m demo_site --control` reads."""
    return json.dumps({"accounts": [asdict(account) for account in accounts]}) + "\n"


def from_line(line: str) -> tuple[Account, ...]:
    """The accounts that a starter's line names.

    Raises:
        SeedUnreadable: see there.
    """
    try:
        document = json.loads(line)
    except ValueError:
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("accounts"), list):
        raise SeedUnreadable('the first line on stdin must be JSON: {"accounts": [...]}')
    return tuple(_account(item, f"accounts[{i}]") for i, item in enumerate(document["accounts"]))


def _account(item: object, place: str) -> Account:
    fields = _fields(item, place, {"email", "password", "device_id", "keys"})
    device_id = _text(fields, "device_id", place, default="")
    if device_id and not _DEVICE_ID.fullmatch(device_id):
        raise SeedUnreadable(f"{place}.device_id must have 16 to 64 letters, digits, '-' or '_'")
    keys = fields.get("keys") or []
    if not isinstance(keys, list):
        raise SeedUnreadable(f"{place}.keys must be a list")
    return Account(
        email=_text(fields, "email", place),
        password=_text(fields, "password", place),
        device_id=device_id,
        keys=tuple(_key(key, f"{place}.keys[{i}]") for i, key in enumerate(keys)),
    )


def _key(item: object, place: str) -> SeedKey:
    fields = _fields(item, place, {"name", "service", "scopes", "key"})
    scopes = fields.get("scopes") or ["read"]
    if not isinstance(scopes, list) or not all(scope in SCOPES for scope in scopes):
        raise SeedUnreadable(f"{place}.scopes must be a list of {', '.join(SCOPES)}")
    key = _text(fields, "key", place, default="")
    service = fields.get("service") or ""
    if not isinstance(service, str) or (service and service not in BY_SLUG):
        raise SeedUnreadable(f"{place}.service must be one of {', '.join(BY_SLUG)}")
    return SeedKey(name=_text(fields, "name", place), service=service, scopes=tuple(scopes), key=key or None)


def _fields(item: object, place: str, known: set[str]) -> dict[str, object]:
    if not isinstance(item, dict):
        raise SeedUnreadable(f"{place} must be an object")
    if not set(item) <= known:
        raise SeedUnreadable(f"{place} may have {', '.join(sorted(known))} only")
    return item


def _text(fields: dict[str, object], name: str, place: str, default: str | None = None) -> str:
    value = fields.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or not value:
        raise SeedUnreadable(f"{place}.{name} must be a text that is not empty")
    return value
