"""One connection of a browser through its gate: each request is checked, then forwarded.

The rules are those of an HTTP/1.1 proxy (RFC 9110 section 7.6, RFC 9112), with h11 as the only parser
in both directions: what it finds ambiguous is refused, and what leaves here was written anew by it. No
``Via`` is added: sites change their answers for it (nginx stops compressing), and the person's own
browser would not have sent one.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import h11

from tokenbroker.run.http_peer import LINGER_S, Peer, connect, flush, pump_both_ways
from tokenbroker.run.origin import Origin, Target, parse_target

_HOP_BY_HOP = frozenset(
    (b"connection", b"keep-alive", b"te", b"trailer", b"transfer-encoding", b"upgrade")
)  # RFC 9110 section 7.6.1; and whatever begins with "proxy-"

Headers = list[tuple[bytes, bytes]]
Message = h11.Request | h11.InformationalResponse | h11.Response
Permits = Callable[[str, Origin], bool]
"""Answers whether a method may go to an origin, and counts what may not."""


class BrowserConnection(Peer):
    """Serves one connection from a browser until either side ends it. Construct it inside the loop."""

    def __init__(self, permits: Permits) -> None:
        super().__init__(h11.SERVER)
        self._permits = permits
        self._servers: dict[Origin, Peer] = {}
        self._in_flight: Peer | None = None
        self.on_gone = self._abort_in_flight

    async def serve(self) -> None:
        """Answer requests, one after the other, each checked on its own."""
        try:
            while await self._serve_one() and self.may_go_on:
                self.http.start_next_cycle()
        except (OSError, h11.RemoteProtocolError, h11.LocalProtocolError):
            # The browser left, or an answer broke off half-way: it must not look like a whole one.
            self.abort()
        finally:
            for server in self._servers.values():
                server.abort()
            await flush(self)

    async def _serve_one(self) -> bool:
        """Serve one request; answer whether the connection may be used for another."""
        try:
            request = await self.next_event()
        except h11.RemoteProtocolError as error:
            await self._refuse(error.error_status_hint, "this is not a request")
            return False
        if not isinstance(request, h11.Request):
            return False
        try:
            target = parse_target(request.method, request.target)
        except ValueError:
            return await self._refuse(400, "this is not a request to a proxy")
        if not self._permits(request.method.decode("ascii"), target.origin):
            return await self._refuse(403, "blocked: this origin is not among the allowed ones")
        if request.method == b"CONNECT":
            return await self._tunnel(target)
        if target.origin.scheme != "http":
            return await self._refuse(400, "ask for this origin with CONNECT")
        if _names(request) >= {b"transfer-encoding", b"content-length"}:
            return await self._refuse(400, "two lengths")  # RFC 9112 section 6.1: smuggling
        return await self._forward(request, target)

    # --- requests ---------------------------------------------------------------------------------

    async def _forward(self, request: h11.Request, target: Target) -> bool:
        """Send one request on and its answer back, over a kept connection where there is one."""
        kept = self._kept_server(target.origin)
        try:
            server = kept or await connect(target.origin)
        except TimeoutError:
            return await self._refuse(504, "the server did not answer in time")
        except OSError:
            return await self._refuse(502, "the server can't be reached")
        server.heard = False
        self._in_flight = server
        try:
            if self.gone:
                return False
            await self._exchange(request, target, server)
        except (OSError, h11.RemoteProtocolError):
            if server.heard and self.http.our_state is not h11.SEND_RESPONSE:
                raise
            if kept is not None and not server.heard:
                # A kept connection ended just now. The browser decides whether to ask again, by the
                # same rule as without a proxy: its connection ends unanswered as well.
                return False
            return await self._refuse(502, "the server broke off")
        finally:
            self._in_flight = None
            if server.is_reusable:
                server.http.start_next_cycle()
                self._servers[target.origin] = server
            else:
                server.abort()
        return True

    def _kept_server(self, origin: Origin) -> Peer | None:
        """Take the kept connection to `origin`, if there is one that its server hasn't ended."""
        server = self._servers.pop(origin, None)
        if server is not None and server.gone:
            server.abort()
            return None
        return server

    async def _exchange(self, request: h11.Request, target: Target, server: Peer) -> None:
        headers = _request_headers(request, target)
        head = h11.Request(method=request.method, target=target.path, headers=headers)
        # Most requests have no body: then head and end leave in one packet, and no task is needed.
        if _names(request).isdisjoint((b"transfer-encoding", b"content-length")):
            await self.next_event()
            server.send(head, h11.EndOfMessage())
            await self._relay_answer(server)
            return
        server.send(head)
        upload = asyncio.create_task(self._upload(server))
        try:
            await self._relay_answer(server)
            await asyncio.wait((upload,), timeout=LINGER_S)
        finally:
            upload.cancel()
            await asyncio.gather(upload, return_exceptions=True)

    async def _upload(self, server: Peer) -> None:
        """Send the body on as it comes. A server may answer before it has read all of it."""
        try:
            while True:
                event = await self.next_event()
                if isinstance(event, h11.Data):
                    server.send(event)
                elif isinstance(event, h11.EndOfMessage):
                    server.send(h11.EndOfMessage())
                    return
                await server.writer.drain()
        except h11.RemoteProtocolError:
            server.abort()  # half a body must not be taken for a whole one
        except OSError:
            pass  # the server reads no more; its answer may still come

    async def _relay_answer(self, server: Peer) -> None:
        """Send the answer on as it comes; what one read brought leaves in one write."""
        while True:
            out: list[bytes] = []
            while (event := server.http.next_event()) is not h11.NEED_DATA:
                out.append(self.http.send(_answer_event(event)) or b"")
                if isinstance(event, h11.EndOfMessage):
                    break
            if out:
                self.writer.write(b"".join(out))
                await self.writer.drain()
            if isinstance(event, h11.EndOfMessage):
                return
            await server.receive()

    # --- tunnels ----------------------------------------------------------------------------------

    async def _tunnel(self, target: Target) -> bool:
        try:
            server = await connect(target.origin)
        except TimeoutError:
            return await self._refuse(504, "the server did not answer in time")
        except OSError:
            return await self._refuse(502, "the server can't be reached")
        try:
            await self.next_event()  # the end of the CONNECT request
            self.send(h11.Response(status_code=200, headers=[], reason=b"Connection established"))
            server.writer.write(self.http.trailing_data[0])  # what the browser sent without waiting
            await pump_both_ways(self, server)
            await flush(server)
        finally:
            server.abort()
        return False

    # --- answers of our own -----------------------------------------------------------------------

    async def _refuse(self, status_code: int, sentence: str) -> bool:
        """Answer in place of the server; answer whether the connection may go on."""
        if self.http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return False
        body = f"tokenbroker: {sentence}\n".encode()
        headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
        ]
        head = h11.Response(status_code=status_code, headers=headers)
        self.send(head, h11.Data(data=body), h11.EndOfMessage())
        await self.writer.drain()
        if self.http.their_state is h11.ERROR:
            return False
        with suppress(TimeoutError, h11.RemoteProtocolError):
            # Closing with unread data would reset the connection, and our answer might be lost.
            async with asyncio.timeout(LINGER_S):
                while self.http.their_state is h11.SEND_BODY:
                    await self.next_event()
        return True

    def _abort_in_flight(self) -> None:
        if self._in_flight is not None:
            self._in_flight.abort()


