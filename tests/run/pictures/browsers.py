"""Browsers with and without the protection, and a site whose pages a test writes."""

import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Browser, Playwright

from tokenbroker.run.pictures import CHROMIUM_ARGUMENTS, write_fontconfig
from tokenbroker.run.targets.engine import install

EXECUTABLE = (
    os.environ.get("TOKENBROKER_BROWSER")
    or shutil.which("chromium-headless-shell")
    or shutil.which("chromium")
)


@contextmanager
def guarded_browser(playwright: Playwright, folder: Path) -> Iterator[Browser]:
    """A browser that draws each character as one block."""
    browser = playwright.chromium.launch(
        executable_path=EXECUTABLE,
        args=list(CHROMIUM_ARGUMENTS),
        env={**os.environ, **write_fontconfig(folder)},
    )
    try:
        yield browser
    finally:
        browser.close()


@contextmanager
def plain_browser(playwright: Playwright) -> Iterator[Browser]:
    """The same browser as it comes; our selector engine is known to it."""
    install(playwright.selectors)
    browser = playwright.chromium.launch(executable_path=EXECUTABLE)
    try:
        yield browser
    finally:
        browser.close()


@dataclass(frozen=True, kw_only=True)
class Resource:
    """What the site answers under one path."""

    body: bytes
    media_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Site:
    """A site on loopback, reachable under two hosts that the browser takes for different sites."""

    port: int
    resources: dict[str, Resource] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def other_origin(self) -> str:
        return f"http://localhost:{self.port}"

    def serve(self, path: str, body: str | bytes, media_type: str = "", **headers: str) -> str:
        """Answer `body` under `path` from now on; the address."""
        data = body.encode() if isinstance(body, str) else body
        self.resources[path] = Resource(
            body=data,
            media_type=media_type or Resource.media_type,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )
        return self.origin + path


@contextmanager
def site() -> Iterator[Site]:
    """A site with no page yet."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            resource = served.resources.get(self.path)
            self.send_response(200 if resource else 404)
            body = resource.body if resource else b""
            self.send_header("Content-Length", str(len(body)))
            if resource:
                self.send_header("Content-Type", resource.media_type)
                for name, value in resource.headers.items():
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Site(port=server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
