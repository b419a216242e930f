"""What ``tokenbroker rotate`` says goes by the clock that it is given (FLOW-8)."""

import io
import sys
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
import typer

from tests.flow.texts import flow_from, flow_text
from tests.lifecycle.replacements import CREATE, HEAD, Scene
from tests.lifecycle.scene_fixtures import local, scene, site
from tests.lifecycle.test_losses import lost, noted
from tokenbroker.cli.rotate_announcement import announce
from tokenbroker.cli.rotate_tickets import grace_apart
from tokenbroker.cli.rotate_words import Told, agrees, say_end, say_graces, still_to_do
from tokenbroker.lifecycle.tickets import Need, Ticket
from tokenbroker.pytest_plugin.sitting import Turn
from tokenbroker.store.rotations import Stage

pytestmark = pytest.mark.req("FLOW-8")
__all__ = ["local", "scene", "site"]

GRACE = timedelta(hours=1)
ASKED = "Enter the code of the phone"


def sitting(scene: Scene, *tickets: Ticket) -> Told:
    bench_of = cast(Any, SimpleNamespace())
    return Told(tickets, bench_of=bench_of, waits=False, shares=False, clock=lambda: scene.now)


@pytest.fixture
def told_of(scene: Scene) -> Ticket:
    """A ticket whose old key has an hour of grace, in a year that is not this one."""
    scene.now = scene.now.replace(year=2040)
    scene.let_a_flow_revoke()
    steps = (*CREATE[:2], f"- wait_human: {{ reason: '{ASKED}' }}")
    scene.flows["example/revoke"] = flow_from(flow_text(*steps, head=HEAD))
    scene.local.stale_s = GRACE.total_seconds()
    first = scene.ticket()
    first.start(scene.bench)
    scene.make_key(first)
    first.advance(scene.bench)
    assert first.need(scene.now) is Need.GRACE
    later = scene.ticket()
    later.start(scene.bench)
    return later


@pytest.mark.parametrize(("passed", "is_asked"), [(GRACE / 2, False), (GRACE, True)])
def test_a_person_is_told_of_what_is_asked_once_the_grace_is_over(
    scene: Scene, told_of: Ticket, capsys: pytest.CaptureFixture[str], passed: timedelta, is_asked: bool
) -> None:
    announce([told_of], shares=False, waits=False, now=scene.now + passed)
    assert (ASKED in capsys.readouterr().err) is is_asked


@pytest.mark.parametrize(("passed", "when"), [(GRACE / 2, "after 2040-"), (GRACE, "now")])
def test_it_is_said_when_the_old_key_is_to_be_revoked(
    scene: Scene, told_of: Ticket, capsys: pytest.CaptureFixture[str], passed: timedelta, when: str
) -> None:
    told = Told(
        [told_of],
        bench_of=cast(Any, SimpleNamespace()),
        waits=False,
        shares=False,
        clock=lambda: scene.now + passed,
    )
    told.turn_is_over(Turn(ticket=told_of, need=Need.KEY, number=1, total=1), scene.bench)
    assert f"is to be revoked {when}" in capsys.readouterr().err


