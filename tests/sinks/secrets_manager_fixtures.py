"""Sinks of type `bitwarden` in Secrets Manager, on a server of ours; the conftest imports them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.sinks.secrets_manager_crypto import write_certificates
from tests.sinks.secrets_manager_server import SecretsManager, serve_secrets_manager
from tokenbroker.secret import Secret
from tokenbroker.settings import SinkSettings
from tokenbroker.sinks import SinkInputs, open_sink
from tokenbroker.sinks.local import LocalSink
from tokenbroker.sinks.secrets_manager import SecretsManagerSink

TOKEN = "TOKENBROKER_BITWARDEN_ACCESS_TOKEN"

OpenSecretsManager = Callable[..., SecretsManagerSink]


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """The file of an authority, and that of a server that it vouches for."""

    authority: Path
    server: Path


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    authority, server = write_certificates(tmp_path_factory.mktemp("certificates"))
    return Certificates(authority=authority, server=server)


@pytest.fixture
def manager(certificates: Certificates) -> Iterator[SecretsManager]:
    with serve_secrets_manager(certificates.server) as server:
        yield server


@pytest.fixture
def open_manager(
    local: LocalSink, manager: SecretsManager, certificates: Certificates
) -> Iterator[OpenSecretsManager]:
    """Opens a sink on `manager`, with a fresh token unless told otherwise; its process is ended at the end."""
    opened: list[SecretsManagerSink] = []

    def open_it(
        variables: Mapping[str, str] | None = None,
        *,
        alias: str = "bitwarden",
        inputs: SinkInputs | None = None,
        **settings: Any,
    ) -> SecretsManagerSink:
        given = {TOKEN: manager.new_token()} if variables is None else variables
        inputs = inputs or SinkInputs(
            store=local.store,
            custody=local.custody,
            variables={name: Secret(value) for name, value in given.items()},
        )
        wanted = {
            "type": "bitwarden",
            "client": "secrets_manager",
            "address": manager.url,
            "ca_file": certificates.authority,
            "organization_id": manager.organization,
            "project_id": manager.project,
            **settings,
        }
        sink = open_sink(alias, SinkSettings(**wanted), inputs)
        assert isinstance(sink, SecretsManagerSink)
        opened.append(sink)
        return sink

    yield open_it
    for sink in opened:
        sink.vault.sdk.end()


@pytest.fixture
def manager_sink(open_manager: OpenSecretsManager) -> SecretsManagerSink:
    return open_manager()
