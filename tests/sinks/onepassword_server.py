"""A small 1Password Connect of our own, on loopback, with switches for what goes wrong.

Each route names the operation of the published description that it follows,
https://i.1password.com/media/1password-connect/1password-connect-api.yaml (version 1.8.1). It was never compared with the
vendor's own server. That an outdated version is refused with 409 is this server's: the description says nothing of it,
and `strict = False` has it taken.
"""

import json
import re
import secrets
import ssl
import string
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, Any]
VAULT = "Demo Vault"


class Fault(StrEnum):
    """What can go wrong with a request."""

    DENIED = "denied"
    NOT_FOUND = "not_found"
    TOO_LARGE = "too_large"
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


class Connect:
    """What the server holds, and its switches.

    Attributes:
        tokens: those that are known.
        asked: method and path of each request so far.
        before: called before each request is done, with its method and path.
        strict: whether a replacement of an outdated version is refused.
        retry_after: what is said beside 429.
        items: by vault and id.
    """

    def __init__(self) -> None:
        self.tokens: set[str] = set()
        self.asked: list[str] = []
        self.before: Callable[[str], None] = lambda request: None
        self.strict = True
        self.retry_after = ""
        self.url = ""
        self.lock = threading.RLock()
        self.ended = threading.Event()
        self.vaults = {new_id(): VAULT}
        self.items: dict[tuple[str, str], dict[str, Any]] = {}
        self._faults: list[tuple[Fault, str]] = []

    @property
    def vault(self) -> str:
        return next(iter(self.vaults))

    def new_token(self) -> str:
        token = f"demo-only.{secrets.token_urlsafe(24)}"
        self.tokens.add(token)
        return token

    def go_wrong(self, fault: Fault, on: str = "") -> None:
        """Let every request whose method and path hold `on` meet `fault`."""
        self._faults.append((fault, on))

    def recover(self) -> None:
        """No fault any more."""
        self._faults.clear()

    def add(self, title: str, *fields: dict[str, Any], vault: str = "", **more: Any) -> dict[str, Any]:
        """An item that a person has made."""
        given = {"title": title, "category": "LOGIN", "fields": [*fields], "sections": [], **more}
        return self.create(vault or self.vault, given)[1]  # type: ignore[no-any-return]

    def fault_of(self, request: str) -> Fault | None:
        with self.lock:
            self.asked.append(request)
            return next((fault for fault, on in self._faults if on in request), None)

    def answer(self, method: str, path: str, query: dict[str, str], token: str, body: Any) -> Answer:
        if token.removeprefix("Bearer ") not in self.tokens:
            return refusal(401, "Invalid token signature")
        match = re.fullmatch(r"/v1/vaults(?:/([a-z2-7]{26})/items(?:/([a-z2-7]{26}))?)?", path)
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

    def list_items(self, vault: str, query: dict[str, str]) -> Answer:
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


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer
    server: "_Server"

    def do_GET(self) -> None:
        held = self.server.connect
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = urlsplit(self.path)
        fault = held.fault_of(f"{self.command} {self.path}")
        held.before(f"{self.command} {self.path}")
        if fault is Fault.SILENT:
            held.ended.wait()
        if fault in (Fault.SILENT, Fault.HUNG_UP):
            self.close_connection = True
        elif fault is Fault.WEB_PAGE:
            self._send(200, b"<!doctype html><title>Welcome</title>")
        elif fault is Fault.REDIRECT:
            self._send(307, b"", Location=f"{held.url}/elsewhere")
        else:
            status, told = _INSTEAD.get(fault) or held.answer(  # type: ignore[arg-type]
                self.command,
                url.path,
                {name: values[0] for name, values in parse_qs(url.query).items()},
                self.headers.get("Authorization", ""),
                json.loads(body or b"{}"),
            )
            wait = {"Retry-After": held.retry_after} if status == 429 and held.retry_after else {}
            raw = b"" if told is None else json.dumps(told).encode()
            self._send(status, raw, cut=fault is Fault.CUT_OFF, **wait)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815  http.server's names

    def _send(self, status: int, raw: bytes, *, cut: bool = False, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(raw)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw[: len(raw) // 2] if cut else raw)
        self.close_connection = cut

    def log_message(self, *_: object) -> None:
        """Nothing: what was asked stands in `Connect.asked`."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    connect: Connect

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: clients that give up are what the faults are for."""


@contextmanager
def serve_connect(certificate: Path | None = None) -> Iterator[Connect]:
    """A fresh server on a free port of loopback; with TLS if there is a `certificate`, whose file holds the key too."""
    held = Connect()
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.connect = held
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        held.url = f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield held
        finally:
            held.ended.set()
            server.shutdown()
            thread.join()


def _now() -> str:
    return datetime.now(UTC).isoformat()
