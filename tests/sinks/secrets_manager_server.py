"""A small Bitwarden Secrets Manager of our own, on loopback under TLS: what its SDK needs to log in and keep secrets.

It holds what the real one holds, which is ciphertext, and has switches for what goes wrong. Each route names the source
that it follows.
"""

import base64
import json
import os
import re
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from tests.sinks.faulty_server import Answer, Asked, Fault, FaultyServer, serve
from tests.sinks.secrets_manager_crypto import EncryptionKey, bearer, shared_key


def _problem(status: int, message: str) -> Answer:
    """``src/Core/Models/Api/Response/ErrorResponseModel.cs``"""
    return status, {"message": message, "object": "error"}


_INSTEAD: dict[Fault, Answer] = {
    Fault.DENIED: _problem(403, "demo-only: forbidden"),
    Fault.NOT_FOUND: _problem(404, "Resource not found."),
    Fault.TOO_MANY_REQUESTS: _problem(429, "Slow down! Too many requests."),
    Fault.SERVER_ERROR: _problem(500, "demo-only: an error has occurred."),
    Fault.NONSENSE: (200, {"secrets": [{"id": 3}], "data": [{"id": 3}], "id": "x"}),
}


@dataclass
class Stored:
    """A secret, as the server has it: its three texts are encrypted."""

    key: str
    value: str
    note: str
    project: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    created: str = field(default_factory=lambda: _now())
    revised: str = field(default_factory=lambda: _now())


