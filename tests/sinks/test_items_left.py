"""Two items at one path, of which a writer who was killed has left one."""

import pytest

from tests.sinks.memory_items import MemorySink, MemoryVault, sink, vault
from tokenbroker.clock import system_clock
from tokenbroker.errors import SecretAccessDenied
from tokenbroker.secret import Secret
from tokenbroker.sinks.items import ItemPlace
from tokenbroker.sinks.testing import ACTOR, demo_secret

__all__ = ["sink", "vault"]

pytestmark = pytest.mark.req("SECRET-1")


def leave_two(sink: MemorySink, vault: MemoryVault) -> tuple[Secret, Secret]:
    """Two writers make an item in the same moment, and the slower one is killed before it takes its own away."""
    first, second = demo_secret(), demo_secret()
    sink.put("example/key", first, put_id="a", actor=ACTOR)
    (kept,) = vault.items.values()
    vault.items.clear()
    sink.put("example/key", second, put_id="b", actor=ACTOR)
    (left,) = vault.items.values()
    vault.items = {left.handle: left, kept.handle: kept}
    return first, second


@pytest.mark.req("RUN-10")
def test_an_item_that_a_killed_writer_has_left_is_in_no_list_and_in_nobody_s_way(
    sink: MemorySink, vault: MemoryVault
) -> None:
    first, _ = leave_two(sink, vault)
    mark = sink.find("a")
    assert mark is not None
    assert sink.get("example/key", actor=ACTOR) == first
    assert [(stored.path, stored.fingerprint) for stored in sink.list()] == [
        ("example/key", mark.fingerprint)
    ]
    later = demo_secret()
    sink.put("example/key", later, put_id="c", actor=ACTOR)
    assert sink.get("example/key", actor=ACTOR) == later


@pytest.mark.req("RUN-10")
def test_a_removal_leaves_no_value_in_an_item_that_a_killed_writer_has_left(
    sink: MemorySink, vault: MemoryVault
) -> None:
    leave_two(sink, vault)
    assert sink.remove("example/key", actor=ACTOR) == 1
    assert [(item.value, item.held) for item in vault.items.values()] == [(None, {})]
    assert sink.put("example/key", demo_secret(), put_id="c", actor=ACTOR).version == 2


def test_a_removal_that_is_lost_to_a_race_takes_no_other_item_away_for_good(
    sink: MemorySink, vault: MemoryVault
) -> None:
    leave_two(sink, vault)
    place = ItemPlace(vault, clock=system_clock)
    place.look("example/key")
    vault.make("example/key", demo_secret())
    with pytest.raises(SecretAccessDenied, match="3 items"):
        place.destroy("example/key", [1])
    assert len(vault.items) == 3
