"""The sink in a PostgreSQL database, on a real server."""

import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.postgres_server import new_database, place_of
from tests.raw_sql import execute_raw
from tests.sinks.postgres_fixtures import PASSWORD, URL, OpenPostgres
from tests.tcp_relay import relay_to
from tokenbroker.clock import system_clock
from tokenbroker.errors import (
    BrokerError,
    SecretAccessDenied,
    SecretNotFound,
    SecretTimeout,
    SecretUnavailable,
    SettingsError,
)
from tokenbroker.secret import Secret
from tokenbroker.settings import SinkSettings
from tokenbroker.sinks import Sink, SinkInputs, open_sink
from tokenbroker.sinks.databases import Databases
from tokenbroker.sinks.local import LocalSink, open_local
from tokenbroker.sinks.postgres import PostgresSink
from tokenbroker.sinks.rotation import rotate
from tokenbroker.sinks.testing import ACTOR, SinkContract, demo_secret
from tokenbroker.store.audit_log import verify_chain
from tokenbroker.store.engine import Store
from tokenbroker.store.models import AUDIT_LOG, DATA_KEYS, TOKENS
from tokenbroker.store.postgres import open_postgres_store

pytestmark = pytest.mark.req("SECRET-1")


class TestPostgresSink(SinkContract):
    @pytest.fixture
    def sink(self, postgres_sink: PostgresSink) -> Sink:
        return postgres_sink


def _rows(store: Store) -> list[Any]:
    return list(store.read(lambda c: c.execute(select(AUDIT_LOG).order_by(AUDIT_LOG.c.id)).all()))


def test_aliases_share_the_database_but_not_their_paths(open_postgres: OpenPostgres) -> None:
    one, other = open_postgres(), open_postgres(alias="other")
    one.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    assert other.list() == []
    assert other.find("a") is None
    with pytest.raises(SecretNotFound):
        other.get("example/key", actor=ACTOR)


@pytest.mark.req("SECRET-4", "SECRET-7")
def test_a_record_rests_with_its_nonce_its_tag_and_the_id_of_its_key(
    postgres_sink: PostgresSink, local: LocalSink
) -> None:
    secret = demo_secret()
    reference = postgres_sink.put("example/key", secret, put_id="a", actor=ACTOR)
    store = postgres_sink.database().store
    row = store.read(lambda c: c.execute(select(TOKENS)).one())
    key_id = store.read(lambda c: c.execute(select(DATA_KEYS.c.id)).scalar_one())
    assert (len(row.nonce), len(row.sealed), row.key_id) == (12, len(secret.reveal()) + 16, key_id)
    assert row.fingerprint == reference.fingerprint
    assert secret.reveal().encode() not in row.sealed
    assert key_id != local.custody.master_key.key_id


SWAP_CIPHERTEXTS = """
UPDATE tokens SET nonce = old.nonce, sealed = old.sealed FROM (SELECT * FROM tokens) AS old WHERE old.id <> tokens.id
"""
SWAP_PATHS = """
DO $$ BEGIN
UPDATE tokens SET path = 'c/key' WHERE path = 'a/key';
UPDATE tokens SET path = 'a/key' WHERE path = 'b/key';
UPDATE tokens SET path = 'b/key' WHERE path = 'c/key';
END $$
"""


@pytest.mark.req("SECRET-4")
@pytest.mark.parametrize(
    "statement",
    [
        SWAP_CIPHERTEXTS,
        SWAP_PATHS,
        "UPDATE tokens SET version = 7",
        "UPDATE tokens SET put_id = put_id || 'x'",
        "UPDATE tokens SET sealed = substr(sealed, 2)",
        "UPDATE tokens SET sealed = ''",
        r"UPDATE tokens SET nonce = '\x000000000000000000000000'",
        r"UPDATE tokens SET nonce = '\x00'",
        "UPDATE tokens SET nonce = NULL",
    ],
    ids=["swapped", "renamed", "version", "put_id", "cut", "empty", "nonce", "short-nonce", "no-nonce"],
)
def test_a_record_that_was_tampered_with_does_not_open(postgres_sink: PostgresSink, statement: str) -> None:
    postgres_sink.put("a/key", demo_secret(), put_id="1", actor=ACTOR)
    postgres_sink.put("b/key", demo_secret(), put_id="2", actor=ACTOR)
    store = postgres_sink.database().store
    execute_raw(store, statement)
    for path in ("a/key", "b/key"):
        with pytest.raises(SecretAccessDenied, match="was changed in the database") as caught:
            postgres_sink.get(path, actor=ACTOR)
        assert "store.db" not in str(caught.value)
    assert [row.result for row in _rows(store)][-2:] == ["secret.access_denied"] * 2


