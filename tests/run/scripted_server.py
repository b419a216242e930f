"""A server that answers with the exact bytes of its script, and a client that speaks to a proxy."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import h11

TIMEOUT_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Received:
    """One request as the server saw it."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


Script = Callable[[socket.socket, Received], bool]
"""Answers one request on the socket; returns whether the connection stays open."""


def answers(data: bytes, *, keep: bool = True) -> Script:
    """The script that sends `data` after each whole request."""

    def script(connection: socket.socket, _: Received) -> bool:
        connection.sendall(data)
        return keep

    return script


OK = answers(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


@dataclass
class ScriptedServer:
    script: Script
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    accepts: int = 0
    received: list[Received] = field(default_factory=list)
    ended: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    """Released each time the other side ends a connection."""

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def accept_all(self, connections: list[socket.socket], threads: list[threading.Thread]) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.accepts += 1
                connections.append(connection)
                threads.append(threading.Thread(target=self._serve, args=(connection,)))
                threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            parser = h11.Connection(h11.SERVER)
            while (request := _whole_request(connection, parser)) is not None:
                self.received.append(request)
                if not self.script(connection, request):
                    return
                parser = h11.Connection(h11.SERVER)
            self.ended.release()


def _whole_request(connection: socket.socket, parser: h11.Connection) -> Received | None:
    head: h11.Request | None = None
    body = b""
    while True:
        event = parser.next_event()
        if event is h11.NEED_DATA:
            parser.receive_data(connection.recv(65536))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif head is None:
            return None
        else:
            headers = [(name.decode(), value.decode()) for name, value in head.headers]
            return Received(
                method=head.method.decode(), target=head.target.decode(), headers=headers, body=body
            )


@contextmanager
def scripted_server(script: Script = OK) -> Iterator[ScriptedServer]:
    server = ScriptedServer(script=script)
    connections: list[socket.socket] = []
    threads: list[threading.Thread] = []
    acceptor = threading.Thread(target=server.accept_all, args=(connections, threads))
    acceptor.start()
    try:
        yield server
    finally:
        with suppress(OSError):
            server.listener.shutdown(socket.SHUT_RDWR)
        server.listener.close()
        acceptor.join()
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    informational: list[int]


class ProxyClient:
    """One connection to a proxy; requests go out one after the other."""

    def __init__(self, proxy_url: str) -> None:
        address = urlsplit(proxy_url)
        self.socket = socket.create_connection((address.hostname, address.port), TIMEOUT_S)
        self._parser = h11.Connection(h11.CLIENT)

    def __enter__(self) -> "ProxyClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def ask(
        self, url: str, method: str = "GET", headers: dict[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Send one request and read its whole answer."""
        sent = {"Host": "from-the-client.example"} | (headers or {})
        if body:
            sent["Content-Length"] = str(len(body))
        self.send(h11.Request(method=method, target=url, headers=list(sent.items())))
        if body:
            self.send(h11.Data(data=body))
        self.send(h11.EndOfMessage())
        return self.answer()

    def send(self, event: h11.Event) -> None:
        self.socket.sendall(self._parser.send(event) or b"")

    def event(self) -> h11.Event:
        while True:
            event = self._parser.next_event()
            if event is not h11.NEED_DATA:
                return event  # type: ignore[return-value]
            self._parser.receive_data(self.socket.recv(65536))

    def answer(self) -> Answer:
        informational: list[int] = []
        while isinstance(event := self.event(), h11.InformationalResponse):
            informational.append(event.status_code)
        assert isinstance(event, h11.Response)
        head, body = event, self.rest_of_body()
        if self._parser.our_state is self._parser.their_state is h11.DONE:
            self._parser.start_next_cycle()
        headers = {name.decode(): value.decode() for name, value in head.headers}
        return Answer(status=head.status_code, headers=headers, body=body, informational=informational)

    def rest_of_body(self) -> bytes:
        body = b""
        while isinstance(event := self.event(), h11.Data):
            body += bytes(event.data)
        return body

    def raw(self, data: bytes) -> bytes:
        """Send bytes as they are; answer what one read brings."""
        self.socket.sendall(data)
        return self.socket.recv(65536)
