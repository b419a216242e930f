"""What tests of several rooms share."""

from collections.abc import Iterator

import pytest

from tests.postgres_server import new_database, serve_postgres


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
