"""What tests of several rooms share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres_server import VARIABLE, certificate_of, new_database, serve_postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a real PostgreSQL server; its user may do everything."""
    with serve_postgres() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database, with the password of its owner."""
    with new_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_certificate(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate of the private server, which vouches for itself as 127.0.0.1 and localhost."""
    if os.environ.get(VARIABLE):
        pytest.skip(f"the server of ${VARIABLE} has a certificate of its own, if any")
    shown = certificate_of(postgres_server)
    if shown is None:
        pytest.skip("this PostgreSQL was built without TLS; that of a distribution has it")
    file = tmp_path_factory.mktemp("postgres") / "server.pem"
    file.write_text(shown)
    return file
