"""The store on a real PostgreSQL server: what goes wrong with it, and what must not."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from sqlalchemy import text

from tests.postgres_server import new_database, place_of
from tests.store.plain import assert_plain
from tests.tcp_relay import Relay, relay_to
from tokenbroker.errors import BrokerError, SecretTimeout
from tokenbroker.secret import Secret
from tokenbroker.store.meta import read_meta, write_meta
from tokenbroker.store.postgres import POOL_MAX, POOL_MIN, PostgresStore, open_postgres_store, parameters
from tokenbroker.store.postgres_failure import explain_connecting

pytestmark = pytest.mark.req("SECRET-1", "SECRET-3")


def _refused(url: str, code: str, says: str, **changed: object) -> None:
    with pytest.raises(BrokerError) as caught:
        open_postgres_store(place_of(url, timeout_s=1, **changed)).close()
    assert_plain(caught.value, code)
    assert "PostgreSQL connection failed" in caught.value.sentence
    assert says in caught.value.sentence


def test_the_pool_holds_two_connections_at_least_and_ten_at_most(
    postgres: PostgresStore, postgres_url: str
) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as other:

        def ours() -> int:
            query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tokenbroker' AND datname = %s"
            row = other.execute(query, (postgres.place.database,)).fetchone()
            assert row is not None
            return int(row[0])

        _until(lambda: ours() == POOL_MIN)
        gate, inside = threading.Event(), threading.Semaphore(0)

        def wait(_connection: object) -> None:
            inside.release()
            assert gate.wait(20)

        threads = [threading.Thread(target=postgres.read, args=(wait,)) for _ in range(POOL_MAX + 4)]
        for thread in threads:
            thread.start()
        for _ in range(POOL_MAX):
            assert inside.acquire(timeout=10)
        assert not inside.acquire(timeout=0.2)
        assert ours() == POOL_MAX
        gate.set()
        for thread in threads:
            thread.join()


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_commit_waits_for_the_disk_whatever_the_user_has_set(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute(f"ALTER ROLE CURRENT_USER IN DATABASE {other.info.dbname} SET synchronous_commit = off")
    with open_postgres_store(place_of(postgres_url)) as store:
        assert store.read(lambda c: c.execute(text("SHOW synchronous_commit")).scalar()) == "on"


def test_a_wrong_password_is_refused_and_not_shown(postgres_url: str) -> None:
    _refused(postgres_url, "secret.access_denied", "refuses the user", password=Secret("demo-only-wrong"))
    _refused(postgres_url, "secret.access_denied", "none was given", password=None)
    _refused(postgres_url, "secret.access_denied", "refuses the user", user="nobody-of-that-name")


def test_a_server_that_is_not_there_is_said(postgres_url: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        _refused(postgres_url, "secret.unavailable", "is not there", port=free.getsockname()[1])


def test_a_database_that_is_not_there_is_said(postgres_url: str) -> None:
    _refused(postgres_url, "secret.unavailable", "no database of that name", database="none-of-that-name")


def test_a_host_that_no_name_server_knows_is_said(postgres_url: str) -> None:
    _refused(postgres_url, "secret.unavailable", "no name server", host="db.invalid")


def test_a_server_that_says_nothing_is_a_timeout(postgres_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        _refused(postgres_url, "secret.timeout", "did not answer", port=silent.getsockname()[1])


@contextmanager
def _answering(*, with_: bytes) -> Iterator[int]:
    """The port of somebody who answers the first words of each connection, reads on, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer() -> None:
            with suppress(OSError):
                while True:
                    peer, _address = other.accept()
                    with peer, suppress(OSError):
                        peer.recv(64)
                        peer.sendall(with_)
                        peer.recv(4096)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield int(other.getsockname()[1])
        other.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"S"], ids=["web", "cut-off"])
def test_something_else_at_that_port_is_said(postgres_url: str, answer: bytes) -> None:
    with _answering(with_=answer) as port:
        for is_local in (True, False):
            _refused(
                postgres_url,
                "secret.unavailable",
                "nobody who speaks PostgreSQL",
                port=port,
                is_local=is_local,
            )


