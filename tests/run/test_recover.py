"""Whatever kills a run, or the recover itself: each key is in the sink exactly once, or named."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.run.spool_rig import ACTOR, TARGET, Rig, Site, an_intent, child, opened_rig, release, run_once
from tokenbroker.errors import RunError, SecretUnavailable
from tokenbroker.run import fault_points
from tokenbroker.run.fault_points import POINTS
from tokenbroker.run.recover import Outcome, dismiss, recover
from tokenbroker.run.spool import Spool
from tokenbroker.run.spool_frame import BLOCK_BYTES
from tokenbroker.sinks.sink import Sink

pytestmark = pytest.mark.req("RUN-10")

AFTER_A_KILL_AT = {
    "intended": [Outcome.NOT_CREATED],
    "pressed": [Outcome.POSSIBLY_CREATED],
    "before_read": [Outcome.POSSIBLY_CREATED],
    "read": [Outcome.POSSIBLY_CREATED],
    "sealed": [Outcome.STORED],
    "put": [Outcome.ALREADY_STORED],
    "read_back": [Outcome.ALREADY_STORED],
    "stored": [Outcome.ALREADY_STORED],
    "cleared": [],
}

Death = tuple[str, int]


class Killed(BaseException):
    """Not an error: the end of a process."""


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with opened_rig(tmp_path) as opened:
        yield opened


def no_sink(alias: str) -> Sink:
    raise SecretUnavailable("down", code="secret.sealed")


def outcomes(rig: Rig) -> list[Outcome]:
    return [each.outcome for each in rig.recover()]


def test_the_kill_matrix_has_every_point() -> None:
    assert tuple(AFTER_A_KILL_AT) == POINTS


@pytest.mark.parametrize("point", POINTS)
def test_a_run_killed_at_any_point_leaves_its_key_in_the_sink_once_or_named(
    tmp_path: Path, point: str
) -> None:
    with child(tmp_path, "run", stop_at=point):
        pass
    with opened_rig(tmp_path) as rig:
        found = rig.recover()
        assert [each.outcome for each in found] == AFTER_A_KILL_AT[point]
        named = [each for each in found if each.outcome is Outcome.POSSIBLY_CREATED]
        assert named or sorted(rig.kept()) == sorted(rig.site.keys())
        for each in named:
            assert each.intent is not None
            assert each.intent == an_intent(targets=each.targets)
        # Again: what needs a person is said again, and nothing else is done.
        assert outcomes(rig) == [each.outcome for each in named]
        assert len(rig.kept()) == (0 if named else len(rig.site.keys()))
        assert len(rig.spool_files()) == len(named)


@pytest.mark.parametrize("point", ["put", "read_back", "stored", "cleared"])
def test_a_recover_killed_at_any_point_is_finished_by_the_next(tmp_path: Path, point: str) -> None:
    with child(tmp_path, "run", stop_at="sealed"):
        pass
    with child(tmp_path, "recover", stop_at=point):
        pass
    with opened_rig(tmp_path) as rig:
        assert outcomes(rig) == ([] if point == "cleared" else [Outcome.ALREADY_STORED])
        assert rig.kept() == list(rig.site.keys())
        assert rig.spool_files() == []


def test_a_live_run_is_left_alone_and_ends_well(tmp_path: Path) -> None:
    with child(tmp_path, "run", stop_at="sealed") as process, opened_rig(tmp_path) as rig:
        before = [path.read_bytes() for path in rig.spool_files()]
        assert rig.recover() == []
        assert [path.read_bytes() for path in rig.spool_files()] == before
        release(process)
        assert rig.kept() == list(rig.site.keys())
        assert rig.spool_files() == []


def test_two_recovers_at_once_store_once(tmp_path: Path) -> None:
    with child(tmp_path, "run", stop_at="sealed"):
        pass
    with child(tmp_path, "recover", stop_at="put") as first, opened_rig(tmp_path) as rig:
        assert rig.recover() == []
        release(first)
        assert rig.recover() == []
        assert rig.kept() == list(rig.site.keys())


def test_a_sink_that_is_down_leaves_the_token_waiting_with_the_code(rig: Rig) -> None:
    rig.sealed(TARGET).leave()
    for _ in range(2):
        (found,) = recover(rig.spool, no_sink, actor=ACTOR)
        assert (found.outcome, found.code) == (Outcome.SINK_UNAVAILABLE, "secret.sealed")
    assert outcomes(rig) == [Outcome.STORED]


def test_one_sink_that_is_down_does_not_hold_back_another(rig: Rig) -> None:
    rig.sealed("vault:example/one", "local:example/two").leave()

    def only_local(alias: str) -> Sink:
        return rig.sink if alias == "local" else no_sink(alias)

    def now() -> list[Outcome]:
        return [each.outcome for each in recover(rig.spool, only_local, actor=ACTOR)]

    assert now() == [Outcome.SINK_UNAVAILABLE, Outcome.STORED]
    assert now() == [Outcome.SINK_UNAVAILABLE, Outcome.ALREADY_STORED]
    assert len(rig.kept()) == 1


def test_a_path_that_the_sink_refuses_is_told_by_code(rig: Rig) -> None:
    rig.sealed("local: odd").leave()
    assert [each.code for each in rig.recover()] == ["secret.bad_path"]
    assert len(rig.spool_files()) == 1


def test_a_token_removed_by_a_person_since_is_not_put_back(rig: Rig) -> None:
    rig.sealed(TARGET).leave()
    with dying(("put", 1)):
        rig.recover()
    rig.sink.remove("example/api-key", actor=ACTOR)
    assert outcomes(rig) == [Outcome.ALREADY_STORED]
    assert rig.kept() == []
    assert rig.spool_files() == []


def test_a_key_of_which_one_value_was_read_is_stored_and_named(rig: Rig) -> None:
    rig.sealed("local:example/id", unread=("local:example/secret",)).leave()
    stored, named = rig.recover()
    assert (stored.outcome, stored.targets) == (Outcome.STORED, ("local:example/id",))
    assert (named.outcome, named.targets) == (Outcome.POSSIBLY_CREATED, ("local:example/secret",))


def test_what_can_be_read_of_a_damaged_file_is_stored_and_the_file_stays(rig: Rig) -> None:
    rig.sealed(TARGET).leave()
    (path,) = rig.spool_files()
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.write_bytes(content)
    found = rig.recover()
    assert [each.outcome for each in found] == [Outcome.STORED, Outcome.DAMAGED]
    assert found[1].code == "spool.damaged"
    assert outcomes(rig) == [Outcome.ALREADY_STORED, Outcome.DAMAGED]
    assert len(rig.kept()) == 1
    assert rig.spool_files() == [path]


def test_a_spool_of_another_key_is_told_as_damaged_and_stays(rig: Rig) -> None:
    rig.sealed(TARGET).leave()
    other = Spool(rig.home / "spool", bytes(32))
    assert [each.outcome for each in recover(other, rig.open_sink, actor=ACTOR)] == [Outcome.DAMAGED]
    assert outcomes(rig) == [Outcome.STORED]


def test_a_file_that_can_not_be_opened_holds_nothing_back(rig: Rig) -> None:
    rig.sealed(TARGET).leave()
    (rig.home / "spool" / "20000101T000000000000Z-00.intent").mkdir()
    assert outcomes(rig) == [Outcome.DAMAGED, Outcome.STORED]
    with pytest.raises(RunError):
        dismiss(rig.spool, "run-1")


def test_a_write_that_was_cut_off_is_reported(rig: Rig) -> None:
    rig.sealed(TARGET).leave()
    (path,) = rig.spool_files()
    content = bytearray(path.read_bytes())
    content[3 * BLOCK_BYTES - 1] ^= 1
    path.write_bytes(content)
    (found,) = rig.recover()
    assert (found.outcome, found.torn) == (Outcome.POSSIBLY_CREATED, True)


def test_a_key_that_a_person_has_checked_is_named_no_more(rig: Rig) -> None:
    for run_id in ("run-1", "run-2"):
        opened = rig.spool.intend(an_intent(run_id=run_id))
        opened.mark_pressed()
        opened.leave()
    assert [intent.run_id for intent in dismiss(rig.spool, "run-1")] == ["run-1"]
    assert [each.intent.run_id for each in rig.recover() if each.intent] == ["run-2"]


def test_only_what_needs_no_rescue_can_be_dismissed(rig: Rig) -> None:
    def code_for(run_id: str) -> str:
        with pytest.raises(RunError) as refused:
            dismiss(rig.spool, run_id)
        return refused.value.code

    opened = rig.sealed(TARGET, unread=("local:example/other",))
    assert code_for("run-1") == "spool.not_found"  # it lives
    opened.leave()
    assert code_for("run-2") == "spool.not_found"
    assert code_for("run-1") == "spool.token_waiting"
    (path,) = rig.spool_files()
    content = bytearray(path.read_bytes())
    content[BLOCK_BYTES] ^= 1
    path.write_bytes(content)
    assert code_for("run-1") == "spool.damaged"
    assert rig.spool_files() == [path]


@contextmanager
def dying(death: Death | None) -> Iterator[None]:
    """The death of a process, as far as one process can play it: the n-th time that a point is reached."""
    seen: list[str] = []

    def maybe_die(name: str) -> None:
        seen.append(name)
        if death and seen.count(death[0]) == death[1]:
            raise Killed

    with fault_points.listening(maybe_die), suppress(Killed):
        yield


def play_run(rig: Rig, run_id: str, size: int, death: Death | None) -> None:
    targets = tuple(f"local:{run_id}/key-{index}" for index in range(size))
    opened = rig.spool.intend(an_intent(run_id=run_id, targets=targets))
    with dying(death):
        run_once(rig, opened)
    opened.leave()


DEATHS = st.none() | st.tuples(st.sampled_from(POINTS), st.integers(1, 2))
RUNS = st.lists(st.tuples(st.integers(1, 3), DEATHS), min_size=1, max_size=3)
RECOVERS = st.lists(st.tuples(st.booleans(), DEATHS), max_size=4)


def test_any_deaths_of_runs_and_recovers_end_with_each_key_stored_once_or_named(rig: Rig) -> None:
    numbers = count()

    @settings(max_examples=50, deadline=None, database=None)
    @given(runs=RUNS, recovers=RECOVERS)
    def holds(runs: list[tuple[int, Death | None]], recovers: list[tuple[bool, Death | None]]) -> None:
        name = f"example-{next(numbers)}"
        folder = rig.home.parent / name
        fresh = replace(rig, spool=Spool(folder / "spool", bytes(32)), site=Site(folder=folder / "site"))
        for number, (size, death) in enumerate(runs):
            play_run(fresh, f"{name}/{number}", size, death)
        for sink_is_up, death in recovers:
            with dying(death):
                recover(fresh.spool, rig.open_sink if sink_is_up else no_sink, actor=ACTOR)
        assert_each_key_stored_once_or_named(fresh, under=f"{name}/")

    holds()


def assert_each_key_stored_once_or_named(rig: Rig, *, under: str) -> None:
    found = rig.recover()
    named = {target for each in found if each.outcome is Outcome.POSSIBLY_CREATED for target in each.targets}
    kept, shown = rig.kept(under=under), rig.site.keys()
    assert len(kept) == len(set(kept))
    assert set(kept) <= set(shown)
    assert not [target for key, target in shown.items() if (key in kept) is (target in named)]
    assert Outcome.SINK_UNAVAILABLE not in [each.outcome for each in found]
    assert set(outcomes(rig)) <= {Outcome.POSSIBLY_CREATED, Outcome.ALREADY_STORED}
    assert rig.kept(under=under) == kept
