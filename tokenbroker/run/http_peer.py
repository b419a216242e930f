"""The other end of a socket: asyncio streams plus an h11 state machine, for either role."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address

import h11

from tokenbroker.run.origin import Origin

CONNECT_TIMEOUT_S = 10.0
LINGER_S = 2.0
"""How long what is still under way may take to arrive once a connection is done for."""

_CHUNK_BYTES = 256 * 1024
_MAX_HEAD_BYTES = 256 * 1024  # above what browsers send and servers take; only a bound on memory
_HAPPY_EYEBALLS_DELAY_S = 0.25  # RFC 8305 section 5


def _nothing() -> None:
    pass


class Peer(asyncio.StreamReaderProtocol):
    """The browser or a server at the other end of a socket, as streams plus an h11 state machine."""

    def __init__(self, role: type[h11.CLIENT] | type[h11.SERVER]) -> None:
        # asyncio sets TCP_NODELAY on every stream socket, so small answers are not held back.
        self._loop_of_peer = asyncio.get_running_loop()
        self.reader = asyncio.StreamReader(limit=_CHUNK_BYTES, loop=self._loop_of_peer)
        super().__init__(self.reader, loop=self._loop_of_peer)
        self.http = h11.Connection(role, max_incomplete_event_size=_MAX_HEAD_BYTES)
        self.gone = False
        self.heard = False
        self.on_made: Callable[[], None] = _nothing
        self.on_gone: Callable[[], None] = _nothing

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert isinstance(transport, asyncio.Transport)
        self.writer = asyncio.StreamWriter(transport, self, self.reader, self._loop_of_peer)
        self.on_made()

    def eof_received(self) -> bool | None:
        self._is_gone()
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_gone()
        super().connection_lost(exc)

    def _is_gone(self) -> None:
        self.gone = True
        self.on_gone()

    async def receive(self) -> None:
        """Feed the parser with what comes next."""
        data = await self.reader.read(_CHUNK_BYTES)
        self.heard = self.heard or bool(data)
        self.http.receive_data(data)

    async def next_event(self) -> h11.Event | type[h11.PAUSED]:
        while True:
            event = self.http.next_event()
            if event is not h11.NEED_DATA:
                return event  # type: ignore[return-value]  # NEED_DATA was ruled out above
            await self.receive()

    def send(self, *events: h11.Event) -> None:
        self.writer.write(b"".join(self.http.send(event) or b"" for event in events))

    @property
    def may_go_on(self) -> bool:
        """Whether another request may follow the one just ended."""
        return not self.gone and self.http.our_state is h11.DONE and self.http.their_state is h11.DONE

    @property
    def is_reusable(self) -> bool:
        """As `may_go_on`, for a server: one that has sent more than its answer is not to be trusted."""
        return self.may_go_on and not self.http.trailing_data[0]

    def abort(self) -> None:
        if hasattr(self, "writer"):
            self.writer.transport.abort()


async def connect(origin: Origin) -> Peer:
    """Open a connection to `origin`. Raises OSError (of which TimeoutError is one)."""
    # RFC 6761 section 6.3: names under "localhost" are the machine itself, whatever a resolver says.
    host = "localhost" if origin.host.endswith(".localhost") else origin.host
    loop = asyncio.get_running_loop()
    # An address has nothing to race with; and a race that is cut off may leave a socket open.
    delay_s = None if _is_address(host) else _HAPPY_EYEBALLS_DELAY_S
    async with asyncio.timeout(CONNECT_TIMEOUT_S):
        _, peer = await loop.create_connection(
            lambda: Peer(h11.CLIENT), host, origin.port, happy_eyeballs_delay=delay_s
        )
    return peer


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


async def pump_both_ways(one: Peer, other: Peer) -> None:
    """Carry bytes as they are until either side ends."""
    ways = [asyncio.create_task(_pump(one, other)), asyncio.create_task(_pump(other, one))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _pump(source: Peer, sink: Peer) -> None:
    with suppress(OSError):
        while data := await source.reader.read(_CHUNK_BYTES):
            sink.writer.write(data)
            await sink.writer.drain()


async def flush(peer: Peer) -> None:
    """Close gently: what was written still arrives."""
    peer.writer.close()
    try:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(LINGER_S):
                await peer.writer.wait_closed()
    finally:
        peer.abort()  # whoever does not read what was written would keep the socket open