def test_a_server_beyond_this_machine_has_to_prove_by_tls_that_it_is_the_one(postgres_url: str) -> None:
    _refused(postgres_url, "secret.unavailable", "prove by TLS", is_local=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_server_whose_certificate_is_trusted_is_used_over_tls(
    postgres_url: str, postgres_certificate: Path, host: str
) -> None:
    place = place_of(postgres_url, host=host, is_local=False, ca_file=postgres_certificate)
    with open_postgres_store(place) as store:
        query = text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        assert store.read(lambda c: c.execute(query).scalar()) is True
        assert store.read(lambda c: read_meta(c, "audit_head"))


def test_a_trusted_certificate_of_another_host_is_refused(
    postgres_url: str, postgres_certificate: Path
) -> None:
    _refused(postgres_url, "secret.unavailable", "prove by TLS", host="0.0.0.0", ca_file=postgres_certificate)


def test_a_server_without_tls_is_refused(postgres_url: str) -> None:
    with _answering(with_=b"N") as port:
        _refused(postgres_url, "secret.unavailable", "offers no TLS", is_local=False, port=port)


def test_a_user_that_may_not_make_tables_is_told(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as owner:
        name = f"reader_{owner.info.dbname}"
        owner.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'demo-only-reader'")
        try:
            with pytest.raises(BrokerError) as caught:
                open_postgres_store(place_of(postgres_url, user=name, password=Secret("demo-only-reader")))
            assert_plain(caught.value, "secret.access_denied")
        finally:
            owner.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


def test_tables_of_another_program_are_left_alone(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute("CREATE TABLE tokens (mine text); INSERT INTO tokens VALUES ('kept')")
        with pytest.raises(BrokerError) as caught:
            open_postgres_store(place_of(postgres_url))
        assert_plain(caught.value)
        assert "another program" in caught.value.sentence
        assert other.execute("SELECT mine FROM tokens").fetchall() == [("kept",)]
        assert other.execute("SELECT to_regclass('audit_log')").fetchone() == (None,)


def test_a_writer_that_never_ends_is_a_timeout_for_the_others(
    postgres: PostgresStore, postgres_url: str
) -> None:
    short = open_postgres_store(place_of(postgres_url, timeout_s=0.3))
    inside, gate = threading.Event(), threading.Event()

    def hold(_connection: object) -> None:
        inside.set()
        assert gate.wait(20)

    holder = threading.Thread(target=postgres.write, args=(hold,))
    holder.start()
    assert inside.wait(10)
    with short, pytest.raises(SecretTimeout) as caught:
        short.write(lambda c: write_meta(c, "a", "b"))
    gate.set()
    holder.join()
    assert_plain(caught.value, "secret.timeout")
    assert "held by another" in caught.value.sentence


def test_a_statement_that_takes_too_long_is_a_timeout(postgres_url: str) -> None:
    with open_postgres_store(place_of(postgres_url, timeout_s=0.3)) as store:
        with pytest.raises(SecretTimeout) as caught:
            store.read(lambda c: c.execute(text("SELECT pg_sleep(5)")))
        assert_plain(caught.value, "secret.timeout")
        assert store.read(lambda c: read_meta(c, "audit_head"))


@pytest.mark.parametrize(
    ("state", "code", "says"),
    [
        ("53100", "secret.unavailable", "disk of its server is full"),
        ("53300", "secret.unavailable", "no connection left"),
        ("25006", "secret.unavailable", "read only"),
        ("XX001", "secret.unavailable", "damaged"),
        ("58030", "secret.unavailable", "error of its disk"),
        ("42501", "secret.access_denied", "does not allow this"),
        ("42P01", "secret.unavailable", "expected shape"),
        ("22012", "secret.unavailable", "SQLSTATE 22012"),
    ],
)
def test_what_the_server_refuses_has_its_sentence(
    postgres: PostgresStore, state: str, code: str, says: str
) -> None:
    statement = f"DO $$ BEGIN RAISE EXCEPTION 'demo-only' USING ERRCODE = '{state}'; END $$"
    with pytest.raises(BrokerError) as caught:
        postgres.write(lambda c: c.execute(text(statement)))
    assert_plain(caught.value, code)
    assert says in caught.value.sentence


@contextmanager
def _relayed(postgres_url: str, timeout_s: float = 1) -> Iterator[tuple[PostgresStore, Relay]]:
    place = place_of(postgres_url, timeout_s=timeout_s)
    assert place.port is not None
    with (
        relay_to(place.port) as relay,
        open_postgres_store(place_of(postgres_url, timeout_s=timeout_s, port=relay.port)) as store,
    ):
        yield store, relay


def test_an_answer_that_never_comes_is_a_timeout_and_the_next_one_is_had(postgres_url: str) -> None:
    with _relayed(postgres_url) as (store, relay):
        relay.hold()
        began = time.monotonic()
        with pytest.raises(SecretTimeout) as caught:
            store.read(lambda c: read_meta(c, "audit_head"))
        assert time.monotonic() - began < 12
        assert_plain(caught.value, "secret.timeout")
        relay.resume()
        assert store.read(lambda c: read_meta(c, "audit_head"))


def test_an_answer_that_is_cut_off_is_said_and_the_next_one_is_had(postgres_url: str) -> None:
    with _relayed(postgres_url) as (store, relay):

        def work(connection: object) -> None:
            write_meta(connection, "a", "b")  # type: ignore[arg-type]
            relay.cut()

        with pytest.raises(BrokerError) as caught:
            store.write(work)
        assert_plain(caught.value)
        assert "cut its answer off" in caught.value.sentence
        assert store.read(lambda c: read_meta(c, "a")) is None


def test_a_server_that_was_restarted_is_connected_to_anew(postgres: PostgresStore, postgres_url: str) -> None:
    assert postgres.read(lambda c: read_meta(c, "audit_head"))
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert postgres.read(lambda c: read_meta(c, "audit_head"))


def test_a_server_that_goes_away_is_said(postgres_url: str, caplog: pytest.LogCaptureFixture) -> None:
    with _relayed(postgres_url) as (store, relay), caplog.at_level(logging.DEBUG):
        relay.stop()
        with pytest.raises(BrokerError) as caught:
            store.read(lambda c: read_meta(c, "audit_head"))
        assert_plain(caught.value)
        assert "is not there" in caught.value.sentence
    assert not [entry for entry in caplog.records if entry.name.startswith("psycopg")]


@pytest.mark.req("SECRET-7")
def test_nothing_of_a_store_shows_its_password(postgres: PostgresStore) -> None:
    assert postgres.place.password is not None
    shown = repr((postgres, vars(postgres), postgres.place, vars(postgres._pool), postgres.described))
    assert postgres.place.password.reveal() not in shown
    assert postgres.place.password.reveal() in repr(parameters(postgres.place)), "the search can find it"


def test_processes_that_open_a_new_database_at_once_all_succeed(postgres_server: str) -> None:
    with new_database(postgres_server) as url:
        stores: list[PostgresStore] = []
        threads = [
            threading.Thread(target=lambda: stores.append(open_postgres_store(place_of(url))))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for store in stores:
            assert store.read(lambda c: read_meta(c, "audit_head"))
            store.close()
        assert len(stores) == len(threads)


@pytest.mark.req("RUN-10")
def test_a_commit_whose_answer_is_lost_is_told_as_of_unknown_outcome(postgres_url: str) -> None:
    with _relayed(postgres_url) as (store, relay):

        def work(connection: object) -> None:
            write_meta(connection, "a", "b")  # type: ignore[arg-type]
            relay.mute()

        with pytest.raises(SecretTimeout, match="whether the change was made is not known") as caught:
            store.write(work)
        assert_plain(caught.value, "secret.timeout")
        relay.speak()
        assert store.read(lambda c: read_meta(c, "a")) == "b", "it was made"


def test_a_read_that_finds_no_connection_free_is_a_timeout(postgres_url: str) -> None:
    with open_postgres_store(place_of(postgres_url, timeout_s=0.5)) as store:
        gate, inside = threading.Event(), threading.Semaphore(0)

        def hold(_connection: object) -> None:
            inside.release()
            assert gate.wait(20)

        threads = [threading.Thread(target=store.read, args=(hold,)) for _ in range(POOL_MAX)]
        for thread in threads:
            thread.start()
        for _ in threads:
            assert inside.acquire(timeout=10)
        with pytest.raises(SecretTimeout, match="uses all of them") as caught:
            store.read(lambda c: read_meta(c, "a"))
        gate.set()
        for thread in threads:
            thread.join()
        assert_plain(caught.value, "secret.timeout")


@contextmanager
def _asking_for(request: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A server that offers no TLS and asks for the password by `request`: its port, and what it was told."""
    told: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer, suppress(OSError):
                peer.settimeout(5)
                if peer.recv(1024).endswith(b"\x04\xd2\x16\x2f"):  # the request for TLS
                    peer.sendall(b"N")
                    peer.recv(1024)
                peer.sendall(request)
                told.append(peer.recv(1024))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield listener.getsockname()[1], told
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.mark.req("SECRET-7")
@pytest.mark.parametrize(
    "request_",
    [b"R\x00\x00\x00\x08\x00\x00\x00\x03", b"R\x00\x00\x00\x0c\x00\x00\x00\x05abcd"],
    ids=["clear", "md5"],
)
def test_a_password_is_not_given_to_a_server_that_asks_for_it_in_clear_or_by_md5(
    postgres_url: str, request_: bytes
) -> None:
    with _asking_for(request_) as (port, told):
        _refused(postgres_url, "secret.access_denied", "would give it away", port=port)
    assert [word for word in told if word.startswith(b"p")] == []


@pytest.mark.req("SECRET-7")
def test_no_variable_of_libpq_leads_elsewhere(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _asking_for(b"R\x00\x00\x00\x08\x00\x00\x00\x03") as (port, told):
        (tmp_path / "service").write_text(f"[evil]\nhost=127.0.0.1\nhostaddr=127.0.0.1\nport={port}\n")
        evil = {
            "PGHOST": "127.0.0.1",
            "PGHOSTADDR": "127.0.0.1",
            "PGPORT": str(port),
            "PGPASSWORD": "demo-only-theirs",
        }
        for name, value in {**evil, "PGSERVICE": "evil", "PGSERVICEFILE": str(tmp_path / "service")}.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(BrokerError):
            open_postgres_store(place_of(postgres_url, timeout_s=1, host="", port=None))
        with pytest.raises(BrokerError, match="none was given"):
            open_postgres_store(place_of(postgres_url, timeout_s=1, password=None))
        open_postgres_store(place_of(postgres_url)).close()
    assert told == []


@pytest.mark.req("SECRET-7")
def test_an_interrupt_while_connecting_shows_no_frame_that_holds_the_password(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(**given: object) -> None:
        assert given["password"]
        raise KeyboardInterrupt

    monkeypatch.setattr(psycopg, "connect", interrupted)
    place = place_of(postgres_url)
    assert place.password is not None
    with pytest.raises(KeyboardInterrupt) as caught:
        open_postgres_store(place)
    shown = [repr(entry.frame.f_locals) for entry in caught.traceback if entry.path != Path(__file__)]
    assert shown
    assert place.password.reveal() not in " ".join(shown)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("said", "used_password", "code", "says"),
    [
        (
            "FATAL:  Passwort-Authentifizierung für Benutzer »a« fehlgeschlagen",
            True,
            "secret.access_denied",
            "refuses",
        ),
        (
            "FATAL:  kein pg_hba.conf-Eintrag für Host »::1«",
            False,
            "secret.unavailable",
            "was reached, and refuses",
        ),
        (
            "SCHWERWIEGEND:  Datenbank »a« existiert nicht",
            False,
            "secret.unavailable",
            "was reached, and refuses",
        ),
        ('FATAL:  role "a" is not permitted to log in', False, "secret.access_denied", "from this machine"),
        (
            'FATAL:  no pg_hba.conf entry for host "::1", no encryption',
            False,
            "secret.access_denied",
            "from this machine",
        ),
        ("Connection refused", False, "secret.unavailable", "nobody answers"),
    ],
)
def test_a_refusal_is_told_by_its_words_or_by_how_far_it_came_and_never_by_the_name_of_the_host(
    said: str, used_password: bool, code: str, says: str
) -> None:
    class Refused(psycopg.OperationalError):
        pgconn = SimpleNamespace(used_password=used_password)  # type: ignore[assignment]

    head = 'connection failed: connection to server at "ssl.certificate.example.com", port 5432 failed: '
    error = explain_connecting(Refused(head + said), "the database", "")
    assert (error.code, says in error.sentence) == (code, True), error
