"""What a gate forwards keeps its meaning, whatever its framing, and nothing ambiguous is forwarded."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import h11
import pytest

from tests.run.scripted_server import TIMEOUT_S, ProxyClient, Received, answers, scripted_server
from tokenbroker.run.egress import Egress

pytestmark = pytest.mark.req("RUN-9")


@pytest.fixture(scope="module")
def egress() -> Iterator[Egress]:
    with Egress() as egress:
        yield egress


Through = Callable[..., ProxyClient]


@pytest.fixture
def through(egress: Egress) -> Iterator[Through]:
    """Opens a gate for the given origins; answers a client of it."""
    with ExitStack() as stack:

        def opened(*origins: str) -> ProxyClient:
            gate = stack.enter_context(egress.open_gate(origins))
            return stack.enter_context(ProxyClient(gate.proxy_url))

        yield opened


def unused_origin() -> str:
    """An origin at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


# --- what is let through ------------------------------------------------------------------------


def test_a_request_arrives_in_origin_form_without_what_was_meant_for_the_proxy(through: Through) -> None:
    with scripted_server() as server:
        client = through(server.origin)
        sent = {
            "Connection": "keep-alive, X-For-The-Proxy",
            "X-For-The-Proxy": "1",
            "Proxy-Authorization": "Basic demo-only",
            "Proxy-Connection": "keep-alive",
            "TE": "trailers",
            "Upgrade": "h2c",
            "Cookie": "a=b",
        }
        assert client.ask(f"{server.origin}/path?query", headers=sent).body == b"ok"
        (request,) = server.received
        assert request.target == "/path?query"
        assert request.headers == [("host", f"127.0.0.1:{server.port}"), ("cookie", "a=b")]


def test_the_request_line_decides_when_the_host_header_disagrees(through: Through) -> None:
    with scripted_server() as server:
        client = through(server.origin)
        client.ask(f"{server.origin}/", headers={"Host": "elsewhere.example"})
        assert server.received[0].header("host") == [f"127.0.0.1:{server.port}"]


def test_requests_of_one_connection_share_one_connection_to_the_server(through: Through) -> None:
    with scripted_server() as server:
        client = through(server.origin)
        answers_seen = [client.ask(f"{server.origin}/{number}").status for number in range(5)]
        assert (answers_seen, server.accepts) == ([200] * 5, 1)


def test_each_request_of_one_connection_is_checked(through: Through) -> None:
    with scripted_server() as allowed, scripted_server() as second, scripted_server() as foreign:
        client = through(allowed.origin, second.origin)
        origins = [allowed.origin, foreign.origin, second.origin, allowed.origin, foreign.origin]
        assert [client.ask(f"{origin}/").status for origin in origins] == [200, 403, 200, 200, 403]
        assert (allowed.accepts, second.accepts, foreign.accepts) == (1, 1, 0)


