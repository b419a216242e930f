"""Sinks of type `onepassword`, on a Connect server of ours and on the one of the environment; the conftest imports them."""

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.sinks.onepassword_server import VAULT, Connect, serve_connect
from tokenbroker.clock import system_clock
from tokenbroker.secret import Secret
from tokenbroker.settings import SinkSettings
from tokenbroker.sinks import SinkInputs, open_sink
from tokenbroker.sinks.local import LocalSink
from tokenbroker.sinks.onepassword import OnePasswordSink

TOKEN = "TOKENBROKER_ONEPASSWORD_TOKEN"
# Read when this is imported: a session with flows takes credentials out of the environment.
REAL = {
    name: os.environ.get(name, "")
    for name in ("OP_CONNECT_HOST", "OP_CONNECT_TOKEN", "TOKENBROKER_TEST_ONEPASSWORD_VAULT")
}

OpenOnePassword = Callable[..., OnePasswordSink]


@pytest.fixture
def connect() -> Iterator[Connect]:
    with serve_connect() as server:
        yield server


@pytest.fixture
def open_onepassword(local: LocalSink, connect: Connect) -> OpenOnePassword:
    """Opens a sink on `connect`, with a fresh token unless told otherwise."""

    def open_it(
        variables: Mapping[str, str] | None = None,
        *,
        alias: str = "onepassword",
        clock: Any = system_clock,
        **settings: Any,
    ) -> OnePasswordSink:
        given = {TOKEN: connect.new_token()} if variables is None else variables
        inputs = SinkInputs(
            store=local.store,
            custody=local.custody,
            variables={name: Secret(value) for name, value in given.items()},
            clock=clock,
        )
        wanted = {
            "type": "onepassword",
            "client": "connect",
            "address": connect.url,
            "vault": VAULT,
            **settings,
        }
        sink = open_sink(alias, SinkSettings(**wanted), inputs)
        assert isinstance(sink, OnePasswordSink)
        return sink

    return open_it


@pytest.fixture
def onepassword_sink(open_onepassword: OpenOnePassword) -> OnePasswordSink:
    return open_onepassword()


@pytest.fixture
def real_onepassword(local: LocalSink) -> OnePasswordSink:
    """A sink in the vault that the environment names, which has to be empty; items are left there."""
    host, token, vault = REAL.values()
    inputs = SinkInputs(store=local.store, custody=local.custody, variables={TOKEN: Secret(token)})
    settings = SinkSettings(type="onepassword", client="connect", address=host, vault=vault)
    sink = open_sink("onepassword", settings, inputs)
    assert isinstance(sink, OnePasswordSink)
    return sink
