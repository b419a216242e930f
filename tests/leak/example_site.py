"""The demo site inside the test's own process, with canaries for its codes and keys, and pages that misbehave.

The site writes nothing that is searched, and it is an event source: each request that reaches it is a
moment at which a run is in full swing, so listeners sample the processes then.
"""

import asyncio
import html
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from socket import AF_INET, SOCK_STREAM, socket

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from demo_site.app import create_app
from demo_site.database import open_database
from demo_site.seed import Account, SeedKey
from demo_site.site import build_site
from tests.leak.canary import Canaries

HELD_TIMEOUT_S = 60
ORIGIN = "https://console.example.com"
KEYS_ORIGIN = "https://keys.example.com"

_FORM = """<!doctype html><title>Trap</title><form method=post action=/trap/echo>
<input id=email name=email><input id=password type=password name=password><button>Save</button></form>"""
_PAGES = {
    "disabled": _FORM.replace("id=password", "id=password disabled"),
    "read_only": _FORM.replace("id=password", "id=password readonly"),
    "hidden": _FORM.replace("id=password", "id=password style=display:none"),
    "wrong_element": _FORM.replace("<input id=password", "<div id=password>not a field</div><input"),
    "ambiguous": _FORM.replace("<button>", "<input id=password name=second><button>"),
    # Each field's value gets into the words of the controls, into the title and into the console.
    "gossip": _FORM
    + """<p></p><script>document.addEventListener('input', () => {
      const words = [...document.querySelectorAll('input')].map(i => i.value).join(' ');
      document.querySelector('p').innerHTML = '<button>Send</button><button>Send</button>';
      for (const b of document.querySelectorAll('p button')) { b.append(' ' + words); b.ariaLabel = 'Send ' + words; b.id = words; }
      document.title = words; console.error(words); history.replaceState(0, '', '?' + encodeURIComponent(words));
      setTimeout(() => { throw new Error(words) }); Promise.reject(new Error(words)); });</script>""",
    # Whatever a script of ours asks this page, it throws what was typed.
    "throws": _FORM
    + """<div class=token>x</div><script>document.addEventListener('input', () => {
      const words = [...document.querySelectorAll('input')].map(i => i.value).join(' ');
      const fail = () => { throw new Error(words) };
      Object.defineProperty(document.querySelector('.token'), 'innerText', { get: fail });
      Element.prototype.closest = fail; Element.prototype.checkVisibility = fail; Document.prototype.querySelectorAll = fail;
      window.MutationObserver = class { constructor() { fail() } }; });</script>""",
    # The field's own handler does not come back until the test lets it: filling is under way meanwhile.
    "blocks": _FORM
    + """<script>document.querySelector('#password').addEventListener('input', () => {
      const request = new XMLHttpRequest(); request.open('GET', '/trap/hold', false); request.send() });</script>""",
    # Shows the token wherever a page can, and tells it in all its words.
    "shows": """<!doctype html><title>Keys TOKEN</title><p id=sentence>Your new key is TOKEN. Keep it.</p>
<button id=attribute data-clipboard-text="TOKEN" aria-label="Copy TOKEN">Copy</button><input id=value value="TOKEN">
<button id=copy>Copy it</button><button id=copy-more>Copy more</button><button id=asks>Delete</button>
<button id=opens>Open</button><p id=host></p><iframe name="keys TOKEN" src="KEYS/trap/framed?key=TOKEN"></iframe><script>
      const on = (id, act) => document.getElementById(id).addEventListener('click', act);
      on('copy', () => navigator.clipboard.writeText('TOKEN'));
      on('copy-more', () => navigator.clipboard.writeText('Key: TOKEN'));
      on('asks', () => confirm('Delete TOKEN?'));
      on('opens', () => open('/trap/framed?key=TOKEN', 'TOKEN'));
      let root = document.getElementById('host');
      for (let depth = 0; depth < 3; depth++) {
        root = root.attachShadow({ mode: 'open' }).appendChild(document.createElement('p')) }
      root.innerHTML = '<code class=deep>TOKEN</code><code class=deep>TOKEN</code>';</script>""",
    "framed": """<!doctype html><title>TOKEN</title><h1>Key TOKEN</h1><button>Copy TOKEN</button>
<button>Copy TOKEN again</button><script>history.replaceState(0, 'TOKEN', '?again=TOKEN'); console.error('TOKEN')</script>""",
}


