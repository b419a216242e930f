"""Rotation of the data key: all records or none, whatever happens meanwhile (SECRET-5)."""

import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.postgres_server import place_of
from tests.raw_sql import execute_raw
from tokenbroker.clock import system_clock
from tokenbroker.errors import SecretAccessDenied, SecretNotFound
from tokenbroker.secret import Secret
from tokenbroker.sinks.local import LocalSink, open_local
from tokenbroker.sinks.rotation import Rotation, rotate
from tokenbroker.sinks.testing import ACTOR, demo_secret
from tokenbroker.store.audit_log import verify_chain
from tokenbroker.store.engine import Store
from tokenbroker.store.models import AUDIT_LOG, DATA_KEYS, TOKENS
from tokenbroker.store.postgres import open_postgres_store

pytestmark = [pytest.mark.req("SECRET-5", "SECRET-4")]

ROOT = Path(__file__).parents[2]


def rotated(sink: LocalSink) -> Rotation:
    return rotate(sink.store, sink.custody.data_keys, actor=ACTOR, clock=system_clock)


def key_ids(store: Store) -> tuple[set[str], set[str]]:
    """The keys that records name, and those that the store holds."""
    return store.read(
        lambda c: (
            set(c.execute(select(TOKENS.c.key_id).where(TOKENS.c.sealed.is_not(None))).scalars()),
            set(c.execute(select(DATA_KEYS.c.id)).scalars()),
        )
    )


URL = "ROTATION_TEST_URL"
Reopen = Callable[[], LocalSink]


