"""A project with the flows of the demo's twelve services, whose keys end soon; and a client that uses those keys."""

import http.client
import json
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from demo_site.launch import SERVICES, RunningDemo, SeedKey, SignInEvent, generate_account, start
from demo_site.sso.service import Service
from demo_site.sso.service_keys import new_service_key
from tests.project import PERSON, SETTINGS, Project
from tokenbroker.secret import Secret
from tokenbroker.store.lives import Life, known_lives, remember
from tokenbroker.store.rotations import Rotation, rotations_under_way

OLD = "Old integration"
FLOWS = Path(__file__).parents[2] / "flows"
PERIOD_S = 0.1
_KILL = """

import os
import signal

from tokenbroker.run import fault_points

_file = Path(__file__).with_name("kill.json")
if _file.is_file():
    _point, _left = json.loads(_file.read_text())
    _file.unlink()

    def _listen(name):
        global _left
        _left -= name == _point
        if _left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    _listening = fault_points.listening(_listen)
    _listening.__enter__()
"""


@dataclass(kw_only=True)
class Twelve:
    """The project, its site, and what is known of its keys."""

    project: Project
    site: RunningDemo
    old: dict[str, str]
    """The key of each service that is to be replaced."""

    @property
    def services(self) -> tuple[Service, ...]:
        return tuple(service for service in SERVICES if service.slug in self.old)

    def kill_at(self, point: str, *, the: int) -> None:
        """Let the next sitting be killed when it reaches `point` for that time; the conftest does it, with the person."""
        self.project.write("conftest.py", (self.project.folder / "conftest.py").read_text() + _KILL)
        self.project.write("kill.json", json.dumps([point, the]))

    def rotate(self, *options: str) -> "tuple[int, str]":
        """One sitting; answers its exit code and what the person read."""
        ended = self.project.tokenbroker("rotate", "--due", "--yes", "--no-pictures", *options)
        return ended.code, ended.text

    def current(self, service: str) -> str:
        """What a client gets that asks for the reference."""
        with self.project.broker() as broker:
            return broker.local.get(f"{service}/key", actor="client").reveal()

    def status(self, service: str, key: str) -> int:
        """What the service's API answers to `key`."""
        origin = next(each.origin for each in SERVICES if each.slug == service)
        return ask(self.site.sign_on_origins[origin], key)

    def live_keys(self) -> dict[str, list[str]]:
        """The names of the keys that each service accepts."""
        found: dict[str, list[str]] = {slug: [] for slug in self.old}
        for key in self.site.service_keys():
            if key.revoked_at is None:
                found[key.service].append(key.name)
        return found

    def sign_ins(self) -> Counter[SignInEvent]:
        return Counter(event.event for event in self.site.sign_ins())

    def under_way(self) -> list[Rotation]:
        with self.project.broker() as broker:
            return rotations_under_way(broker.local.store, ["local"])

    def lives(self) -> dict[tuple[str, str, int], Life]:
        with self.project.broker() as broker:
            return known_lives(broker.local.store, ["local"])


@dataclass
class Client:
    """A program that uses every service's key each 100 ms, asking for the reference anew each time."""

    twelve: Twelve
    answers: Counter[int] = field(default_factory=Counter)
    ended: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        with self.twelve.project.broker() as broker:
            while not self.ended.is_set():
                began = time.monotonic()
                for service in self.twelve.services:
                    key = broker.local.get(f"{service.slug}/key", actor="client").reveal()
                    self.answers[ask(self.twelve.site.sign_on_origins[service.origin], key)] += 1
                self.ended.wait(max(0.0, PERIOD_S - (time.monotonic() - began)))


@contextmanager
def client_of(twelve: Twelve) -> Iterator[Client]:
    """The client, at work while this lasts."""
    client = Client(twelve)
    thread = threading.Thread(target=client.work)
    thread.start()
    try:
        yield client
    finally:
        client.ended.set()
        thread.join()


def ask(origin: str, key: str) -> int:
    """The status of one request with `key`."""
    connection = http.client.HTTPConnection(urlsplit(origin).netloc, timeout=30)
    try:
        connection.request("GET", "/v1/me", headers={"Authorization": f"Bearer {key}"})
        return connection.getresponse().status
    finally:
        connection.close()


@contextmanager
def opened(
    project: Project, database: Path, *, grace_s: int = 0, services: Sequence[Service] = SERVICES
) -> Iterator[Twelve]:
    """The scene: each of `services` has a key, which is in the project's store and ends in three days."""
    old = {service.slug: new_service_key(service) for service in services}
    account = generate_account(
        keys=tuple(SeedKey(name=OLD, service=slug, key=key) for slug, key in old.items())
    )
    with start(database=database, accounts=[account]) as site:
        project.demo, project.account = site, account
        lines = "".join(f'"{origin}" = "{target}"\n' for origin, target in site.sign_on_origins.items())
        project.settle(SETTINGS, origins=lines)
        project.play_person()
        for service in services:
            _copy_flows(project, service.slug, grace_s)
        now = datetime.now(UTC)
        with project.broker() as broker:
            broker.local.put("example.email", Secret(account.email), put_id="email", actor="tests")
            broker.local.put("example.password", Secret(account.password), put_id="password", actor="tests")
            for slug, key in old.items():
                reference = broker.local.put(f"{slug}/key", Secret(key), put_id=slug, actor="tests")
                remember(
                    broker.local.store,
                    Life(
                        sink="local",
                        path=reference.path,
                        version=1,
                        fingerprint=reference.fingerprint,
                        flow_id=f"{slug}/create_key",
                        run_id="",
                        created_at=now - timedelta(days=27),
                        ends_at=now + timedelta(days=3),
                        rotates=f"{slug}/create_key",
                        revokes=f"{slug}/revoke_key",
                        grace_s=grace_s,
                        owner="platform",
                        key_name=OLD,
                        params={"key_name": OLD},
                    ),
                )
        yield Twelve(project=project, site=site, old=old)


def _copy_flows(project: Project, slug: str, grace_s: int) -> None:
    """The service's flows, whose keys have the grace of the scene."""
    shutil.copytree(FLOWS / slug, project.folder / "flows" / slug)
    creating = project.folder / "flows" / slug / "create_key.yaml"
    text = creating.read_text()
    grace = f"grace: {-(-grace_s // 60)}m, " if grace_s else ""
    assert text.count("grace: 1h, ") == 1, creating
    creating.write_text(text.replace("grace: 1h, ", grace))


__all__ = ["OLD", "PERSON", "Client", "Twelve", "ask", "client_of", "opened"]
