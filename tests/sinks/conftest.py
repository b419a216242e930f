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
from tests.sinks.infisical_fixtures import infisical, infisical_sink, open_infisical, real_infisical
from tests.sinks.onepassword_fixtures import (
    connect,
    onepassword_sink,
    open_onepassword,
    real_onepassword,
)
from tests.sinks.postgres_fixtures import open_postgres, postgres_sink
from tests.sinks.secrets_manager_fixtures import certificates, manager, manager_sink, open_manager
from tests.sinks.vault_fixtures import certificate, open_vault, real_vault, vault, vault_sink
from tokenbroker.sinks.local import LocalSink, open_local

__all__ = [
    "authority",
    "bitwarden",
    "bitwarden_clients",
    "bitwarden_of_session",
    "bitwarden_sink",
    "certificate",
    "certificates",
    "connect",
    "infisical",
    "infisical_sink",
    "manager",
    "manager_sink",
    "onepassword_sink",
    "open_bitwarden",
    "open_infisical",
    "open_manager",
    "open_onepassword",
    "open_postgres",
    "open_vault",
    "postgres_sink",
    "real_infisical",
    "real_onepassword",
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
