"""A token that a person has changed in the store itself: no rotation is stuck on it (FLOW-8)."""

from dataclasses import replace
from typing import cast

import pytest

from tests.lifecycle.replacements import Scene, Site
from tests.sinks.memory_items import MemorySink, MemoryVault, sink, vault
from tokenbroker.lifecycle.due import STOP, leads_elsewhere
from tokenbroker.lifecycle.tickets import Ticket
from tokenbroker.secret import Secret
from tokenbroker.sinks.local import LocalSink
from tokenbroker.sinks.testing import ACTOR, demo_secret
from tokenbroker.store.lives import known_lives, remember
from tokenbroker.store.rotations import Stage, rotations_under_way

pytestmark = pytest.mark.req("FLOW-8", "RUN-10")
__all__ = ["sink", "vault"]


@pytest.fixture
def scene(site: Site, sink: MemorySink, local: LocalSink) -> Scene:
    sink.name = "local"
    made = Scene(site=site, local=cast(LocalSink, sink), store=local.store)
    made.let_a_flow_revoke()
    return made


def set_by_hand(scene: Scene, vault: MemoryVault) -> Secret:
    """A key that works, which a person puts in the place of what is there."""
    theirs = demo_secret()
    scene.site.accepted.add(theirs.reveal())
    vault.change("example/key", value=theirs)
    return theirs


def adopt(scene: Scene) -> None:
    """What is there now is adopted."""
    newest = max((s for s in scene.local.list() if s.path == "example/key"), key=lambda s: s.version)
    scene.life = replace(scene.life, version=newest.version, fingerprint=newest.fingerprint)
    remember(scene.home, scene.life)


def code_of(ticket: Ticket) -> str:
    return ticket.error.code if ticket.error else ""


def test_a_key_whose_number_stood_for_another_first_is_not_begun_on(scene: Scene, vault: MemoryVault) -> None:
    set_by_hand(scene, vault)
    scene.local.list()  # as `due` does: the number stands for that value from now on
    theirs = set_by_hand(scene, vault)
    adopt(scene)
    ticket = scene.ticket()
    ticket.start(scene.bench)
    assert (code_of(ticket), rotations_under_way(scene.home, ["local"])) == ("rotate.changed_meanwhile", [])
    assert ticket.error is not None
    assert "secrets put local:example/key" in ticket.error.next_step
    # As it is told: put anew, and adopted.
    scene.local.put("example/key", theirs, put_id="anew", actor=ACTOR)
    adopt(scene)
    later = scene.ticket()
    later.start(scene.bench)
    assert (code_of(later), len(rotations_under_way(scene.home, ["local"]))) == ("", 1)


def test_of_an_old_key_whose_number_stands_for_another_by_now_the_flow_that_revokes_is_believed(
    scene: Scene, vault: MemoryVault
) -> None:
    ticket = scene.ticket()
    ticket.start(scene.bench)
    scene.make_key(ticket)
    ticket.advance(scene.bench)
    (item,) = vault.matching("example/key")
    vault.change("example/key", held={**item.held, 1: demo_secret()})
    later = scene.ticket()
    later.start(scene.bench)
    assert not later.is_dead_already(scene.bench)
    later.conclude(scene.bench)
    assert later.done is not None
    assert (code_of(later), later.done.rotation.state) == ("", Stage.REVOKED)


def is_elsewhere(scene: Scene) -> bool:
    (rotation,) = rotations_under_way(scene.home, ["local"])
    return leads_elsewhere(rotation, known_lives(scene.home, ["local"]), scene.local.list())


def know_another(scene: Scene) -> None:
    """Another token in the same sink, of which its flow has told."""
    stored = scene.local.put("example/other", demo_secret(), put_id="other", actor=ACTOR)
    remember(scene.home, replace(scene.life, path="example/other", version=1, fingerprint=stored.fingerprint))


def make_by_hand(scene: Scene, vault: MemoryVault) -> None:
    """The item of the token is one that a person has made."""
    vault.items.clear()
    vault.make("example/key", scene.old)
    adopt(scene)


@pytest.mark.parametrize("is_adopted", [False, True])
def test_an_item_made_and_changed_by_hand_is_told_from_another_store_by_what_else_is_known_there(
    scene: Scene, vault: MemoryVault, is_adopted: bool
) -> None:
    make_by_hand(scene, vault)
    scene.ticket().start(scene.bench)
    set_by_hand(scene, vault)
    assert is_elsewhere(scene), "nothing tells which store it is"
    if is_adopted:  # as the error says
        adopt(scene)
    else:
        know_another(scene)
    assert not is_elsewhere(scene)
    later = scene.ticket()
    later.start(scene.bench)
    assert code_of(later) == ("" if is_adopted else "rotate.changed_meanwhile")


def test_a_rotation_whose_reference_and_stop_were_removed_by_hand_is_given_up_with_the_keys_name(
    scene: Scene,
) -> None:
    ticket = scene.ticket()
    ticket.start(scene.bench)
    scene.make_key(ticket)
    assert ticket.done is not None
    know_another(scene)
    for path in ("example/key", f"example/key{STOP}"):
        scene.local.remove(path, actor=ACTOR)
    assert not is_elsewhere(scene)
    later = scene.ticket()
    later.start(scene.bench)
    assert later.error is not None
    assert (code_of(later), rotations_under_way(scene.home, ["local"])) == ("rotate.changed_meanwhile", [])
    assert f"'{ticket.done.rotation.key_name}'" in later.error.next_step
