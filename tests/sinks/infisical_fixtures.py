"""Sinks of type `infisical`, on a server of ours and on the one of the environment; the conftest imports them."""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.sinks.infisical_server import ENVIRONMENT, PROJECT, Infisical, serve_infisical
from tokenbroker.clock import system_clock
from tokenbroker.secret import Secret
from tokenbroker.settings import SinkSettings
from tokenbroker.sinks import Sink, SinkInputs, open_sink
from tokenbroker.sinks.local import LocalSink

TOKEN, CLIENT_ID, CLIENT_SECRET = (
    f"TOKENBROKER_INFISICAL_{what}" for what in ("TOKEN", "CLIENT_ID", "CLIENT_SECRET")
)
# Read when this is imported: a session with flows takes credentials out of the environment.
REAL = {
    name: os.environ.get(f"TOKENBROKER_TEST_INFISICAL_{name}", "")
    for name in ("ADDRESS", "TOKEN", "PROJECT_ID", "ENVIRONMENT")
}

OpenInfisical = Callable[..., Sink]


@pytest.fixture
def infisical() -> Iterator[Infisical]:
    with serve_infisical() as server:
        yield server


@pytest.fixture
def open_infisical(local: LocalSink, infisical: Infisical) -> OpenInfisical:
    """Opens a sink on `infisical`, with a fresh token unless told otherwise; what is learnt goes to `learn`."""

    def open_it(
        variables: Mapping[str, str] | None = None,
        *,
        alias: str = "infisical",
        learn: Any = None,
        clock: Any = system_clock,
        **settings: Any,
    ) -> Sink:
        if variables is None:
            variables, settings = {TOKEN: infisical.new_token()}, {"auth": "token", **settings}
        inputs = SinkInputs(
            store=local.store,
            custody=local.custody,
            variables={name: Secret(value) for name, value in variables.items()},
            learn=learn or (lambda secret: None),
            clock=clock,
        )
        given = {"address": infisical.url, "project_id": PROJECT, "environment": ENVIRONMENT, **settings}
        return open_sink(alias, SinkSettings(**{"type": "infisical", **given}), inputs)

    return open_it


@pytest.fixture
def infisical_sink(open_infisical: OpenInfisical) -> Sink:
    return open_infisical(cache_s=0)


@pytest.fixture
def real_infisical(local: LocalSink) -> Sink:
    """A sink in a folder of its own of the project that the environment names, which is left there."""
    inputs = SinkInputs(store=local.store, custody=local.custody, variables={TOKEN: Secret(REAL["TOKEN"])})
    settings = SinkSettings(
        type="infisical",
        auth="token",
        address=REAL["ADDRESS"],
        project_id=REAL["PROJECT_ID"],
        environment=REAL["ENVIRONMENT"],
        path_prefix=f"tokenbroker-test-{secrets.token_hex(8)}",
    )
    return open_sink("infisical", settings, inputs)


def new_client(infisical: Infisical) -> dict[str, str]:
    client_id, client_secret = secrets.token_hex(16), secrets.token_hex(32)
    infisical.clients[client_id] = client_secret
    return {CLIENT_ID: client_id, CLIENT_SECRET: client_secret}
