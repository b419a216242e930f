"""A hostile page in a real browser reaches its foreign server without a gate, and not at all through one."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.run.hostile_site import REQUESTS, WEBSOCKET, ForeignServer, foreign_server, hostile_site
from tokenbroker.run.egress import CHROMIUM_ARGUMENTS, Egress, Gate

pytestmark = [pytest.mark.req("RUN-9"), pytest.mark.browser]

EXECUTABLE = (
    os.environ.get("TOKENBROKER_BROWSER")
    or shutil.which("chromium-headless-shell")
    or shutil.which("chromium")
)
TIMEOUT_S = 30.0
NOT_BEHIND_A_PROXY = frozenset({"speculation"})
"""What Chromium doesn't even try when a proxy is set; the foreign server's counter speaks for it."""


@pytest.fixture(scope="module")
def launch(playwright: Playwright) -> Iterator[Callable[..., Browser]]:
    browsers: list[Browser] = []

    def launch(*arguments: str) -> Browser:
        browsers.append(playwright.chromium.launch(executable_path=EXECUTABLE, args=list(arguments)))
        return browsers[-1]

    yield launch
    for browser in browsers:
        browser.close()


@pytest.fixture
def foreign() -> Iterator[ForeignServer]:
    with foreign_server() as foreign:
        yield foreign


@pytest.fixture
def site(foreign: ForeignServer) -> Iterator[str]:
    with hostile_site(foreign) as origin:
        yield origin


@pytest.fixture
def gate(site: str) -> Iterator[Gate]:
    with Egress() as egress, egress.open_gate([site]) as gate:
        yield gate


def gated_page(browser: Browser, gate: Gate) -> Page:
    context = browser.new_context(
        service_workers="block", proxy={"server": gate.proxy_url, "bypass": "<-loopback>"}
    )
    return context.new_page()


def blocked_names(gate: Gate) -> set[str]:
    """The first labels of the hosts that the gate refused."""
    return {(urlsplit(blocked.origin).hostname or "").split(".")[0] for blocked in gate.blocked()}


def test_without_a_gate_every_attempt_of_the_page_arrives(
    launch: Callable[..., Browser], foreign: ForeignServer, site: str
) -> None:
    page = launch().new_context(service_workers="block").new_page()
    page.goto(site)
    assert foreign.has_seen(REQUESTS | {WEBSOCKET, "turn-tcp", "stun", "quic"}, timeout_s=TIMEOUT_S), (
        foreign.seen
    )
    assert foreign.tcp_accepts > 0
    assert foreign.datagrams > 0


def test_through_a_gate_nothing_of_the_page_arrives(
    launch: Callable[..., Browser], foreign: ForeignServer, site: str, gate: Gate
) -> None:
    page = gated_page(launch(*CHROMIUM_ARGUMENTS), gate)
    page.goto(site)
    page.evaluate("attempted")
    expected = {*REQUESTS - NOT_BEHIND_A_PROXY, WEBSOCKET, "127"}  # TURN over TCP asks for 127.0.0.1
    deadline = time.monotonic() + TIMEOUT_S
    while not expected <= blocked_names(gate) and time.monotonic() < deadline:
        page.wait_for_timeout(20)  # lets the browser's own events be served meanwhile
    assert expected - blocked_names(gate) == set()
    assert (foreign.tcp_accepts, foreign.datagrams, foreign.seen) == (0, 0, set())
    assert "from-the-page" not in repr(gate.blocked())


def test_a_gate_without_the_browser_arguments_lets_udp_out(
    launch: Callable[..., Browser], foreign: ForeignServer, site: str, gate: Gate
) -> None:
    gated_page(launch(), gate).goto(site)
    assert foreign.has_seen(frozenset({"stun"}), timeout_s=TIMEOUT_S)
    assert foreign.tcp_accepts == 0


def test_a_browser_behind_a_gate_looks_up_no_names_itself(
    launch: Callable[..., Browser], foreign: ForeignServer, site: str
) -> None:
    # Without a gate a page needs the browser's own resolver, so that its silence can be seen.
    page = launch(*CHROMIUM_ARGUMENTS).new_context().new_page()
    page.goto(site)
    outcome = page.evaluate(
        "at => fetch(at, {mode: 'no-cors'}).then(() => 'through', () => 'refused')",
        f"http://name.localhost:{foreign.server_port}/",
    )
    assert outcome == "refused"
    assert "name" not in foreign.seen


def test_an_allowed_origin_opens_for_requests_and_websockets(
    launch: Callable[..., Browser], foreign: ForeignServer, site: str
) -> None:
    port = foreign.server_port
    allowed = [site, f"http://fetch.localhost:{port}", f"ws://websocket.localhost:{port}"]
    with Egress() as egress, egress.open_gate(allowed) as gate:
        page = gated_page(launch(*CHROMIUM_ARGUMENTS), gate)
        page.goto(site)
        page.evaluate("attempted")
    assert foreign.seen == {"fetch", "websocket"}
