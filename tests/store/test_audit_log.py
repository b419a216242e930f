import hashlib
import json
import sqlite3
from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import select

from tests.raw_sql import execute_raw
from tokenbroker.errors import SecretUnavailable
from tokenbroker.store.audit_log import AuditEntry, BrokenLink, record, verify_chain
from tokenbroker.store.engine import Store
from tokenbroker.store.models import AUDIT_LOG
from tokenbroker.store.postgres import PostgresStore
from tokenbroker.store.sqlite import SqliteStore

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def _fill(store: Store, rows: int = 5) -> None:
    for number in range(rows):
        entry = AuditEntry(
            service_id="example",
            action="get_token",
            actor="a@example.test",
            key=f"local:example/{number}",
            detail={"version": number},
        )
        record(store, entry, at=NOW)


TRIGGERS = {
    SqliteStore: ["DROP TRIGGER audit_log_no_update", "DROP TRIGGER audit_log_no_delete"],
    PostgresStore: ["DROP TRIGGER audit_log_append_only ON audit_log"],
}


def _tamper(store: Store, *statements: str) -> None:
    """What someone does who owns the database: the triggers don't stop him."""
    execute_raw(store, *TRIGGERS[type(store)], *statements)


@pytest.mark.req("AUDIT-1")
def test_an_untouched_log_holds(store: Store) -> None:
    assert verify_chain(store).broken is None
    _fill(store)
    assert verify_chain(store) == verify_chain(store)
    assert (verify_chain(store).rows, verify_chain(store).broken) == (5, None)


@pytest.mark.req("AUDIT-1")
@pytest.mark.parametrize("act", ["UPDATE audit_log SET actor = 'b'", "DELETE FROM audit_log"])
def test_a_row_cannot_be_changed_or_deleted(store: Store, act: str) -> None:
    _fill(store)
    with pytest.raises((sqlite3.IntegrityError, psycopg.errors.RaiseException), match="append-only"):
        execute_raw(store, act)
    assert verify_chain(store).broken is None


COLUMNS = "at, service_id, action, actor, key, result, detail, prev_hash, hash"


@pytest.mark.req("AUDIT-1")
@pytest.mark.parametrize(
    ("statements", "row_id", "code"),
    [
        (["UPDATE audit_log SET actor = 'b' WHERE id = 3"], 3, "audit.row_changed"),
        (["UPDATE audit_log SET at = '2020' WHERE id = 1"], 1, "audit.row_changed"),
        (["UPDATE audit_log SET hash = prev_hash WHERE id = 2"], 2, "audit.row_changed"),
        (["DELETE FROM audit_log WHERE id = 3"], 3, "audit.row_missing"),
        (["DELETE FROM audit_log WHERE id = 1"], 1, "audit.row_missing"),
        (["DELETE FROM audit_log WHERE id > 3"], 4, "audit.row_missing"),
        (["DELETE FROM audit_log"], 1, "audit.row_missing"),
        (
            [
                "UPDATE audit_log SET id = 99 WHERE id = 2",
                "UPDATE audit_log SET id = 2 WHERE id = 4",
                "UPDATE audit_log SET id = 4 WHERE id = 99",
            ],
            2,
            "audit.row_changed",
        ),
        (
            [
                "DELETE FROM audit_log WHERE id = 2",
                "UPDATE audit_log SET id = id - 1 WHERE id > 2",
            ],
            2,
            "audit.row_changed",
        ),
        ([f"INSERT INTO audit_log SELECT 6, {COLUMNS} FROM audit_log WHERE id = 5"], 6, "audit.row_changed"),
    ],
    ids=["actor", "time", "hash", "middle", "first", "tail", "all", "reordered", "renumbered", "put-in"],
)
def test_the_first_bad_row_is_named(store: Store, statements: list[str], row_id: int, code: str) -> None:
    _fill(store)
    _tamper(store, *statements)
    assert verify_chain(store).broken == BrokenLink(row_id=row_id, code=code)


@pytest.mark.req("AUDIT-1")
def test_rows_written_after_a_cut_do_not_heal_it(store: Store) -> None:
    _fill(store, 4)
    _tamper(store, "DELETE FROM audit_log WHERE id = 4")
    _fill(store, 1)
    assert verify_chain(store).broken == BrokenLink(row_id=4, code="audit.row_missing")


@pytest.mark.req("AUDIT-1")
def test_a_changed_row_with_a_fitting_hash_breaks_the_link_after_it(store: Store) -> None:
    _fill(store, 3)
    query = select(AUDIT_LOG).where(AUDIT_LOG.c.id == 2)
    row = store.read(lambda c: dict(c.execute(query).mappings().one()))
    del row["hash"]
    row["actor"] = "b"
    text = json.dumps(row, sort_keys=True, separators=(",", ":"))
    forged = hashlib.sha256(text.encode()).hexdigest()
    _tamper(store, f"UPDATE audit_log SET actor = 'b', hash = '{forged}' WHERE id = 2")
    assert verify_chain(store).broken == BrokenLink(row_id=3, code="audit.row_unlinked")


def test_a_store_without_its_head_takes_no_row(store: Store) -> None:
    _tamper(store, "DELETE FROM store_meta WHERE name = 'audit_head'")
    with pytest.raises(SecretUnavailable):
        _fill(store, 1)


def test_a_detail_that_is_no_code_is_refused() -> None:
    with pytest.raises(ValueError, match="not a code"):
        AuditEntry(service_id="", action="a", actor="b", key="c", detail={"said": "some free text"})
