"""Sinks of type `vault`, on a server of ours and on the one of the environment; the conftest imports them."""

import os
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import hvac
import pytest
from sqlalchemy import select

from tests.certificates import certificate_and_key
from tests.sinks.vault_server import Vault, serve_vault
from tokenbroker.secret import Secret
from tokenbroker.settings import SinkSettings
from tokenbroker.sinks import Sink, SinkInputs, open_sink
from tokenbroker.sinks.local import LocalSink
from tokenbroker.sinks.testing import ACTOR, demo_secret
from tokenbroker.store.audit_log import verify_chain
from tokenbroker.store.models import AUDIT_LOG

TOKEN, ROLE_ID, SECRET_ID = (f"TOKENBROKER_VAULT_{what}" for what in ("TOKEN", "ROLE_ID", "SECRET_ID"))
# Read when this is imported: a session with flows takes credentials out of the environment.
REAL = {name: os.environ.get(name, "") for name in ("VAULT_ADDR", "VAULT_TOKEN")}

Open = Callable[..., Sink]


@pytest.fixture
def vault() -> Iterator[Vault]:
    with serve_vault() as server:
        yield server


@pytest.fixture
def open_vault(local: LocalSink, vault: Vault) -> Open:
    """Opens a sink on `vault`, with a fresh token unless told otherwise; what is learnt goes to `learn`."""

    def open_it(
        variables: Mapping[str, str] | None = None,
        *,
        alias: str = "vault",
        learn: Any = None,
        **settings: Any,
    ) -> Sink:
        given = {TOKEN: vault.new_token(settings.get("namespace", ""))} if variables is None else variables
        inputs = SinkInputs(
            store=local.store,
            custody=local.custody,
            variables={name: Secret(value) for name, value in given.items()},
            learn=learn or (lambda secret: None),
        )
        return open_sink(alias, SinkSettings(**{"type": "vault", "address": vault.url, **settings}), inputs)

    return open_it


@pytest.fixture
def vault_sink(open_vault: Open) -> Sink:
    return open_vault()


@pytest.fixture
def real_vault(local: LocalSink) -> Iterator[Sink]:
    """A sink in a folder of its own on the server of the environment; what was put there is wiped out."""
    prefix = f"tokenbroker-test-{secrets.token_hex(8)}"
    inputs = SinkInputs(
        store=local.store, custody=local.custody, variables={"VAULT_TOKEN": Secret(REAL["VAULT_TOKEN"])}
    )
    settings = SinkSettings(
        type="vault", address=REAL["VAULT_ADDR"], path_prefix=prefix, ca_file=os.environ.get("VAULT_CACERT")
    )
    yield open_sink("vault", settings, inputs)
    _wipe(prefix)


def _wipe(folder: str) -> None:
    client = hvac.Client(url=REAL["VAULT_ADDR"], token=REAL["VAULT_TOKEN"])
    try:
        keys = client.secrets.kv.v2.list_secrets(folder)["data"]["keys"]
    except hvac.exceptions.InvalidPath:
        keys = []
    for key in keys:
        if key.endswith("/"):
            _wipe(f"{folder}/{key.rstrip('/')}")
        else:
            client.secrets.kv.v2.delete_metadata_and_all_versions(f"{folder}/{key}")
    client.adapter.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine that vouches for itself, with its key."""
    file = tmp_path_factory.mktemp("certificate") / "server.pem"
    file.write_bytes(b"".join(certificate_and_key()))
    return file


def new_role(vault: Vault) -> dict[str, str]:
    role_id, secret_id = secrets.token_hex(16), secrets.token_hex(16)
    vault.roles[role_id] = secret_id
    return {ROLE_ID: role_id, SECRET_ID: secret_id}


def rows_of(local: LocalSink) -> list[tuple[str, str, str]]:
    rows = local.store.read(lambda c: c.execute(select(AUDIT_LOG).order_by(AUDIT_LOG.c.id)).all())
    assert verify_chain(local.store).broken is None
    return [(row.action, row.result, row.key) for row in rows]


def put_from_threads(sinks: list[Sink], *, each: int) -> None:
    """Put from one thread a sink, all at once, to one path; each secret must have a version of its own."""
    put: dict[int, Secret] = {}
    failed: list[BaseException] = []
    start = threading.Barrier(len(sinks))

    def work(name: int, sink: Sink) -> None:
        try:
            start.wait()
            for number in range(each):
                secret = demo_secret()
                put[sink.put("example/key", secret, put_id=f"{name}/{number}", actor=ACTOR).version] = secret
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=each_of) for each_of in enumerate(sinks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sorted(put) == list(range(1, len(sinks) * each + 1))
    for version, secret in put.items():
        assert sinks[0].get("example/key", version=version, actor=ACTOR) == secret
