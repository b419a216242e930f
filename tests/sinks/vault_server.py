"""A small Vault of our own: the KV engine of version 2, AppRole and the look-up of a token, on loopback.

It speaks what the real client sends, and has switches for what goes wrong. Each route names the page that it follows;
what a page leaves open follows what servers are known to answer.
"""

import json
import secrets
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Answer = tuple[int, dict[str, Any] | None]
_MAX_VERSIONS = 10


class Fault(StrEnum):
    """What can go wrong with a request."""

    SEALED = "sealed"
    STANDBY = "standby"
    DENIED = "denied"
    TOO_MANY_REQUESTS = "too_many_requests"
    SERVER_ERROR = "server_error"
    MALFORMED = "malformed"
    SILENT = "silent"
    CUT_OFF = "cut_off"
    """The request is done, and the connection ends in the middle of its answer."""
    HUNG_UP = "hung_up"
    """The request is not done, and the connection ends without an answer."""
    NONSENSE = "nonsense"
    WEB_PAGE = "web_page"
    REDIRECT = "redirect"


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


class Vault:
    """What the server holds, and its switches.

    Attributes:
        tokens: the namespace of each token that is known.
        roles: the secret id of each role id.
        asked: method and path of each request so far.
        before_write: called before each write of a secret, for whoever wants to be faster.
    """

    def __init__(
        self, mounts: tuple[str, ...] = ("secret", "team/kv"), namespaces: tuple[str, ...] = ("", "org/dev")
    ) -> None:
        self.tokens: dict[str, str] = {}
        self.roles: dict[str, str] = {}
        self.asked: list[str] = []
        self.before_write: Callable[[], None] = lambda: None
        self.url = ""
        self.lock = threading.RLock()
        self.ended = threading.Event()
        self._engines: dict[tuple[str, str], dict[str, Key]] = {
            (namespace, mount): {} for namespace in namespaces for mount in mounts
        }
        self._faults: list[tuple[Fault, str, int]] = []

    def new_token(self, namespace: str = "") -> str:
        token = f"hvs.{secrets.token_urlsafe(24)}"
        self.tokens[token] = namespace
        return token

    def go_wrong(self, fault: Fault, on: str = "", *, after: int = 0) -> None:
        """Let every request whose method and path hold `on` meet `fault`, the first `after` of them excepted."""
        self._faults.append((fault, on, after))

    def recover(self) -> None:
        """No fault any more."""
        self._faults.clear()

    def engine(self, mount: str = "secret", namespace: str = "") -> dict[str, Key]:
        return self._engines[(namespace, mount)]

    def fault_of(self, request: str) -> Fault | None:
        with self.lock:
            self.asked.append(request)
            for index, (fault, on, after) in enumerate(self._faults):
                if on in request:
                    self._faults[index] = (fault, on, after - 1)
                    return fault if after <= 0 else None
        return None

    def answer(self, method: str, path: str, query: dict[str, list[str]], headers: Any, body: Any) -> Answer:
        """The answer to a request whose token and namespace stand in its headers."""
        namespace = headers.get("X-Vault-Namespace", "").strip("/")
        if (method, path) == ("POST", "auth/approle/login"):
            return self.log_in(namespace, body)
        if self.tokens.get(headers.get("X-Vault-Token", "")) != namespace:
            return _NO_SUCH_TOKEN
        if (method, path) == ("GET", "auth/token/lookup-self"):
            return self.look_up_self()
        for (of, mount), keys in self._engines.items():
            if of == namespace and path.startswith(f"{mount}/"):
                kind, _, name = path.removeprefix(f"{mount}/").partition("/")
                return self._kv(method, kind, name, keys, query, body)
        return 404, {"errors": [f'no handler for route "{path}". route entry not found.']}

    def _kv(
        self, method: str, kind: str, name: str, keys: dict[str, Key], query: dict[str, list[str]], body: Any
    ) -> Answer:
        if (method, kind) == ("POST", "data"):
            self.before_write()
        with self.lock:
            match method, kind:
                case "POST", "data":
                    return self.write(keys, name, body)
                case "GET", "data":
                    return self.read(keys, name, int(query.get("version", ["0"])[0]))
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


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer
    server: "_Server"

    def do_GET(self) -> None:
        vault = self.server.vault
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = urlsplit(self.path)
        fault = vault.fault_of(f"{self.command} {self.path}")
        if fault is Fault.SILENT:
            vault.ended.wait()
        if fault in (Fault.SILENT, Fault.HUNG_UP):
            self.close_connection = True
        elif fault is Fault.WEB_PAGE:
            self._send(200, b"<!doctype html><title>Welcome</title>", "text/html")
        elif fault is Fault.REDIRECT:
            self._send(307, b"", "text/plain", Location=f"{vault.url}/elsewhere")
        else:
            status, told = _INSTEAD.get(fault) or vault.answer(  # type: ignore[arg-type]
                self.command,
                unquote(url.path).removeprefix("/v1/").strip("/"),
                parse_qs(url.query),
                self.headers,
                json.loads(body or b"{}"),
            )
            raw = b"" if told is None else json.dumps(told).encode()
            self._send(status, raw, "application/json", cut=fault is Fault.CUT_OFF)

    do_POST = do_LIST = do_GET  # noqa: N815  http.server's names

    def _send(self, status: int, raw: bytes, kind: str, *, cut: bool = False, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, **headers}.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw[: len(raw) // 2] if cut else raw)
        self.close_connection = cut

    def log_message(self, *_: object) -> None:
        """Nothing: what was asked stands in `Vault.asked`."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    vault: Vault

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: clients that give up are what the faults are for."""


@contextmanager
def serve_vault(certificate: Path | None = None) -> Iterator[Vault]:
    """A fresh server on a free port of loopback; with TLS if there is a `certificate`, whose file holds the key too."""
    vault = Vault()
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.vault = vault
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        vault.url = f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield vault
        finally:
            vault.ended.set()
            server.shutdown()
            thread.join()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "123Z"