@pytest.mark.req("AUDIT-1")
def test_every_act_leaves_its_row_in_the_database_and_none_at_home(
    postgres_sink: PostgresSink, local: LocalSink
) -> None:
    secret, at_home = demo_secret(), len(_rows(local.store))
    postgres_sink.put("a/key", secret, put_id="1", actor=ACTOR)
    postgres_sink.get("a/key", actor=ACTOR)
    with pytest.raises(SecretNotFound):
        postgres_sink.get("b/key", actor=ACTOR)
    postgres_sink.remove("a/key", actor=ACTOR)
    store = postgres_sink.database().store
    assert [(row.action, row.result, row.key, row.actor) for row in _rows(store)] == [
        ("set_token", "ok", "team:a/key", ACTOR),
        ("get_token", "ok", "team:a/key", ACTOR),
        ("get_token", "secret.not_found", "team:b/key", ACTOR),
        ("delete_token", "ok", "team:a/key", ACTOR),
    ]
    assert secret.reveal() not in repr(_rows(store))
    assert verify_chain(store).broken is None
    assert len(_rows(local.store)) == at_home


@pytest.mark.req("AUDIT-1")
def test_without_an_audit_row_there_is_no_act(postgres_sink: PostgresSink) -> None:
    postgres_sink.put("a/key", demo_secret(), put_id="1", actor=ACTOR)
    execute_raw(
        postgres_sink.database().store,
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$",
        "CREATE TRIGGER no BEFORE INSERT ON audit_log EXECUTE FUNCTION no()",
    )
    for act in (
        lambda: postgres_sink.get("a/key", actor=ACTOR),
        lambda: postgres_sink.put("a/key", demo_secret(), put_id="2", actor=ACTOR),
        lambda: postgres_sink.remove("a/key", actor=ACTOR),
    ):
        with pytest.raises(SecretUnavailable):
            act()
    assert [stored.version for stored in postgres_sink.list()] == [1]


@pytest.mark.req("AUDIT-1", "SECRET-3")
def test_an_act_that_does_not_reach_the_database_leaves_its_row_at_home(
    open_postgres: OpenPostgres, postgres_url: str, local: LocalSink
) -> None:
    port = place_of(postgres_url).port
    assert port is not None
    with relay_to(port) as relay:
        sink = open_postgres({URL: postgres_url.replace(f":{port}/", f":{relay.port}/")}, timeout_s=1)
        sink.put("a/key", demo_secret(), put_id="1", actor=ACTOR)
        relay.stop()
        with pytest.raises(SecretUnavailable):
            sink.get("a/key", actor=ACTOR)
    never = open_postgres({URL: postgres_url.replace(f":{port}/", f":{relay.port}/")}, timeout_s=1)
    with pytest.raises(SecretUnavailable):
        never.put("a/key", demo_secret(), put_id="2", actor=ACTOR)
    rows = [(row.action, row.result, row.key) for row in _rows(local.store)]
    assert rows == [
        ("get_token", "secret.unavailable", "team:a/key"),
        ("set_token", "secret.unavailable", "team:a/key"),
    ]


@pytest.mark.req("SECRET-4")
def test_two_homes_with_one_master_key_share_a_database_and_another_key_is_refused(
    open_postgres: OpenPostgres, local: LocalSink, tmp_path: Path
) -> None:
    secret = demo_secret()
    sink = open_postgres()
    first = sink.put("a/key", secret, put_id="1", actor=ACTOR)
    key = local.custody.export_key()
    with open_local(tmp_path / "second", default_home=False, key=key) as second:
        theirs = open_postgres(home=second)
        assert theirs.get("a/key", actor=ACTOR) == secret
        assert theirs.put("b/key", secret, put_id="2", actor=ACTOR).fingerprint == first.fingerprint
    with open_local(tmp_path / "stranger", default_home=False) as stranger:
        with pytest.raises(SecretAccessDenied, match="Invalid encryption key") as caught:
            open_postgres(home=stranger).get("a/key", actor=ACTOR)
        assert "the PostgreSQL database test_" in str(caught.value)
        assert [row.result for row in _rows(stranger.store)] == ["secret.access_denied"]
    assert [stored.path for stored in sink.list()] == ["a/key", "b/key"]


