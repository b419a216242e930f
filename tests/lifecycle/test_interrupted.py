"""A Ctrl-C in a sitting: what is told, and where the rotation stands (FLOW-8)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flow.texts import flow_from, flow_text
from tests.lifecycle.replacements import HEAD, SITE, Scene, serving
from tokenbroker.lifecycle.tickets import Need
from tokenbroker.pytest_plugin.own_session import OwnSession
from tokenbroker.run.left_key import sentence_of_lost, sentence_of_read
from tokenbroker.sinks.local import open_local
from tokenbroker.store.rotations import Stage, rotations_under_way

pytestmark = [pytest.mark.req("FLOW-8"), pytest.mark.req("RUN-10")]

FACT = "the key 'agent-2' may have been created at example and was not captured"
LEFT = sentence_of_lost(
    "the key 'agent-2'", site="example", captured="was not captured", revoke="example/revoke"
)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with serving() as site, open_local(tmp_path / "home", default_home=False) as local:
        yield Scene(site=site, local=local)


def kept(scene: Scene) -> list[tuple[Stage, str]]:
    return [(each.state, each.code) for each in rotations_under_way(scene.local.store, ["local"])]


@pytest.mark.parametrize("has_revoker", [False, True])
def test_a_run_that_was_interrupted_names_the_key_that_may_have_been_made(
    scene: Scene, has_revoker: bool
) -> None:
    if has_revoker:
        steps = (f"- navigate: '{SITE}/keys'", "- click: 'text=Revoke ${key_name}'")
        scene.flows["example/revoke"] = flow_from(flow_text(*steps, head=HEAD))
        scene.revoked_by("example/revoke")
    ticket = scene.ticket()
    ticket.start(scene.bench)
    ticket.fail_run(Need.KEY, scene.bench, interrupted=True, left=(LEFT,))
    assert ticket.error is not None
    assert FACT in ticket.error.sentence
    assert (LEFT in ticket.error.sentence) is not has_revoker, "what a flow does first is not told twice"
    assert "look at" not in LEFT, "a flow is no place"
    assert ("revoke that key" in ticket.error.next_step) is has_revoker
    assert f"tokenbroker rotate {ticket.reference}" in ticket.error.next_step
    assert kept(scene) == [(Stage.BEGUN, "run.interrupted")]


def test_a_key_that_lies_in_the_spool_is_not_said_to_be_revoked(scene: Scene) -> None:
    scene.let_a_flow_revoke()
    ticket = scene.ticket()
    ticket.start(scene.bench)
    ticket.fail_run(Need.KEY, scene.bench, interrupted=True, left=(sentence_of_read("the key 'agent-2'"),))
    assert ticket.error is not None
    assert "may be safe in the spool" in ticket.error.sentence
    assert "revoke" not in ticket.error.next_step


def test_one_in_the_hook_is_kept_and_the_next_sitting_calls_it_again(scene: Scene) -> None:
    ticket = scene.ticket()
    ticket.start(scene.bench)
    new = scene.make_key()
    scene.hook.error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        ticket.advance(scene.bench)
    ticket.interrupt(scene.bench)
    assert kept(scene) == [(Stage.REPLACED, "run.interrupted")]
    assert scene.current() == new
    scene.hook.error = None
    scene.ticket().start(scene.bench)
    assert len(scene.hook.told) == 2
    assert kept(scene) == [(Stage.TOLD, "")]


def test_one_while_the_grace_lasts_has_stopped_nothing(scene: Scene) -> None:
    scene.ticket().start(scene.bench)
    scene.make_key()
    ticket = scene.ticket()
    ticket.start(scene.bench)
    ticket.interrupt(scene.bench)
    assert ticket.error is None
    assert kept(scene) == [(Stage.TOLD, "")]


@pytest.mark.req("SECRET-7")
def test_an_error_of_pytests_own_is_told_without_its_words() -> None:
    told: list[str] = []

    class Session(OwnSession):
        def trouble(self, code: str, text: str) -> None:
            told.extend([code, text])

    with pytest.raises(ValueError) as caught:
        raise ValueError("demo-only-canary-of-a-page")
    assert Session(Path("a.yaml")).pytest_internalerror(caught)
    code, text = told
    assert code == "internal"
    assert "ValueError at test_interrupted.py:" in text
    assert "canary" not in text
