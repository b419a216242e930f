"""Where a run's browser may go: an allow-list proxy on loopback, with one gate per browser context.

Routes of the browser's automation let redirects, workers, reports and UDP through; a proxy sees them
all. What isn't allowed is answered with 403 before a name is looked up or a connection is made.
Nothing is cached, and neither addresses nor bodies are logged.
"""

import asyncio
import logging
import socket
import threading
from collections import Counter
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from tokenbroker.errors import RunError
from tokenbroker.run.forwarding import BrowserConnection
from tokenbroker.run.origin import AllowList, Origin, parse_origin

CHROMIUM_ARGUMENTS: tuple[str, ...] = (
    # WebRTC's UDP doesn't go through a proxy. Chromium reads the first, its headless shell the second.
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    # Even behind a proxy Chromium looks up the host of a TURN server, and a name can carry a value.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1 , EXCLUDE [::1]",
)
"""What a browser behind a gate must be started with; without it STUN and DNS reach any address.

The last one holds for the whole browser: a context without a gate finds no name but ``localhost``.
"""

_SETTLING_ROUNDS = 5
_LOOPBACK = "127.0.0.1"
_CALL_TIMEOUT_S = 10.0
_METHODS = frozenset(  # RFC 9110, RFC 5789
    ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
)
_MOST_KINDS = 256  # a page may make up as many hosts as it likes
_OTHERS = "(others)"

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class BlockedRequest:
    """Requests that a gate refused.

    `origin` is ``scheme://host:port``, never a path or query; ``tcp`` stands for a tunnel to a port other
    than 443 (a WebSocket, or https on its own port). `method` is a standard one or ``(others)``. From
    256 distinct kinds on, the rest is counted under the origin ``(others)``.
    """

    origin: str
    method: str
    count: int


class Gate:
    """The one way out of one browser context; made by :meth:`Egress.open_gate`. Any thread may use it.

    Attributes:
        proxy_url: ``http://127.0.0.1:PORT``, for the context's ``proxy``.
    """

    proxy_url: str

    def __init__(self, *, allowed: AllowList, loop: asyncio.AbstractEventLoop) -> None:
        self._allowed = allowed
        self._loop = loop
        self._lock = threading.Lock()
        self._blocked: Counter[tuple[str, str]] = Counter()
        self._connections: dict[asyncio.Task[None], BrowserConnection] = {}
        self._is_open = True
        self._server = self._listen()

    def blocked(self) -> tuple[BlockedRequest, ...]:
        """What was refused so far, sorted by origin; it stays readable after :meth:`close`."""
        with self._lock:
            kinds = list(self._blocked.items())
        return tuple(sorted(BlockedRequest(method=m, origin=o, count=n) for (m, o), n in kinds))

    def close(self) -> None:
        """Close the listener and every connection through it. Closing twice is fine."""
        with self._lock:
            was_open, self._is_open = self._is_open, False
        if was_open:
            _call(self._loop, self._close())

    @property
    def is_open(self) -> bool:
        return self._is_open

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _listen(self) -> asyncio.Server:
        self._listener = listener = socket.create_server((_LOOPBACK, 0))
        # asyncio does this for sockets that it makes: without it, a body waits 40 ms for its head's receipt.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.proxy_url = f"http://{_LOOPBACK}:{listener.getsockname()[1]}"
        return _call(self._loop, self._serve(listener))

    async def _serve(self, listener: socket.socket) -> asyncio.Server:
        return await self._loop.create_server(self._admit, sock=listener)

    def _admit(self) -> BrowserConnection:
        connection = BrowserConnection(self._permits)

        def start() -> None:
            task = self._loop.create_task(connection.serve())
            self._connections[task] = connection
            task.add_done_callback(self._forget)
            if not self._is_open:  # accepted while the gate was closing
                connection.abort()
                task.cancel()

        connection.on_made = start
        return connection

    def _forget(self, task: asyncio.Task[None]) -> None:
        del self._connections[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("egress: a connection ended by %s", type(error).__name__)

    def _permits(self, method: str, origin: Origin) -> bool:
        if self._allowed.permits(origin):
            return True
        # A page chooses methods and hosts freely: both could carry a value, or fill the memory.
        kind = (method if method in _METHODS else _OTHERS, str(origin))
        with self._lock:
            if kind not in self._blocked and len(self._blocked) >= _MOST_KINDS:
                kind = (_OTHERS, _OTHERS)
            self._blocked[kind] += 1
        return False

    async def _close(self) -> None:
        # A server that is closed throws away what it has just accepted without closing the socket: nothing more
        # is accepted first, and one round of the loop makes connections of what was.
        self._loop.remove_reader(self._listener)
        await asyncio.sleep(0)
        self._server.close()
        tasks = list(self._connections)
        for task, connection in list(self._connections.items()):
            connection.abort()
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()
        await asyncio.sleep(0)  # the aborted sockets are closed by callbacks of the loop


class Egress:
    """All gates of this process. Their work is done by one daemon thread, begun with the first gate."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gates: list[Gate] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def open_gate(self, allowed_origins: Iterable[str]) -> Gate:
        """Open a gate that lets only `allowed_origins` (``scheme://host[:port]``) through.

        Raises:
            UsageError: ``egress.origin_invalid``.
            RunError: ``egress.unavailable``, no port could be had, or :meth:`close` was called.
        """
        allowed = AllowList([parse_origin(text) for text in allowed_origins])
        try:
            with self._lock:
                if not self._is_closed:
                    gate = Gate(allowed=allowed, loop=self._started())
                    self._gates = [*(other for other in self._gates if other.is_open), gate]
                    return gate
        except OSError:
            pass
        raise RunError(
            "the browser's way out could not be opened on loopback",
            code="egress.unavailable",
            next_step="see whether this process may listen on 127.0.0.1 and has file descriptors left",
        )

    def close(self) -> None:
        """Close every gate and end the thread. Closing twice is fine."""
        with self._lock:
            self._is_closed = True
            gates, self._gates = self._gates, []
            loop, self._loop = self._loop, None
        for gate in gates:
            gate.close()
        if loop is not None and self._thread is not None:
            _call(loop, _settle())
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._loop.set_exception_handler(_log_kind_only)
            self._thread = threading.Thread(
                target=_run, args=(self._loop,), name="tokenbroker-egress", daemon=True
            )
            self._thread.start()
        return self._loop


def _run(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.close()


def _call(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, _T]) -> _T:
    """Do `work` in the loop's thread and wait for it; from any other thread, greenlets too."""
    return asyncio.run_coroutine_threadsafe(work, loop).result(_CALL_TIMEOUT_S)


async def _settle() -> None:
    """Let what was accepted while the gates closed come to its end: sockets are closed by callbacks of the loop."""
    for _ in range(_SETTLING_ROUNDS):
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)


def _log_kind_only(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # The message of a parser's error may repeat what it read.
    _log.error("egress: %s", type(context.get("exception")).__name__)
