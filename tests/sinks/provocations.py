"""Brings the faults of sinks about, and ends them again; tests/sinks/test_faults.py says what has to come of each."""

import base64
import os
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import event, select

from tests.postgres_server import place_of
from tests.raw_sql import execute_raw
from tests.sinks.bitwarden_fixtures import OpenBitwarden, api_key
from tests.sinks.bitwarden_server import Bitwarden
from tests.sinks.bitwarden_server import Fault as BitwardenFault
from tests.sinks.postgres_fixtures import URL, OpenPostgres
from tests.sinks.vault_fixtures import TOKEN, Open
from tests.sinks.vault_server import Fault, Vault, serve_vault
from tests.tcp_relay import relay_to
from tokenbroker.errors import BrokerError
from tokenbroker.secret import Secret
from tokenbroker.sinks import Sink
from tokenbroker.sinks.bitwarden_cli import BitwardenSink
from tokenbroker.sinks.local import LocalSink, open_local
from tokenbroker.sinks.postgres import PostgresSink
from tokenbroker.sinks.testing import ACTOR
from tokenbroker.store.engine import Store
from tokenbroker.store.models import TOKENS
from tokenbroker.store.sqlite import SqliteStore

PATH = "example/key"
"""Where a secret rests before a fault."""
SHORT_S = 0.3

Opened = Iterator[Callable[[], Sink]]
PROVOKED: dict[
    tuple[str, str], tuple[Callable[..., AbstractContextManager[Callable[[], Sink]]], list[str]]
] = {}


def provokes(sink: str, fault: str, *, of: str = "get put probe") -> Callable[[Any], Any]:
    """Marks what brings `fault` about, opens the sink that suffers from it, and ends it; the acts `of` are refused."""

    def keep(provoke: Callable[..., Opened]) -> Callable[..., Opened]:
        PROVOKED[sink, fault] = contextmanager(provoke), of.split()
        return provoke

    return keep


