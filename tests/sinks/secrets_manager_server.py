"""A small Bitwarden Secrets Manager of our own, on loopback under TLS: what its SDK needs to log in and keep secrets.

It holds what the real one holds, which is ciphertext, and has switches for what goes wrong. Each route names the source
that it follows.
"""

import base64
import json
import os
import re
import ssl
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from tests.sinks.secrets_manager_crypto import EncryptionKey, bearer, shared_key

Answer = tuple[int, dict[str, Any]]


class Fault(StrEnum):
    """What can go wrong with a request."""

    DENIED = "denied"
    NOT_FOUND = "not_found"
    TOO_MANY_REQUESTS = "too_many_requests"
    SERVER_ERROR = "server_error"
    SILENT = "silent"
    CUT_OFF = "cut_off"
    """The request is done, and the connection ends in the middle of its answer."""
    HUNG_UP = "hung_up"
    """The request is not done, and the connection ends without an answer."""
    NONSENSE = "nonsense"
    WEB_PAGE = "web_page"


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


class SecretsManager:
    """What the server holds, and its switches.

    Attributes:
        secrets: by their ids, without those that were deleted.
        trash: those that were deleted.
        asked: method and path of each request so far.
        before_update: called before each update of a secret, for whoever wants to be faster.
    """

    def __init__(self) -> None:
        self.organization, self.project = str(uuid.uuid4()), str(uuid.uuid4())
        self.key = EncryptionKey(raw=os.urandom(64))
        self.secrets: dict[str, Stored] = {}
        self.trash: list[Stored] = []
        self.asked: list[str] = []
        self.tokens: dict[str, tuple[str, str]] = {}
        self.bearers: set[str] = set()
        self.before_update: Callable[[], None] = lambda: None
        self.url = ""
        self.ended = threading.Event()
        self._lock = threading.RLock()
        self._faults: list[tuple[Fault, str, int]] = []

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

    def go_wrong(self, fault: Fault, on: str = "", *, after: int = 0) -> None:
        """Let every request whose method and path hold `on` meet `fault`, the first `after` of them excepted."""
        self._faults.append((fault, on, after))

    def recover(self) -> None:
        """No fault any more."""
        self._faults.clear()

    def fault_of(self, request: str) -> Fault | None:
        with self._lock:
            self.asked.append(request)
            for index, (fault, on, after) in enumerate(self._faults):
                if on in request:
                    self._faults[index] = (fault, on, after - 1)
                    return fault if after <= 0 else None
        return None

    def answer(self, request: str, token: str, body: bytes) -> Answer:
        if request == "POST /identity/connect/token":
            return self.log_in({name: each[0] for name, each in parse_qs(body.decode()).items()})
        if token.removeprefix("Bearer ") not in self.bearers:
            return _problem(401, "demo-only: unauthorized")
        said = json.loads(body or b"{}")
        if request.startswith("PUT "):
            self.before_update()
        with self._lock:
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


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer
    server: "_Server"

    def do_GET(self) -> None:
        manager = self.server.manager
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = f"{self.command} {self.path}"
        fault = manager.fault_of(request)
        if fault is Fault.SILENT:
            manager.ended.wait()
        if fault in (Fault.SILENT, Fault.HUNG_UP):
            self.close_connection = True
        elif fault is Fault.WEB_PAGE:
            self._send(200, b"<!doctype html><title>Welcome</title>", "text/html")
        else:
            status, told = _INSTEAD.get(fault) or manager.answer(  # type: ignore[arg-type]
                request, self.headers.get("Authorization", ""), body
            )
            self._send(status, json.dumps(told).encode(), "application/json", cut=fault is Fault.CUT_OFF)

    do_POST = do_PUT = do_GET  # noqa: N815  http.server's names

    def _send(self, status: int, raw: bytes, kind: str, *, cut: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw[: len(raw) // 2] if cut else raw)
        self.close_connection = cut

    def log_message(self, *_: object) -> None:
        """Nothing: what was asked stands in `SecretsManager.asked`."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    manager: SecretsManager

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: clients that give up are what the faults are for."""


@contextmanager
def serve_secrets_manager(certificate: Path) -> Iterator[SecretsManager]:
    """A fresh server on a free port of loopback, with TLS by `certificate`, whose file holds the key too."""
    manager = SecretsManager()
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.manager = manager
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        manager.url = f"https://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield manager
        finally:
            manager.ended.set()
            server.shutdown()
            thread.join()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "1Z"
