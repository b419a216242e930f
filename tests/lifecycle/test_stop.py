"""What waits at the stop of a rotation: only its own key is used, and no other one blocks it (FLOW-8)."""

from datetime import timedelta

import pytest

from tests.lifecycle.replacements import REFERENCE, Scene
from tokenbroker.lifecycle.due import STOP
from tokenbroker.lifecycle.tickets import Need, Ticket
from tokenbroker.sinks.testing import ACTOR, demo_secret
from tokenbroker.store.rotations import Stage

pytestmark = pytest.mark.req("FLOW-8", "RUN-10")


def at_stop(scene: Scene) -> int:
    return [stored.path for stored in scene.local.list()].count(f"example/key{STOP}")


def noted(ticket: Ticket) -> str:
    assert ticket.done is not None
    return " ".join(ticket.done.notes)


def stage_of(ticket: Ticket) -> Stage:
    assert ticket.done is not None
    return ticket.done.rotation.state


@pytest.mark.parametrize("works", [True, False])
def test_a_key_at_the_stop_that_is_not_of_this_rotation_is_said_and_not_used(
    scene: Scene, works: bool
) -> None:
    strange = scene.strange_key(works=works)
    ticket = scene.ticket()
    ticket.start(scene.bench)
    assert (ticket.need(scene.now), ticket.error) == (Need.KEY, None)
    assert f"{REFERENCE}{STOP}" in noted(ticket)
    again = scene.ticket()
    again.start(scene.bench)
    assert again.done is not None
    assert stage_of(again) is Stage.BEGUN, "the strange key was taken up"
    new = scene.make_key(again)
    again.advance(scene.bench)
    assert (again.error, stage_of(again), scene.current()) == (None, Stage.TOLD, new)
    assert strange in scene.learnt
    # One that works may be what another waits for; a dead one is of no use.
    assert at_stop(scene) == (2 if works else 0)


def test_the_key_of_a_rotation_that_was_given_up_is_not_the_next_ones(scene: Scene) -> None:
    first = scene.ticket()
    first.start(scene.bench)
    left = scene.make_key(first)
    scene.local.put("example/key", demo_secret(), put_id="theirs", actor=ACTOR)
    first.advance(scene.bench)
    assert first.error is not None
    scene.local.put("example/key", scene.old, put_id="old again", actor=ACTOR)
    scene.now += timedelta(days=1)
    second = scene.ticket()
    second.start(scene.bench)
    assert stage_of(second) is Stage.BEGUN
    new = scene.make_key(second)
    second.advance(scene.bench)
    assert (second.error, scene.current()) == (None, new)
    assert left != new


def test_a_dead_key_at_its_stop_is_replaced_by_the_next_sitting(scene: Scene) -> None:
    ticket = scene.ticket()
    ticket.start(scene.bench)
    scene.make_key(ticket, works=False)
    ticket.advance(scene.bench)
    assert ticket.error is not None
    assert ticket.error.code == "rotate.not_accepted"
    later = scene.ticket()
    later.start(scene.bench)
    assert (later.error, later.need(scene.now)) == (None, Need.KEY)
    assert "refuses" in noted(later)
    new = scene.make_key(later)
    later.advance(scene.bench)
    assert (later.error, stage_of(later), scene.current(), at_stop(scene)) == (None, Stage.TOLD, new, 0)


def test_while_its_site_says_nothing_of_the_key_at_the_stop_no_other_is_made(scene: Scene) -> None:
    ticket = scene.ticket()
    ticket.start(scene.bench)
    new = scene.make_key(ticket, works=False)
    scene.site.refusal = 503
    ticket.advance(scene.bench)
    later = scene.ticket()
    later.start(scene.bench)
    assert later.error is not None
    assert later.error.code == "rotate.not_accepted"
    scene.site.accepted.add(new.reveal())
    last = scene.ticket()
    last.start(scene.bench)
    assert (last.error, scene.current()) == (None, new)


def test_of_two_keys_at_the_stop_the_one_of_the_name_that_was_decided_is_used(scene: Scene) -> None:
    first = scene.ticket()
    first.start(scene.bench)
    second = scene.ticket()
    second.start(scene.bench)
    new = scene.make_key(second)
    scene.make_key(first)
    second.advance(scene.bench)
    assert (second.error, scene.current()) == (None, new)


def test_a_proven_key_that_has_died_before_it_was_put_in_place_ends_the_rotation(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = scene.ticket()
    ticket.start(scene.bench)
    new = scene.make_key(ticket)
    with monkeypatch.context() as patched:
        patched.setattr(scene.local, "find", lambda _: 1 / 0)
        ticket.advance(scene.bench)
    assert stage_of(ticket) is Stage.PROVEN
    scene.site.accepted.discard(new.reveal())
    later = scene.ticket()
    later.start(scene.bench)
    assert later.error is not None
    assert (later.error.code, stage_of(later)) == ("rotate.not_accepted", Stage.GIVEN_UP)
    assert (scene.current(), at_stop(scene)) == (scene.old, 0)
    last = scene.ticket()
    last.start(scene.bench)
    assert (last.error, last.need(scene.now)) == (None, Need.KEY)