@pytest.mark.req("RUN-10")
def test_a_person_is_told_first_of_a_lost_key_that_is_revoked(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.let_a_flow_revoke()
    announce([noted(scene, lost(scene))], shares=False, waits=False, now=scene.now)
    assert "'agent-lost'" in capsys.readouterr().err


def test_a_new_key_that_is_not_needed_is_not_called_an_old_one(
    scene: Scene, told_of: Ticket, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told_of.done is not None
    surplus = replace(told_of.done, rotation=replace(told_of.done.rotation, state=Stage.SURPLUS))
    tickets = [told_of, replace(told_of, done=surplus)]
    told = Told(
        tickets, bench_of=cast(Any, SimpleNamespace()), waits=False, shares=False, clock=lambda: scene.now
    )
    say_end(told, ())
    assert "1 old key and 1 unneeded new key to revoke; after 2040-" in capsys.readouterr().err


def test_only_what_this_sitting_has_put_in_place_is_counted(
    scene: Scene, told_of: Ticket, capsys: pytest.CaptureFixture[str]
) -> None:
    now_replaced = replace(told_of, rotation=None)
    say_end(sitting(scene, told_of, now_replaced), ())
    assert "\n1 token replaced, 0 old keys revoked, 0 stopped." in capsys.readouterr().err


def test_what_only_waits_for_its_grace_is_left_out_and_told_in_one_line(
    scene: Scene, told_of: Ticket, capsys: pytest.CaptureFixture[str]
) -> None:
    tickets, in_grace = grace_apart([told_of], scene.now)
    assert tickets == ()
    say_graces(in_grace, scene.now)
    assert capsys.readouterr().err == f"1 old key has its grace until {scene.now + GRACE:%H:%M} UTC.\n"
    assert grace_apart([told_of], scene.now + GRACE) == ((told_of,), ())


def test_no_stage_is_called_by_its_inner_name(
    scene: Scene, told_of: Ticket, capsys: pytest.CaptureFixture[str]
) -> None:
    announce([told_of, replace(told_of, rotation=None)], shares=False, waits=False, now=scene.now + GRACE)
    said = capsys.readouterr().err
    assert "1 token to replace, 1 replacement to finish:" in said
    assert "goes on: the new key is in place, the old one is to be revoked\n" in said
    assert f"{ASKED}, up to 2 times." in said
    announce([told_of], shares=False, waits=False, now=scene.now + GRACE)
    assert f"{ASKED}, once." in capsys.readouterr().err
    assert told_of.rotation is not None
    for stage in Stage:
        if (rotation := replace(told_of.rotation, state=stage)).is_under_way:
            assert still_to_do(rotation, scene.now) != stage.value


def test_without_a_terminal_it_is_said_first_that_a_person_will_be_needed(
    scene: Scene, told_of: Ticket, capsys: pytest.CaptureFixture[str]
) -> None:
    announce([told_of], shares=False, waits=True, now=scene.now, unasked="this process has no terminal")
    assert "But this process has no terminal: a replacement that has to ask stops" in capsys.readouterr().err
    announce([replace(told_of)], shares=False, waits=False, now=scene.now, unasked="nobody is there")
    assert "nobody is there" not in capsys.readouterr().err, "nothing is asked while the grace lasts"


def test_what_a_person_is_to_do_again_in_a_sitting_is_the_rotation(told_of: Ticket) -> None:
    errand = Turn(ticket=told_of, need=Need.REVOKING, number=1, total=1).errand(lambda _: None)
    assert errand.command == f"tokenbroker rotate {told_of.reference}"


@pytest.mark.req("RUN-9")
def test_who_ends_the_command_at_its_question_is_told_that_nothing_was_begun(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(typer.Exit) as caught:
        agrees("Go on?", otherwise="nothing was begun")
    assert caught.value.exit_code == 130
    assert "nothing was begun" in capsys.readouterr().err


def test_of_the_hook_it_is_told_that_it_was_called(
    scene: Scene, told_of: Ticket, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    told = Told(
        [told_of],
        bench_of=lambda _: scene.bench,
        waits=False,
        shares=False,
        clock=lambda: scene.now,
        hook="./reload",
    )
    before = len(scene.hook.told)
    bench = told._bench_of(cast(Any, None))
    bench.hook({"reference": "local:example/key@2"})
    assert len(scene.hook.told) == before + 1
    running, over = capsys.readouterr().err.split("\r\x1b[K")[1:]
    assert running == "calls the hook ./reload for local:example/key@2 …"
    assert over.strip() == "· local:example/key@2: the hook ./reload was called"
    scene.hook.error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        bench.hook({"reference": "local:example/key@2"})
    assert "was called" not in capsys.readouterr().err
