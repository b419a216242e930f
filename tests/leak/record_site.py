"""A small console whose pages are full of what is the account's own: where somebody creates a key by hand.

It stands on loopback, keeps everything in memory, and is an event source: each request is a moment to look at processes.
"""

import html
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

from tests.leak.canary import (
    Canary,
    generate_account,
    generate_canaries,
    generate_name,
    generate_phone,
    generate_session,
)

_LOOK = (
    "<!doctype html><meta charset=utf-8><title>TITLE</title><body style='margin:24px;font:16px sans-serif'>"
)
_BAR = """<header class=account-menu><b>Signed in as NAME</b> <span title="EMAIL">EMAIL</span>
<a href="/a/ACCOUNT/profile?sid=SESSION&user=MAIL_Q">Profile of NAME</a>
<a href="/a/ACCOUNT/keys?sid=SESSION">Keys</a></header>"""
_PAGES = {
    "login": """<h1>Sign in</h1><form method=post action="/verify?sid=SESSION">
<p><label for=mail>E-mail</label><br><input id=mail name=mail type=email autocomplete=username>
<p><label for=pass>Password</label><br><input id=pass name=pass type=password autocomplete=current-password>
<button type=button id=show>Show password</button><p><button>Sign in</button></form><script>
document.getElementById('show').addEventListener('click', (event) => {
  const field = document.getElementById('pass'), shows = field.type === 'password';
  field.type = shows ? 'text' : 'password';
  field.setAttribute('data-seen', field.value); event.target.textContent = shows ? 'Hide password' : 'Show password'; });
</script>""",
    "verify": """<h1>Two steps</h1><p>We have sent a code to PHONE.<form method=post action="/a/ACCOUNT/profile?sid=SESSION&user=MAIL_Q">
<p><label for=code>Code</label><br><input id=code name=code inputmode=numeric autocomplete=one-time-code maxlength=6>
<p><button>Verify</button></form>""",
    "profile": """BAR<h1>Welcome, NAME</h1><dl><dt>Account number</dt><dd>ACCOUNT</dd></dl>
<form method=post action="/a/ACCOUNT/keys?sid=SESSION&saved=MAIL_Q">
<p><label for=full>Full name</label><br><input id=full name=name autocomplete=name value="NAME">
<p><label for=tel>Mobile number</label><br><input id=tel name=tel type=tel autocomplete=tel>
<p><label for=alt>Alternate e-mail</label><br><input id=alt name=alt type=email>
<p><button>Save profile</button></form><script>
addEventListener('input', () => {
  document.title = document.getElementById('tel').value;
  history.replaceState(0, '', location.pathname + '?tel=' + encodeURIComponent(document.getElementById('tel').value));
  localStorage.setItem('typed', document.getElementById('tel').value); sessionStorage.setItem('user', 'EMAIL');
  document.cookie = 'user=MAIL_Q; max-age=90000'; console.error('EMAIL'); });
</script>""",
    "keys": """BAR<h1>Keys of NAME</h1><form method=post action="/a/ACCOUNT/keys/SESSION?owner=MAIL_Q">
<p><label for=label>Key name</label><br><input id=label name=label><p><button>Create key</button></form>""",
    "key": """BAR<div role=dialog aria-label="Key of NAME"><h2>Your key is ready</h2>
<p id=said>NAME, this is the new key of account ACCOUNT: <code id=secret>TOKEN</code></p><p><button>Done</button></div>""",
}
_POLICY = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "public, max-age=86400",  # a browser that has a cache on a disk would keep them
    "Referrer-Policy": "unsafe-url",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Somebody that never was, and all that is theirs."""

    email: Canary
    password: Canary
    otp: Canary
    token: Canary
    name: Canary
    phone: Canary
    account: Canary
    session: Canary

    @property
    def canaries(self) -> tuple[Canary, ...]:
        return tuple(getattr(self, each.name) for each in fields(self))


def generate_identity() -> Identity:
    usual = generate_canaries()
    return Identity(
        email=usual.email,
        password=usual.password,
        otp=usual.otp,
        token=usual.token,
        name=generate_name(),
        phone=generate_phone(),
        account=generate_account(),
        session=generate_session(),
    )


class RecordSite:
    """A running console.

    Attributes:
        url: where it listens.
        asked: the paths that were asked for, by the first word that tells the page.
    """

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self._listeners: list[Callable[[], None]] = []
        self._turn = threading.Lock()
        self.asked: list[str] = []
        self.url = ""

    @property
    def begins_at(self) -> str:
        """The page to sign in at."""
        return f"{self.url}/login"

    @contextmanager
    def heard_by(self, listener: Callable[[], None]) -> Iterator[None]:
        """Call `listener` at each request that comes in inside this block, at one after the other."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            with self._turn:
                self._listeners.remove(listener)

    def page(self, path: str) -> str | None:
        """The page at `path`; None where there is none."""
        name = _name_of(path)
        if name not in _PAGES:
            return None
        with self._turn:
            self.asked.append(name)
            for listener in self._listeners:
                listener()
        text = (_LOOK.replace("TITLE", "Example Console") + _PAGES[name]).replace("BAR", _BAR)
        who = self.identity
        text = text.replace("MAIL_Q", quote(who.email.value, safe=""))
        for word in ("name", "email", "account", "session", "token", "phone"):
            text = text.replace(word.upper(), html.escape(getattr(who, word).value))
        return text


def _name_of(path: str) -> str:
    parts = path.partition("?")[0].strip("/").split("/")
    if parts[0] != "a":
        return parts[0]
    return "key" if len(parts) == 4 else parts[2]


@contextmanager
def record_site(identity: Identity) -> Iterator[RecordSite]:
    site = RecordSite(identity)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            page = site.page(self.path)
            body = (page or "").encode()
            self.send_response(200 if page is not None else 404)
            for name, value in _POLICY.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815  # the server's own names

        def log_message(self, *_: object) -> None:
            """Nothing of what is asked for is written."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        # By a name, as sites have one; browsers know that all of these are this machine.
        site.url = f"http://console.localhost:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
