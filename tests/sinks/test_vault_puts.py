"""Puts into Vault that are cut off, repeated, or done by two at once."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from sqlalchemy import text

from tests.sinks.faulty_server import Fault
from tests.sinks.vault_fixtures import (
    Open,
    put_from_threads,
    rows_of,
)
from tests.sinks.vault_server import Vault
from tokenbroker.errors import (
    SecretAccessDenied,
    SecretUnavailable,
)
from tokenbroker.secret import Secret
from tokenbroker.sinks import Sink
from tokenbroker.sinks.local import LocalSink
from tokenbroker.sinks.testing import ACTOR, demo_secret

pytestmark = pytest.mark.req("SECRET-1")


def test_two_writers_at_once_lose_nothing(open_vault: Open) -> None:
    put_from_threads([open_vault(), open_vault()], each=5)


def test_a_writer_who_was_slower_takes_the_next_version(vault_sink: Sink, vault: Vault) -> None:
    theirs = itertools.count()

    def be_faster() -> None:
        if next(theirs) < 3:
            vault.write(
                vault.engine(), "tokenbroker/example/key", {"options": {}, "data": {"value": "theirs"}}
            )

    vault.before_write = be_faster
    secret = demo_secret()
    assert vault_sink.put("example/key", secret, put_id="a", actor=ACTOR).version == 4
    assert vault_sink.get("example/key", version=3, actor=ACTOR) == Secret("theirs")
    assert vault_sink.get("example/key", actor=ACTOR) == secret


@pytest.mark.req("SECRET-3")
def test_who_always_is_slower_gives_up(vault_sink: Sink, vault: Vault) -> None:
    def be_faster() -> None:
        vault.write(vault.engine(), "tokenbroker/example/key", {"options": {}, "data": {"value": "theirs"}})

    vault.before_write = be_faster
    with pytest.raises(SecretUnavailable, match="other writes"):
        vault_sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    assert vault_sink.find("a") is None


class Killed(BaseException):
    """The process ends here."""


@contextmanager
def killed_at(monkeypatch: pytest.MonkeyPatch, sink: Sink, result: str) -> Iterator[None]:
    """Let a put end, as by a kill, in front of the local row with `result`."""
    keep = sink._keep  # type: ignore[attr-defined]

    def keep_or_end(put_id: str, note: object, actor: str, said: str, **detail: int) -> None:
        if said == result:
            raise Killed
        keep(put_id, note, actor, said, **detail)

    with monkeypatch.context() as patched:
        patched.setattr(sink, "_keep", keep_or_end)
        with suppress(Killed):
            yield
            pytest.fail("the put came to its end")


@pytest.mark.req("RUN-10")
@pytest.mark.parametrize("look_first", [True, False], ids=["found", "put_again"])
def test_a_put_that_was_killed_behind_the_write_is_found_and_not_done_twice(
    open_vault: Open, local: LocalSink, monkeypatch: pytest.MonkeyPatch, look_first: bool
) -> None:
    secret = demo_secret()
    first = open_vault()
    with killed_at(monkeypatch, first, "ok"):
        first.put("example/key", secret, put_id="a", actor=ACTOR)
    later = open_vault()
    later.put("example/key", demo_secret(), put_id="b", actor=ACTOR)
    if look_first:
        found = later.find("a")
        assert found is not None
        assert found.version == 1
    reference = later.put("example/key", secret, put_id="a", actor=ACTOR)
    assert reference.version == 1
    assert later.find("a") == reference
    assert [stored.version for stored in later.list()] == [1, 2]
    assert rows_of(local)[0][:2] == ("set_token", "begun")


@pytest.mark.req("RUN-10")
def test_a_put_that_was_killed_before_the_write_was_none_and_is_done_then(
    open_vault: Open, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end() -> None:
        raise ConnectionAbortedError

    vault.before_write = end
    sink, secret = open_vault(), demo_secret()
    with pytest.raises(SecretUnavailable):
        sink.put("example/key", secret, put_id="a", actor=ACTOR)
    vault.before_write = lambda: None
    assert sink.find("a") is None
    assert sink.put("example/key", secret, put_id="a", actor=ACTOR).version == 1
    with pytest.raises(SecretAccessDenied):
        sink.put("example/other", secret, put_id="a", actor=ACTOR)


@pytest.mark.req("RUN-10")
def test_what_was_removed_after_a_kill_does_not_come_back(
    open_vault: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink, secret = open_vault(), demo_secret()
    with killed_at(monkeypatch, sink, "ok"):
        sink.put("example/key", secret, put_id="a", actor=ACTOR)
    assert sink.remove("example/key", actor=ACTOR) == 1
    assert str(sink.put("example/key", secret, put_id="a", actor=ACTOR)) == "vault:example/key@1"
    assert sink.list() == []


def test_a_store_that_has_forgotten_a_put_finds_it_in_vault(open_vault: Open, local: LocalSink) -> None:
    secret = demo_secret()
    first = open_vault().put("example/key", secret, put_id="a", actor=ACTOR)
    local.store.write(lambda c: c.execute(text("DELETE FROM store_meta WHERE name LIKE 'put:%'")))
    assert open_vault().put("example/key", secret, put_id="a", actor=ACTOR) == first
    local.store.write(lambda c: c.execute(text("DELETE FROM store_meta WHERE name LIKE 'put:%'")))
    with pytest.raises(SecretAccessDenied):
        open_vault().put("example/key", demo_secret(), put_id="a", actor=ACTOR)


@pytest.mark.req("SECRET-6")
def test_an_alias_that_leads_elsewhere_now_takes_the_secret_anew(open_vault: Open) -> None:
    secret = demo_secret()
    open_vault().put("example/key", secret, put_id="a", actor=ACTOR)
    moved = open_vault(mount="team/kv")
    assert moved.find("a") is None
    moved.put("example/key", secret, put_id="a", actor=ACTOR)
    assert moved.get("example/key", actor=ACTOR) == secret


@pytest.mark.parametrize("fault", [Fault.CUT_OFF, Fault.HUNG_UP])
def test_a_write_whose_answer_is_lost_once_is_done_once(vault_sink: Sink, vault: Vault, fault: Fault) -> None:
    secret, lost = demo_secret(), iter([True])
    fault_of = vault.fault_of

    def lose_one(request: str) -> Fault | None:
        found = fault_of(request)
        return fault if request.startswith("POST") and next(lost, False) else found

    vault.fault_of = lose_one  # type: ignore[method-assign]
    assert vault_sink.put("example/key", secret, put_id="a", actor=ACTOR).version == 1
    assert [stored.version for stored in vault_sink.list()] == [1]
    assert vault_sink.get("example/key", actor=ACTOR) == secret


def test_a_read_whose_answer_is_cut_off_once_is_asked_for_again(vault_sink: Sink, vault: Vault) -> None:
    secret = demo_secret()
    vault_sink.put("example/key", secret, put_id="a", actor=ACTOR)
    vault.go_wrong(Fault.CUT_OFF, "GET /v1/secret/data")
    answers = len(vault.asked)
    with pytest.raises(SecretUnavailable, match="cut its answer off"):
        vault_sink.get("example/key", actor=ACTOR)
    assert len(vault.asked) == answers + 2
