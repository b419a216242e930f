"""A key that an earlier run may have made and lost is revoked where that is safe, and told where not (RUN-10)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.lifecycle.replacements import REFERENCE, SITE, Scene
from tokenbroker.lifecycle.losses import note_losses
from tokenbroker.lifecycle.replacement import stop_of
from tokenbroker.lifecycle.tickets import Need, Ticket
from tokenbroker.pytest_plugin.sitting import _TURN, Sitting, Turn
from tokenbroker.run.intent import UNKNOWN, Intent
from tokenbroker.run.recover import Outcome, Recovered
from tokenbroker.run.result import Status
from tokenbroker.sinks.testing import ACTOR, demo_secret
from tokenbroker.store.audit_log import verify_chain
from tokenbroker.store.lives import known_lives, remember

pytestmark = pytest.mark.req("FLOW-8", "RUN-10")


@pytest.fixture
def scene(scene: Scene) -> Scene:
    scene.let_a_flow_revoke()
    return scene


def lost(scene: Scene, name: str = "agent-lost", *, params: Mapping[str, str] | None = None) -> Recovered:
    intent = Intent(
        run_id="run-lost",
        flow_id=scene.create.id,
        site=scene.create.site,
        origin=SITE,
        key_name=name,
        revoke=f"{SITE}/keys",
        targets=(stop_of(REFERENCE),),
        created_at=scene.now,
        params={"key_name": name} if params is None else params,
    )
    return Recovered(outcome=Outcome.POSSIBLY_CREATED, spool_file=Path("x"), intent=intent)


def noted(scene: Scene, *left: Recovered) -> Ticket:
    ticket = scene.ticket()
    note_losses(
        [ticket],
        left,
        store=scene.home,
        lives=known_lives(scene.home, ["local"]),
        open_sink=lambda _: scene.local,
    )
    return ticket


def ended(scene: Scene, ticket: Ticket, error: BaseException | None, *, has_run: bool = True) -> list[str]:
    """Which runs are dismissed after the run that is to revoke the lost key has ended with `error`."""
    dismissed: list[str] = []
    broker = SimpleNamespace(
        local=scene.local, actor="tests", clock=lambda: scene.now, dismiss=dismissed.append
    )
    item = cast(Any, SimpleNamespace(stash=pytest.Stash(), funcargs={"tokenbroker_broker": broker}))
    turn = Turn(ticket=ticket, need=Need.CLEANING, number=1, total=1, lost=ticket.lost[0])
    item.stash[_TURN] = turn
    sitting = Sitting([ticket], bench_of=lambda _: scene.bench)
    call: Iterator[Any] = sitting.pytest_runtest_call(item)
    next(call)
    if has_run:
        status = Status.PASSED if error is None else Status.FAILED
        sitting.finished(cast(Any, SimpleNamespace(status=status)), "", cast(Any, broker))
    if error is None:
        with pytest.raises(StopIteration):
            next(call)
    else:
        with pytest.raises(pytest.skip.Exception):
            cast(Any, call).throw(error)
    return dismissed


def test_a_lost_key_is_revoked_by_its_name_and_then_forgotten(scene: Scene) -> None:
    ticket = noted(scene, lost(scene, "svc x", params={"key_name": "x"}))
    assert [ticket.params_for_lost(each) for each in ticket.lost] == [{"key_name": "x"}]
    assert ended(scene, ticket, None) == ["run-lost"]
    assert ticket.unsettled == ()


@pytest.mark.parametrize("error", [pytest.fail.Exception("not there"), RuntimeError("x")])
def test_one_that_can_t_be_revoked_fails_nothing_and_is_not_tried_again(
    scene: Scene, error: BaseException
) -> None:
    ticket = noted(scene, lost(scene))
    assert ended(scene, ticket, error) == []
    again = noted(scene, lost(scene))
    for each in (ticket, again):
        (loss,) = each.unsettled
        for word in ("agent-lost", f"{SITE}/keys", "recover --dismiss run-lost"):
            assert word in loss.sentence
        assert each.error is None
    assert again.lost == ()
    assert verify_chain(scene.home).broken is None


def test_the_name_of_a_key_that_is_known_is_never_revoked(scene: Scene) -> None:
    remember(scene.home, replace(scene.life, path="example/second", key_name="agent-lost", params={}))
    ticket = noted(scene, lost(scene))
    assert (ticket.lost, [loss.intent.run_id for loss in ticket.unsettled]) == ((), ["run-lost"])
    assert noted(scene, lost(scene, "agent")).lost == (), "the very key that is to be replaced"
    remember(scene.home, replace(scene.life, flow_id="elsewhere/create", path="x/y", key_name="other"))
    assert noted(scene, lost(scene, "other")).lost, "a key of that name at another site"


def test_one_that_no_flow_can_be_told_is_told_to_the_person(scene: Scene) -> None:
    assert noted(scene, lost(scene, UNKNOWN, params={})).lost == ()
    remember(scene.home, replace(scene.life, revokes=""))
    ticket = noted(scene, lost(scene))
    assert (ticket.lost, len(ticket.unsettled)) == ((), 1)


def test_one_whose_run_was_refused_is_tried_again(scene: Scene) -> None:
    ticket = noted(scene, lost(scene))
    assert ended(scene, ticket, pytest.fail.Exception("policy"), has_run=False) == []
    assert len(ticket.unsettled) == 1
    assert len(noted(scene, lost(scene)).lost) == 1


@pytest.mark.parametrize("adopted_as", [None, "", "agent-rescued"])
def test_one_that_a_person_may_have_rescued_is_not_revoked(scene: Scene, adopted_as: str | None) -> None:
    scene.ticket().start(scene.bench)
    name = adopted_as or "agent-lost"
    rescued = scene.local.put("example/key", demo_secret(), put_id="by hand", actor=ACTOR)
    if adopted_as is not None:
        by_hand = replace(
            scene.life,
            version=rescued.version,
            fingerprint=rescued.fingerprint,
            key_name=adopted_as,
            params={},
        )
        remember(scene.home, by_hand)
    ticket = noted(scene, lost(scene, name))
    assert (ticket.lost, [loss.intent.key_name for loss in ticket.unsettled]) == ((), [name])
