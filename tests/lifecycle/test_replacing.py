"""The stages in which one token takes another's place; wherever they stop, a key works (FLOW-8)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.flow.texts import flow_from, flow_text
from tests.lifecycle.replacements import CREATE, HEAD, REFERENCE, SITE, Scene, Site
from tests.postgres_server import place_of
from tokenbroker.errors import BrokerError, RunError, SecretUnavailable, UsageError
from tokenbroker.lifecycle.due import STOP
from tokenbroker.lifecycle.one_sitting import only_sitting
from tokenbroker.lifecycle.replacing import prove, put_in_place
from tokenbroker.lifecycle.standing import asked, standing
from tokenbroker.lifecycle.tickets import Need, Ticket
from tokenbroker.lifecycle.ways import ways_of
from tokenbroker.run import fault_points
from tokenbroker.run.fault_points import ROTATION_POINTS
from tokenbroker.sinks.local import LocalSink
from tokenbroker.sinks.testing import ACTOR, demo_secret
from tokenbroker.store.audit_log import verify_chain
from tokenbroker.store.postgres import open_postgres_store
from tokenbroker.store.rotations import Stage, rotations_under_way
from tokenbroker.store.sqlite import open_store

pytestmark = pytest.mark.req("FLOW-8")


def stage_of(ticket: Ticket) -> Stage:
    assert ticket.done is not None
    return ticket.done.rotation.state


def revoke_old(scene: Scene) -> None:
    scene.site.accepted.discard(scene.old.reveal())


def test_each_stage_leads_to_the_next_and_the_last_to_a_dead_old_key(scene: Scene) -> None:
    ticket = scene.ticket()
    assert ticket.need(scene.now) is Need.KEY
    ticket.start(scene.bench)
    assert (ticket.need(scene.now), scene.current()) == (Need.KEY, scene.old)
    new = scene.make_key()
    ticket.advance(scene.bench)
    assert (stage_of(ticket), scene.current(), ticket.need(scene.now)) == (Stage.TOLD, new, Need.PERSON)
    assert [stored.path for stored in scene.local.list()] == ["example/key"] * 2, (
        "nothing is left at its stop"
    )
    revoke_old(scene)
    ticket.conclude(scene.bench)
    assert (stage_of(ticket), ticket.error, rotations_under_way(scene.local.store, ["local"])) == (
        Stage.REVOKED, None, [],
    )  # fmt: skip
    assert scene.lives()[1].revoked_at == scene.now
    assert verify_chain(scene.local.store).broken is None


def test_the_life_of_the_new_key_is_that_of_the_old_one_with_its_own_name(scene: Scene) -> None:
    ticket = scene.ticket()
    ticket.start(scene.bench)
    scene.make_key()
    ticket.advance(scene.bench)
    assert ticket.done is not None
    life = scene.lives()[2]
    assert (life.owner, life.flow_id, life.revoke_at) == ("platform", "example/sample", f"{SITE}/keys")
    assert life.key_name == life.params["key_name"] == ticket.done.rotation.key_name
    assert life.key_name.startswith("agent-20261128-")


@pytest.mark.req("RUN-10")
@pytest.mark.parametrize("point", ROTATION_POINTS)
def test_killed_at_any_stage_a_key_works_and_the_next_sitting_finishes(scene: Scene, point: str) -> None:
    class Killed(BaseException):
        pass

    def kill(reached: str) -> None:
        if reached == point:
            raise Killed

    def sit() -> Ticket:
        ticket = scene.ticket()
        ticket.start(scene.bench)
        if ticket.need(scene.now) is Need.KEY:
            scene.make_key()
            ticket.advance(scene.bench)
        if ticket.need(scene.now) is Need.PERSON:
            revoke_old(scene)
            ticket.conclude(scene.bench)
        return ticket

    with fault_points.listening(kill), pytest.raises(Killed):
        sit()
    assert scene.works()
    if point == ROTATION_POINTS[-1]:
        assert rotations_under_way(scene.local.store, ["local"]) == []
    else:
        again = sit()
        assert (again.error, stage_of(again)) == (None, Stage.REVOKED)
    assert scene.works()
    assert scene.site.accepted == {scene.current().reveal()}, "no key is left that nobody holds"
    assert [stored.version for stored in scene.local.list()] == [1, 2]


def test_a_new_key_that_the_site_refuses_changes_nothing_and_says_so(scene: Scene) -> None:
    ticket = scene.ticket()
    ticket.start(scene.bench)
    scene.make_key(works=False)
    ticket.advance(scene.bench)
    assert ticket.error is not None
    assert ticket.done is not None
    assert (ticket.error.code, scene.current(), stage_of(ticket)) == (
        "rotate.not_accepted", scene.old, Stage.BEGUN,
    )  # fmt: skip
    assert standing(ticket.done, scene.bench) == (
        f"{REFERENCE} leads to {REFERENCE}@1, and its site accepts it"
    )
    assert rotations_under_way(scene.local.store, ["local"])[0].code == "rotate.not_accepted"


def test_a_site_that_gives_no_answer_proves_nothing(scene: Scene) -> None:
    ticket = scene.ticket()
    ticket.start(scene.bench)
    scene.make_key(works=False)
    scene.site.refusal = 500
    ticket.advance(scene.bench)
    assert ticket.error is not None
    assert (ticket.error.code, scene.current()) == ("rotate.not_accepted", scene.old)


def test_a_sink_that_refuses_leaves_the_old_key_in_its_place(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = scene.ticket()
    ticket.start(scene.bench)
    new = scene.make_key()

    def refuse(*_: object, **__: object) -> None:
        raise SecretUnavailable("demo-only")

    with monkeypatch.context() as patched:
        patched.setattr(scene.local, "put", refuse)
        ticket.advance(scene.bench)
    assert (ticket.error.code if ticket.error else "", stage_of(ticket)) == (
        "secret.unavailable", Stage.PROVEN,
    )  # fmt: skip
    assert ticket.done is not None
    assert standing(ticket.done, scene.bench).endswith(f"the new one waits at {REFERENCE}{STOP}")
    later = scene.ticket()
    later.start(scene.bench)
    assert (later.error, scene.current(), stage_of(later)) == (None, new, Stage.TOLD)


def test_a_hook_that_fails_keeps_the_old_key_and_is_called_again(scene: Scene) -> None:
    scene.hook.error = RunError("the hook failed", code="rotate.hook_failed")
    ticket = scene.ticket()
    ticket.start(scene.bench)
    new = scene.make_key()
    ticket.advance(scene.bench)
    assert ticket.error is scene.hook.error
    assert (stage_of(ticket), scene.current(), ticket.need(scene.now)) == (
        Stage.REPLACED, new, Need.NOTHING,
    )  # fmt: skip
    scene.hook.error = None
    later = scene.ticket()
    later.start(scene.bench)
    assert (stage_of(later), len(scene.hook.told)) == (Stage.TOLD, 2)
    assert scene.hook.told[0] == scene.hook.told[1]
    assert scene.hook.told[0]["reference"] == f"{REFERENCE}@2"
    assert not any(new.reveal() in str(told) or scene.old.reveal() in str(told) for told in scene.hook.told)


@pytest.mark.parametrize("grace_s", [3600])
def test_the_old_key_is_not_touched_before_its_grace_is_over(
    site: Site, local: LocalSink, grace_s: int
) -> None:
    scene = Scene(site=site, local=local, grace_s=grace_s)
    ticket = scene.ticket()
    ticket.start(scene.bench)
    scene.make_key()
    ticket.advance(scene.bench)
    assert ticket.need(scene.now) is Need.GRACE
    scene.now += timedelta(seconds=grace_s - 1)
    assert scene.ticket().need(scene.now) is Need.GRACE
    scene.now += timedelta(seconds=1)
    assert scene.ticket().need(scene.now) is Need.PERSON


@pytest.mark.req("SECRET-6")
def test_a_sink_that_others_read_from_memory_lengthens_the_grace(site: Site, local: LocalSink) -> None:
    local.stale_s = 300
    scene = Scene(site=site, local=local, grace_s=10)
    ticket = scene.ticket()
    ticket.start(scene.bench)
    scene.make_key()
    ticket.advance(scene.bench)
    assert ticket.done is not None
    assert ticket.done.rotation.revoke_after == scene.now + timedelta(seconds=300)


@pytest.mark.parametrize(
    ("head", "known", "by_flow"),
    [
        (HEAD, True, True),
        ("params: { other: { default: x } }\n", True, False),
        (HEAD, False, False),
    ],
)
def test_a_flow_that_can_t_be_told_which_key_revokes_none(
    scene: Scene, head: str, known: bool, by_flow: bool
) -> None:
    steps = (
        f"- navigate: '{SITE}/keys'",
        "- type: { selector: '#name', value_ref: 'param:" + head.split()[2].strip(":") + "' }",
    )
    revoke = flow_from(flow_text(*steps, head=head))
    life = replace(scene.life, revokes="example/revoke")
    life = life if known else replace(life, key_name="", params={})
    scene.flows["example/revoke"] = revoke
    assert (ways_of(life, scene.find).revoker is not None) is by_flow


@pytest.mark.req("RUN-10")
def test_a_key_that_somebody_has_stored_meanwhile_is_left_and_the_rotation_given_up(scene: Scene) -> None:
    ticket = scene.ticket()
    ticket.start(scene.bench)
    scene.make_key()
    theirs = demo_secret()
    scene.local.put("example/key", theirs, put_id="theirs", actor=ACTOR)
    ticket.advance(scene.bench)
    assert ticket.error is not None
    assert (ticket.error.code, scene.current()) == ("rotate.changed_meanwhile", theirs)
    assert rotations_under_way(scene.local.store, ["local"]) == []
    assert "secrets remove" in ticket.error.next_step
    assert ticket.done is not None
    assert "somebody else" in standing(ticket.done, scene.bench)


def test_a_second_sitting_in_a_home_is_refused_while_the_first_lasts(tmp_path: Path) -> None:
    with open_store(tmp_path / "store.db") as store:
        with only_sitting(tmp_path, store):
            with pytest.raises(UsageError) as caught, only_sitting(tmp_path, store):
                pass
            assert caught.value.code == "rotate.under_way"
        with only_sitting(tmp_path, store):
            pass


def test_a_second_sitting_of_another_home_with_the_same_store_is_refused(
    tmp_path: Path, postgres_url: str
) -> None:
    homes = [tmp_path / name for name in ("here", "there")]
    for home in homes:
        home.mkdir()
    with (
        open_postgres_store(place_of(postgres_url)) as store,
        psycopg.connect(postgres_url, autocommit=True) as connection,
    ):
        database = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("ALTER DATABASE {} SET idle_session_timeout = 100").format(database))
        with only_sitting(homes[0], store):
            connection.execute(sql.SQL("ALTER DATABASE {} RESET idle_session_timeout").format(database))
            connection.execute("SELECT pg_sleep(0.3)")  # the sitting's own connection is idle that long
            with pytest.raises(UsageError) as caught, only_sitting(homes[1], store):
                pass
        assert caught.value.code == "rotate.under_way"
        with only_sitting(homes[1], store):
            pass


@pytest.mark.req("RUN-10")
def test_who_was_overtaken_is_told_with_the_name_of_the_key_and_changes_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = scene.ticket()
    first.start(scene.bench)
    scene.make_key(first)
    with monkeypatch.context() as patched:
        patched.setattr(scene.local, "put", lambda *_, **__: 1 / 0)
        second = scene.ticket()
        second.start(scene.bench)
    assert stage_of(second) is Stage.PROVEN
    before = rotations_under_way(scene.local.store, ["local"])
    first.advance(scene.bench)
    assert first.error is not None
    assert (first.error.code, scene.current()) == ("rotate.taken_over", scene.old)
    assert before[0].key_name in first.error.next_step
    assert rotations_under_way(scene.local.store, ["local"]) == before


def test_a_token_of_which_no_flow_is_known_is_named_with_what_to_do(scene: Scene) -> None:
    life = replace(scene.life, flow_id="", rotates="")
    assert refused(scene, lambda: ways_of(life, scene.find)) == "rotate.unknown"


@pytest.mark.req("RUN-10")
def test_a_stop_that_can_t_be_cleared_rewinds_nothing_and_the_next_sitting_goes_on(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = scene.ticket()
    ticket.start(scene.bench)
    new = scene.make_key()
    remove = scene.local.remove

    def lost(path: str, *, actor: str) -> int:
        remove(path, actor=actor)
        raise SecretUnavailable("demo-only: the answer was lost")

    with monkeypatch.context() as patched:
        patched.setattr(scene.local, "remove", lost)
        ticket.advance(scene.bench)
    assert ticket.error is not None
    (rotation,) = rotations_under_way(scene.local.store, ["local"])
    assert (rotation.state, rotation.new_version, scene.current()) == (Stage.REPLACED, 2, new)
    later = scene.ticket()
    later.start(scene.bench)
    assert (later.error, stage_of(later)) == (None, Stage.TOLD)


def test_a_put_of_which_nothing_was_heard_is_found(scene: Scene) -> None:
    ticket = scene.ticket()
    ticket.start(scene.bench)
    new = scene.make_key()
    assert ticket.done is not None
    put_id = f"rotation-{ticket.done.rotation.id}-1"
    proven = prove(ticket.done, scene.bench)
    scene.local.put("example/key", new, put_id=put_id, actor=ACTOR)
    scene.local.remove(f"example/key{STOP}", actor=ACTOR)
    assert put_in_place(proven, scene.bench).rotation.new_version == 2


@pytest.mark.req("RUN-10")
@pytest.mark.parametrize("refusal", [401, 503])
def test_where_the_new_key_does_not_work_nothing_is_done_to_the_old_one(scene: Scene, refusal: int) -> None:
    ticket = scene.ticket()
    ticket.start(scene.bench)
    new = scene.make_key()
    ticket.advance(scene.bench)
    scene.site.accepted.discard(new.reveal())
    scene.site.refusal = refusal
    later = scene.ticket()
    later.start(scene.bench)
    assert not later.is_dead_already(scene.bench)
    assert later.error is not None
    assert later.error.code == ("rotate.new_refused" if refusal == 401 else "rotate.not_told")
    assert scene.lives()[1].revoked_at is None


def test_who_is_told_late_has_the_whole_grace_from_then_on(site: Site, local: LocalSink) -> None:
    scene = Scene(site=site, local=local, grace_s=3600)
    scene.hook.error = RunError("the hook failed", code="rotate.hook_failed")
    ticket = scene.ticket()
    ticket.start(scene.bench)
    scene.make_key()
    ticket.advance(scene.bench)
    scene.now += timedelta(days=2)
    scene.hook.error = None
    later = scene.ticket()
    later.start(scene.bench)
    assert later.done is not None
    assert later.done.rotation.revoke_after == scene.now + timedelta(hours=1)


def test_the_grace_begins_when_the_hook_has_ended(scene: Scene) -> None:
    scene.local.stale_s = 600
    ticket = scene.ticket()
    ticket.start(scene.bench)
    scene.make_key()

    def slow(_: object) -> None:
        scene.now += timedelta(minutes=10)

    ticket.advance(replace(scene.bench, hook=slow))
    assert ticket.progress is not None
    assert (stage_of(ticket), ticket.progress.revoke_after) == (Stage.TOLD, scene.now + timedelta(minutes=10))


def test_a_parameter_that_would_bring_the_key_elsewhere_is_refused(scene: Scene) -> None:
    head = "params: { key_name: { default: agent }, env: { default: example } }\n"
    steps = (*CREATE[:3], CREATE[3].replace("example/key", "${env}/key"), CREATE[4])
    scene.flows[scene.create.id] = flow_from(flow_text(*steps, head=head))
    life = replace(scene.life, params={"key_name": "agent", "env": "example"})
    ways = ways_of(life, scene.find)
    ticket = Ticket(ways=ways, rotation=None, given={"env": "prod"})
    ticket.start(scene.bench)
    assert ticket.error is not None
    assert ticket.error.code == "rotate.other_target"


@pytest.mark.req("SECRET-7")
def test_a_key_is_asked_about_only_where_the_flow_goes_and_not_in_the_clear(scene: Scene) -> None:
    for url, code in (
        ("https://elsewhere.example.org/v1/me", "origin.not_declared"),
        ("http://console.example.com/v1/me", "verify.in_the_clear"),
    ):
        head = f"{HEAD}origins: ['https://console.example.com', 'http://console.example.com']\n"
        flow = flow_from(flow_text(*CREATE[:-1], f"- verify_token: '{url}'", head=head))
        ways = ways_of(scene.life, lambda _: flow)  # noqa: B023
        with pytest.raises(RunError) as caught:
            asked(ways, scene.old, scene.bench)
        assert caught.value.code == code
    assert scene.site.asked == 0


def test_a_token_whose_flow_says_no_end_lives_as_long_as_the_one_before(scene: Scene) -> None:
    ticket = scene.ticket()
    ticket.start(scene.bench)
    scene.make_key()
    ticket.advance(scene.bench)
    assert scene.lives()[2].ends_at == scene.now + timedelta(days=90)


def test_a_revoking_that_hit_the_new_key_is_told(scene: Scene) -> None:
    ticket = scene.ticket()
    ticket.start(scene.bench)
    scene.make_key()
    ticket.advance(scene.bench)
    scene.site.accepted.clear()
    ticket.conclude(scene.bench)
    assert ticket.error is not None
    assert ticket.error.code == "rotate.new_refused"


@pytest.mark.parametrize(("refusal", "code"), [(200, "rotate.still_accepted"), (503, "rotate.not_told")])
def test_an_old_key_that_is_not_proven_dead_is_said(scene: Scene, refusal: int, code: str) -> None:
    ticket = scene.ticket()
    ticket.start(scene.bench)
    scene.make_key()
    ticket.advance(scene.bench)
    revoke_old(scene)
    scene.site.refusal = refusal
    ticket.conclude(scene.bench)
    assert ticket.error is not None
    assert (ticket.error.code, stage_of(ticket)) == (code, Stage.TOLD)
    scene.site.refusal = 403
    later = scene.ticket()
    later.start(scene.bench)
    assert later.is_dead_already(scene.bench), "a person has revoked it meanwhile"
    assert stage_of(later) is Stage.REVOKED


def test_a_key_that_was_made_and_lost_is_told_from_the_next_by_its_name(scene: Scene) -> None:
    first = scene.ticket()
    first.start(scene.bench)
    second = scene.ticket()
    second.start(scene.bench)
    assert first.done is not None
    assert second.done is not None
    assert first.done.rotation.id == second.done.rotation.id
    assert first.done.rotation.key_name != second.done.rotation.key_name


def test_two_sittings_at_once_replace_a_token_once(scene: Scene) -> None:
    first, second = scene.ticket(), scene.ticket()
    first.start(scene.bench)
    second.start(scene.bench)
    assert second.error is not None
    assert (second.error.code, first.error) == ("rotate.under_way", None)


@pytest.mark.req("SECRET-7")
def test_what_is_read_is_redacted_from_then_on_and_no_error_holds_it(scene: Scene) -> None:
    ticket = scene.ticket()
    ticket.start(scene.bench)
    new = scene.make_key(works=False)
    ticket.advance(scene.bench)
    assert new in scene.learnt
    assert new.reveal() not in f"{ticket.error!r} {ticket!r}"


def refused(scene: Scene, act: Callable[[], object]) -> str:
    with pytest.raises(BrokerError) as caught:
        act()
    assert caught.value.next_step
    return caught.value.code


def test_a_flow_that_could_not_prove_a_new_key_or_brings_it_elsewhere_is_refused(scene: Scene) -> None:
    for steps, code in (
        (CREATE[:-1], "rotate.no_proof"),
        ((*CREATE, CREATE[3].replace("example/key", "example/other")), "rotate.other_target"),
        ((*CREATE[:3], CREATE[3].replace("example/key", "example/other"), CREATE[4]), "rotate.other_target"),
    ):
        flow = flow_from(flow_text(*steps, head=HEAD))
        assert refused(scene, lambda flow=flow: ways_of(scene.life, lambda _: flow)) == code  # type: ignore[misc]


def test_a_name_that_the_parameter_does_not_take_is_asked_for(scene: Scene) -> None:
    flow = flow_from(flow_text(*CREATE, head="params: { key_name: { default: agent, pattern: '[a-z]+' } }\n"))
    scene.flows[flow.id] = flow
    ticket = scene.ticket()
    ticket.start(scene.bench)
    assert isinstance(ticket.error, UsageError)
    assert ticket.error.code == "rotate.key_name"
    given = scene.ticket(key_name="other")
    given.start(scene.bench)
    assert given.done is not None
    assert given.done.rotation.key_name == "other"
