"""Two that replace one token at once, and one that is changed meanwhile: one wins, and no key is left over (FLOW-8)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from tests.lifecycle.replacements import REFERENCE, Scene, Site
from tests.raw_sql import execute_raw
from tests.sinks.vault_fixtures import vault
from tests.sinks.vault_server import Vault
from tokenbroker.lifecycle.due import STOP
from tokenbroker.lifecycle.standing import standing
from tokenbroker.lifecycle.tickets import Need, Ticket
from tokenbroker.secret import Secret
from tokenbroker.settings import SinkSettings
from tokenbroker.sinks import Sink, SinkInputs, open_sink
from tokenbroker.sinks.local import LocalSink, open_local
from tokenbroker.sinks.sink import Reference
from tokenbroker.sinks.testing import ACTOR, demo_secret
from tokenbroker.store.lives import remember
from tokenbroker.store.rotations import Stage, rotations_under_way
from tokenbroker.store.sqlite import open_store

pytestmark = pytest.mark.req("FLOW-8", "RUN-10")
__all__ = ["vault"]


@pytest.fixture
def scene(scene: Scene) -> Scene:
    scene.let_a_flow_revoke()
    return scene


@pytest.fixture
def other(scene: Scene, tmp_path: Path) -> Iterator[Scene]:
    """Another home, with a store of its own, that shares the sink."""
    with open_store(tmp_path / "other" / "store.db") as store:
        yield scene.neighbour(store)


def stage_of(ticket: Ticket) -> Stage:
    assert ticket.done is not None
    return ticket.done.rotation.state


def code_of(ticket: Ticket) -> str:
    return ticket.error.code if ticket.error else ""


def begun(scene: Scene) -> tuple[Ticket, Secret]:
    ticket = scene.ticket()
    ticket.start(scene.bench)
    return ticket, scene.make_key(ticket)


def test_of_two_homes_that_share_a_sink_one_wins_and_the_other_revokes_its_own_key(
    scene: Scene, other: Scene
) -> None:
    first, new = begun(scene)
    second, unneeded = begun(other)
    first.advance(scene.bench)
    second.advance(other.bench)
    assert (first.error, stage_of(first), scene.current()) == (None, Stage.TOLD, new)
    assert (second.error, stage_of(second), second.need(other.now)) == (None, Stage.SURPLUS, Need.REVOKING)
    assert second.done is not None
    assert second.params_for(Need.REVOKING) == {"key_name": second.done.rotation.key_name}
    assert not second.is_dead_already(other.bench)
    scene.site.accepted.discard(unneeded.reveal())
    second.conclude(other.bench)
    assert (code_of(second), stage_of(second)) == ("rotate.changed_meanwhile", Stage.GIVEN_UP)
    scene.site.accepted.discard(scene.old.reveal())
    first.conclude(scene.bench)
    assert (first.error, stage_of(first)) == (None, Stage.REVOKED)
    assert scene.site.accepted == {scene.current().reveal()} == {new.reveal()}, "no key is left over"
    assert [stored.path for stored in scene.local.list()] == ["example/key"] * 2
    for home in (scene, other):
        assert rotations_under_way(home.home, ["local"]) == []


@pytest.mark.parametrize(("stale_s", "is_cut_off"), [(0, False), (300, False), (300, True)])
def test_who_comes_second_by_a_moment_gives_way(
    scene: Scene, other: Scene, monkeypatch: pytest.MonkeyPatch, stale_s: int, is_cut_off: bool
) -> None:
    scene.local.stale_s = stale_s
    first, new = begun(scene)
    second, _ = begun(other)
    put = scene.local.put

    def late(path: str, secret: Secret, *, put_id: str, actor: str) -> Reference:
        monkeypatch.setattr(scene.local, "put", put)
        first.advance(scene.bench)
        return put(path, secret, put_id=put_id, actor=actor)

    monkeypatch.setattr(scene.local, "put", late)
    second.advance(other.bench)
    if is_cut_off:  # after its put, of which its home has heard nothing
        rewind = "UPDATE rotations SET state = 'proven', new_version = NULL, revoke_after = NULL"
        execute_raw(other.home, rewind)
        second = other.ticket()
        second.start(other.bench)
    assert (first.error, second.error, stage_of(second)) == (None, None, Stage.SURPLUS)
    assert scene.current() == new
    # It was in place for a moment: whoever has read it has its grace.
    assert second.need(other.now) is (Need.GRACE if stale_s else Need.REVOKING)
    assert second.need(other.now + timedelta(seconds=stale_s)) is Need.REVOKING


def test_whether_the_first_works_has_to_be_known_before_the_second_stays(
    scene: Scene, other: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, new = begun(scene)
    second, _ = begun(other)
    put = scene.local.put

    def late(path: str, secret: Secret, *, put_id: str, actor: str) -> Reference:
        monkeypatch.setattr(scene.local, "put", put)
        first.advance(scene.bench)
        scene.site.accepted.discard(new.reveal())
        scene.site.refusal = 503
        return put(path, secret, put_id=put_id, actor=actor)

    monkeypatch.setattr(scene.local, "put", late)
    second.advance(other.bench)
    assert (code_of(second), stage_of(second)) == ("rotate.not_told", Stage.PROVEN)
    assert second.done is not None
    told = standing(second.done, other.bench)  # its own key is in place, though that was not kept
    assert told.startswith(f"{REFERENCE} leads to the new key, and ")
    assert "somebody else" not in told
    scene.site.accepted.add(new.reveal())
    scene.site.refusal = 401
    again = other.ticket()
    again.start(other.bench)
    assert (again.error, stage_of(again), scene.current()) == (None, Stage.SURPLUS, new)


def test_a_sitting_that_was_cut_off_before_it_revoked_its_own_key_does_that_next_time(scene: Scene) -> None:
    ticket, unneeded = begun(scene)
    theirs = demo_secret()
    scene.local.put("example/key", theirs, put_id="theirs", actor=ACTOR)
    ticket.advance(scene.bench)
    later = scene.ticket()
    later.start(scene.bench)
    assert (later.error, later.need(scene.now)) == (None, Need.REVOKING)
    later.conclude(scene.bench)
    assert (code_of(later), stage_of(later)) == ("rotate.still_accepted", Stage.SURPLUS)
    scene.site.accepted.discard(unneeded.reveal())
    last = scene.ticket()
    last.start(scene.bench)
    assert not last.is_dead_already(scene.bench), "it ends with an error, as nothing was replaced"
    assert (code_of(last), stage_of(last), scene.current()) == (
        "rotate.changed_meanwhile", Stage.GIVEN_UP, theirs,
    )  # fmt: skip


def test_where_the_reference_has_changed_already_no_key_is_made(scene: Scene) -> None:
    stale = scene.ticket()
    scene.local.put("example/key", demo_secret(), put_id="theirs", actor=ACTOR)
    stale.start(scene.bench)
    assert (code_of(stale), rotations_under_way(scene.home, ["local"])) == ("rotate.changed_meanwhile", [])


def test_a_rotation_without_a_key_whose_reference_has_changed_is_given_up(scene: Scene) -> None:
    scene.ticket().start(scene.bench)
    scene.local.put("example/key", demo_secret(), put_id="theirs", actor=ACTOR)
    later = scene.ticket()
    later.start(scene.bench)
    assert (code_of(later), rotations_under_way(scene.home, ["local"])) == ("rotate.changed_meanwhile", [])


def test_a_new_key_that_somebody_has_removed_from_its_stop_ends_the_rotation(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket, _ = begun(scene)
    with monkeypatch.context() as patched:
        patched.setattr(scene.local, "find", lambda _: 1 / 0)
        ticket.advance(scene.bench)
    assert stage_of(ticket) is Stage.PROVEN
    scene.local.remove(f"example/key{STOP}", actor=ACTOR)
    later = scene.ticket()
    later.start(scene.bench)
    assert ticket.done is not None
    assert later.error is not None
    assert (later.error.code, rotations_under_way(scene.home, ["local"])) == ("rotate.no_key", [])
    assert ticket.done.rotation.key_name in later.error.next_step


class TestAnOldVersionThatItsStoreHasDropped:
    """As Vault does beyond its ``max_versions``."""

    @staticmethod
    def drop(scene: Scene, version: int = 1) -> None:
        execute_raw(
            scene.local.store,
            "UPDATE tokens SET removed_at = created_at, nonce = NULL, sealed = NULL "
            f"WHERE path = 'example/key' AND version = {version}",
        )

    def test_before_it_is_replaced_the_same_key_in_a_later_version_will_do(self, scene: Scene) -> None:
        ticket, new = begun(scene)
        scene.local.put("example/key", scene.old, put_id="again", actor=ACTOR)
        self.drop(scene)
        ticket.advance(scene.bench)
        assert (ticket.error, stage_of(ticket), scene.current()) == (None, Stage.TOLD, new)

    def test_before_it_is_replaced_another_key_is_left_as_it_is(self, scene: Scene) -> None:
        ticket, _ = begun(scene)
        theirs = demo_secret()
        scene.local.put("example/key", theirs, put_id="theirs", actor=ACTOR)
        self.drop(scene)
        ticket.advance(scene.bench)
        assert (ticket.error, stage_of(ticket), scene.current()) == (None, Stage.SURPLUS, theirs)

    def test_afterwards_the_flow_that_revokes_is_believed(self, scene: Scene) -> None:
        ticket, _ = begun(scene)
        ticket.advance(scene.bench)
        self.drop(scene)
        assert not ticket.is_dead_already(scene.bench)
        ticket.conclude(scene.bench)
        assert (ticket.error, stage_of(ticket)) == (None, Stage.REVOKED)
        assert ticket.done is not None
        assert f"{REFERENCE}@1" in ticket.done.notes[-1]

    def test_afterwards_where_a_person_revokes_the_rotation_ends_and_says_so(self, scene: Scene) -> None:
        scene.life = replace(scene.life, revokes="")
        remember(scene.home, scene.life)
        ticket, _ = begun(scene)
        ticket.advance(scene.bench)
        self.drop(scene)
        assert ticket.need(scene.now) is Need.PERSON
        ticket.is_dead_already(scene.bench)
        assert (code_of(ticket), stage_of(ticket)) == ("rotate.old_gone", Stage.UNPROVEN)
        assert rotations_under_way(scene.home, ["local"]) == []

    def test_where_the_new_version_was_dropped_what_the_reference_leads_to_has_to_work(
        self, scene: Scene
    ) -> None:
        ticket, _ = begun(scene)
        ticket.advance(scene.bench)
        theirs = demo_secret()
        scene.local.put("example/key", theirs, put_id="theirs", actor=ACTOR)
        self.drop(scene, 2)
        scene.site.accepted.discard(scene.old.reveal())
        ticket.conclude(scene.bench)
        assert code_of(ticket) == "rotate.new_refused"
        scene.site.accepted.add(theirs.reveal())
        later = scene.ticket()
        later.start(scene.bench)
        assert later.is_dead_already(scene.bench)
        assert stage_of(later) is Stage.REVOKED


def test_the_other_homes_key_is_kept_where_it_waits(scene: Scene, other: Scene, local: LocalSink) -> None:
    second, theirs = begun(other)
    first, _ = begun(scene)
    first.advance(scene.bench)
    assert first.error is None
    assert theirs in [
        local.get(stored.path, version=stored.version, actor=ACTOR)
        for stored in local.list()
        if stored.path == f"example/key{STOP}"
    ]
    second.advance(other.bench)
    assert stage_of(second) is Stage.SURPLUS


def test_where_the_token_was_removed_meanwhile_the_new_key_is_revoked_and_it_ends(scene: Scene) -> None:
    ticket, unneeded = begun(scene)
    scene.strange_key(works=True)
    scene.local.remove("example/key", actor=ACTOR)
    ticket.advance(scene.bench)
    assert (ticket.error, stage_of(ticket)) == (None, Stage.SURPLUS)
    scene.site.accepted.discard(unneeded.reveal())
    ticket.conclude(scene.bench)
    assert (code_of(ticket), stage_of(ticket)) == ("rotate.changed_meanwhile", Stage.GIVEN_UP)


@pytest.mark.parametrize("is_late", [False, True])
def test_a_new_key_that_a_person_has_put_in_place_is_never_revoked(scene: Scene, is_late: bool) -> None:
    ticket, new = begun(scene)
    if is_late:
        scene.local.put("example/key", demo_secret(), put_id="theirs", actor=ACTOR)
        ticket.advance(scene.bench)
    scene.local.put("example/key", new, put_id="by hand", actor=ACTOR)
    ticket.advance(scene.bench)
    assert not ticket.is_dead_already(scene.bench)
    assert scene.current() == new
    expected = ("rotate.changed_meanwhile", Stage.GIVEN_UP) if is_late else ("", Stage.TOLD)
    assert (code_of(ticket), stage_of(ticket)) == expected


def test_of_two_homes_with_master_keys_of_their_own_that_share_a_vault_one_wins(
    site: Site, vault: Vault, tmp_path: Path
) -> None:
    def opened(home: LocalSink) -> Sink:
        token = Secret(vault.new_token())
        inputs = SinkInputs(
            store=home.store, custody=home.custody, variables={"TOKENBROKER_VAULT_TOKEN": token}
        )
        return open_sink("local", SinkSettings(type="vault", address=vault.url), inputs)

    with (
        open_local(tmp_path / "here", default_home=False) as here,
        open_local(tmp_path / "there", default_home=False) as there,
    ):
        scene = Scene(site=site, local=cast(LocalSink, opened(here)), store=here.store)
        scene.let_a_flow_revoke()
        other = scene.neighbour(there.store)
        other.local = cast(LocalSink, opened(there))
        (stored,) = other.local.list()
        assert stored.fingerprint != scene.life.fingerprint
        remember(there.store, replace(scene.life, fingerprint=stored.fingerprint))
        first, new = begun(scene)
        second, unneeded = begun(other)
        first.advance(scene.bench)
        second.advance(other.bench)
        assert (first.error, second.error) == (None, None)
        assert (stage_of(first), stage_of(second)) == (Stage.TOLD, Stage.SURPLUS)
        site.accepted -= {unneeded.reveal(), scene.old.reveal()}
        first.conclude(scene.bench)
        second.conclude(other.bench)
        assert (stage_of(first), stage_of(second)) == (Stage.REVOKED, Stage.GIVEN_UP)
        assert site.accepted == {other.current().reveal()} == {new.reveal()}
        assert [each.path for each in other.local.list()] == ["example/key"] * 2