class ExampleSite:
    """A running site.

    Attributes:
        url: where it listens.
        keys_url: its second origin, which frames come from.
        phone_url: the phone page of the only account.
    """

    def __init__(self, *, url: str, keys_url: str, phone_url: str) -> None:
        self.url = url
        self.keys_url = keys_url
        self.phone_url = phone_url
        self.held = threading.Event()
        self._let_go = threading.Event()
        self._listeners: list[Callable[[], None]] = []

    @contextmanager
    def heard_by(self, listener: Callable[[], None]) -> Iterator[None]:
        """Call `listener` at each request that comes in inside this block."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    def let_go(self) -> None:
        """End whatever waits at ``/trap/hold``, and forget that anything did."""
        self._let_go.set()
        self.held.clear()

    def _hold(self, _request: Request) -> Response:
        self._let_go.clear()
        self.held.set()
        self._let_go.wait(HELD_TIMEOUT_S)
        return PlainTextResponse("go on")

    def _on_request(self) -> None:
        for listener in self._listeners:
            listener()


class _Heard:
    def __init__(self, app: ASGIApp, site: ExampleSite) -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.to_thread(self._site._on_request)
        await self._app(scope, receive, send)


@contextmanager
def example_site(canaries: Canaries, database: Path) -> Iterator[ExampleSite]:
    """The site, for as long as the block lasts; its only code and the beginning of all its keys are canaries."""
    with (
        closing(open_database(database)) as connection,
        _listening() as (listener, url),
        _listening() as (keys_listener, keys_url),
    ):
        made = iter(range(10_000))
        demo = build_site(
            connection,
            origin=url,
            keys_origin=keys_url,
            delay_ms=50,
            new_code=lambda: canaries.otp.value,
            new_key=lambda: f"{canaries.token.value}-{next(made):04d}",
        )
        account = Account(
            email=canaries.email.value,
            password=canaries.password.value,
            keys=(SeedKey(name="Retired integration", key="demo-only-retired-integration"),),
        )
        device = demo.add(account)
        site = ExampleSite(url=url, keys_url=keys_url, phone_url=f"{url}/phone/{device}")
        with _served(_Heard(_with_traps(create_app(demo), site, canaries), site), listener, keys_listener):
            yield site
            site.let_go()


@contextmanager
def _listening() -> Iterator[tuple[socket, str]]:
    with socket(AF_INET, SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener, f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def _served(app: ASGIApp, *listeners: socket) -> Iterator[None]:
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": list(listeners)})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def _with_traps(demo: ASGIApp, site: ExampleSite, canaries: Canaries) -> ASGIApp:
    def trap(request: Request) -> Response:
        page = _PAGES[request.path_params["name"]]
        return HTMLResponse(page.replace("TOKEN", canaries.token.value).replace("KEYS", site.keys_url))

    async def echo(request: Request) -> Response:
        """To a page whose address holds what was posted: in path, query and fragment."""
        body = (await request.body()).decode()
        return RedirectResponse(f"/trap/told/{body}?{body}#{body}", status_code=303)

    def told(request: Request) -> Response:
        """A site's error page that says too much, with headers that do so as well."""
        values = [canary.value for canary in canaries]
        words = html.escape(" ".join(values))
        page = f"<!doctype html><title>{words}</title><h1>Error 500</h1><button>Again {words}</button><button>Again</button>"
        page += f"<pre>{html.escape(json.dumps(values))}</pre><script>console.error({json.dumps(values)})</script>"
        return HTMLResponse(page, status_code=500, headers={"X-Debug": json.dumps(values)})

    return Starlette(
        routes=[
            Route("/trap/hold", site._hold),
            Route("/trap/echo", echo, methods=["POST"]),
            Route("/trap/told/{rest:path}", told),
            Route("/trap/{name}", trap),
            Mount("/", demo),
        ]
    )
