"""Killed before any system call, or at any moment, on each sink: what the site has shown is in the sink once, or named."""

import json
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.postgres_server import place_of
from tests.run.spool_rig import ACTOR, Rig, SinkPlace, an_intent, child, opened_rig, run_once
from tests.run.tracer import Tracer, why_not
from tests.sinks.faulty_server import Fault
from tests.sinks.vault_server import serve_vault
from tests.tcp_relay import relay_to
from tokenbroker.errors import BrokerError
from tokenbroker.run.recover import Outcome, Recovered, dismiss
from tokenbroker.store.audit_log import verify_chain

pytestmark = pytest.mark.req("RUN-10", "SECRET-1")

SINKS = ("local", "postgres", "vault")
FEW, MANY = 3, 200


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A folder of rigs, and how its sink goes down and comes up again."""

    folder: Path
    go_down: Callable[[], object]
    come_up: Callable[[], object]


@pytest.fixture(params=SINKS)
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    make = {"local": _with_local, "postgres": _with_postgres, "vault": _with_vault}[request.param]
    with make(tmp_path, request) as made:
        yield made


@contextmanager
def _with_local(folder: Path, _request: pytest.FixtureRequest) -> Iterator[Scene]:
    lock: list[sqlite3.Connection] = []

    def hold() -> None:
        lock.append(sqlite3.connect(folder / "home" / "store.db", isolation_level=None))
        lock[0].execute("BEGIN IMMEDIATE")

    yield Scene(folder=folder, go_down=hold, come_up=lambda: lock.pop().close())


@contextmanager
def _with_postgres(folder: Path, request: pytest.FixtureRequest) -> Iterator[Scene]:
    url = request.getfixturevalue("postgres_url")
    port = place_of(url).port
    with relay_to(port) as relay:
        through = url.replace(f":{port}/", f":{relay.port}/")
        place = SinkPlace(
            settings={"type": "postgres", "timeout_s": 5}, variables={"TOKENBROKER_POSTGRES_URL": through}
        )
        place.write(folder)
        yield Scene(folder=folder, go_down=relay.refuse, come_up=relay.accept)


@contextmanager
def _with_vault(folder: Path, _request: pytest.FixtureRequest) -> Iterator[Scene]:
    with serve_vault() as vault:
        place = SinkPlace(
            settings={"type": "vault", "address": vault.url, "timeout_s": 5},
            variables={"TOKENBROKER_VAULT_TOKEN": vault.new_token()},
        )
        place.write(folder)
        yield Scene(folder=folder, go_down=lambda: vault.go_wrong(Fault.SEALED), come_up=vault.recover)


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What recover found, and how many keys were in the sink then."""

    outcomes: Counter[Outcome]
    kept: int


def settled(folder: Path) -> Settled:
    """Recover what was left in `folder`, and prove that every key of the site is in the sink once, or is named.

    All of them are removed and revoked then.
    """
    with opened_rig(folder) as rig:
        found = rig.recover()
        named = [each for each in found if each.outcome is Outcome.POSSIBLY_CREATED]
        assert {each.outcome for each in found} <= {
            Outcome.NOT_CREATED,
            Outcome.POSSIBLY_CREATED,
            Outcome.STORED,
            Outcome.ALREADY_STORED,
        }
        keys, kept = Counter([*rig.site.keys()]), Counter(rig.kept())
        _prove(keys, kept, named, rig)
        assert [each.outcome for each in rig.recover()] == [each.outcome for each in named]
        assert {stored.version for stored in rig.sink.list()} <= {1}, "a second recover stores nothing twice"
        if named:
            dismiss(rig.spool, "run-1")
        assert rig.spool_files() == []
        assert verify_chain(rig.store).broken is None
        for stored in rig.sink.list():
            rig.sink.remove(stored.path, actor=ACTOR)
        rig.site.revoke_all()
        return Settled(outcomes=Counter(each.outcome for each in found), kept=kept.total())