@pytest.mark.req("SECRET-5", "SECRET-4")
def test_a_rotation_seals_every_record_anew(postgres_sink: PostgresSink, local: LocalSink) -> None:
    values = {f"example/key-{number}": demo_secret() for number in range(12)}
    for path, value in values.items():
        postgres_sink.put(path, value, put_id=path, actor=ACTOR)
    database = postgres_sink.database()
    before = database.store.read(lambda c: set(c.execute(select(TOKENS.c.sealed)).scalars()))
    done = rotate(database.store, database.keys, actor=ACTOR, clock=system_clock)
    after = database.store.read(lambda c: c.execute(select(TOKENS.c.sealed, TOKENS.c.key_id)).all())
    assert (done.records, {row.key_id for row in after}) == (12, {done.key_id})
    assert not before & {row.sealed for row in after}
    assert "write-ahead log" in done.remains
    assert {path: postgres_sink.get(path, actor=ACTOR) for path in values} == values
    assert [row.action for row in _rows(database.store)].count("rotate_key") == 1


@pytest.mark.req("SECRET-5")
def test_a_record_that_does_not_open_stops_a_rotation_and_nothing_is_changed(
    postgres_sink: PostgresSink,
) -> None:
    value = demo_secret()
    postgres_sink.put("a/key", value, put_id="1", actor=ACTOR)
    postgres_sink.put("b/key", demo_secret(), put_id="2", actor=ACTOR)
    database = postgres_sink.database()
    execute_raw(database.store, "UPDATE tokens SET version = 7 WHERE path = 'b/key'")
    with pytest.raises(
        SecretAccessDenied, match=r"Nothing was rotated in the PostgreSQL .*: the record team:b/key@7"
    ):
        rotate(database.store, database.keys, actor=ACTOR, clock=system_clock)
    assert postgres_sink.get("a/key", actor=ACTOR) == value
    assert [row.result for row in _rows(database.store) if row.action == "rotate_key"] == [
        "secret.access_denied"
    ]


@pytest.mark.req("SECRET-7")
def test_a_password_is_learnt_and_stands_in_no_error(
    open_postgres: OpenPostgres, postgres_url: str, local: LocalSink
) -> None:
    learnt: list[Secret] = []
    password = place_of(postgres_url).password
    assert password is not None
    open_postgres(learn=learnt.append)
    assert learnt == [password]
    wrong = demo_secret()
    with pytest.raises(SecretAccessDenied) as caught:
        open_postgres({URL: postgres_url, PASSWORD: wrong.reveal()}).probe()
    shown = f"{caught.value!r} {caught.value} {_rows(local.store)}"
    assert wrong.reveal() not in shown
    assert password.reveal() not in shown


def test_the_settings_may_name_the_database_and_the_environment_the_password(
    open_postgres: OpenPostgres, postgres_url: str
) -> None:
    password = place_of(postgres_url).password
    assert password is not None
    url = postgres_url.replace(f":{password.reveal()}@", "@")
    for variable in (PASSWORD, "TOKENBROKER_POSTGRES_TEAM_PASSWORD"):
        open_postgres({variable: password.reveal()}, url=url).probe()
    with pytest.raises(SecretAccessDenied):
        open_postgres({}, url=url).probe()


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({}, "does not know its database"),
        ({URL: "mysql://demo-only-user:demo-only-word@host/db"}, "can't use the URL"),
        ({URL: "postgresql://demo-only-user:demo-only-word@host"}, "can't use the URL"),
        ({URL: "postgresql://host/db"}, "names no user"),
        ({URL: "postgresql://demo-only-user@host/db?sslmode=disable"}, "TLS"),
    ],
    ids=["none", "other", "no-database", "no-user", "no-tls"],
)
def test_a_url_that_is_not_usable_is_told_without_its_words(
    open_postgres: OpenPostgres, variables: dict[str, str], says: str
) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        open_postgres(variables)
    assert "demo-only" not in f"{caught.value!r} {caught.value}"
    assert caught.value.__context__ is None


