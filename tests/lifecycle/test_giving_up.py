"""A replacement that can't come to its end is ended by a person, and nothing is revoked (FLOW-8)."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.lifecycle.replacements import REFERENCE, Scene
from tests.lifecycle.test_contention import begun
from tokenbroker.cli import app
from tokenbroker.errors import BrokerError, UsageError
from tokenbroker.lifecycle.giving_up import end_by_hand, keys_left
from tokenbroker.sinks.local import LocalSink
from tokenbroker.store.audit_log import verify_chain
from tokenbroker.store.lives import forget, known_lives
from tokenbroker.store.rotations import Stage, rotations_under_way

pytestmark = pytest.mark.req("FLOW-8", "RUN-10")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOKENBROKER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def given_up(*options: str) -> Result:
    return CliRunner().invoke(app, ["rotate", REFERENCE, "--give-up", *options])


@pytest.mark.parametrize("stage", [Stage.BEGUN, Stage.TOLD])
def test_it_ends_durably_and_names_both_keys(scene: Scene, home: Path, stage: Stage) -> None:
    ticket, _ = begun(scene)
    if stage is Stage.TOLD:
        ticket.advance(scene.bench)
    assert ticket.progress is not None
    accepted, listed = {*scene.site.accepted}, scene.local.list()
    asked = scene.site.asked
    ended = given_up("--yes", "--json")
    assert ended.exit_code == 0, ended.output
    (row,) = json.loads(ended.stdout)
    assert (row["state"], row["code"]) == ("given_up", None)
    old, new = row["notes"]
    assert "'agent'" in old
    assert f"{REFERENCE}@1" in old
    assert f"'{ticket.progress.key_name}'" in new
    assert (f"{REFERENCE}@2" if stage is Stage.TOLD else f"{REFERENCE}.rotating") in new
    assert rotations_under_way(scene.home, ["local"]) == []
    assert (scene.site.accepted, scene.site.asked, scene.local.list()) == (accepted, asked, listed)
    assert verify_chain(scene.home).broken is None
    again = scene.ticket()
    again.start(scene.bench)
    assert again.error is None, "another may begin"


def test_it_ends_also_where_nothing_is_known_of_the_old_key_any_more(scene: Scene) -> None:
    begun(scene)
    forget(scene.home, "local", "example/key")
    (rotation,) = rotations_under_way(scene.home, ["local"])
    assert len([*keys_left(rotation, known_lives(scene.home, ["local"]))]) == 2
    end_by_hand(rotation, store=scene.home, actor="tests", at=scene.now)
    assert rotations_under_way(scene.home, ["local"]) == []
    with pytest.raises(BrokerError) as caught:
        end_by_hand(rotation, store=scene.home, actor="tests", at=scene.now)
    assert caught.value.code == "rotate.taken_over"


@pytest.mark.parametrize("options", [("--due",), ("--yes", "--wait"), ("--param", "a=b"), (), ("--yes",)])
def test_it_is_refused_with_options_that_say_nothing_unasked_and_where_none_is_under_way(
    local: LocalSink, home: Path, options: tuple[str, ...]
) -> None:
    error = given_up(*options).exception
    assert isinstance(error, UsageError)
    assert error.next_step
