from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sinks.bitwarden_fixtures import (
    authority,
    bitwarden,
    bitwarden_clients,
    bitwarden_of_session,
    bitwarden_sink,
    open_bitwarden,
)
from tests.sinks.postgres_fixtures import open_postgres, postgres_sink
from tests.sinks.vault_fixtures import certificate, open_vault, real_vault, vault, vault_sink
from tokenbroker.sinks.local import LocalSink, open_local

__all__ = [
    "authority",
    "bitwarden",
    "bitwarden_clients",
    "bitwarden_of_session",
    "bitwarden_sink",
    "certificate",
    "open_bitwarden",
    "open_postgres",
    "open_vault",
    "postgres_sink",
    "real_vault",
    "vault",
    "vault_sink",
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def local(home: Path) -> Iterator[LocalSink]:
    with open_local(home, default_home=False) as sink:
        yield sink
