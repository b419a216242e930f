"""What holds of a store in either database."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, inspect, text

import tokenbroker.store
from tests.store.plain import assert_plain
from tokenbroker.errors import SecretUnavailable
from tokenbroker.store.audit_log import AuditEntry, record, verify_chain
from tokenbroker.store.engine import REVISIONS, Store
from tokenbroker.store.meta import read_meta, write_meta
from tokenbroker.store.models import METADATA, TOKEN_JOBS

MIGRATIONS = Path(tokenbroker.store.__file__).with_name("migrations")


@pytest.mark.req("DATA-1")
def test_migrations_lead_to_exactly_the_models(store: Store) -> None:
    differences = store.read(
        lambda c: compare_metadata(
            MigrationContext.configure(c, opts={"compare_type": True, "compare_server_default": True}),
            METADATA,
        )
    )
    assert differences == []


def test_the_revisions_named_for_fast_opening_are_alembics() -> None:
    folder = ScriptDirectory(str(MIGRATIONS))
    known = [script.revision for script in folder.walk_revisions()]
    assert tuple(reversed(known)) == REVISIONS


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    def work(connection: object) -> None:
        write_meta(connection, "half", "done")  # type: ignore[arg-type]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.write(work)
    assert store.read(lambda c: read_meta(c, "half")) is None


def test_a_store_of_a_newer_version_is_left_alone(store: Store) -> None:
    store.write(lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(SecretUnavailable, match="newer tokenbroker") as caught:
        store.upgrade()
    assert_plain(caught.value)


@pytest.mark.req("DATA-1")
@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_the_database_of_every_older_release_is_upgraded_and_keeps_what_it_has(
    store: Store, revision: str
) -> None:
    _go_back_to(store, revision)
    row = {"id": "old", "flow_id": "a/b", "mode": "semi_auto", "status": "passed", "created_key": True}
    store.write(
        lambda c: c.execute(
            insert(TOKEN_JOBS).values(**row, created_at="2026-01-01", updated_at="2026-01-01")
        )
    )
    entry = AuditEntry(service_id="a", action="run_flow", actor="b", key="a/b")
    record(store, entry, at=datetime(2026, 1, 1, tzinfo=UTC))
    store.upgrade()
    assert (
        store.read(lambda c: c.execute(text("SELECT version_num FROM alembic_version")).scalar())
        == REVISIONS[-1]
    )
    assert store.read(lambda c: c.execute(text("SELECT id FROM token_jobs")).scalar()) == "old"
    assert (verify_chain(store).rows, verify_chain(store).broken) == (1, None)
    test_migrations_lead_to_exactly_the_models(store)


def _go_back_to(store: Store, revision: str) -> None:
    """Make `store` as the release that had `revision` made it: its tables dropped, and made by that migration."""

    def work(connection: Connection) -> None:
        for name in inspect(connection).get_table_names():
            connection.execute(text(f'DROP TABLE "{name}"'))
        if connection.dialect.name == "postgresql":
            connection.execute(text("DROP FUNCTION audit_log_is_append_only"))
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    store.write(work)


@pytest.mark.req("AUDIT-1")
def test_writers_are_alone_and_none_forks_the_log(store: Store) -> None:
    entry = AuditEntry(service_id="a", action="get_token", actor="b", key="local:a/b")
    with ThreadPoolExecutor(8) as pool:
        rows = [*pool.map(lambda _: record(store, entry, at=datetime(2026, 1, 1, tzinfo=UTC)), range(40))]
    assert sorted(rows) == [*range(1, 41)]
    assert verify_chain(store).broken is None


def test_a_reader_sees_the_store_as_it_was_when_it_began(store: Store) -> None:
    store.write(lambda c: write_meta(c, "a", "before"))
    written = threading.Event()

    def write() -> None:
        store.write(lambda c: write_meta(c, "a", "after"))
        written.set()

    def work(connection: Connection) -> list[str | None]:
        first = read_meta(connection, "a")
        threading.Thread(target=write).start()
        assert written.wait(10)
        return [first, read_meta(connection, "a")]

    assert store.read(work) == ["before", "before"]
    assert store.read(lambda c: read_meta(c, "a")) == "after"
