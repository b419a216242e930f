"""Items without versions of their own, in a store that is in memory: what Bitwarden and 1Password have in common."""

import pytest

from tests.sinks.memory_items import MemorySink, MemoryVault, sink, vault
from tests.sinks.vault_fixtures import put_from_threads
from tokenbroker.clock import system_clock
from tokenbroker.errors import SecretAccessDenied, SecretNotFound, SecretUnavailable
from tokenbroker.sinks.item_history import KEPT
from tokenbroker.sinks.items import ItemPlace
from tokenbroker.sinks.place import Put
from tokenbroker.sinks.remote import PROBE_PATH
from tokenbroker.sinks.sink import SinkInputs
from tokenbroker.sinks.testing import ACTOR, SinkContract, demo_secret

__all__ = ["sink", "vault"]

pytestmark = pytest.mark.req("SECRET-1")


class TestItemSink(SinkContract):
    @pytest.fixture
    def sink(self, sink: MemorySink) -> MemorySink:
        return sink


def test_two_writers_at_once_lose_nothing_though_both_make_the_item(sink: MemorySink) -> None:
    put_from_threads([sink, sink, sink], each=3)
    assert len(sink.vault.items) == 1


def test_of_two_items_made_in_the_same_moment_the_first_stays(sink: MemorySink, vault: MemoryVault) -> None:
    other = MemorySink(vault, SinkInputs(store=sink._store, custody=_custody(sink), variables={}))
    late = iter([True])

    def be_faster() -> None:
        if next(late, False):
            other.put("example/key", demo_secret(), put_id="theirs", actor=ACTOR)

    vault.before_save = be_faster
    secret = demo_secret()
    assert sink.put("example/key", secret, put_id="ours", actor=ACTOR).version == 2
    assert len(vault.items) == 1
    assert sink.get("example/key", actor=ACTOR) == secret


def _custody(sink: MemorySink) -> object:
    class Custody:
        class master_key:  # noqa: N801
            @staticmethod
            def derive(_name: str) -> bytes:
                return sink._fingerprint_key

    return Custody


def test_the_newest_value_is_the_item_s_own_and_what_a_person_needs_not_see_has_no_value(
    sink: MemorySink, vault: MemoryVault
) -> None:
    first, second = demo_secret(), demo_secret()
    sink.put("example/key", first, put_id="a", actor=ACTOR)
    sink.put("example/key", second, put_id="b", actor=ACTOR)
    (item,) = vault.items.values()
    assert item.value == second
    assert item.held == {1: first, 2: second}
    assert item.history
    assert not any(secret.reveal() in item.history for secret in (first, second))


def test_what_a_person_has_changed_by_hand_is_a_version_and_ours_stay(
    sink: MemorySink, vault: MemoryVault
) -> None:
    ours, theirs, later = demo_secret(), demo_secret(), demo_secret()
    sink.put("example/key", ours, put_id="a", actor=ACTOR)
    vault.change("example/key", value=theirs)
    assert sink.get("example/key", actor=ACTOR) == theirs
    assert [stored.version for stored in sink.list()] == [1, 2]
    assert sink.put("example/key", later, put_id="b", actor=ACTOR).version == 3
    values = [sink.get("example/key", version=number, actor=ACTOR) for number in (1, 2, 3)]
    assert values == [ours, theirs, later]


def test_what_somebody_else_has_put_there_is_read_and_listed_with_its_fields(
    sink: MemorySink, vault: MemoryVault
) -> None:
    word, name = demo_secret(), demo_secret()
    vault.make("Work/GitHub", word, fields={"username": name})
    assert sink.get("Work/GitHub", actor=ACTOR) == word
    assert sink.get("Work/GitHub#password", version=1, actor=ACTOR) == word
    assert sink.get("Work/GitHub#username", actor=ACTOR) == name
    assert [(stored.path, stored.version) for stored in sink.list()] == [("Work/GitHub", 1)]
    with pytest.raises(SecretNotFound, match="nickname"):
        sink.get("Work/GitHub#nickname", actor=ACTOR)
    sink.put("Work/GitHub", demo_secret(), put_id="a", actor=ACTOR)
    assert sink.get("Work/GitHub", version=1, actor=ACTOR) == word
    assert sink.get("Work/GitHub#username", actor=ACTOR) == name, "what we don't write is as it was"


