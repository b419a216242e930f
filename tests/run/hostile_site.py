"""A site that a run allows, whose page tries every way to reach a foreign server, and that server.

Each attempt has a host name of its own under ``.localhost`` (a browser takes those for the machine
itself), so that whoever sees one of its requests knows which attempt it was.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REQUESTS = frozenset(
    {
        "fetch", "fetch-post", "image", "beacon", "redirect-302", "redirect-307", "worker", "shared-worker",
        "csp-report", "prefetch", "speculation", "form-post", "window-open", "iframe", "stylesheet", "script",
        "event-source", "ping",
    }
)  # fmt: skip
"""Attempts that end in an HTTP request."""

WEBSOCKET = "websocket"

_PAGE = """<!doctype html><title>hostile</title>
<link rel=preconnect href="http://preconnect.localhost:PORT">
<link rel=prefetch href="http://prefetch.localhost:PORT/">
<link rel=stylesheet href="http://stylesheet.localhost:PORT/">
<script type=speculationrules>
{"prefetch": [{"source": "list", "urls": ["http://speculation.localhost:PORT/"], "eagerness": "immediate"}]}
</script>
<iframe src="http://iframe.localhost:PORT/"></iframe>
<iframe name=sink></iframe>
<form method=post action="http://form-post.localhost:PORT/" target=sink><input name=value value=1></form>
<a id=ping href="#here" ping="http://ping.localhost:PORT/">ping</a>
<script>
const at = name => `http://${name}.localhost:PORT/?value=from-the-page`;
const settled = promise => promise.then(() => "through", () => "refused");
const element = (tag, name) => new Promise((resolve, reject) => {
  const node = document.createElement(tag);
  node.onload = resolve; node.onerror = reject; node.src = at(name); document.body.append(node);
});
const iceGathered = iceServers => new Promise(resolve => {
  const peer = new RTCPeerConnection({iceServers});
  peer.onicegatheringstatechange = () => peer.iceGatheringState === "complete" && resolve();
  peer.createDataChannel("x");
  peer.createOffer().then(offer => peer.setLocalDescription(offer));
});
const worker = new Worker("/worker.js"), shared = new SharedWorker("/worker.js?shared");
const told = port => new Promise(resolve => { port.onmessage = resolve; });
const attempts = [
  fetch(at("fetch"), {mode: "no-cors"}),
  fetch(at("fetch-post"), {mode: "no-cors", method: "POST", body: "value"}),
  fetch("/redirect-302", {mode: "no-cors"}),
  fetch("/redirect-307", {mode: "no-cors", method: "POST", body: "value"}),
  element("img", "image"), element("script", "script"), told(worker), told(shared.port),
  new Promise(resolve => { new EventSource(at("event-source")).onerror = resolve; }),
  new Promise(resolve => { new WebSocket("ws://websocket.localhost:PORT/").onclose = resolve; }),
  iceGathered([{urls: "stun:127.0.0.1:PORT"}]),
  iceGathered([{urls: "turn:127.0.0.1:PORT?transport=tcp", username: "u", credential: "c"}]),
  new WebTransport("https://127.0.0.1:PORT/").ready,
].map(settled);
navigator.sendBeacon(at("beacon"), "value");
document.forms[0].submit();
window.open(at("window-open"));
document.getElementById("ping").click();
window.attempted = Promise.all(attempts);
</script>"""

_WORKER = """
const tell = async port => {
  const name = self.location.search ? "shared-worker" : "worker";
  await fetch(`http://${name}.localhost:PORT/`, {mode: "no-cors"}).catch(() => 0);
  port.postMessage("done");
};
self.onconnect = event => tell(event.ports[0]);
if (!self.location.search) tell(self);
"""


class ForeignServer(ThreadingHTTPServer):
    """Counts whatever reaches its port, over TCP and UDP, whether or not it is a request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Foreign)
        self._changed = threading.Condition()
        self.tcp_accepts = 0
        self.seen: set[str] = set()
        """First labels of the hosts asked for; ``stun``, ``quic`` and ``turn-tcp`` by their first byte."""
        self.datagrams = 0
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.server_port))
        self.origin = f"http://127.0.0.1:{self.server_port}"

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        accepted = super().get_request()
        with self._changed:
            self.tcp_accepts += 1
            self._changed.notify_all()
        return accepted

    def note(self, name: str) -> None:
        with self._changed:
            self.seen.add(name)
            self._changed.notify_all()

    def has_seen(self, names: frozenset[str], *, timeout_s: float) -> bool:
        """Wait until each of `names` has arrived."""
        with self._changed:
            return self._changed.wait_for(lambda: names <= self.seen, timeout_s)

    def count_datagrams(self) -> None:
        while data := self._udp.recv(2048):
            self.datagrams += 1
            # RFC 7983: a first byte below 4 is STUN; RFC 9000: QUIC's long header sets the top bit.
            self.note("stun" if data[0] < 4 else "quic")

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ender:
            ender.sendto(b"", self._udp.getsockname())

    def close_datagrams(self) -> None:
        self._udp.close()


class _Foreign(BaseHTTPRequestHandler):
    server: ForeignServer

    def handle(self) -> None:
        # TURN over TCP begins with a STUN header, and has no line that a request parser could wait for.
        if self.connection.recv(1, socket.MSG_PEEK)[:1] == b"\x00":
            self.server.note("turn-tcp")
        else:
            super().handle()

    def do_GET(self) -> None:
        self.server.note(self.headers.get("Host", "").split(".")[0])
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *args: object) -> None:
        pass


class _Hostile(BaseHTTPRequestHandler):
    foreign_port: int

    def do_GET(self) -> None:
        name = self.path.split("?")[0].removeprefix("/")
        port = str(self.foreign_port)
        if name.startswith("redirect-"):
            self.send_response(int(name.removeprefix("redirect-")))
            self.send_header("Location", f"http://{name}.localhost:{port}/?value=1")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = (_WORKER if name == "worker.js" else _PAGE).replace("PORT", port).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if name == "worker.js" else "text/html")
        self.send_header("Content-Length", str(len(body)))
        policy = f"img-src 'self'; report-uri http://csp-report.localhost:{port}/"
        self.send_header("Content-Security-Policy-Report-Only", policy)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.do_GET()

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def foreign_server() -> Iterator[ForeignServer]:
    """The server that no request may reach."""
    server = ForeignServer()
    threads = [threading.Thread(target=work) for work in (server.serve_forever, server.count_datagrams)]
    for thread in threads:
        thread.start()
    try:
        yield server
    finally:
        server.stop()
        for thread in threads:
            thread.join()
        server.close_datagrams()


@contextmanager
def hostile_site(foreign: ForeignServer) -> Iterator[str]:
    """The allowed site; answers its origin."""
    handler = type("Hostile", (_Hostile,), {"foreign_port": foreign.server_port})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
