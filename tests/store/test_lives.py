"""What is known of the life of tokens, and a store of the first release that learns of it (FLOW-8, DATA-1)."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, insert, text

import tokenbroker.store
from tokenbroker.store.engine import REVISIONS, Store, open_store
from tokenbroker.store.lives import Life, known_lives, remember
from tokenbroker.store.models import TOKEN_JOBS

pytestmark = pytest.mark.req("FLOW-8", "DATA-1")

LIFE = Life(
    sink="bitwarden",
    path="example/key",
    version=2,
    flow_id="example/create[a]",
    run_id="run-1",
    created_at=datetime(2026, 11, 27, 12, 0, 1, 5, tzinfo=UTC),
    ends_at=datetime(2027, 2, 25, 12, 0, 1, 5, tzinfo=UTC),
    rotates="example/rotate",
    revokes="",
    grace_s=3600,
    owner="platform",
)


def test_a_life_comes_back_as_it_was_kept(store: Store) -> None:
    other = replace(LIFE, sink="local", ends_at=None, grace_s=None)
    for life in (LIFE, other):
        remember(store, life)
    assert known_lives(store, ["bitwarden"]) == {("bitwarden", "example/key", 2): LIFE}
    assert [*known_lives(store, ["bitwarden", "local"]).values()] == [LIFE, other]
    assert known_lives(store, ["elsewhere"]) == {}


def test_said_again_it_replaces_what_was_known(store: Store) -> None:
    remember(store, LIFE)
    anew = replace(LIFE, owner="search")
    remember(store, anew)
    assert known_lives(store, ["bitwarden"]) == {("bitwarden", "example/key", 2): anew}


def test_a_store_of_the_first_release_is_upgraded_and_keeps_what_it_has(store_path: Path) -> None:
    with open_store(store_path) as store:
        _go_back_to(store, "0001")
        row = {"id": "old", "flow_id": "a/b", "mode": "semi_auto", "status": "passed", "created_key": True}
        store.write(
            lambda c: c.execute(
                insert(TOKEN_JOBS).values(**row, created_at="2026-01-01", updated_at="2026-01-01")
            )
        )
    with open_store(store_path) as store:
        assert (
            store.read(lambda c: c.execute(text("SELECT version_num FROM alembic_version")).scalar())
            == (REVISIONS[-1])
        )
        assert store.read(lambda c: c.execute(text("SELECT id FROM token_jobs")).scalar()) == "old"
        remember(store, LIFE)
        assert known_lives(store, ["bitwarden"])


def _go_back_to(store: Store, revision: str) -> None:
    """Make `store` as the release that had `revision` made it: its tables dropped, and made by that migration."""

    def work(connection: Connection) -> None:
        names = [
            row[0] for row in connection.execute(text("SELECT name FROM sqlite_master WHERE type='table'"))
        ]
        for name in names:
            connection.execute(text(f'DROP TABLE "{name}"'))
        config = Config()
        config.set_main_option(
            "script_location", str(Path(tokenbroker.store.__file__).with_name("migrations"))
        )
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    store.write(work)
