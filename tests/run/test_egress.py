"""A gate lets nothing out that isn't allowed, tells what it refused, and ends cleanly."""

import asyncio
import concurrent.futures
import contextlib
import gc
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import h11
import pytest

from tests.run.scripted_server import ProxyClient, scripted_server
from tokenbroker.errors import RunError
from tokenbroker.run.egress import BlockedRequest, Egress, Gate

pytestmark = pytest.mark.req("RUN-9")


@pytest.fixture(scope="module")
def egress() -> Iterator[Egress]:
    with Egress() as egress:
        yield egress


@pytest.fixture
def gate(egress: Egress) -> Iterator[Gate]:
    with egress.open_gate([]) as gate:
        yield gate


@pytest.fixture
def client(gate: Gate) -> Iterator[ProxyClient]:
    with ProxyClient(gate.proxy_url) as client:
        yield client


# --- what is refused ----------------------------------------------------------------------------


def test_blocked_requests_are_counted_by_method_and_origin_only(gate: Gate, client: ProxyClient) -> None:
    value = "demo-only-0a1b2c"
    for _ in range(2):
        answer = client.ask(f"http://foreign.example/{value}?{value}", headers={"X-A": value})
        assert (answer.status, answer.headers["cache-control"]) == (403, "no-store")
    client.ask(f"http://foreign.example:8080/{value}", "POST", body=value.encode())
    client.ask("foreign.example:443", "CONNECT")
    client.ask("foreign.example:8443", "CONNECT")
    assert gate.blocked() == (
        BlockedRequest(origin="http://foreign.example:80", method="GET", count=2),
        BlockedRequest(origin="http://foreign.example:8080", method="POST", count=1),
        BlockedRequest(origin="https://foreign.example:443", method="CONNECT", count=1),
        BlockedRequest(origin="tcp://foreign.example:8443", method="CONNECT", count=1),
    )
    assert value not in repr(gate.blocked())


def test_a_made_up_method_is_not_repeated(gate: Gate, client: ProxyClient) -> None:
    assert client.ask("http://foreign.example/", "DEMO-ONLY-0A1B2C").status == 403
    assert [blocked.method for blocked in gate.blocked()] == ["(others)"]


def test_a_page_that_makes_up_hosts_does_not_fill_the_memory(gate: Gate, client: ProxyClient) -> None:
    for number in range(300):
        client.ask(f"http://host-{number}.example/")
    blocked = gate.blocked()
    assert len(blocked) <= 257
    assert sum(entry.count for entry in blocked) == 300


def test_no_name_is_looked_up_for_a_blocked_request(egress: Egress, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[object] = []
    real = socket.getaddrinfo

    def record(host: object, *args: object, **more: object) -> object:
        looked_up.append(host)
        return real("127.0.0.1", *args, **more)  # type: ignore[arg-type]

    with (
        scripted_server() as server,
        egress.open_gate([f"http://allowed.example:{server.port}"]) as gate,
        ProxyClient(gate.proxy_url) as client,
    ):
        monkeypatch.setattr(socket, "getaddrinfo", record)  # the client has looked up the proxy itself
        assert client.ask(f"http://foreign.example:{server.port}/").status == 403
        assert client.ask(f"foreign.example:{server.port}", "CONNECT").status == 403
        assert looked_up == []
        assert client.ask(f"http://allowed.example:{server.port}/").status == 200
    assert looked_up == ["allowed.example"]


def test_an_allowed_host_on_another_port_or_in_plain_text_is_another_origin(
    egress: Egress, client: ProxyClient
) -> None:
    with (
        scripted_server() as server,
        egress.open_gate([server.origin.replace("http", "https")]) as gate,
        ProxyClient(gate.proxy_url) as strict,
    ):
        assert strict.ask(f"{server.origin}/").status == 403
        assert server.accepts == 0


def test_gates_know_nothing_of_each_other(egress: Egress) -> None:
    with (
        scripted_server() as server,
        egress.open_gate([server.origin]) as open_one,
        egress.open_gate([]) as shut,
    ):
        with ProxyClient(shut.proxy_url) as client:
            assert client.ask(f"{server.origin}/").status == 403
        assert (len(shut.blocked()), len(open_one.blocked())) == (1, 0)


# --- life ---------------------------------------------------------------------------------------


def test_closing_a_gate_ends_its_connections_and_keeps_its_counts(egress: Egress) -> None:
    with scripted_server(lambda *_: True) as server:
        gate = egress.open_gate([server.origin])
        with ProxyClient(gate.proxy_url) as idle, ProxyClient(gate.proxy_url) as waiting:
            idle.ask("http://foreign.example/")
            waiting.send(h11.Request(method="GET", target=f"{server.origin}/", headers=[("Host", "x")]))
            waiting.send(h11.EndOfMessage())
            gate.close()
            gate.close()
            for client in (idle, waiting):
                with pytest.raises((ConnectionError, h11.RemoteProtocolError)):
                    client.ask("http://foreign.example/") if client is idle else client.event()
        with pytest.raises(ConnectionRefusedError):
            ProxyClient(gate.proxy_url)
    assert [blocked.count for blocked in gate.blocked()] == [1]


def test_closing_the_egress_ends_its_thread_and_its_gates() -> None:
    egress = Egress()
    gate = egress.open_gate([])
    egress.close()
    egress.close()
    gate.close()
    with pytest.raises(ConnectionRefusedError):
        ProxyClient(gate.proxy_url)
    with pytest.raises(RunError) as caught:
        egress.open_gate([])
    assert caught.value.code == "egress.unavailable"


def test_what_was_accepted_while_a_gate_closed_is_closed_too(recwarn: pytest.WarningsRecorder) -> None:
    gc.collect()
    recwarn.clear()  # what was left before is not of this test
    with Egress() as egress, concurrent.futures.ThreadPoolExecutor(1) as thread:
        gate = egress.open_gate([])
        held = threading.Event()
        gate._loop.call_soon_threadsafe(held.wait)
        address = ("127.0.0.1", urlsplit(gate.proxy_url).port or 0)
        clients = [socket.create_connection(address) for _ in range(5)]
        closing = thread.submit(gate.close)
        while gate.is_open:
            time.sleep(0.001)
        held.set()
        closing.result()
        for client in clients:
            with client, contextlib.suppress(ConnectionResetError):
                client.settimeout(5)
                assert client.recv(1) == b""
    gc.collect()  # an unclosed socket is told of when it is collected
    assert [str(warning.message) for warning in recwarn] == []


def test_an_egress_without_gates_starts_nothing() -> None:
    before = threading.active_count()
    with Egress():
        assert threading.active_count() == before


def test_a_gate_can_be_opened_while_the_caller_runs_a_loop_of_its_own(egress: Egress) -> None:
    async def open_and_close() -> str:
        with egress.open_gate([]) as gate:
            return gate.proxy_url

    # In a thread of its own: Playwright's sync fixture may have left a running loop on this one.
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        address = thread.submit(lambda: asyncio.run(open_and_close())).result()
    assert address.startswith("http://127.0.0.1:")
