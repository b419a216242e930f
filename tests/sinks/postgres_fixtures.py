"""Sinks of type `postgres` on a real server; the conftest imports them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tokenbroker.secret import Secret
from tokenbroker.settings import SinkSettings
from tokenbroker.sinks import SinkInputs, open_sink
from tokenbroker.sinks.databases import Databases
from tokenbroker.sinks.local import LocalSink
from tokenbroker.sinks.postgres import PostgresSink

URL, PASSWORD = "TOKENBROKER_POSTGRES_URL", "TOKENBROKER_POSTGRES_PASSWORD"

OpenPostgres = Callable[..., PostgresSink]


@pytest.fixture
def open_postgres(local: LocalSink, postgres_url: str) -> Iterator[OpenPostgres]:
    """Opens a sink on an empty database, by the variable with its URL unless told otherwise."""
    opened: list[Databases] = []

    def open_it(
        variables: Mapping[str, str] | None = None,
        *,
        alias: str = "team",
        home: LocalSink = local,
        learn: Any = None,
        **settings: Any,
    ) -> PostgresSink:
        opened.append(Databases())
        given = {URL: postgres_url} if variables is None else variables
        inputs = SinkInputs(
            store=home.store,
            custody=home.custody,
            variables={name: Secret(value) for name, value in given.items()},
            databases=opened[-1],
            learn=learn or (lambda secret: None),
        )
        sink = open_sink(alias, SinkSettings(type="postgres", **settings), inputs)
        assert isinstance(sink, PostgresSink)
        return sink

    yield open_it
    for each in opened:
        each.close()


@pytest.fixture
def postgres_sink(open_postgres: OpenPostgres) -> PostgresSink:
    return open_postgres()