def _prove(keys: Counter[str], kept: Counter[str], named: list[Recovered], rig: Rig) -> None:
    assert set(kept.values()) <= {1}, "no key is in the sink twice"
    assert not kept - keys, "nothing is in the sink that the site did not show"
    lost = keys - kept
    targets = {target for each in named for target in each.targets}
    for digest in lost:
        # Where it was to go is named, with the way to revoke it.
        assert rig.site.keys()[digest] in targets
    for each in named:
        assert each.intent is not None
        assert each.intent.revoke


@pytest.mark.skipif(bool(why_not()), reason=why_not())
@pytest.mark.parametrize("share", [FEW, pytest.param(None, marks=pytest.mark.soak)], ids=["few", "every"])
def test_killed_before_a_system_call_between_intent_and_clear(scene: Scene, share: int | None) -> None:
    calls = traced(scene.folder, None)
    assert {"pwrite64", "fdatasync"} & set(calls) or {"write", "fsync"} & set(calls), calls
    assert settled(scene.folder) == Settled(outcomes=Counter(), kept=1)
    at = range(len(calls)) if share is None else sorted(random.sample(range(len(calls)), share))
    print(f"{len(calls)} system calls that leave a trace; killed before {[*at]}")
    seen: Counter[Outcome] = Counter()
    for index in at:
        traced(scene.folder, index)
        seen += settled(scene.folder).outcomes
    if share is None:
        assert {Outcome.POSSIBLY_CREATED, Outcome.STORED, Outcome.ALREADY_STORED} <= seen.keys()


def traced(folder: Path, kill_before: int | None) -> list[str]:
    """The system calls that a run did from its intent on; it is killed before the one with that index."""
    with child(folder, "run", stop_at="intended") as process:
        assert process.stdin is not None
        return Tracer(process.pid).follow(process.stdin.close, kill_before=kill_before)


@pytest.mark.parametrize("kills", [FEW, pytest.param(MANY, marks=pytest.mark.soak)], ids=["few", "many"])
def test_killed_at_a_random_moment(scene: Scene, kills: int) -> None:
    lot = random.Random(seed := random.randrange(10**6))
    print(f"seed {seed}")
    kept = 0
    for _ in range(kills):
        with child(scene.folder, "runs", stop_at="begun") as process:
            time.sleep(lot.uniform(0, 0.3))
            assert process.poll() is None
            process.kill()
        kept += settled(scene.folder).kept
    assert kept, "some runs came to their end"


def test_two_runs_and_two_recovers_at_once(scene: Scene) -> None:
    with ExitStack() as stack:
        acts = ("runs", "runs", "recovers", "recovers")
        processes = [stack.enter_context(child(scene.folder, act, stop_at="begun")) for act in acts]
        time.sleep(1.5)
        for process in processes:
            assert process.poll() is None
            process.kill()
    assert settled(scene.folder).kept > 2


def test_a_sink_that_is_down_from_the_first_byte_on_loses_nothing(scene: Scene) -> None:
    with opened_rig(scene.folder) as rig:
        rig.sink.probe()
        intent = rig.spool.intend(an_intent(targets=(rig.fresh_target,)))
        scene.go_down()
        with pytest.raises(BrokerError, match="safe in the spool"):
            run_once(rig, intent)
        intent.leave()
        if rig.sink.name != "local":  # the home's own store is what recover itself needs
            assert [each.outcome for each in rig.recover()] == [Outcome.SINK_UNAVAILABLE]
        scene.come_up()
    assert settled(scene.folder) == Settled(outcomes=Counter({Outcome.STORED: 1}), kept=1)


def test_a_full_disk_loses_nothing(scene: Scene) -> None:
    program = Path(__file__).with_name("full_disk.py")
    done = subprocess.run(
        [sys.executable, program, scene.folder],
        env={"PYTHONPATH": str(program.parents[2])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    came = json.loads(done.stdout)
    if isinstance(came, str):
        pytest.skip(came)
    print(came)
    assert came["0"] == "refused"
    assert came["256"] == "kept"
    assert set(came.values()) <= {"refused", "waiting", "kept"}
