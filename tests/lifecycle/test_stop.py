"""What waits at the stop of a rotation: only its own key is used, and no other one blocks it (FLOW-8)."""

from datetime import timedelta

import pytest

from tests.lifecycle.replacements import REFERENCE, Scene
from tokenbroker.errors import BrokerError, SecretAccessDenied, SecretNotFound
from tokenbroker.lifecycle.due import STOP
from tokenbroker.lifecycle.tickets import Need, Ticket
from tokenbroker.secret import Secret
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


@pytest.mark.parametrize(
    ("error", "left"), [(SecretAccessDenied("it was changed"), 2), (SecretNotFound("it is gone"), 0)]
)
def test_a_strangers_key_that_can_not_be_read_blocks_nothing_and_is_kept_if_it_is_there(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, error: BrokerError, left: int
) -> None:
    scene.strange_key(works=True)
    get = scene.local.get

    def refusing(path: str, *, version: int | None = None, actor: str) -> Secret:
        if (path, version) == (f"example/key{STOP}", 1):
            raise error
        return get(path, version=version, actor=actor)

    monkeypatch.setattr(scene.local, "get", refusing)
    ticket = scene.ticket()
    ticket.start(scene.bench)
    assert (ticket.error, bool(left)) == (None, f"{REFERENCE}{STOP}" in noted(ticket))
    again = scene.ticket()
    again.start(scene.bench)
    new = scene.make_key(again)
    again.advance(scene.bench)
    assert (again.error, stage_of(again), scene.current()) == (None, Stage.TOLD, new)
    assert (len(scene.hook.told), at_stop(scene)) == (1, left)


@pytest.mark.parametrize("dies", ["before the old key is revoked", "later"])
def test_a_stop_is_cleared_once_no_strangers_key_works_there(scene: Scene, dies: str) -> None:
    strange = scene.strange_key(works=True)
    old, dies_soon = scene.old, dies != "later"
    for number in (1, 2):
        ticket = scene.ticket()
        ticket.start(scene.bench)
        new = scene.make_key(ticket)
        if number == 2:
            scene.site.accepted.discard(strange.reveal())
        ticket.advance(scene.bench)
        assert (ticket.error, stage_of(ticket)) == (None, Stage.TOLD)
        # In the second the old key, which still works, has a copy there from the first.
        assert at_stop(scene) == (2 if number == 1 else 0)
        if dies_soon:
            scene.site.accepted.discard(strange.reveal())
        scene.site.accepted.discard(old.reveal())
        ticket.conclude(scene.bench)
        assert (ticket.error, stage_of(ticket)) == (None, Stage.REVOKED)
        assert at_stop(scene) == (0 if dies_soon or number == 2 else 2)
        old = new
        scene.now += timedelta(days=1)


def test_a_key_that_comes_while_the_site_is_asked_about_the_others_is_kept(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.strange_key(works=False)
    ticket = scene.ticket()
    ticket.start(scene.bench)
    scene.make_key(ticket)
    get = scene.local.get
    late: list[Secret] = []

    def slow(path: str, *, version: int | None = None, actor: str) -> Secret:
        if (path, version) == (f"example/key{STOP}", 1) and not late:
            late.append(scene.strange_key(works=True))
        return get(path, version=version, actor=actor)

    monkeypatch.setattr(scene.local, "get", slow)
    ticket.advance(scene.bench)
    assert (ticket.error, stage_of(ticket)) == (None, Stage.TOLD)
    assert get(f"example/key{STOP}", actor=ACTOR) == late[0]


@pytest.mark.parametrize("is_moved", [False, True])
def test_a_new_key_that_was_removed_from_its_stop_unproven_is_named_but_if_it_is_in_place(
    scene: Scene, is_moved: bool
) -> None:
    ticket = scene.ticket()
    ticket.start(scene.bench)
    new = scene.make_key(ticket)
    assert ticket.done is not None
    scene.local.remove(f"example/key{STOP}", actor=ACTOR)
    scene.local.put("example/key", new if is_moved else demo_secret(), put_id="by hand", actor=ACTOR)
    later = scene.ticket()
    later.start(scene.bench)
    assert later.error is not None
    assert (later.error.code, stage_of(later)) == ("rotate.changed_meanwhile", Stage.GIVEN_UP)
    assert (ticket.done.rotation.key_name in later.error.next_step) is not is_moved