def test_a_missing_driver_names_what_to_install(
    open_postgres: OpenPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg_pool", None)
    with pytest.raises(SettingsError) as caught:
        open_postgres()
    assert (caught.value.code, caught.value.next_step) == (
        "settings.missing_extra",
        "pip install 'tokenbroker[postgres]'",
    )


@pytest.mark.req("SECRET-7")
def test_a_client_library_that_would_give_the_password_away_is_not_used(
    open_postgres: OpenPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("psycopg.pq.version", lambda: 150_010)
    with pytest.raises(SettingsError, match="needs a newer libpq"):
        open_postgres()


def test_opening_connects_to_nothing(open_postgres: OpenPostgres) -> None:
    open_postgres({URL: "postgresql://demo@db.invalid/demo"})


@pytest.mark.req("SECRET-4")
def test_a_probe_of_a_database_that_takes_no_record_fails(postgres_sink: PostgresSink) -> None:
    postgres_sink.probe()
    execute_raw(
        postgres_sink.database().store,
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$",
        "CREATE TRIGGER no BEFORE INSERT ON tokens EXECUTE FUNCTION no()",
    )
    with pytest.raises(BrokerError):
        postgres_sink.probe()


def test_each_alias_is_let_in_by_its_own_password_whoever_came_before(
    local: LocalSink, postgres_url: str, tmp_path: Path
) -> None:
    opened = Databases()
    wrong = "TOKENBROKER_POSTGRES_BAD_PASSWORD"
    inputs = SinkInputs(
        store=local.store,
        custody=local.custody,
        variables={URL: Secret(postgres_url), wrong: demo_secret()},
        databases=opened,
    )
    settings = SinkSettings(type="postgres")
    try:
        open_sink("team", settings, inputs).probe()
        with pytest.raises(SecretAccessDenied, match=wrong):
            open_sink("bad", settings, inputs).probe()
    finally:
        opened.close()


def test_certificates_that_are_not_there_are_a_mistake_in_the_settings(
    open_postgres: OpenPostgres, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match="the sink 'team' names the certificates"):
        open_postgres(ca_file=tmp_path / "none.pem")


@pytest.mark.req("RUN-10")
def test_a_put_whose_answer_was_lost_is_not_done_twice(
    open_postgres: OpenPostgres, postgres_url: str
) -> None:
    port, secret = place_of(postgres_url).port, demo_secret()
    assert port is not None
    with relay_to(port) as relay:
        sink = open_postgres({URL: postgres_url.replace(f":{port}/", f":{relay.port}/")}, timeout_s=1)
        sink.probe()
        store = sink.database().store
        write = store.write

        def with_a_lost_answer(work: Any) -> Any:
            def and_then_silence(connection: Any) -> Any:
                answer = work(connection)
                relay.mute()
                return answer

            return write(and_then_silence)

        store.write = with_a_lost_answer  # type: ignore[method-assign]
        with pytest.raises(SecretTimeout, match="is not known"):
            sink.put("a/key", secret, put_id="1", actor=ACTOR)
        store.write = write  # type: ignore[method-assign]
        relay.speak()
        assert sink.put("a/key", secret, put_id="1", actor=ACTOR).version == 1
        assert [stored.version for stored in sink.list()] == [1]


@pytest.mark.req("SECRET-4")
def test_a_database_that_was_a_sink_of_this_home_can_become_its_store(
    open_postgres: OpenPostgres, postgres_url: str, home: Path, tmp_path: Path
) -> None:
    secret = demo_secret()
    open_postgres().put("a/key", secret, put_id="1", actor=ACTOR)
    with open_local(home, default_home=False, store=open_postgres_store(place_of(postgres_url))) as moved:
        alias = LocalSink(store=moved.store, custody=moved.custody, name="team")
        assert alias.get("a/key", actor=ACTOR) == secret
        assert "key.json" in {file.name for file in home.iterdir()}, (
            "where its key is, is this home's own affair"
        )
    stranger = open_postgres_store(place_of(postgres_url))
    with stranger, pytest.raises(SecretAccessDenied, match="a key that this machine does not know"):
        open_local(tmp_path / "stranger", default_home=False, store=stranger)
    assert not (tmp_path / "stranger.key").exists()


@pytest.mark.req("SECRET-3")
def test_what_a_home_notes_of_its_key_may_be_damaged(postgres_url: str, tmp_path: Path) -> None:
    def opened() -> LocalSink:
        return open_local(
            tmp_path / "home", default_home=False, store=open_postgres_store(place_of(postgres_url))
        )

    with opened() as first:
        secret = demo_secret()
        first.put("a/key", secret, put_id="1", actor=ACTOR)
    (tmp_path / "home" / "key.json").write_text("half")
    with opened() as again:
        assert again.get("a/key", actor=ACTOR) == secret


def test_a_database_of_its_own_has_a_key_of_its_own(
    open_postgres: OpenPostgres, postgres_server: str
) -> None:
    with new_database(postgres_server) as url:
        one, other = open_postgres(), open_postgres({URL: url})
        ids = [
            each.database().store.read(lambda c: c.execute(select(DATA_KEYS.c.id)).scalar_one())
            for each in (one, other)
        ]
        assert ids[0] != ids[1]
        other.database().store.close()
