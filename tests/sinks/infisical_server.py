"""A small Infisical of our own, on loopback: universal auth, version 4 of secrets and version 2 of folders.

It has switches for what goes wrong. Each route names the published source that it follows. It was never compared with
the vendor's own server.
"""

import secrets
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tests.sinks.faulty_server import Answer, Asked, Fault, FaultyServer, serve

PROJECT, ENVIRONMENT = "demo-project", "dev"
FOREIGN_PROJECTS = ("demo-foreign",)
"""Those of another organization: backend/src/ee/services/permission/permission-service.ts."""


def refusal(status: int, error: str, message: object) -> Answer:
    """https://github.com/Infisical/infisical/blob/main/backend/src/server/plugins/error-handler.ts"""
    return status, {"reqId": "req-demo", "statusCode": status, "message": message, "error": error}


_INSTEAD: dict[Fault, Answer] = {
    Fault.DENIED: refusal(403, "PermissionDenied", "You are not allowed to read on secrets"),
    Fault.TOO_MANY_REQUESTS: refusal(
        429, "RateLimitExceeded", "Rate limit exceeded. Please try again in 20s"
    ),
    Fault.SERVER_ERROR: refusal(500, "InternalServerError", "Something went wrong"),
    Fault.MALFORMED: refusal(422, "ValidationFailure", [{"path": ["body"]}]),
    Fault.APPROVAL: (200, {"approval": {"id": "demo", "slug": "demo"}}),
    Fault.NONSENSE: (200, {"secrets": [{"id": 3}], "secret": {"secretKey": []}, "accessToken": 5}),
}


@dataclass
class Row:
    """One secret."""

    key: str
    path: str
    value: str
    metadata: list[dict[str, Any]]
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    version: int = 1
    created: str = field(default_factory=lambda: _now())
    updated: str = field(default_factory=lambda: _now())

    def told(self) -> dict[str, Any]:
        """https://github.com/Infisical/infisical/blob/main/backend/src/server/routes/sanitizedSchemas.ts"""
        return {
            **{"id": self.id, "_id": self.id, "workspace": PROJECT, "environment": ENVIRONMENT},
            **{"version": self.version, "type": "shared", "secretKey": self.key, "secretPath": self.path},
            **{"secretValue": self.value, "secretValueHidden": False, "secretComment": ""},
            **{"createdAt": self.created, "updatedAt": self.updated},
            "secretMetadata": self.metadata,
        }