@pytest.mark.req("RUN-7")
def test_the_seed_of_one_time_codes_is_not_given_out(sink: MemorySink, vault: MemoryVault) -> None:
    vault.make("Work/GitHub", demo_secret(), one_time=frozenset({"totp"}))
    with pytest.raises(SecretAccessDenied):
        sink.get("Work/GitHub#totp", actor=ACTOR)


@pytest.mark.parametrize("made_by", ["a person", "copying"])
def test_two_items_at_one_path_are_an_error_and_never_a_guess(
    sink: MemorySink, vault: MemoryVault, made_by: str
) -> None:
    sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    (item,) = vault.items.values()
    if made_by == "copying":
        vault.make("example/key", demo_secret(), history=item.history, held=item.held)
    else:
        vault.make("example/key", demo_secret())
    with pytest.raises(SecretAccessDenied, match="2 items"):
        sink.get("example/key", actor=ACTOR)
    with pytest.raises(SecretAccessDenied, match="2 items"):
        sink.put("example/key", demo_secret(), put_id="b", actor=ACTOR)
    assert sink.list() == []


def test_a_probe_leaves_what_another_probe_has_just_written(sink: MemorySink, vault: MemoryVault) -> None:
    place = ItemPlace(vault, clock=system_clock)
    first, second = (Put(path=PROBE_PATH, secret=demo_secret(), put_id=name, fingerprint="") for name in "ab")
    place.write(first, after=0)
    place.write(second, after=1)
    place.destroy(PROBE_PATH, [1])
    found = place.read(PROBE_PATH, 2)
    assert found is not None
    assert found.secret == second.secret
    place.destroy(PROBE_PATH, [2])
    assert vault.items == {}


def test_an_item_that_a_person_has_emptied_gives_out_no_older_version(
    sink: MemorySink, vault: MemoryVault
) -> None:
    secret = demo_secret()
    sink.put("example/key", secret, put_id="a", actor=ACTOR)
    vault.change("example/key", value=None)
    with pytest.raises(SecretNotFound):
        sink.get("example/key", actor=ACTOR)
    assert sink.get("example/key", version=1, actor=ACTOR) == secret


@pytest.mark.req("SECRET-3")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "[" * 100_000,
        '{"born":"a","last":Infinity,"versions":[]}',
        '{"born":"a","last":1,"versions":[[2,"2026-01-01","",""]]}',
        '{"born":"a","last":"x"}',
    ],
)
def test_a_history_that_somebody_has_changed_is_said_and_nothing_is_overwritten(
    sink: MemorySink, vault: MemoryVault, text: str
) -> None:
    sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    vault.change("example/key", history=text)
    before = [*vault.items.values()]
    for act in (
        lambda: sink.get("example/key", actor=ACTOR),
        lambda: sink.put("example/key", demo_secret(), put_id="b", actor=ACTOR),
        lambda: sink.remove("example/key", actor=ACTOR),
    ):
        with pytest.raises(SecretUnavailable, match="not as it was written"):
            act()
    assert [*vault.items.values()] == before
    assert sink.list() == []


def test_more_versions_than_are_kept_leave_the_newest(sink: MemorySink) -> None:
    for number in range(KEPT + 2):
        sink.put("example/key", demo_secret(), put_id=str(number), actor=ACTOR)
    assert [stored.version for stored in sink.list()] == list(range(3, KEPT + 3))
    with pytest.raises(SecretNotFound):
        sink.get("example/key", version=1, actor=ACTOR)


def test_an_item_whose_secret_was_removed_stays_and_holds_no_value(
    sink: MemorySink, vault: MemoryVault
) -> None:
    sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    sink.probe()
    assert sink.remove("example/key", actor=ACTOR) == 1
    (item,) = vault.items.values()
    assert (item.value, item.held, item.path) == (None, {}, "example/key")
