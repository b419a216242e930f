"""Brings the faults of the sink `postgres` about; tests/sinks/test_faults.py says what has to come of each."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import event

from tests.postgres_server import place_of
from tests.raw_sql import execute_raw
from tests.sinks.postgres_fixtures import URL, OpenPostgres
from tests.sinks.provocations import SHORT_S, Opened, corrupted, nobody_listening, provokes
from tests.tcp_relay import relay_to
from tokenbroker.sinks.local import open_local
from tokenbroker.sinks.postgres import PostgresSink


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