class Infisical(FaultyServer):
    """What the server holds, and its switches.

    Attributes:
        tokens: those that are known.
        clients: the client secret of each client id.
        expires_in: how long, in seconds, a login says that its token is good.
        folders: the paths that there are.
    """

    instead = _INSTEAD

    def __init__(self) -> None:
        super().__init__()
        self.tokens: set[str] = set()
        self.clients: dict[str, str] = {}
        self.expires_in = 7200
        self.folders = {"/"}
        self.rows: list[Row] = []

    def new_token(self) -> str:
        token = f"demo-only.{secrets.token_urlsafe(24)}"
        self.tokens.add(token)
        return token

    def value_of(self, path: str, key: str) -> str | None:
        return next((row.value for row in self.rows if (row.path, row.key) == (path, key)), None)

    def set_by_hand(self, path: str, key: str, value: str) -> None:
        """As a person does in the web page: metadata stay."""
        self.folders |= {"/".join(path.split("/")[:depth]) or "/" for depth in range(1, path.count("/") + 2)}
        row = self._row(path, key)
        if row is None:
            self.rows.append(Row(key=key, path=path, value=value, metadata=[]))
        else:
            row.value, row.updated, row.version = value, _now(), row.version + 1

    def answered(self, asked: Asked) -> Answer:
        token = asked.headers.get("Authorization", "")
        return self.answer(asked.method, asked.path, dict(asked.query), token, asked.said())

    def answer(self, method: str, path: str, query: dict[str, str], token: str, body: Any) -> Answer:
        if (method, path) == ("POST", "/api/v1/auth/universal-auth/login"):
            return self.log_in(body)
        if token.removeprefix("Bearer ") not in self.tokens:
            return refusal(401, "UnauthorizedError", "Token missing or invalid")
        with self.lock:
            at = body if method != "GET" else query
            if at["projectId"] in FOREIGN_PROJECTS:
                return refusal(
                    403, "Forbidden", "This project does not belong to your selected organization."
                )
            if at["projectId"] != PROJECT:
                return refusal(404, "NotFound", f"Project with {at['projectId']} not found")
            if at["environment"] != ENVIRONMENT:
                return self.no_environment(method, path, at)
            if (method, path) == ("POST", "/api/v2/folders"):
                return self.make_folder(body)
            if path == "/api/v4/secrets":
                return self.list_secrets(at["secretPath"], query.get("recursive") == "true")
            name = unquote(path.removeprefix("/api/v4/secrets/"))
            if at["secretPath"] not in self.folders:
                return _no_folder(at)
            match method:
                case "GET":
                    return self.read(at["secretPath"], name)
                case "POST":
                    return self.create(at["secretPath"], name, body)
                case "PATCH":
                    return self.update(at["secretPath"], name, body)
                case _:
                    return self.delete(at["secretPath"], name)

    def no_environment(self, method: str, path: str, at: dict[str, str]) -> Answer:
        """As if it had no folders, not even the first; a list of one folder is empty then.

        https://github.com/Infisical/infisical/blob/main/backend/src/services/secret-v2-bridge/secret-v2-bridge-fns.ts and
        secret-v2-bridge-service.ts beside it; backend/src/services/secret-folder/secret-folder-service.ts
        """
        if path == "/api/v4/secrets" and "recursive" not in at:
            return 200, {"secrets": [], "imports": []}
        if path in ("/api/v4/secrets", "/api/v2/folders"):
            why = f"Environment with slug '{at['environment']}' in project with ID '{PROJECT}' not found"
            return refusal(404, "NotFound", why)
        return _no_folder(at)

    def log_in(self, body: dict[str, str]) -> Answer:
        """https://github.com/Infisical/infisical/blob/main/backend/src/server/routes/v1/identity-universal-auth-router.ts"""
        if self.clients.get(body["clientId"]) != body["clientSecret"]:
            return refusal(401, "UnauthorizedError", "Invalid credentials")
        return 200, {
            **{"accessToken": self.new_token(), "expiresIn": self.expires_in},
            **{"accessTokenMaxTTL": 2592000, "tokenType": "Bearer"},
        }

    def make_folder(self, body: dict[str, str]) -> Answer:
        """https://github.com/Infisical/infisical/blob/main/backend/src/server/routes/v2/secret-folder-router.ts"""
        if not all(sign.isascii() and (sign.isalnum() or sign in "-_") for sign in body["name"]):
            return refusal(422, "ValidationFailure", [{"message": "Invalid folder name."}])
        if body["path"] not in self.folders:
            return refusal(404, "NotFound", f"Folder with path '{body['path']}' not found")
        path = f"{body['path'].rstrip('/')}/{body['name']}"
        if path in self.folders:
            return refusal(400, "BadRequest", f"Folder with name '{body['name']}' already exists")
        self.folders.add(path)
        return 200, {"folder": {"id": secrets.token_hex(16), "name": body["name"], "path": path}}

    def list_secrets(self, path: str, recursive: bool) -> Answer:
        """https://github.com/Infisical/infisical/blob/main/backend/src/server/routes/v4/secret-router.ts listSecretsV4"""
        inside = f"{path.rstrip('/')}/"
        found = [
            row for row in self.rows if row.path == path or (recursive and f"{row.path}/".startswith(inside))
        ]
        return 200, {"secrets": [row.told() for row in found], "imports": []}

    def read(self, path: str, name: str) -> Answer:
        """The same file, getSecretByNameV4."""
        row = self._row(path, name)
        if row is None:
            return refusal(404, "NotFound", f"Secret with name '{name}' not found")
        return 200, {"secret": row.told()}

    def create(self, path: str, name: str, body: dict[str, Any]) -> Answer:
        """The same file, createSecretV4; the refusals are those of secret-v2-bridge-service.ts and lib/schemas.ts."""
        if ":" in name or "/" in name or " " in name:
            return refusal(422, "ValidationFailure", [{"message": "Secret name cannot contain colon."}])
        if self._row(path, name) is not None:
            return refusal(400, "BadRequest", "Secret already exist")
        if "${" in body["secretValue"]:
            return refusal(400, "BadRequest", "Referenced secret(s) not found")
        row = Row(
            key=name.strip(),
            path=path,
            value=_trimmed(body["secretValue"]),
            metadata=[_metadatum(each) for each in body.get("secretMetadata", [])],
        )
        self.rows.append(row)
        return 200, {"secret": row.told()}

    def update(self, path: str, name: str, body: dict[str, Any]) -> Answer:
        """The same file, updateSecretV4; metadata that are given replace all there were."""
        row = self._row(path, name)
        if row is None:
            return refusal(404, "NotFound", f"Secret with name {name} not found")
        row.value, row.updated, row.version = _trimmed(body["secretValue"]), _now(), row.version + 1
        row.metadata = [_metadatum(each) for each in body["secretMetadata"]]
        return 200, {"secret": row.told()}

    def delete(self, path: str, name: str) -> Answer:
        """The same file, deleteSecretV4; every secret of that name goes."""
        row = self._row(path, name)
        if row is None:
            return refusal(404, "NotFound", "Secret not found")
        self.rows = [each for each in self.rows if (each.path, each.key) != (path, name)]
        return 200, {"secret": row.told()}

    def _row(self, path: str, name: str) -> Row | None:
        return next((row for row in self.rows if (row.path, row.key) == (path, name)), None)


def serve_infisical(certificate: Path | None = None) -> AbstractContextManager[Infisical]:
    """As :func:`tests.sinks.faulty_server.serve` does, a fresh one."""
    return serve(Infisical(), certificate)


def _no_folder(at: dict[str, str]) -> Answer:
    why = f"Folder with path '{at['secretPath']}' in environment with slug '{at['environment']}' not found"
    return refusal(404, "GetSecretByName", why)


def _trimmed(text: str) -> str:
    kept = text.strip().strip("\ufeff")
    return f"{kept}\n" if text.endswith("\n") else kept


def _metadatum(given: dict[str, Any]) -> dict[str, Any]:
    """https://github.com/Infisical/infisical/blob/main/backend/src/services/resource-metadata/resource-metadata-schema.ts"""
    value = given["value"].strip()
    assert len(value) <= 1020
    return {"key": given["key"].strip(), "value": value, "isEncrypted": given.get("isEncrypted", False)}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