def _names(message: Message) -> set[bytes]:
    # Iterating over h11's Headers costs a call for each of them, and a browser sends a dozen.
    return {name.lower() for name, _ in message.headers.raw_items()}


def _request_headers(request: h11.Request, target: Target) -> Headers:
    """The headers for the server. The request line decides; a Host that says otherwise is not believed."""
    names = _names(request)
    headers: Headers = [(b"Host", target.origin.authority.encode("ascii"))]
    headers += _end_to_end(request, names, drop=(b"host",))
    if b"transfer-encoding" in names:
        headers.append((b"Transfer-Encoding", b"chunked"))
    return headers


def _answer_event(event: h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]) -> h11.Event:
    if isinstance(event, h11.Data):
        return event
    if isinstance(event, h11.EndOfMessage):
        return h11.EndOfMessage()  # trailers may be dropped: RFC 9110 section 6.5.1
    if not isinstance(event, h11.InformationalResponse | h11.Response):
        raise h11.RemoteProtocolError("not an answer")
    names = _names(event)
    # Transfer-Encoding beats Content-Length, which must then not travel on (RFC 9112 section 6.3).
    drop = (b"content-length",) if b"transfer-encoding" in names else ()
    headers = _end_to_end(event, names, drop=drop)
    return type(event)(status_code=event.status_code, headers=headers, reason=event.reason)


def _end_to_end(message: Message, names: set[bytes], *, drop: tuple[bytes, ...]) -> Headers:
    items = message.headers.raw_items()
    dropped = _HOP_BY_HOP
    if b"connection" in names:
        options = b",".join(value for name, value in items if name.lower() == b"connection")
        # Content-Length may not be named there: without it, the message would say something else.
        dropped |= {option.strip().lower() for option in options.split(b",")} - {b"content-length"}
    dropped = dropped.union(drop)
    return [
        (name, value)
        for name, value in items
        if (lowered := name.lower()) not in dropped and not lowered.startswith(b"proxy-")
    ]
