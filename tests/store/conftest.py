from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres_server import place_of
from tokenbroker.store.engine import Store
from tokenbroker.store.postgres import PostgresStore, open_postgres_store
from tokenbroker.store.sqlite import SqliteStore, open_store


@pytest.fixture
def store_path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "store.db"


@pytest.fixture
def sqlite(store_path: Path) -> Iterator[SqliteStore]:
    with open_store(store_path) as opened:
        yield opened


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[PostgresStore]:
    with open_postgres_store(place_of(postgres_url, timeout_s=5)) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    """A store in either database."""
    opened = request.getfixturevalue(request.param)
    assert isinstance(opened, Store)
    return opened