class SecretsManager(FaultyServer):
    """What the server holds, and its switches.

    Attributes:
        secrets: by their ids, without those that were deleted.
        trash: those that were deleted.
        before_update: called before each update of a secret, for whoever wants to be faster.
    """

    instead = _INSTEAD

    def __init__(self) -> None:
        super().__init__()
        self.organization, self.project = str(uuid.uuid4()), str(uuid.uuid4())
        self.key = EncryptionKey(raw=os.urandom(64))
        self.secrets: dict[str, Stored] = {}
        self.trash: list[Stored] = []
        self.tokens: dict[str, tuple[str, str]] = {}
        self.bearers: set[str] = set()
        self.before_update: Callable[[], None] = lambda: None

    def new_token(self) -> str:
        """An access token of a machine account.

        ``crates/bitwarden-core/src/auth/access_token.rs`` of bitwarden/sdk-internal
        """
        secret, account, word = os.urandom(16), str(uuid.uuid4()), os.urandom(15).hex()
        payload = json.dumps({"encryptionKey": base64.b64encode(self.key.raw).decode()})
        self.tokens[account] = (word, shared_key(secret).sealed(payload))
        return f"0.{account}.{word}:{base64.b64encode(secret).decode()}"

    def add(self, key: str, value: str, note: str = "", *, project: str = "") -> Stored:
        """As a person adds a secret in the web vault."""
        sealed = [self.key.sealed(text) for text in (key, value, note)]
        stored = Stored(*sealed, project=project or self.project)
        self.secrets[stored.id] = stored
        return stored

    def texts(self) -> list[tuple[str, str, str]]:
        """Key, value and note of each secret in clear."""
        return [
            (self.key.opened(s.key), self.key.opened(s.value), self.key.opened(s.note))
            for s in self.secrets.values()
        ]

    def answered(self, asked: Asked) -> Answer:
        token = asked.headers.get("Authorization", "")
        return self.answer(f"{asked.method} {asked.path}", token, asked.raw)

    def answer(self, request: str, token: str, body: bytes) -> Answer:
        if request == "POST /identity/connect/token":
            return self.log_in({name: each[0] for name, each in parse_qs(body.decode()).items()})
        if token.removeprefix("Bearer ") not in self.bearers:
            return _problem(401, "demo-only: unauthorized")
        said = json.loads(body or b"{}")
        if request.startswith("PUT "):
            self.before_update()
        with self.lock:
            for pattern, act in self._routes().items():
                if match := re.fullmatch(pattern, request):
                    return act(said, *match.groups())
        return _problem(404, "Resource not found.")

    def _routes(self) -> dict[str, Callable[..., Answer]]:
        organization = f"/api/organizations/{self.organization}/secrets"
        return {
            f"GET {organization}": self.list_secrets,
            f"POST {organization}": self.create,
            "POST /api/secrets/get-by-ids": self.read_all,
            "POST /api/secrets/delete": self.delete,
            "PUT /api/secrets/([0-9a-f-]{36})": self.update,
            "GET /api/secrets/([0-9a-f-]{36})": self.read,
        }

    def log_in(self, form: dict[str, str]) -> Answer:
        """``src/Identity/IdentityServer/RequestValidators/CustomTokenRequestValidator.cs``: `encrypted_payload`."""
        word, payload = self.tokens.get(form.get("client_id", ""), ("", ""))
        wanted = {"grant_type": "client_credentials", "scope": "api.secrets", "client_secret": word}
        if not word or not wanted.items() <= form.items():
            return 400, {"error": "invalid_client"}
        token = bearer(self.organization)
        self.bearers.add(token)
        return 200, {
            "access_token": token,
            "expires_in": 3600,
            "token_type": "Bearer",
            "scope": "api.secrets",
            "encrypted_payload": payload,
        }

    def list_secrets(self, _: Any) -> Answer:
        """``src/Api/SecretsManager/Controllers/SecretsController.cs``: ListByOrganizationAsync."""
        rows = [
            {name: told for name, told in self._told(each).items() if name not in ("value", "note")}
            for each in self.secrets.values()
        ]
        return 200, {"object": "SecretsWithProjectsList", "secrets": rows, "projects": []}

    def create(self, said: dict[str, Any]) -> Answer:
        """The same: CreateAsync; ``Models/Request/SecretCreateRequestModel.cs`` for the lengths."""
        if problem := self._refused(said):
            return problem
        made = Stored(said["key"], said["value"], said["note"], said["projectIds"][0])
        self.secrets[made.id] = made
        return 200, self._told(made)

    def read(self, _: Any, handle: str) -> Answer:
        """The same: GetAsync."""
        stored = self.secrets.get(handle)
        return (200, self._told(stored)) if stored else _problem(404, "Resource not found.")

    def read_all(self, said: dict[str, Any]) -> Answer:
        """The same: GetSecretsByIdsAsync, which refuses all where one is not there."""
        if not said["ids"] or not set(said["ids"]) <= self.secrets.keys():
            return _problem(404, "Resource not found.")
        rows = [self._told(self.secrets[handle]) for handle in said["ids"]]
        return 200, {"object": "list", "data": rows, "continuationToken": None}

    def update(self, said: dict[str, Any], handle: str) -> Answer:
        """The same: UpdateSecretAsync, which takes any; ``Models/Request/SecretUpdateRequestModel.cs``."""
        if handle not in self.secrets:
            return _problem(404, "Resource not found.")
        if problem := self._refused(said):
            return problem
        stored = self.secrets[handle]
        stored.key, stored.value, stored.note = said["key"], said["value"], said["note"]
        stored.project, stored.revised = (said["projectIds"] or [""])[0], _now()
        return 200, self._told(stored)

    def delete(self, said: list[str]) -> Answer:
        """The same: BulkDeleteAsync, which moves to the trash, and refuses all where one is not there."""
        if not set(said) <= self.secrets.keys():
            return _problem(404, "Resource not found.")
        self.trash += [self.secrets.pop(handle) for handle in said]
        return 200, {"object": "list", "data": [{"id": handle, "error": None} for handle in said]}

    def _refused(self, said: dict[str, Any]) -> Answer | None:
        lengths = {"key": 1_000, "value": 35_000, "note": 10_000}
        if any(len(said[name]) > most for name, most in lengths.items()) or len(said["projectIds"]) != 1:
            return _problem(400, "The model state is invalid.")
        if said["projectIds"] != [self.project]:
            return _problem(404, "Resource not found.")
        return None

    def _told(self, stored: Stored) -> dict[str, Any]:
        """``src/Api/SecretsManager/Models/Response/BaseSecretResponseModel.cs``"""
        return {
            "id": stored.id,
            "organizationId": self.organization,
            "key": stored.key,
            "value": stored.value,
            "note": stored.note,
            "creationDate": stored.created,
            "revisionDate": stored.revised,
            "projects": [{"id": stored.project, "name": self.key.sealed("project")}],
            "read": True,
            "write": True,
            "object": "secret",
        }


def serve_secrets_manager(certificate: Path) -> AbstractContextManager[SecretsManager]:
    """As :func:`tests.sinks.faulty_server.serve` does, a fresh one."""
    return serve(SecretsManager(), certificate)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "1Z"
