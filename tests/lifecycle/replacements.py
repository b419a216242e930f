"""A site that accepts keys, and a token that is to be replaced, for the tests of the stages."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.flow.texts import flow_from, flow_text
from tokenbroker.errors import UsageError
from tokenbroker.flow.model import Flow
from tokenbroker.lifecycle.hook import no_hook
from tokenbroker.lifecycle.replacement import Bench, stop_of
from tokenbroker.lifecycle.tickets import Need, Ticket
from tokenbroker.lifecycle.told import life_told
from tokenbroker.lifecycle.ways import ways_of
from tokenbroker.run.intent import Intent
from tokenbroker.secret import Secret
from tokenbroker.sinks.local import LocalSink
from tokenbroker.sinks.testing import ACTOR, demo_secret
from tokenbroker.store.engine import Store
from tokenbroker.store.lives import Life, known_lives, remember

REFERENCE = "local:example/key"
SITE = "https://console.example.com"
CREATE = (
    f"- navigate: '{SITE}/keys'",
    "- type: { selector: '#name', value_ref: 'param:key_name' }",
    "- click: { selector: 'text=Create', creates: { name: '${key_name}' } }",
    f"- capture_token: {{ selector: .token, secret_ref: '{REFERENCE}' }}",
    f"- verify_token: '{SITE}/v1/me'",
)
HEAD = "params: { key_name: { default: agent } }\n"


@dataclass
class Site:
    """What accepts keys: an answer of 200 to those in `accepted`, else `refusal`.

    Attributes:
        asked: how often it was.
    """

    accepted: set[str] = field(default_factory=set)
    refusal: int = 401
    url: str = ""
    asked: int = 0

    def status(self, header: str) -> int:
        self.asked += 1
        return 200 if header.removeprefix("Bearer ") in self.accepted else self.refusal


@contextmanager
def serving() -> Iterator[Site]:
    """A site on loopback."""
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(site.status(self.headers.get("Authorization", "")))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Told:
    """A hook that remembers, and fails while `error` says so."""

    told: list[dict[str, object]] = field(default_factory=list)
    error: BaseException | None = None

    def __call__(self, about: Any) -> None:
        self.told.append(dict(about))
        if self.error is not None:
            raise self.error


@dataclass
class Scene:
    """One token, its site, and what the stages work with; `now` is the time."""

    site: Site
    local: LocalSink
    hook: Told = field(default_factory=Told)
    now: datetime = datetime(2026, 11, 28, 12, tzinfo=UTC)
    old: Secret = field(default_factory=demo_secret)
    create: Flow = field(default_factory=lambda: flow_from(flow_text(*CREATE, head=HEAD)))
    flows: dict[str, Flow] = field(default_factory=dict)
    grace_s: int | None = None
    store: Store | None = None
    learnt: list[Secret] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = self.store or self.local.store
        reference = self.local.put("example/key", self.old, put_id="old", actor=ACTOR)
        self.site.accepted.add(self.old.reveal())
        self.life = Life(
            sink="local",
            path="example/key",
            version=1,
            flow_id=self.create.id,
            run_id="r",
            created_at=self.now - timedelta(days=80),
            ends_at=self.now + timedelta(days=10),
            rotates="",
            revokes="",
            grace_s=self.grace_s,
            owner="platform",
            fingerprint=reference.fingerprint,
            key_name="agent",
            params={"key_name": "agent"},
            revoke_at=f"{SITE}/keys",
        )
        remember(self.home, self.life)
        self.flows |= {self.create.id: self.create}

    @property
    def home(self) -> Store:
        """What the home of this scene remembers by; its sink another may share."""
        assert self.store is not None
        return self.store

    def neighbour(self, store: Store) -> "Scene":
        """The same token, sink and site, as another home has them that has adopted the token."""
        other = copy(self)
        other.store, other.hook, other.learnt = store, Told(), []
        remember(store, self.life)
        return other

    def let_a_flow_revoke(self) -> None:
        """The token's life names a flow that revokes by the name of the key."""
        self.flows["example/revoke"] = flow_from(flow_text(*CREATE[:2], head=HEAD))
        self.life = replace(self.life, revokes="example/revoke")
        remember(self.home, self.life)

    @property
    def bench(self) -> Bench:
        return Bench(
            store=self.home,
            open_sink=lambda _alias: self.local,
            actor=ACTOR,
            clock=lambda: self.now,
            address_of=lambda url: url.replace(SITE, self.site.url),
            hook=self.hook,
            learn=self.learnt.append,
            timeout_s=5,
        )

    def find(self, name: str) -> Flow:
        if name not in self.flows:
            raise UsageError(f"there is no flow {name}", code="flow.not_found")
        return self.flows[name]

    def revoked_by(self, flow_id: str) -> None:
        """Let the flow of that id, one of `flows`, be known to revoke the token."""
        self.life = replace(self.life, revokes=flow_id)
        remember(self.local.store, self.life)

    def ticket(self, **given: str) -> Ticket:
        """The ticket as another sitting finds it: with what is durable, and nothing else."""
        from tokenbroker.store.rotations import rotations_under_way

        rotation = next(iter(rotations_under_way(self.home, ["local"])), None)
        version = rotation.old_version if rotation else max(life.version for life in self.lives().values())
        ways = ways_of(self.lives()[version], self.find)
        return Ticket(ways=ways, rotation=rotation, given=given)

    def lives(self) -> dict[int, Life]:
        known = known_lives(self.home, ["local"]).values()
        return {life.version: life for life in known if life.path == "example/key"}

    def make_key(self, ticket: Ticket | None = None, *, works: bool = True) -> Secret:
        """What the run of the flow for `ticket` does: another key at the site, at its stop in the sink."""
        new = demo_secret()
        if works:
            self.site.accepted.add(new.reveal())
        put_id = f"run-{len(self.learnt)}-{new.reveal()[-8:]}"
        reference = self.local.put(stop_of("example/key"), new, put_id=put_id, actor=ACTOR)
        params = ticket.params_for(Need.KEY) if ticket else {}
        intent = Intent(
            run_id="run",
            flow_id=self.create.id,
            site=self.create.site,
            origin=SITE,
            key_name=params.get("key_name", ""),
            revoke=f"{SITE}/keys",
            targets=(stop_of(REFERENCE),),
            created_at=self.now,
            lives=({},),
            params=params,
        )
        life = life_told(intent, 0, reference)
        assert life is not None
        remember(self.home, life)
        return new

    def strange_key(self, *, works: bool) -> Secret:
        """A key at the stop that no run of this rotation has brought there."""
        strange = demo_secret()
        if works:
            self.site.accepted.add(strange.reveal())
        self.local.put(stop_of("example/key"), strange, put_id=f"strange-{works}", actor=ACTOR)
        return strange

    def current(self) -> Secret:
        """What the reference leads to."""
        return self.local.get("example/key", actor=ACTOR)

    def works(self) -> bool:
        """Whether the site accepts what the reference leads to."""
        return self.current().reveal() in self.site.accepted


__all__ = ["CREATE", "HEAD", "REFERENCE", "SITE", "Scene", "Site", "Told", "no_hook", "serving"]
