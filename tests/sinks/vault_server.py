"""A small Vault of our own: the KV engine of version 2, AppRole and the look-up of a token, on loopback.

It speaks what the real client sends, and has switches for what goes wrong. Each route names the page that it follows;
what a page leaves open follows what servers are known to answer.
"""

import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tests.sinks.faulty_server import Answer, Asked, Fault, FaultyServer, serve

_MAX_VERSIONS = 10


_INSTEAD: dict[Fault, Answer] = {
    Fault.SEALED: (503, {"errors": ["Vault is sealed"]}),
    Fault.STANDBY: (503, {"errors": ["local node not active but active cluster node not found"]}),
    Fault.DENIED: (403, {"errors": ["1 error occurred:\n\t* permission denied\n\n"]}),
    Fault.TOO_MANY_REQUESTS: (429, {"errors": ["request path: rate limit quota exceeded"]}),
    Fault.SERVER_ERROR: (500, {"errors": ["internal error"]}),
    Fault.NONSENSE: (
        200,
        {
            "data": {
                "data": [],
                "keys": 3,
                "current_version": 1,
                "versions": {"1": {"created_time": "x", "deletion_time": 0, "destroyed": 2}},
            }
        },
    ),
    Fault.MALFORMED: (400, {"errors": ["missing data"]}),
}
_NO_SUCH_TOKEN: Answer = 403, {"errors": ["2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"]}


@dataclass
class Version:
    """One version of a secret."""

    data: dict[str, Any] | None
    created_time: str
    deletion_time: str = ""
    destroyed: bool = False

    def metadata(self) -> dict[str, Any]:
        return {
            "created_time": self.created_time,
            "deletion_time": self.deletion_time,
            "destroyed": self.destroyed,
        }


@dataclass
class Key:
    """A path of the engine."""

    current: int = 0
    versions: dict[int, Version] = field(default_factory=dict)


