"""Errors of databases, as a person sees them."""

from tokenbroker.errors import BrokerError

FOREIGN = ("sqlalche", "psycopg", "libpq", "fatal", "select ", "insert ", "demo-only")


def assert_plain(error: BrokerError, code: str = "secret.unavailable") -> None:
    """`error` has that code, says what to do, and holds nothing of the driver's."""
    assert error.code == code, error
    assert error.next_step
    assert error.__cause__ is None
    assert error.__context__ is None
    for word in FOREIGN:
        assert word not in f"{error!r} {error}".lower()