def test_a_kept_connection_that_the_server_ended_is_not_used_again(through: Through) -> None:
    with scripted_server(answers(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", keep=False)) as server:
        client = through(server.origin)
        first = client.ask(f"{server.origin}/")
        # The end of that connection may arrive after the next request left: then the browser, which
        # sees its own connection end unanswered, asks again. Either way no wrong answer is given.
        try:
            second = client.ask(f"{server.origin}/")
        except (h11.RemoteProtocolError, OSError):
            return
        assert (first.body, second.body, server.accepts) == (b"ok", b"ok", 2)


@pytest.mark.parametrize(
    ("method", "answer", "status", "body"),
    [
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, b"hello"),
        (
            "GET",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            200,
            b"hello",
        ),
        (
            "GET",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n0\r\nX-T: 1\r\n\r\n",
            200,
            b"h",
        ),
        ("GET", b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", 200, b"hello"),
        ("GET", b"HTTP/1.0 200 OK\r\n\r\nhello", 200, b"hello"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, b""),
        ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, b""),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, b""),
        ("GET", b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", 403, b""),
        (
            "GET",
            (
                b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
                b"5\r\nhello\r\n0\r\n\r\n"
            ),
            200,
            b"hello",
        ),
    ],
)
def test_an_answer_keeps_its_meaning_and_the_connection_goes_on(
    egress: Egress, method: str, answer: bytes, status: int, body: bytes
) -> None:
    ends = b"close" in answer or b"HTTP/1.0" in answer
    with (
        scripted_server(answers(answer, keep=not ends)) as server,
        scripted_server() as other,
        egress.open_gate([server.origin, other.origin]) as gate,
        ProxyClient(gate.proxy_url) as client,
    ):
        got = client.ask(f"{server.origin}/", method)
        assert (got.status, got.body) == (status, body)
        assert client.ask(f"{other.origin}/").body == b"ok"
    assert gate.blocked() == ()


def test_an_interim_answer_comes_first(through: Through) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    with scripted_server(answers(early)) as server:
        client = through(server.origin)
        got = client.ask(f"{server.origin}/")
    assert (got.informational, got.status) == ([103], 200)


def test_headers_between_server_and_proxy_do_not_reach_the_browser(through: Through) -> None:
    between = b"Proxy-Authenticate: Basic\r\nKeep-Alive: x\r\n"
    answer = b"HTTP/1.1 200 OK\r\n" + between + b"X-A: 1\r\nContent-Length: 0\r\n\r\n"
    with scripted_server(answers(answer)) as server:
        client = through(server.origin)
        assert client.ask(f"{server.origin}/").headers == {"x-a": "1", "content-length": "0"}


@pytest.mark.parametrize("framing", ["Content-Length: 6", "Transfer-Encoding: chunked"])
def test_a_request_body_arrives_while_it_is_still_being_sent(through: Through, framing: str) -> None:
    started = threading.Event()
    bodies: list[bytes] = []

    def read_in_parts() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            ports.append(listener.getsockname()[1])
            ready.set()
            connection, _ = listener.accept()
            with connection:
                parser = h11.Connection(h11.SERVER)
                while not isinstance(event := parser.next_event(), h11.EndOfMessage):
                    if event is h11.NEED_DATA:
                        parser.receive_data(connection.recv(65536))
                    elif isinstance(event, h11.Data):
                        bodies.append(bytes(event.data))
                        started.set()
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    ready, ports = threading.Event(), list[int]()
    server = threading.Thread(target=read_in_parts)
    server.start()
    assert ready.wait(TIMEOUT_S)
    client = through(f"http://127.0.0.1:{ports[0]}")
    name, _, value = framing.partition(": ")
    headers = [("Host", "x"), (name, value)]
    client.send(h11.Request(method="POST", target=f"http://127.0.0.1:{ports[0]}/", headers=headers))
    client.send(h11.Data(data=b"one"))
    assert started.wait(TIMEOUT_S)
    client.send(h11.Data(data=b"two"))
    client.send(h11.EndOfMessage())
    assert client.answer().status == 200
    server.join()
    assert bodies == [b"one", b"two"]


def test_an_answer_arrives_while_it_is_still_being_sent(through: Through) -> None:
    seen = threading.Event()

    def in_two_parts(connection: socket.socket, _: Received) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\none")
        assert seen.wait(TIMEOUT_S)
        connection.sendall(b"two")
        return True

    with scripted_server(in_two_parts) as server:
        client = through(server.origin)
        client.send(h11.Request(method="GET", target=f"{server.origin}/", headers=[("Host", "x")]))
        client.send(h11.EndOfMessage())
        assert isinstance(client.event(), h11.Response)
        first = client.event()
        seen.set()
        assert isinstance(first, h11.Data)
        assert first.data == b"one"
        assert client.rest_of_body() == b"two"


def test_large_bodies_pass_whole_in_both_directions(through: Through) -> None:
    size = 8 * 1024 * 1024

    def echo(connection: socket.socket, request: Received) -> bool:
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(request.body) + request.body
        )
        return True

    body = bytes(range(256)) * (size // 256)
    with scripted_server(echo) as server:
        client = through(server.origin)
        assert client.ask(f"{server.origin}/", "POST", body=body).body == body


# --- what goes wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST", "CONNECT"])
def test_a_server_that_is_down_is_a_502(egress: Egress, method: str) -> None:
    origin = unused_origin()
    target = origin.removeprefix("http://") if method == "CONNECT" else f"{origin}/"
    with egress.open_gate([origin]) as gate, ProxyClient(gate.proxy_url) as client:
        assert client.ask(target, method, body=b"x" * (method == "POST")).status == 502
    assert gate.blocked() == ()


@pytest.mark.parametrize("answer", [b"", b"not http at all\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Len"])
def test_a_server_that_breaks_off_before_its_answer_is_a_502(through: Through, answer: bytes) -> None:
    with scripted_server(answers(answer, keep=False)) as server:
        client = through(server.origin)
        assert client.ask(f"{server.origin}/").status == 502


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ],
)
def test_half_an_answer_does_not_look_whole(through: Through, answer: bytes) -> None:
    with scripted_server(answers(answer, keep=False)) as server:
        client = through(server.origin)
        with pytest.raises((h11.RemoteProtocolError, ConnectionError)):
            client.ask(f"{server.origin}/")


