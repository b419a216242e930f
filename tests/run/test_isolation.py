"""What a page of a run may not do (RUN-9); that nothing leaves it beside the gate is `test_egress_browser`."""

import functools
import http.server
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tokenbroker.run.browser import gated_context
from tokenbroker.run.clipboard import lent_clipboard
from tokenbroker.run.egress import Egress

pytestmark = [pytest.mark.browser, pytest.mark.req("RUN-9")]
PAGES = {
    "/": ("text/html", "<title>t</title><a id=get href=/file download>get</a>"),
    "/file": ("application/octet-stream", "bytes"),
    "/worker.js": ("text/javascript", "self.addEventListener('fetch', () => {})"),
    "/strict": ("text/html", "<title>strict</title><script>document.title = 'ran'</script>"),
}


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        kind, body = PAGES.get(self.path, ("text/plain", ""))
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Set-Cookie", "seen=1")
        if self.path == "/strict":
            self.send_header("Content-Security-Policy", "default-src 'none'")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args: object) -> None:
        return


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    # localhost, for service workers and permissions are to be had in secure contexts only.
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def page(flow_browser: Browser, tokenbroker_egress: Egress, origin: str) -> Iterator[Page]:
    with tokenbroker_egress.open_gate([origin]) as gate, gated_context(flow_browser, gate) as context:
        opened = context.new_page()
        opened.goto(origin)
        yield opened


def test_a_download_is_cancelled(page: Page) -> None:
    with page.expect_download() as started:
        page.click("#get")
    assert started.value.failure() is not None


def test_no_service_worker_comes_alive(page: Page) -> None:
    # Playwright's block leaves `register` waiting for ever: what counts is that no worker ever controls the page.
    page.evaluate("() => { navigator.serviceWorker.register('/worker.js').catch(() => {}) }")
    page.reload()
    assert page.evaluate("navigator.serviceWorker.controller") is None
    assert page.context.service_workers == []


@pytest.mark.parametrize(
    "name", ["geolocation", "notifications", "clipboard-read", "camera", "microphone", "midi"]
)
def test_permissions_are_not_granted(page: Page, name: str) -> None:
    state = page.evaluate("name => navigator.permissions.query({ name }).then(s => s.state)", name)
    assert state in ("denied", "prompt")


def test_a_page_is_lent_the_clipboard_for_one_step_and_may_never_read_it(page: Page, origin: str) -> None:
    def state(name: str) -> str:
        return str(page.evaluate("name => navigator.permissions.query({ name }).then(s => s.state)", name))

    names = ("clipboard-write", "clipboard-read", "geolocation")
    before = [state(name) for name in names]
    with lent_clipboard(page, origin, lambda: 5.0, tell=pytest.fail):
        assert [state(name) for name in names] == ["granted", "denied", "denied"]
    assert [state(name) for name in names] == before == ["denied"] * 3


def test_each_run_has_a_context_of_its_own(
    page: Page, flow_browser: Browser, tokenbroker_egress: Egress, origin: str
) -> None:
    page.evaluate("localStorage.setItem('left', 'behind')")
    assert "seen=1" in page.evaluate("document.cookie")
    with tokenbroker_egress.open_gate([]) as gate, gated_context(flow_browser, gate) as other:
        assert other.cookies() == []
    with tokenbroker_egress.open_gate([origin]) as gate, gated_context(flow_browser, gate) as other:
        fresh = other.new_page()
        fresh.goto(f"{origin}/strict")
        assert fresh.evaluate("localStorage.getItem('left')") is None


def test_the_pages_own_csp_holds(page: Page, origin: str) -> None:
    page.goto(f"{origin}/strict")
    assert page.title() == "strict"
