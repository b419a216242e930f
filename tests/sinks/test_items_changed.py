"""What a number means once a person has changed something by hand: one value, or a refusal."""

from dataclasses import replace

import pytest

from tests.sinks.infisical_fixtures import OpenInfisical
from tests.sinks.infisical_server import Infisical
from tests.sinks.memory_items import MemorySink, MemoryVault, sink, vault
from tokenbroker.errors import SecretAccessDenied
from tokenbroker.secret import Secret
from tokenbroker.sinks import Sink
from tokenbroker.sinks.local import LocalSink
from tokenbroker.sinks.testing import ACTOR, demo_secret

__all__ = ["sink", "vault"]

pytestmark = pytest.mark.req("SECRET-1")


def require_refused(sink: Sink, version: int) -> None:
    with pytest.raises(SecretAccessDenied) as caught:
        sink.get("example/key", version=version, actor=ACTOR)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("told_by", ["a list", "a read"])
def test_a_number_that_was_told_for_a_person_s_value_is_never_that_of_their_next_one(
    sink: MemorySink, vault: MemoryVault, told_by: str
) -> None:
    theirs, later, ours = demo_secret(), demo_secret(), demo_secret()
    sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    vault.change("example/key", value=theirs)
    if told_by == "a list":
        assert [stored.version for stored in sink.list()] == [1, 2]
    else:
        assert sink.get("example/key", version=2, actor=ACTOR) == theirs
    vault.change("example/key", value=later)
    require_refused(sink, 2)
    assert sink.get("example/key", actor=ACTOR) == later
    assert sink.put("example/key", ours, put_id="b", actor=ACTOR).version == 3
    require_refused(sink, 2)
    assert sink.get("example/key", version=3, actor=ACTOR) == ours


def test_a_list_is_told_though_the_home_s_store_takes_no_note_of_it(
    sink: MemorySink, vault: MemoryVault, local: LocalSink
) -> None:
    vault.make("example/key", demo_secret())
    local.store.write(lambda connection: connection.exec_driver_sql("PRAGMA query_only = 1"))
    with pytest.raises(SecretAccessDenied):
        sink.get("example/key", actor=ACTOR)
    assert [stored.version for stored in sink.list()] == [1]


def test_a_person_s_value_that_stays_as_it_was_keeps_its_number(sink: MemorySink, vault: MemoryVault) -> None:
    theirs = demo_secret()
    vault.make("example/key", theirs)
    sink.list()
    sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    assert sink.get("example/key", version=1, actor=ACTOR) == theirs


def test_a_version_of_ours_that_a_person_has_changed_is_refused(sink: MemorySink, vault: MemoryVault) -> None:
    for put_id in "ab":
        sink.put("example/key", demo_secret(), put_id=put_id, actor=ACTOR)
    (item,) = vault.items.values()
    vault.change("example/key", held={**item.held, 1: demo_secret()})
    require_refused(sink, 1)
    assert sink.get("example/key", version=2, actor=ACTOR) == item.value


def test_where_a_person_has_deleted_an_item_the_number_of_the_next_put_is_that_put_s(
    sink: MemorySink, vault: MemoryVault
) -> None:
    vault.make("example/key", demo_secret())
    sink.list()
    vault.items.clear()
    secret = demo_secret()
    assert sink.put("example/key", secret, put_id="a", actor=ACTOR).version == 1
    assert sink.get("example/key", version=1, actor=ACTOR) == secret


def test_a_field_that_a_person_has_changed_is_not_given_out_under_the_number_of_before(
    sink: MemorySink, vault: MemoryVault
) -> None:
    name, other = demo_secret(), demo_secret()
    made = vault.make("example/login", demo_secret(), fields={"username": name})
    assert sink.get("example/login#username", version=1, actor=ACTOR) == name
    vault.items[made.handle] = replace(made, fields={"username": other})
    with pytest.raises(SecretAccessDenied):
        sink.get("example/login#username", version=1, actor=ACTOR)
    assert sink.get("example/login#username", actor=ACTOR) == other


def test_in_infisical_a_number_means_one_value_too(
    open_infisical: OpenInfisical, infisical: Infisical
) -> None:
    sink = open_infisical(cache_s=0)
    sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    infisical.set_by_hand("/tokenbroker/example", "key", "demo-only-first")
    assert sink.get("example/key", version=2, actor=ACTOR) == Secret("demo-only-first")
    infisical.set_by_hand("/tokenbroker/example", "key", "demo-only-second")
    require_refused(sink, 2)
    infisical.set_by_hand("/tokenbroker/_versions/example/key", "v1", "demo-only-third")
    require_refused(sink, 1)
