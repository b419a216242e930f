from collections.abc import Iterator
from pathlib import Path

import pytest

from tokenbroker.store.engine import Store, open_store


@pytest.fixture
def store_path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "store.db"


@pytest.fixture
def store(store_path: Path) -> Iterator[Store]:
    with open_store(store_path, busy_timeout_s=0.2) as opened:
        yield opened
