"""A small 1Password Connect of our own, on loopback, with switches for what goes wrong.

Each route names the operation of the published description that it follows,
https://i.1password.com/media/1password-connect/1password-connect-api.yaml (version 1.8.1). It was never compared with the
vendor's own server. That an outdated version is refused with 409 is this server's: the description says nothing of it,
and `strict = False` has it taken.
"""

import re
import secrets
import string
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.sinks.faulty_server import Answer, Asked, Fault, FaultyServer, serve

VAULT = "Demo Vault"


def refusal(status: int, message: str) -> Answer:
    """Its schema ErrorResponse."""
    return status, {"status": status, "message": message}


_INSTEAD: dict[Fault, Answer] = {
    Fault.DENIED: refusal(403, "vault {vaultUuid} is not in scope"),
    Fault.NOT_FOUND: refusal(404, "item {itemUuid} not found"),
    Fault.TOO_LARGE: refusal(413, "Request body is too large"),
    Fault.TOO_MANY_REQUESTS: refusal(429, "Too many requests"),
    Fault.SERVER_ERROR: refusal(500, "Internal server error"),
    Fault.MALFORMED: refusal(400, "Invalid item"),
    Fault.NONSENSE: (200, [{"id": 3, "fields": 5}]),
}


def new_id() -> str:
    return "".join(secrets.choice(string.ascii_lowercase + string.digits[2:8]) for _ in range(26))


class Connect(FaultyServer):
    """What the server holds, and its switches.

    Attributes:
        tokens: those that are known.
        strict: whether a replacement of an outdated version is refused.
        retry_after: what is said beside 429.
        items: by vault and id.
    """

    instead = _INSTEAD

    def __init__(self) -> None:
        super().__init__()
        self.tokens: set[str] = set()
        self.strict = True
        self.retry_after = ""
        self.vaults = {new_id(): VAULT}
        self.items: dict[tuple[str, str], dict[str, Any]] = {}

    @property
    def vault(self) -> str:
        return next(iter(self.vaults))

    def new_token(self) -> str:
        token = f"demo-only.{secrets.token_urlsafe(24)}"
        self.tokens.add(token)
        return token

    def add(self, title: str, *fields: dict[str, Any], vault: str = "", **more: Any) -> dict[str, Any]:
        """An item that a person has made."""
        given = {"title": title, "category": "LOGIN", "fields": [*fields], "sections": [], **more}
        return self.create(vault or self.vault, given)[1]  # type: ignore[no-any-return]

    def more_headers(self, status: int) -> dict[str, str]:
        return {"Retry-After": self.retry_after} if status == 429 and self.retry_after else {}

    def answered(self, asked: Asked) -> Answer:
        method, query, body = asked.method, asked.query, asked.said()
        if asked.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return refusal(401, "Invalid token signature")
        match = re.fullmatch(r"/v1/vaults(?:/([a-z2-7]{26})/items(?:/([a-z2-7]{26}))?)?", asked.path)
        if match is None:
            return refusal(404, "not found")
        vault, item = match.groups()
        with self.lock:
            if vault is None:
                return self.list_vaults()
            if vault not in self.vaults:
                return refusal(403, "vault is not in scope")
            if item is None:
                return self.list_items(vault, query) if method == "GET" else self.create(vault, body)
            if (vault, item) not in self.items:
                return refusal(404, "item not found")
            match method:
                case "GET":
                    return 200, self.items[vault, item]
                case "PUT":
                    return self.replace(vault, item, body)
                case _:
                    del self.items[vault, item]
                    return 204, None

    def list_vaults(self) -> Answer:
        """GetVaults."""
        return 200, [{"id": handle, "name": name} for handle, name in self.vaults.items()]

    def list_items(self, vault: str, query: Mapping[str, str]) -> Answer:
        """GetVaultItems: without fields and sections; its filter is ``title eq "…"``."""
        wanted = re.fullmatch('title eq "(.*)"', query["filter"]) if "filter" in query else None
        found = [item for (of, _), item in self.items.items() if of == vault]
        return 200, [
            {name: value for name, value in item.items() if name not in ("fields", "sections")}
            for item in found
            if wanted is None or item["title"] == wanted[1]
        ]

    def create(self, vault: str, body: dict[str, Any]) -> Answer:
        """CreateVaultItem."""
        handle, now = new_id(), _now()
        item = {
            **body,
            "id": handle,
            "vault": {"id": vault},
            "version": 1,
            "createdAt": now,
            "updatedAt": now,
        }
        self.items[vault, handle] = item
        return 200, item

    def replace(self, vault: str, handle: str, body: dict[str, Any]) -> Answer:
        """UpdateVaultItem: all of the item is replaced."""
        before = self.items[vault, handle]
        if self.strict and body["version"] != before["version"]:
            return refusal(409, "Internal server conflict")
        kept = {name: before[name] for name in ("id", "vault", "createdAt")}
        self.items[vault, handle] = {**body, **kept, "version": before["version"] + 1, "updatedAt": _now()}
        return 200, self.items[vault, handle]


def serve_connect(certificate: Path | None = None) -> AbstractContextManager[Connect]:
    """As :func:`tests.sinks.faulty_server.serve` does, a fresh one."""
    return serve(Connect(), certificate)


def _now() -> str:
    return datetime.now(UTC).isoformat()
