"""What the servers of ours have in common that stand in for a vendor's: on loopback, with switches for what goes wrong.

A vendor's kind brings its routes, and what it says in the place of an answer for each fault.
"""

import json
import ssl
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, TypeVar
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, Any]
"""A status, and what becomes the JSON of the body; None for no body."""


class Fault(StrEnum):
    """What can go wrong with a request; a kind may have no words for some of them."""

    SEALED = "sealed"
    STANDBY = "standby"
    DENIED = "denied"
    UNAUTHORIZED = "unauthorized"
    NOT_FOUND = "not_found"
    TOO_LARGE = "too_large"
    TOO_MANY_REQUESTS = "too_many_requests"
    SERVER_ERROR = "server_error"
    MALFORMED = "malformed"
    APPROVAL = "approval"
    NONSENSE = "nonsense"
    SILENT = "silent"
    CUT_OFF = "cut_off"
    """The request is done, and the connection ends in the middle of its answer."""
    HUNG_UP = "hung_up"
    """The request is not done, and the connection ends without an answer."""
    WEB_PAGE = "web_page"
    REDIRECT = "redirect"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request; of a query with several values of one name the first counts."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes

    def said(self) -> Any:
        return json.loads(self.raw or b"{}")


class FaultyServer(ABC):
    """What a server holds, and its switches.

    Attributes:
        instead: what is answered in the place of an answer, by the fault.
        json_type: what it calls JSON.
        asked: method and path of each request so far.
        before: called before each request is done, with its method and path, for whoever wants to be faster.
    """

    instead: ClassVar[Mapping[Fault, Answer]]
    json_type: ClassVar = "application/json"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.before: Callable[[str], None] = lambda request: None
        self.url = ""
        self.lock = threading.RLock()
        self.ended = threading.Event()
        self._faults: list[tuple[Fault, str, int]] = []

    @abstractmethod
    def answered(self, asked: Asked) -> Answer:
        """The answer where nothing goes wrong."""

    def more_headers(self, status: int) -> dict[str, str]:
        """What stands beside an answer of that status."""
        return {}

    def go_wrong(self, fault: Fault, on: str = "", *, after: int = 0) -> None:
        """Let every request whose method and path hold `on` meet `fault`, the first `after` of them excepted."""
        self._faults.append((fault, on, after))

    def recover(self) -> None:
        """No fault any more, and whoever waits for an answer is let go."""
        self._faults.clear()
        self.ended.set()
        self.ended = threading.Event()

    def fault_of(self, request: str) -> Fault | None:
        with self.lock:
            self.asked.append(request)
            for index, (fault, on, after) in enumerate(self._faults):
                if on in request:
                    self._faults[index] = (fault, on, after - 1)
                    return fault if after <= 0 else None
        return None


_S = TypeVar("_S", bound=FaultyServer)


@contextmanager
def serve(held: _S, certificate: Path | None = None) -> Iterator[_S]:
    """`held` on a free port of loopback; with TLS if there is a `certificate`, whose file holds the key too."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.held = held
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            # Not at accept: a client that is slow with its handshake must not keep the others waiting.
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        held.url = f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield held
        finally:
            held.ended.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer
    server: "_Server"

    def do_GET(self) -> None:
        held = self.server.held
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = f"{self.command} {self.path}"
        fault, ended = held.fault_of(request), held.ended
        held.before(request)
        if fault is Fault.SILENT:
            ended.wait()
        if fault in (Fault.SILENT, Fault.HUNG_UP):
            self.close_connection = True
        elif fault is Fault.WEB_PAGE:
            self._send(200, b"<!doctype html><title>Welcome</title>", {"Content-Type": "text/html"})
        elif fault is Fault.REDIRECT:
            self._send(307, b"", {"Location": f"{held.url}/elsewhere"})
        else:
            instead = held.instead.get(fault) if fault else None
            status, told = instead or held.answered(self._asked(raw))
            body = b"" if told is None else json.dumps(told).encode()
            headers = {"Content-Type": held.json_type} if body else {}
            self._send(status, body, headers | held.more_headers(status), cut=fault is Fault.CUT_OFF)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_LIST = do_GET  # noqa: N815  http.server's names

    def _asked(self, raw: bytes) -> Asked:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        return Asked(method=self.command, path=url.path, query=query, headers=self.headers, raw=raw)

    def _send(self, status: int, raw: bytes, headers: Mapping[str, str], *, cut: bool = False) -> None:
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(raw)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw[: len(raw) // 2] if cut else raw)
        self.close_connection = cut

    def log_message(self, *_: object) -> None:
        """Nothing: what was asked stands in `FaultyServer.asked`."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    held: FaultyServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: clients that give up are what the faults are for."""
