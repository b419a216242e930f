"""Sinks of type `bitwarden` on a server of ours, driven by the vendor's `bw`; the conftest imports them.

A login takes seconds: the server, and the clients that are signed in, last for a session, and each test begins with
an account without items.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.certificates import authority_and_leaf
from tests.sinks.bitwarden_server import Bitwarden, serve_bitwarden
from tokenbroker.secret import Secret
from tokenbroker.settings import BITWARDEN_PREFIX, SinkSettings
from tokenbroker.sinks import SinkInputs, open_sink
from tokenbroker.sinks.bitwarden_cli import BitwardenSink
from tokenbroker.sinks.bitwarden_client import BitwardenClient
from tokenbroker.sinks.bitwarden_vault import BitwardenVault
from tokenbroker.sinks.local import LocalSink

COMMAND = Path(sys.prefix) / "npm/node_modules/.bin/bw"
"""Where `make test` installs the pinned client."""

OpenBitwarden = Callable[..., BitwardenSink]
Clients = dict[str, BitwardenClient]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The files of an authority's certificate, and of one that it gave to this machine, with its key."""
    folder = tmp_path_factory.mktemp("authority")
    files = folder / "ca.pem", folder / "server.pem"
    for file, data in zip(files, authority_and_leaf(), strict=True):
        file.write_bytes(data)
    return files


@pytest.fixture(scope="session")
def bitwarden_of_session(authority: tuple[Path, Path]) -> Iterator[Bitwarden]:
    with serve_bitwarden(authority[1]) as server:
        yield server


@pytest.fixture(scope="session")
def bitwarden_clients() -> Iterator[Clients]:
    """Those that are signed in, by a name of the test's choice."""
    clients: Clients = {}
    yield clients
    for client in clients.values():
        client.close()


@pytest.fixture
def bitwarden(bitwarden_of_session: Bitwarden) -> Iterator[Bitwarden]:
    """The server, without items and faults."""
    bitwarden_of_session.wipe()
    yield bitwarden_of_session
    bitwarden_of_session.wipe()


@pytest.fixture
def open_bitwarden(
    local: LocalSink, bitwarden: Bitwarden, authority: tuple[Path, Path], bitwarden_clients: Clients
) -> Iterator[OpenBitwarden]:
    """Opens a sink on `bitwarden`; one with a name in `client` shares what is signed in under that name."""
    opened: list[BitwardenSink] = []

    def open_it(
        variables: Mapping[str, str] | None = None,
        *,
        alias: str = "bitwarden",
        client: str = "",
        **settings: Any,
    ) -> BitwardenSink:
        given = api_key(bitwarden) if variables is None else variables
        inputs = SinkInputs(
            store=local.store,
            custody=local.custody,
            variables={name: Secret(value) for name, value in given.items()},
        )
        told = {"address": bitwarden.url, "ca_file": authority[0], "command": str(COMMAND), **settings}
        sink = open_sink(alias, SinkSettings(type="bitwarden", **told), inputs)
        assert isinstance(sink, BitwardenSink)
        if client:
            sink.client = bitwarden_clients.setdefault(client, sink.client)
        else:
            opened.append(sink)
        return sink

    yield open_it
    for sink in opened:
        sink.client.close()


@pytest.fixture
def bitwarden_sink(open_bitwarden: OpenBitwarden, monkeypatch: pytest.MonkeyPatch) -> BitwardenSink:
    """Signed in, with a client that others share; the server of the tests tells every two revisions apart."""
    monkeypatch.setattr(BitwardenVault, "_let_settle", lambda *_: False)
    return open_bitwarden(client="shared")


def api_key(bitwarden: Bitwarden) -> dict[str, str]:
    return {
        f"{BITWARDEN_PREFIX}CLIENT_ID": bitwarden.client_id,
        f"{BITWARDEN_PREFIX}CLIENT_SECRET": bitwarden.client_secret,
        f"{BITWARDEN_PREFIX}PASSWORD": bitwarden.password,
    }