@contextmanager
def locked(local: LocalSink) -> Iterator[None]:
    with closing(sqlite3.connect(path_of(local), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def nobody_listening() -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        yield int(free.getsockname()[1])


@contextmanager
def corrupted(store: Store) -> Iterator[None]:
    """One bit of the only ciphertext is another."""
    sealed = store.read(lambda c: c.execute(select(TOKENS.c.sealed)).scalar_one())
    _overwrite(store, bytes([sealed[0] ^ 1]) + sealed[1:])
    yield
    _overwrite(store, sealed)


def _overwrite(store: Store, sealed: bytes) -> None:
    literal = f"x'{sealed.hex()}'" if isinstance(store, SqliteStore) else rf"'\x{sealed.hex()}'"
    execute_raw(store, f"UPDATE tokens SET sealed = {literal}")


def path_of(local: LocalSink) -> Path:
    assert isinstance(local.store, SqliteStore)
    return local.store.path


def another_key() -> Secret:
    return Secret(base64.b64encode(os.urandom(32)).decode())


@provokes("local", "down")
def a_folder_is_in_its_place(local: LocalSink) -> Opened:
    file = path_of(local)
    local.store.close()
    kept = file.rename(file.with_suffix(".kept"))
    file.mkdir()
    yield lambda: local
    file.rmdir()
    kept.rename(file)


@provokes("local", "slow")
def another_process_holds_it(local: LocalSink) -> Opened:
    with locked(local):
        yield lambda: local


@provokes("local", "403")
def this_user_may_not_write_it(local: LocalSink) -> Opened:
    file = path_of(local)
    local.store.close()
    file.parent.chmod(0o777)
    file.chmod(0o444)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # root writes everywhere
    try:
        yield lambda: local
        local.store.close()
    finally:
        os.seteuid(user)
        for each in file.parent.iterdir():
            each.chmod(0o600)


@provokes("local", "wrong key")
def the_home_is_opened_with_another_key(local: LocalSink) -> Opened:
    yield lambda: open_local(path_of(local).parent, default_home=False, key=another_key())


@provokes("local", "disk full", of="get put")
def the_file_has_no_page_left(local: LocalSink) -> Opened:
    local.store.read(lambda c: c.exec_driver_sql("PRAGMA max_page_count = 1"))
    with suppress(BrokerError):
        for _ in range(500):  # there is room in the last ones
            local.get(PATH, actor=ACTOR)
    yield lambda: local
    local.store.close()


@provokes("local", "corrupt row", of="get")
def its_ciphertext_was_changed(local: LocalSink) -> Opened:
    with corrupted(local.store):
        yield lambda: local


@provokes("postgres", "down")
def no_server_is_there(open_postgres: OpenPostgres, postgres_url: str) -> Opened:
    with nobody_listening() as port:
        yield lambda: open_postgres({URL: by_port(postgres_url, port)})


@provokes("postgres", "slow", of="get put")
def its_server_is_silent(open_postgres: OpenPostgres, postgres_url: str) -> Opened:
    with relay_to(port_of(postgres_url)) as relay:
        relay.hold()
        yield lambda: open_postgres({URL: by_port(postgres_url, relay.port)}, timeout_s=SHORT_S)


@provokes("postgres", "403")
def its_user_may_not_use_the_tables(open_postgres: OpenPostgres, postgres_url: str) -> Opened:
    with new_role(postgres_url) as (_, _, url):
        yield lambda: open_postgres({URL: url})


@provokes("postgres", "wrong key")
def another_home_opens_it(open_postgres: OpenPostgres, tmp_path: Path) -> Opened:
    with open_local(tmp_path / "other", default_home=False) as other:
        yield lambda: open_postgres(home=other)


@provokes("postgres", "disk full")
def its_server_has_no_room(postgres_sink: PostgresSink) -> Opened:
    store = postgres_sink.database().store
    tables = ("audit_log", "tokens")
    execute_raw(
        store,
        "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE 'demo-only' USING ERRCODE = '53100'; END $$",
        *(f"CREATE TRIGGER no_room BEFORE INSERT ON {table} EXECUTE FUNCTION no_room()" for table in tables),
    )
    yield lambda: postgres_sink
    execute_raw(store, "DROP FUNCTION no_room CASCADE")


@provokes("postgres", "corrupt row", of="get")
def its_ciphertext_was_changed_there(postgres_sink: PostgresSink) -> Opened:
    with corrupted(postgres_sink.database().store):
        yield lambda: postgres_sink


@provokes("postgres", "expired credential")
def its_password_has_expired(open_postgres: OpenPostgres, postgres_url: str) -> Opened:
    with new_role(postgres_url) as (owner, role, url):
        psycopg.connect(url).close()
        owner.execute(f"ALTER ROLE {role} VALID UNTIL '2000-01-01'")
        yield lambda: open_postgres({URL: url})


@provokes("postgres", "TLS refused")
def another_certificate_is_trusted(open_postgres: OpenPostgres, certificate: Path) -> Opened:
    yield lambda: open_postgres(ca_file=certificate)


@provokes("postgres", "DNS fails")
def its_host_is_unknown(open_postgres: OpenPostgres) -> Opened:
    yield lambda: open_postgres({URL: "postgresql://demo@db.invalid/demo"})


@provokes("postgres", "answer cut off")
def its_network_fails_at_each_commit(open_postgres: OpenPostgres, postgres_url: str) -> Opened:
    with relay_to(port_of(postgres_url)) as relay:
        sink = open_postgres({URL: by_port(postgres_url, relay.port)})
        event.listen(sink.database().store._writing, "commit", lambda _: relay.cut())
        yield lambda: sink


def port_of(url: str) -> int:
    return place_of(url).port or 5432


def by_port(url: str, port: int) -> str:
    return url.replace(f":{port_of(url)}/", f":{port}/")


@contextmanager
def new_role(url: str) -> Iterator[tuple[psycopg.Connection[Any], str, str]]:
    """The owner's connection, the name of a role that may connect, and its URL."""
    with psycopg.connect(url, autocommit=True) as owner:
        role = f"other_{owner.info.dbname}"
        owner.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'demo-only-word'")
        try:
            yield owner, role, f"postgresql://{role}:demo-only-word@{url.rpartition('@')[2]}"
        finally:
            owner.execute(f"DROP ROLE {role}")


def server_goes_wrong(fault: Fault, on: str = "") -> Callable[..., Opened]:
    def provoke(open_vault: Open, vault: Vault) -> Opened:
        sink = open_vault(timeout_s=SHORT_S if fault is Fault.SILENT else 10)
        vault.go_wrong(fault, on)
        yield lambda: sink
        vault.recover()

    return provoke


for name, wrong in {
    "slow": (Fault.SILENT,),
    "403": (Fault.DENIED, "/secret/"),
    "sealed": (Fault.SEALED,),
    "disk full": (Fault.SERVER_ERROR,),
    "corrupt row": (Fault.NONSENSE,),
    "answer cut off": (Fault.CUT_OFF,),
}.items():
    provokes("vault", name)(server_goes_wrong(*wrong))


@provokes("vault", "down")
def no_vault_is_there(open_vault: Open) -> Opened:
    with nobody_listening() as port:
        yield lambda: open_vault(address=f"http://127.0.0.1:{port}")


@provokes("vault", "expired credential")
def its_token_is_no_longer_known(open_vault: Open, vault: Vault) -> Opened:
    token = vault.new_token()
    sink = open_vault({TOKEN: token})
    sink.get(PATH, actor=ACTOR)
    del vault.tokens[token]
    yield lambda: sink


@provokes("vault", "TLS refused")
def nobody_vouches_for_its_certificate(open_vault: Open, certificate: Path) -> Opened:
    with serve_vault(certificate) as server:
        yield lambda: open_vault({TOKEN: server.new_token()}, address=server.url)
        assert server.asked == []


@provokes("vault", "DNS fails")
def no_name_server_knows_it(open_vault: Open) -> Opened:
    yield lambda: open_vault(address="https://vault.invalid:8200")


def bitwarden_goes_wrong(fault: BitwardenFault, on: str = "") -> Callable[..., Opened]:
    def provoke(bitwarden_sink: Sink, bitwarden: Bitwarden) -> Opened:
        bitwarden.go_wrong(fault, on)
        yield lambda: bitwarden_sink
        bitwarden.recover()

    return provoke


for name, goes_wrong in {
    "403": (BitwardenFault.DENIED, "/api/"),
    "disk full": (BitwardenFault.SERVER_ERROR,),
    "answer cut off": (BitwardenFault.HUNG_UP, "/api/"),
}.items():
    provokes("bitwarden", name, of="get")(bitwarden_goes_wrong(*goes_wrong))


@provokes("bitwarden", "slow", of="get")
def bitwarden_is_silent(bitwarden_sink: BitwardenSink, bitwarden: Bitwarden) -> Opened:
    client, server = bitwarden_sink.client, bitwarden_sink.client.server
    client.server = replace(server, timeout_s=SHORT_S)
    bitwarden.go_wrong(BitwardenFault.SILENT)
    yield lambda: bitwarden_sink
    bitwarden.recover()
    client.server = server


# A sign-in takes seconds: one act has to do.
@provokes("bitwarden", "down", of="get")
def no_bitwarden_is_there(open_bitwarden: OpenBitwarden) -> Opened:
    with nobody_listening() as port:
        yield lambda: open_bitwarden(address=f"https://127.0.0.1:{port}")


@provokes("bitwarden", "wrong key", of="get")
def its_master_password_is_another(open_bitwarden: OpenBitwarden, bitwarden: Bitwarden) -> Opened:
    given = {**api_key(bitwarden), "TOKENBROKER_BITWARDEN_PASSWORD": "demo-only-other"}
    yield lambda: open_bitwarden(given)


@provokes("bitwarden", "corrupt row")
def its_item_was_changed_there(bitwarden_sink: Sink, bitwarden: Bitwarden) -> Opened:
    kept = dict(bitwarden.ciphers)
    for id_, cipher in kept.items():
        name = cipher["name"]
        bitwarden.ciphers[id_] = {**cipher, "name": name[:5] + ("A" if name[5] != "A" else "B") + name[6:]}
    yield lambda: bitwarden_sink
    bitwarden.ciphers.update(kept)


@provokes("bitwarden", "expired credential", of="get")
def its_api_key_was_rotated(bitwarden_sink: Sink, bitwarden: Bitwarden) -> Opened:
    kept, bitwarden.client_secret = bitwarden.client_secret, "demo-only-rotated"
    yield lambda: bitwarden_sink
    bitwarden.client_secret = kept


@provokes("bitwarden", "TLS refused", of="get")
def another_authority_is_trusted(
    open_bitwarden: OpenBitwarden, bitwarden: Bitwarden, certificate: Path
) -> Opened:
    yield lambda: open_bitwarden(ca_file=certificate)
    assert bitwarden.asked == [] or "connect/token" not in bitwarden.asked[-1]


@provokes("bitwarden", "DNS fails", of="get")
def no_name_server_knows_bitwarden(open_bitwarden: OpenBitwarden) -> Opened:
    yield lambda: open_bitwarden(address="https://bitwarden.invalid")


@provokes("env", "403", of="put probe")
def somebody_writes_to_it(env_sink: Sink) -> Opened:
    yield lambda: env_sink
