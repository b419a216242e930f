"""How far replacements have come: each step with its row in the audit (FLOW-8, AUDIT-1)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from tests.raw_sql import execute_raw
from tokenbroker.errors import RunError, SecretUnavailable
from tokenbroker.store.audit_log import AuditEntry
from tokenbroker.store.engine import Store
from tokenbroker.store.models import AUDIT_LOG
from tokenbroker.store.postgres import PostgresStore, open_postgres_store
from tokenbroker.store.rotations import (
    Rotation,
    Stage,
    begin_rotation,
    keep_rotation,
    note_stop,
    rotations_under_way,
)
from tokenbroker.store.sqlite import SqliteStore

pytestmark = pytest.mark.req("FLOW-8", "AUDIT-1")

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
ENTRY = AuditEntry(service_id="example", action="rotate_token", actor="tests", key="local:example/key")
BEGUN = Rotation(
    id="one",
    sink="local",
    path="example/key",
    old_version=1,
    flow_id="example/create",
    key_name="key-1",
    state=Stage.BEGUN,
    begun_at=NOW,
)


def under_way(store: Store) -> list[Rotation]:
    return rotations_under_way(store, ["local"])


@pytest.mark.parametrize(
    "act",
    [
        lambda store: begin_rotation(store, replace(BEGUN, id="two", path="example/other"), ENTRY),
        lambda store: keep_rotation(store, replace(BEGUN, state=Stage.PROVEN), ENTRY, after=BEGUN, at=LATER),
        lambda store: note_stop(store, BEGUN.id, "rotate.no_key", ENTRY, at=LATER),
    ],
)
def test_where_the_audit_takes_no_row_nothing_of_the_step_is_kept(
    store: Store, act: Callable[[Store], None]
) -> None:
    begin_rotation(store, BEGUN, ENTRY)
    execute_raw(store, "DELETE FROM store_meta WHERE name = 'audit_head'")
    with pytest.raises(SecretUnavailable):
        act(store)
    assert under_way(store) == [BEGUN]


@pytest.mark.req("RUN-10")
def test_who_has_been_overtaken_changes_nothing_any_more(store: Store) -> None:
    begin_rotation(store, BEGUN, ENTRY)
    theirs = replace(BEGUN, key_name="key-2")
    keep_rotation(store, theirs, ENTRY, after=BEGUN, at=LATER)
    rows = store.read(lambda c: c.execute(select(func.count()).select_from(AUDIT_LOG)).scalar())
    with pytest.raises(RunError) as caught:
        keep_rotation(store, replace(BEGUN, state=Stage.PROVEN), ENTRY, after=BEGUN, at=LATER)
    assert (caught.value.code, under_way(store)) == ("rotate.taken_over", [theirs])
    assert store.read(lambda c: c.execute(select(func.count()).select_from(AUDIT_LOG)).scalar()) == rows
    keep_rotation(store, replace(theirs, state=Stage.PROVEN), ENTRY, after=theirs, at=LATER)


def test_a_store_that_machines_share_lets_one_sitting_in(postgres: PostgresStore) -> None:
    with open_postgres_store(postgres.place) as elsewhere:
        with postgres.sitting() as is_free, elsewhere.sitting() as is_free_too:
            assert (is_free, is_free_too) == (True, False)
        with elsewhere.sitting() as is_free:
            assert is_free


def test_a_sitting_lasts_longer_than_the_store_that_it_was_begun_with(postgres: PostgresStore) -> None:
    elsewhere = open_postgres_store(postgres.place)
    with elsewhere.sitting():
        elsewhere.close()
        with postgres.sitting() as is_free:
            assert not is_free


def test_a_sitting_whose_machine_is_gone_holds_up_nobody(postgres: PostgresStore) -> None:
    ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND granted"
    with open_postgres_store(postgres.place) as elsewhere, elsewhere.sitting():
        execute_raw(postgres, f"{ended} AND pid <> pg_backend_pid()")
        with postgres.sitting() as is_free:
            assert is_free


def test_a_store_of_one_machine_leaves_it_to_the_home(sqlite: SqliteStore) -> None:
    with sqlite.sitting() as is_free, sqlite.sitting() as is_free_too:
        assert is_free
        assert is_free_too