class Vault(FaultyServer):
    """What the server holds, and its switches.

    Attributes:
        tokens: the namespace of each token that is known.
        roles: the secret id of each role id.
        before_write: called before each write of a secret, for whoever wants to be faster.
    """

    instead = _INSTEAD

    def __init__(
        self, mounts: tuple[str, ...] = ("secret", "team/kv"), namespaces: tuple[str, ...] = ("", "org/dev")
    ) -> None:
        super().__init__()
        self.tokens: dict[str, str] = {}
        self.roles: dict[str, str] = {}
        self.before_write: Callable[[], None] = lambda: None
        self._engines: dict[tuple[str, str], dict[str, Key]] = {
            (namespace, mount): {} for namespace in namespaces for mount in mounts
        }

    def new_token(self, namespace: str = "") -> str:
        token = f"hvs.{secrets.token_urlsafe(24)}"
        self.tokens[token] = namespace
        return token

    def engine(self, mount: str = "secret", namespace: str = "") -> dict[str, Key]:
        return self._engines[(namespace, mount)]

    def answered(self, asked: Asked) -> Answer:
        """Its token and namespace stand in its headers."""
        method, path, headers = (
            asked.method,
            unquote(asked.path).removeprefix("/v1/").strip("/"),
            asked.headers,
        )
        namespace = headers.get("X-Vault-Namespace", "").strip("/")
        if (method, path) == ("POST", "auth/approle/login"):
            return self.log_in(namespace, asked.said())
        if self.tokens.get(headers.get("X-Vault-Token", "")) != namespace:
            return _NO_SUCH_TOKEN
        if (method, path) == ("GET", "auth/token/lookup-self"):
            return self.look_up_self()
        for (of, mount), keys in self._engines.items():
            if of == namespace and path.startswith(f"{mount}/"):
                kind, _, name = path.removeprefix(f"{mount}/").partition("/")
                return self._kv(method, kind, name, keys, asked.query, asked.said())
        return 404, {"errors": [f'no handler for route "{path}". route entry not found.']}

    def _kv(
        self, method: str, kind: str, name: str, keys: dict[str, Key], query: Mapping[str, str], body: Any
    ) -> Answer:
        if (method, kind) == ("POST", "data"):
            self.before_write()
        with self.lock:
            match method, kind:
                case "POST", "data":
                    return self.write(keys, name, body)
                case "GET", "data":
                    return self.read(keys, name, int(query.get("version", "0")))
                case "GET", "metadata":
                    return self.read_metadata(keys, name)
                case "LIST", "metadata":
                    return self.list_secrets(keys, name)
                case "POST", "destroy":
                    return self.destroy(keys, name, body["versions"])
                case "POST", "delete":
                    return self.delete(keys, name, body["versions"])
        return 405, {"errors": ["unsupported operation"]}

    def log_in(self, namespace: str, body: dict[str, str]) -> Answer:
        """https://developer.hashicorp.com/vault/api-docs/auth/approle#login-with-approle"""
        expected = self.roles.get(body["role_id"])
        if expected is None or expected != body["secret_id"]:
            return 400, {"errors": ["invalid role or secret ID"]}
        return 200, {
            "auth": {"client_token": self.new_token(namespace), "lease_duration": 1200, "renewable": True}
        }

    def look_up_self(self) -> Answer:
        """https://developer.hashicorp.com/vault/api-docs/auth/token#lookup-a-token-self"""
        return 200, {"data": {"policies": ["default", "tokenbroker"], "ttl": 1200}}

    def write(self, keys: dict[str, Key], name: str, body: dict[str, Any]) -> Answer:
        """https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#create-update-secret"""
        key = keys.get(name, Key())
        if body["options"].get("cas", key.current) != key.current:
            return 400, {"errors": ["check-and-set parameter did not match the current version"]}
        keys[name] = key
        key.current += 1
        key.versions[key.current] = Version(data=body["data"], created_time=_now())
        key.versions.pop(key.current - _MAX_VERSIONS, None)
        return 200, {"data": {**key.versions[key.current].metadata(), "version": key.current}}

    def read(self, keys: dict[str, Key], name: str, number: int) -> Answer:
        """https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#read-secret-version"""
        key = keys.get(name, Key())
        version = key.versions.get(number or key.current)
        if version is None:
            return 404, {"errors": []}
        gone = version.destroyed or bool(version.deletion_time)
        metadata = {**version.metadata(), "version": number or key.current}
        return (404 if gone else 200), {
            "data": {"data": None if gone else version.data, "metadata": metadata}
        }

    def read_metadata(self, keys: dict[str, Key], name: str) -> Answer:
        """https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#read-secret-metadata"""
        if name not in keys:
            return 404, {"errors": []}
        versions = {str(number): version.metadata() for number, version in keys[name].versions.items()}
        return 200, {"data": {"current_version": keys[name].current, "versions": versions}}

    def list_secrets(self, keys: dict[str, Key], folder: str) -> Answer:
        """https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#list-secrets"""
        inside = f"{folder.rstrip('/')}/" if folder else ""
        rests = [name.removeprefix(inside) for name in keys if name.startswith(inside)]
        found = sorted({first + slash for first, slash, _ in (rest.partition("/") for rest in rests)})
        return (200, {"data": {"keys": found}}) if found else (404, {"errors": []})

    def destroy(self, keys: dict[str, Key], name: str, numbers: list[int]) -> Answer:
        """https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#destroy-secret-versions"""
        for number in numbers:
            version = keys[name].versions[number]
            version.data, version.destroyed = None, True
        return 204, None

    def delete(self, keys: dict[str, Key], name: str, numbers: list[int]) -> Answer:
        """https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#delete-secret-versions"""
        for number in numbers:
            keys[name].versions[number].deletion_time = _now()
        return 204, None


def serve_vault(certificate: Path | None = None) -> AbstractContextManager[Vault]:
    """As :func:`tests.sinks.faulty_server.serve` does, a fresh one."""
    return serve(Vault(), certificate)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "123Z"