def test_a_browser_that_leaves_ends_its_request_at_the_server(through: Through) -> None:
    asked = threading.Event()

    def wait_for_the_end(connection: socket.socket, _: Received) -> bool:
        asked.set()
        return True  # no answer: the server goes on to wait for whatever comes

    with scripted_server(wait_for_the_end) as server:
        client = through(server.origin)
        client.send(h11.Request(method="GET", target=f"{server.origin}/", headers=[("Host", "x")]))
        client.send(h11.EndOfMessage())
        assert asked.wait(TIMEOUT_S)
        client.socket.close()
        assert server.ended.acquire(timeout=TIMEOUT_S)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\nHost: ORIGIN\r\n\r\n",
        b"GET http://user@ORIGIN/ HTTP/1.1\r\nHost: ORIGIN\r\n\r\n",
        b"GET http://ORIGIN/ HTTP/1.1\r\n\r\n",
        b"GET http://ORIGIN/ HTTP/1.1\r\nHost: ORIGIN\r\nHost: b\r\n\r\n",
        b"GET https://ORIGIN/ HTTP/1.1\r\nHost: ORIGIN\r\n\r\n",
        b"POST http://ORIGIN/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        (
            b"POST http://ORIGIN/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"0\r\n\r\n"
        ),
        b"GET http://ORIGIN/ HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n",
        b"GET http://ORIGIN/ HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 300_000,
        b"\x16\x03\x01 this is TLS\r\n\r\n",
    ],
)
def test_an_ambiguous_request_reaches_no_server(through: Through, request_bytes: bytes) -> None:
    with scripted_server() as server:
        client = through(server.origin, server.origin.replace("http", "https"))
        answer = client.raw(request_bytes.replace(b"ORIGIN", b"127.0.0.1:%d" % server.port))
        assert answer.split(b" ")[1] in {b"400", b"431", b"501"}
        assert server.accepts == 0


# --- tunnels ------------------------------------------------------------------------------------


def test_a_tunnel_carries_bytes_both_ways_and_ends_with_its_server(through: Through) -> None:
    with scripted_server(answers(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", keep=False)) as server:
        client = through(f"ws://127.0.0.1:{server.port}")
        assert client.raw(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\nHost: x\r\n\r\n".encode()).startswith(
            b"HTTP/1.1 200 "
        )
        client.socket.sendall(b"GET /inside HTTP/1.1\r\nHost: inside.example\r\n\r\n")
        with client.socket.makefile("rb") as stream:
            assert stream.read().endswith(b"\r\n\r\nhi")
    assert server.received[0].header("host") == ["inside.example"]


def test_what_is_sent_right_behind_a_connect_is_not_lost(through: Through) -> None:
    with scripted_server(answers(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", keep=False)) as server:
        client = through(server.origin)
        client.socket.sendall(
            f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\nHost: x\r\n\r\n"
            "GET / HTTP/1.1\r\nHost: inside.example\r\n\r\n".encode()
        )
        with client.socket.makefile("rb") as stream:
            assert stream.read().endswith(b"\r\n\r\nhi")