@pytest.fixture(params=["sqlite", "postgres"])
def reopen(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> Reopen:
    """Opens the home, whose store is in either database; children find it by the environment."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    monkeypatch.setenv(URL, url)

    def open_it() -> LocalSink:
        return open_local(home, default_home=False, store=open_postgres_store(place_of(url)) if url else None)

    return open_it


@pytest.fixture
def local(reopen: Reopen) -> Iterator[LocalSink]:
    with reopen() as sink:
        yield sink


@pytest.fixture
def in_a_file(home: Path) -> Iterator[LocalSink]:
    with open_local(home, default_home=False) as sink:
        yield sink


@pytest.fixture
def filled_file(in_a_file: LocalSink) -> dict[str, Secret]:
    return _filled(in_a_file)


@pytest.fixture
def filled(local: LocalSink) -> dict[str, Secret]:
    """What is in the sink, by path."""
    return _filled(local)


def _filled(sink: LocalSink) -> dict[str, Secret]:
    values = {f"example/key-{number}": demo_secret() for number in range(12)}
    for path, value in values.items():
        sink.put(path, value, put_id=path, actor=ACTOR)
    return values


def test_every_record_is_sealed_anew_under_the_only_key(local: LocalSink, filled: dict[str, Secret]) -> None:
    before, _ = key_ids(local.store)
    sealed_before = local.store.read(lambda c: set(c.execute(select(TOKENS.c.sealed)).scalars()))
    done = rotated(local)
    assert done.records == len(filled)
    assert key_ids(local.store) == ({done.key_id}, {done.key_id})
    assert done.key_id not in before
    sealed = local.store.read(lambda c: set(c.execute(select(TOKENS.c.sealed)).scalars()))
    assert sealed.isdisjoint(sealed_before)
    assert {path: local.get(path, actor=ACTOR) for path in filled} == filled
    row = local.store.read(
        lambda c: c.execute(select(AUDIT_LOG).where(AUDIT_LOG.c.action == "rotate_key")).one()
    )
    assert (row.actor, row.key, row.result, row.detail) == (ACTOR, done.key_id, "ok", '{"records":12}')
    assert verify_chain(local.store).broken is None


def test_no_byte_of_what_was_sealed_before_stays_in_the_files(
    in_a_file: LocalSink, filled_file: dict[str, Secret]
) -> None:
    local = in_a_file
    query = select(TOKENS.c.sealed).limit(1)
    before = local.store.read(lambda c: c.execute(query).scalar_one())
    key = local.store.read(lambda c: c.execute(select(DATA_KEYS.c.sealed)).scalar_one())
    local.store.forget_what_was_overwritten()
    assert before in local.store.path.read_bytes(), "the search can find what is there"
    rotated(local)
    written = b"".join(file.read_bytes() for file in local.store.path.parent.glob("store.db*"))
    assert before not in written
    assert key not in written


def test_a_store_of_an_earlier_release_gets_its_first_data_key(local: LocalSink) -> None:
    execute_raw(local.store, "DELETE FROM data_keys")  # such a store had none
    value = demo_secret()
    local.put("example/key", value, put_id="1", actor=ACTOR)
    assert key_ids(local.store) == ({local.custody.master_key.key_id}, set())
    done = rotated(local)
    assert key_ids(local.store) == ({done.key_id}, {done.key_id})
    assert local.get("example/key", actor=ACTOR) == value


def test_references_fingerprints_and_removals_stay_as_they_are(
    local: LocalSink, filled: dict[str, Secret]
) -> None:
    path, value = next(iter(filled.items()))
    local.remove("example/key-3", actor=ACTOR)
    before = local.list()
    rotated(local)
    assert local.list() == before
    assert local.put(path, value, put_id=path, actor=ACTOR).version == 1  # that act was done before
    assert local.put("example/key-3", value, put_id="again", actor=ACTOR).version == 2
    with pytest.raises(SecretNotFound):
        local.get("example/key-3", version=1, actor=ACTOR)


def test_an_empty_store_can_be_rotated(local: LocalSink) -> None:
    assert rotated(local).records == 0
    local.put("example/key", demo_secret(), put_id="1", actor=ACTOR)
    assert rotated(local).records == 1


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "UPDATE tokens SET sealed = nonce WHERE path = 'example/key-7'",
            "was changed in the database",
        ),
        (
            "UPDATE tokens SET path = 'example/moved' WHERE path = 'example/key-7'",
            "was changed in the database",
        ),
        (
            "UPDATE tokens SET key_id = '0123456789abcdef' WHERE path = 'example/key-7'",
            "was sealed with another key",
        ),
    ],
    ids=["corrupt", "moved", "other-key"],
)
def test_a_record_that_does_not_open_stops_the_rotation_before_anything_changes(
    local: LocalSink, filled: dict[str, Secret], statement: str, told: str
) -> None:
    execute_raw(local.store, statement)
    before = local.store.read(lambda c: c.execute(select(TOKENS)).all())
    with pytest.raises(SecretAccessDenied, match=told) as caught:
        rotated(local)
    assert "Nothing was rotated in " in caught.value.sentence
    assert ": the record local:example/" in caught.value.sentence
    assert local.store.read(lambda c: c.execute(select(TOKENS)).all()) == before
    assert local.get("example/key-1", actor=ACTOR) == filled["example/key-1"]
    local.put("example/new", demo_secret(), put_id="new", actor=ACTOR)


def test_a_data_key_that_was_changed_is_an_invalid_key(
    local: LocalSink, reopen: Reopen, filled: dict[str, Secret]
) -> None:
    execute_raw(local.store, "UPDATE data_keys SET sealed = nonce")
    with reopen() as other:
        for act in (
            lambda: other.get("example/key-1", actor=ACTOR),
            lambda: other.put("example/new", demo_secret(), put_id="n", actor=ACTOR),
            other.probe,
        ):
            with pytest.raises(SecretAccessDenied, match="Invalid encryption key"):
                act()


def test_a_process_that_knew_the_former_key_seals_with_the_present_one(
    local: LocalSink, reopen: Reopen, filled: dict[str, Secret]
) -> None:
    with reopen() as other:
        assert other.get("example/key-1", actor=ACTOR) == filled["example/key-1"]
        done = rotated(local)
        value = demo_secret()
        other.put("example/late", value, put_id="late", actor=ACTOR)
        assert key_ids(local.store)[0] == {done.key_id}
        assert local.get("example/late", actor=ACTOR) == value
        assert other.get("example/key-1", actor=ACTOR) == filled["example/key-1"]


OPEN = """
import os, sys
from pathlib import Path
from tests.postgres_server import place_of
from tokenbroker.sinks.local import open_local
from tokenbroker.store.postgres import open_postgres_store
url = os.environ["ROTATION_TEST_URL"]
store = open_postgres_store(place_of(url)) if url else None
def opened():
    return open_local(Path(sys.argv[1]), default_home=False, store=store)
"""
ROTATE_FOR_EVER = """
from tokenbroker.clock import system_clock
from tokenbroker.sinks.rotation import rotate
with opened() as sink:
    while True:
        print("rotating", flush=True)
        rotate(sink.store, sink.custody.data_keys, actor="child", clock=system_clock)
"""
READ_FOR_EVER = """
import random
from sqlalchemy import select
from tokenbroker.sinks.sealing import RecordIdentity
from tokenbroker.store.models import TOKENS
NAMES = ("sink", "path", "version", "put_id", "key_id")
def look(connection):
    # As a sink reads, but for the audit row: it would wait for the writer.
    rows = connection.execute(select(TOKENS).where(TOKENS.c.path.in_(random.sample(paths, 20)))).all()
    for row in rows:
        sealer = sink.custody.data_keys.of(connection, row.key_id)
        identity = RecordIdentity(**{name: getattr(row, name) for name in NAMES})
        assert sealer is not None and sealer.open(identity, row.nonce, row.sealed) is not None, row.path
    return len(rows)
with opened() as sink:
    paths = [stored.path for stored in sink.list()]
    print("reading", flush=True)
    while True:
        assert sink.store.read(look) == 20
"""


@contextmanager
def child(program: str, home: Path) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", OPEN + program, str(home)],
        env={"PYTHONPATH": str(ROOT), URL: os.environ[URL]},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("kills", "tokens"), [(5, 1_500), pytest.param(50, 10_000, marks=pytest.mark.soak)], ids=["few", "many"]
)
def test_killed_at_any_moment_every_token_opens_with_exactly_one_key_and_no_reader_sees_more(
    home: Path, reopen: Reopen, kills: int, tokens: int
) -> None:
    with reopen() as sink:
        values = {f"example/key-{number}": demo_secret() for number in range(tokens)}
        _put_all(sink, values)
        once = _seconds_of_a_rotation(sink)
        lot = random.Random(seed := random.randrange(10**6))
        print(f"seed {seed}")
        seen = set()
        with child(READ_FOR_EVER, home) as reader:
            for number in range(kills):
                with child(ROTATE_FOR_EVER, home) as rotating:
                    assert rotating.stdout is not None
                    if number % 2:  # one rotation is done then, and the next begins
                        assert rotating.stdout.readline()
                    lot.choice((os.sched_yield, partial(time.sleep, lot.uniform(0, once))))()
                    assert rotating.poll() is None
                assert reader.poll() is None, reader.communicate()[1]
                used, held = key_ids(sink.store)
                assert used == held
                assert len(used) == 1
                seen |= used
                for path in lot.sample(sorted(values), 50):
                    assert sink.get(path, actor=ACTOR) == values[path]
        assert {path: sink.get(path, actor=ACTOR) for path in values} == values
        assert len(seen) > 1, "every other child had done one rotation"
        assert verify_chain(sink.store).broken is None


def _put_all(sink: LocalSink, values: dict[str, Secret]) -> None:
    for path, value in values.items():
        sink.put(path, value, put_id=path, actor=ACTOR)


def _seconds_of_a_rotation(sink: LocalSink) -> float:
    began = time.monotonic()
    rotated(sink)
    return time.monotonic() - began


def test_a_row_with_any_id_is_sealed_anew(local: LocalSink, filled: dict[str, Secret]) -> None:
    execute_raw(local.store, "UPDATE tokens SET id = -7 WHERE path = 'example/key-1'")
    execute_raw(local.store, f"UPDATE tokens SET id = {2**31 - 1} WHERE path = 'example/key-2'")
    assert rotated(local).records == len(filled)
    assert {path: local.get(path, actor=ACTOR) for path in filled} == filled


@pytest.mark.parametrize("column", ["path", "key_id", "sink", "put_id"])
def test_a_column_of_another_type_is_told_as_a_changed_record(
    in_a_file: LocalSink, filled_file: dict[str, Secret], column: str
) -> None:
    local = in_a_file  # PostgreSQL has types
    execute_raw(local.store, f"UPDATE tokens SET {column} = x'41' WHERE path = 'example/key-1'")
    with pytest.raises(SecretAccessDenied, match="Nothing was rotated"):
        rotated(local)
    row = local.store.read(
        lambda c: c.execute(select(AUDIT_LOG).where(AUDIT_LOG.c.action == "rotate_key")).one()
    )
    assert row.result == "secret.access_denied"


def test_a_reader_makes_nobody_wait_and_it_is_said_that_what_was_sealed_before_is_still_there(
    in_a_file: LocalSink, filled_file: dict[str, Secret]
) -> None:
    local = in_a_file
    with closing(sqlite3.connect(local.store.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM tokens").fetchone()
        assert "Somebody reads" in rotated(local).remains
        reader.execute("COMMIT")
    assert not rotated(local).remains


def test_a_store_whose_key_check_is_lost_keeps_its_data_key(local: LocalSink, reopen: Reopen) -> None:
    value = demo_secret()
    local.put("example/key", value, put_id="1", actor=ACTOR)
    execute_raw(local.store, "DELETE FROM store_meta WHERE name = 'key_check'")
    with reopen() as anew:
        assert anew.get("example/key", actor=ACTOR) == value


@pytest.mark.parametrize("left", ["", "half a text", "AAAA"])
def test_a_key_check_that_was_changed_is_an_invalid_key(local: LocalSink, reopen: Reopen, left: str) -> None:
    execute_raw(local.store, f"UPDATE store_meta SET value = '{left}' WHERE name = 'key_check'")
    with pytest.raises(SecretAccessDenied, match="Invalid encryption key"):
        reopen()
