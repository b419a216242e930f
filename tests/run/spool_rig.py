"""A run in small: a site that shows tokens, a spool and a real sink; in this process or a child.

As a program it plays a process that gets killed: it stops at a fault point, says so on its standard
output, and goes on when its standard input is closed. Or it does what it does again and again.
"""

import hashlib
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tokenbroker.run import fault_points
from tokenbroker.run.keep import Remember, forget, keep
from tokenbroker.run.recover import Recovered, recover
from tokenbroker.run.spool import Intent, OpenIntent, Spool
from tokenbroker.secret import Secret
from tokenbroker.settings import SinkSettings
from tokenbroker.sinks import Sink, SinkInputs, open_sink
from tokenbroker.sinks.databases import Databases
from tokenbroker.sinks.local import open_local
from tokenbroker.store.engine import Store

ACTOR = "tests"
TARGET = "local:example/api-key"


def new_token() -> str:
    return f"demo-only-{secrets.token_hex(20)}"


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def an_intent(
    *,
    run_id: str = "run-1",
    targets: tuple[str, ...] = (TARGET,),
    lives: tuple[Mapping[str, str], ...] = (),
) -> Intent:
    return Intent(
        run_id=run_id,
        flow_id="example/create-key",
        site="example",
        origin="http://127.0.0.1:8000",
        key_name="ci",
        revoke="example/revoke-key",
        targets=targets,
        created_at=datetime(2026, 11, 20, 12, 0, tzinfo=UTC),
        lives=lives,
    )


@dataclass(frozen=True, kw_only=True)
class Site:
    """The table of keys that a site has shown: their digests, with the target each was meant for."""

    folder: Path

    def create_key(self, target: str) -> str:
        token = new_token()
        drafts = self.folder.with_name("drafts")
        for folder in (self.folder, drafts):
            folder.mkdir(exist_ok=True)
        draft = drafts / digest(token)
        draft.write_text(target)
        draft.rename(self.folder / draft.name)  # at once, as a site's own database would
        return token

    def revoke_all(self) -> None:
        for path in self.folder.glob("*"):
            path.unlink()

    def keys(self) -> dict[str, str]:
        """The target of each key, by the key's digest."""
        return {path.name: path.read_text() for path in self.folder.glob("*")}


@dataclass(frozen=True, kw_only=True)
class SinkPlace:
    """Where the sink of a rig is, with the variables that let it in; the default is the home's own."""

    settings: dict[str, Any] = field(default_factory=lambda: {"type": "local"})
    variables: dict[str, str] = field(default_factory=dict, repr=False)

    def write(self, folder: Path) -> None:
        """Let the rigs in `folder` have it."""
        with os.fdopen(os.open(folder / "sink.json", os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            json.dump([self.settings, self.variables], file)

    @classmethod
    def of(cls, folder: Path) -> "SinkPlace":
        file = folder / "sink.json"
        if not file.exists():
            return cls()
        settings, variables = json.loads(file.read_text())
        return cls(settings=settings, variables=variables)


@dataclass(frozen=True, kw_only=True)
class Rig:
    home: Path
    site: Site
    sink: Sink
    spool: Spool
    store: Store

    @property
    def fresh_target(self) -> str:
        """A place in the sink that nothing was put to."""
        return f"{self.sink.name}:example/{secrets.token_hex(8)}"

    def open_sink(self, alias: str) -> Sink:
        assert alias == self.sink.name
        return self.sink

    def recover(self, *, remember: Remember = forget) -> list[Recovered]:
        return recover(self.spool, self.open_sink, actor=ACTOR, remember=remember)

    def kept(self, *, under: str = "example/") -> list[str]:
        """The digest of every version of every secret in the sink whose path begins so."""
        values = [
            self.sink.get(each.path, version=each.version, actor=ACTOR).reveal()
            for each in self.sink.list()
            if each.path.startswith(under)
        ]
        return [digest(value) for value in values]

    def spool_files(self) -> list[Path]:
        folder = self.home / "spool"
        return sorted(folder.iterdir()) if folder.is_dir() else []

    def sealed(self, *targets: str, unread: tuple[str, ...] = ()) -> OpenIntent:
        """An open intent with a fresh token sealed for each of `targets`; none is in the sink."""
        opened = self.spool.intend(an_intent(targets=(*targets, *unread)))
        opened.mark_pressed()
        for index in range(len(targets)):
            opened.seal(index, Secret(new_token()))
        return opened


@contextmanager
def opened_rig(folder: Path) -> Iterator[Rig]:
    home, place, databases = folder / "home", SinkPlace.of(folder), Databases()
    with open_local(home, default_home=False) as local:
        inputs = SinkInputs(
            store=local.store,
            custody=local.custody,
            variables={name: Secret(value) for name, value in place.variables.items()},
            databases=databases,
        )
        settings = SinkSettings(**place.settings)
        sink = local if settings.type == "local" else open_sink("team", settings, inputs)
        spool = Spool(home / "spool", local.custody.master_key.derive("spool"))
        try:
            yield Rig(home=home, site=Site(folder=folder / "site"), sink=sink, spool=spool, store=local.store)
        finally:
            databases.close()


def run_once(rig: Rig, opened: OpenIntent) -> None:
    """What the runner does from the creating step on, for every target of the intent."""
    intent = opened.leftover.intent
    assert intent is not None
    opened.mark_pressed()
    tokens = [rig.site.create_key(target) for target in intent.targets]
    for index, target in enumerate(intent.targets):
        fault_points.reached("before_read")
        token = Secret(tokens[index])
        fault_points.reached("read")
        path = target.partition(":")[2]
        keep(token, index=index, intent=opened, sink=rig.sink, path=path, actor=ACTOR)
    opened.clear()


@contextmanager
def child(folder: Path, act: str, *, stop_at: str) -> Iterator[subprocess.Popen[str]]:
    """A process that does `act` ("run" or "recover") and waits at `stop_at` until killed or released.

    "runs" and "recovers" go on for ever, once they have said `stop_at`.
    """
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, __file__, str(folder), act, stop_at],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"},
    )
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == f"{stop_at}\n"
            yield process
        finally:
            process.kill()


def release(process: subprocess.Popen[str]) -> None:
    """Let a waiting child go on, to its good end."""
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait() == 0


def _main(folder: Path, act: str, stop_at: str) -> None:
    def wait_if_there(name: str) -> None:
        if name == stop_at:
            print(name, flush=True)
            sys.stdin.read()

    with opened_rig(folder) as rig, fault_points.listening(wait_if_there):
        if act == "run":
            rig.sink.probe()
            run_once(rig, rig.spool.intend(an_intent(targets=(rig.fresh_target,))))
        elif act == "recover":
            rig.recover()
        else:
            rig.sink.probe()
            print(stop_at, flush=True)
            while True:
                if act == "runs":
                    run_once(rig, rig.spool.intend(an_intent(targets=(rig.fresh_target,))))
                else:
                    rig.recover()


if __name__ == "__main__":
    _main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
