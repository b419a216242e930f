"""A key that a person has put somewhere by hand while it is replaced is never revoked in use (FLOW-8, RUN-10)."""

import pytest

from tests.lifecycle.replacements import Scene
from tests.lifecycle.test_contention import begun, code_of, stage_of
from tokenbroker.errors import RunError
from tokenbroker.lifecycle.due import STOP
from tokenbroker.secret import Secret
from tokenbroker.sinks.testing import ACTOR, demo_secret
from tokenbroker.store.rotations import Stage, rotations_under_way

pytestmark = pytest.mark.req("FLOW-8", "RUN-10")


@pytest.fixture
def scene(scene: Scene) -> Scene:
    scene.let_a_flow_revoke()
    return scene


def put(scene: Scene, secret: Secret) -> Secret:
    scene.local.put("example/key", secret, put_id=f"by hand {secret.reveal()[-8:]}", actor=ACTOR)
    return secret


@pytest.mark.parametrize("has_failed", [False, True])
def test_an_old_key_that_was_put_back_is_never_revoked_and_the_rotation_ends(
    scene: Scene, has_failed: bool
) -> None:
    scene.hook.error = RunError("consumers are broken", code="rotate.hook_failed") if has_failed else None
    ticket, _ = begun(scene)
    ticket.advance(scene.bench)
    assert stage_of(ticket) is (Stage.REPLACED if has_failed else Stage.TOLD)
    put(scene, scene.old)
    scene.hook.error = None
    later = scene.ticket()
    later.start(scene.bench)
    assert not later.is_dead_already(scene.bench)
    assert (code_of(later), stage_of(later)) == ("rotate.changed_meanwhile", Stage.GIVEN_UP)
    assert later.error is not None
    assert later.progress is not None
    assert later.progress.key_name in (later.error.next_step or "")
    assert len(scene.hook.told) == 1, "nobody is told of a key that is not in place"
    assert rotations_under_way(scene.home, ["local"]) == []
    assert (scene.lives()[3].ends_at, scene.lives()[3].key_name) == (scene.life.ends_at, "agent")
    again = scene.ticket()
    again.start(scene.bench)
    assert again.error is None, "it can be replaced anew"


def test_a_new_key_that_is_not_needed_and_was_moved_into_place_is_never_revoked(scene: Scene) -> None:
    ticket, new = begun(scene)
    put(scene, demo_secret())
    ticket.advance(scene.bench)
    assert stage_of(ticket) is Stage.SURPLUS
    put(scene, new)
    scene.local.remove(f"example/key{STOP}", actor=ACTOR)
    later = scene.ticket()
    later.start(scene.bench)
    assert not later.is_dead_already(scene.bench)
    assert (code_of(later), stage_of(later)) == ("rotate.changed_meanwhile", Stage.GIVEN_UP)


@pytest.mark.parametrize("is_new_dead", [False, True])
def test_a_third_key_in_the_grace_that_works_takes_the_place_of_the_new_one(
    scene: Scene, is_new_dead: bool
) -> None:
    ticket, new = begun(scene)
    ticket.advance(scene.bench)
    third = put(scene, demo_secret())
    if is_new_dead:
        scene.site.accepted.discard(new.reveal())
    later = scene.ticket()
    later.start(scene.bench)
    assert not later.is_dead_already(scene.bench)
    assert code_of(later) == "rotate.new_refused", "the third has to work"
    scene.site.accepted.add(third.reveal())
    scene.site.accepted.discard(scene.old.reveal())
    last = scene.ticket()
    last.start(scene.bench)
    assert last.is_dead_already(scene.bench)
    assert (last.error, stage_of(last), scene.current()) == (None, Stage.REVOKED, third)
    assert last.done is not None
    assert last.done.rotation.key_name in last.done.notes[-1]
