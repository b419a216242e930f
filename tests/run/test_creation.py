"""Which step creates a key, and what stays of it in the spool and the sink, however the run ends."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.flow.texts import REFERENCE, flow_from, flow_text
from tests.run.spool_rig import ACTOR, Rig, new_token, opened_rig
from tokenbroker.errors import SecretUnavailable
from tokenbroker.policy.approve import Request, approve
from tokenbroker.run.creation import CreationRecord, creations
from tokenbroker.run.recover import Outcome
from tokenbroker.secret import Secret
from tokenbroker.sinks.sink import Sink

pytestmark = pytest.mark.req("RUN-10")

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PAGE = "http://127.0.0.1:8000/api-keys"
NAVIGATE = "- navigate: 'http://127.0.0.1:8000/'"
CLICK = "- click: '#go'"
CREATE = "- click: { selector: '#make', creates: { name: nightly, revoke: example/revoke } }"
CAPTURE = "- capture_token: { selector: .token, secret_ref: 'local:example/key' }"
SECOND = "- capture_token: { selector: .id, secret_ref: 'local:example/id' }"
ASK = "- wait_human: { reason: Confirm it }"


def where(*steps: str) -> list[tuple[int, str, tuple[int, ...]]]:
    """For each creation of a flow with these steps: its step, its key's name, its captures."""
    return [(each.step, each.name, each.captures) for each in creations(flow_from(flow_text(*steps)))]


def test_in_the_reference_flow_the_first_click_on_the_keys_page_creates() -> None:
    (creation,) = creations(flow_from(REFERENCE))
    assert (creation.step, creation.name, creation.revoke) == (8, "unknown", None)
    assert (creation.captures, creation.targets) == ((11,), ("bitwarden:example/opendiscourse",))


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ((CLICK,), []),
        ((NAVIGATE, CLICK), []),
        ((NAVIGATE, CAPTURE), [(2, "unknown", (2,))]),
        ((NAVIGATE, CLICK, CLICK, CAPTURE), [(2, "unknown", (4,))]),
        ((CLICK, NAVIGATE, CLICK, CAPTURE), [(3, "unknown", (4,))]),
        ((CLICK, ASK, CLICK, CAPTURE), [(3, "unknown", (4,))]),
        ((NAVIGATE, CLICK, ASK, CAPTURE), [(2, "unknown", (4,))]),
        ((NAVIGATE, ASK, CAPTURE), [(2, "unknown", (3,))]),
        ((CLICK, NAVIGATE, CAPTURE), [(3, "unknown", (3,))]),
        ((NAVIGATE, "- type: { selector: a, value: b }", "- press: Enter", CAPTURE), [(3, "unknown", (4,))]),
        ((NAVIGATE, "- select: { selector: a, value: b }", CLICK, CAPTURE), [(2, "unknown", (4,))]),
        ((NAVIGATE, "- check: '#yes'", CLICK, CAPTURE), [(2, "unknown", (4,))]),
        ((NAVIGATE, CLICK, CAPTURE, SECOND), [(2, "unknown", (3, 4))]),
        ((NAVIGATE, CLICK, CAPTURE, NAVIGATE, CLICK, SECOND), [(2, "unknown", (3,)), (5, "unknown", (6,))]),
    ],
)
def test_the_first_step_that_may_create_after_the_last_page_or_checkpoint_is_the_one(steps, found) -> None:
    assert where(*steps) == found


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ((NAVIGATE, CLICK, CREATE, CLICK, CAPTURE), [(3, "nightly", (5,))]),
        ((CREATE, ASK, CAPTURE), [(1, "nightly", (3,))]),
        ((CREATE, ASK, CLICK, CAPTURE), [(1, "nightly", (4,))]),
        ((CREATE, NAVIGATE, CAPTURE), [(1, "nightly", (3,))]),
        ((CREATE, NAVIGATE, CAPTURE, SECOND), [(1, "nightly", (3, 4))]),
        ((CREATE, CAPTURE, NAVIGATE, CLICK, SECOND), [(1, "nightly", (2,)), (4, "unknown", (5,))]),
        ((CREATE, CAPTURE, CREATE, SECOND), [(1, "nightly", (2,)), (3, "nightly", (4,))]),
        (("- press: { key: Enter, creates: {} }", CAPTURE), [(1, "unknown", (2,))]),
    ],
)
def test_a_step_that_says_that_it_creates_is_the_one_until_its_key_was_read(steps, found) -> None:
    assert where(*steps) == found


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with opened_rig(tmp_path) as opened:
        yield opened


class Acting:
    """A run in small: the steps of a flow as far as the record sees them."""

    def __init__(self, rig: Rig, *steps: str) -> None:
        self.flow = flow_from(flow_text(*steps))
        request = Request(actor=ACTOR, params={}, origin_map={})
        plan = approve(self.flow, request, clock=lambda: NOW)
        self.pressed: list[int] = []
        self.sink: Sink | None = rig.sink
        self.record = CreationRecord(
            plan,
            run_id="run-1",
            spool=rig.spool,
            open_sink=self._open_sink,
            clock=lambda: NOW,
            on_press=lambda _: self.pressed.append(len(rig.spool_files())),
        )

    def _open_sink(self, alias: str) -> Sink:
        assert alias == "local"
        if self.sink is None:
            raise SecretUnavailable("the sink is down")
        return self.sink

    def begin(self, number: int) -> None:
        self.record.begin(self.flow.steps[number - 1], PAGE)

    def press(self, number: int) -> None:
        self.begin(number)
        self.record.before_press(self.flow.steps[number - 1])

    def keep(self, number: int, token: str) -> str:
        self.begin(number)
        return self.record.keep(self.flow.steps[number - 1], Secret(token))


def outcomes(rig: Rig) -> list[Outcome]:
    return [each.outcome for each in rig.recover()]


def test_a_key_that_was_kept_leaves_nothing_in_the_spool(rig: Rig) -> None:
    run, token = Acting(rig, NAVIGATE, CREATE, CAPTURE), new_token()
    run.begin(1)
    assert rig.spool_files() == []
    run.press(2)
    assert len(rig.spool_files()) == 1
    assert run.keep(3, token) == "local:example/key@1"
    assert rig.spool_files() == []
    assert run.record.close() == ()
    assert [str(each) for each in run.record.references] == ["local:example/key@1"]
    assert rig.sink.get("example/key", actor=ACTOR) == Secret(token)


def test_the_press_is_told_once_and_before_it_is_on_the_disk(rig: Rig) -> None:
    run = Acting(rig, CREATE, CAPTURE, NAVIGATE, CLICK, SECOND)
    run.press(1)
    run.record.before_press(run.flow.steps[0])
    run.keep(2, new_token())
    run.press(4)
    run.keep(5, new_token())
    assert run.pressed == [1]
    assert run.record.pressed_any


def test_an_intent_whose_step_never_acted_is_dropped(rig: Rig) -> None:
    run = Acting(rig, CREATE, CAPTURE)
    run.begin(1)
    assert run.record.close() == ()
    assert not run.record.pressed_any
    assert rig.spool_files() == []


def test_a_key_that_was_not_captured_is_named_with_its_way_to_revoke_it(rig: Rig) -> None:
    run = Acting(rig, CREATE, CAPTURE)
    run.press(1)
    (sentence,) = run.record.close()
    assert "'nightly'" in sentence
    assert "example/revoke" in sentence
    (found,) = rig.recover()
    assert found.outcome is Outcome.POSSIBLY_CREATED
    assert found.intent is not None
    assert (found.intent.key_name, found.intent.revoke) == ("nightly", "example/revoke")
    assert found.intent.origin == ""


def test_without_a_declared_way_to_revoke_the_page_is_named(rig: Rig) -> None:
    run = Acting(rig, NAVIGATE, CLICK, CAPTURE)
    run.press(2)
    (sentence,) = run.record.close()
    assert PAGE in sentence
    (found,) = rig.recover()
    assert found.intent is not None
    assert (found.intent.key_name, found.intent.origin) == ("unknown", "http://127.0.0.1:8000")


def test_a_sink_that_can_t_be_opened_stops_the_run_before_anything_is_created(rig: Rig) -> None:
    run = Acting(rig, CREATE, CAPTURE)
    run.sink = None
    with pytest.raises(SecretUnavailable):
        run.begin(1)
    assert run.record.close() == ()
    assert rig.spool_files() == []


def test_a_token_that_its_sink_refuses_waits_and_recover_brings_it_there(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, token = Acting(rig, CREATE, CAPTURE), new_token()
    run.press(1)
    with monkeypatch.context() as broken:
        broken.setattr(rig.sink, "put", _refuse)
        with pytest.raises(SecretUnavailable):
            run.keep(2, token)
    (sentence,) = run.record.close()
    assert "recover" in sentence
    assert token not in sentence
    assert outcomes(rig) == [Outcome.STORED]
    assert rig.sink.get("example/key", actor=ACTOR) == Secret(token)
    assert rig.spool_files() == []


def _refuse(*given: object, **named: object) -> None:
    raise SecretUnavailable("the sink is down")


def test_a_key_of_which_only_a_part_was_captured_is_still_named(rig: Rig) -> None:
    run = Acting(rig, CREATE, CAPTURE, SECOND)
    run.press(1)
    run.keep(2, new_token())
    (sentence,) = run.record.close()
    assert "example/revoke" in sentence
    assert outcomes(rig) == [Outcome.ALREADY_STORED, Outcome.POSSIBLY_CREATED]


def test_a_token_read_without_any_press_is_kept_too(rig: Rig) -> None:
    run, token = Acting(rig, NAVIGATE, CAPTURE), new_token()
    assert run.keep(2, token) == "local:example/key@1"
    assert run.record.close() == ()
    assert rig.spool_files() == []


def test_a_token_is_kept_where_the_creating_step_was_skipped(rig: Rig) -> None:
    run, token = Acting(rig, NAVIGATE, CREATE, CAPTURE), new_token()
    assert (
        run.keep(3, token) == "local:example/key@1"
    )  # step 2 had a `when` that was not there: it never began
    assert run.record.close() == ()
    assert rig.spool_files() == []


def test_a_page_that_showed_no_token_to_the_capture_may_have_made_a_key_all_the_same(rig: Rig) -> None:
    run = Acting(rig, NAVIGATE, CAPTURE)
    run.begin(2)
    assert run.record.pressed_any
    (sentence,) = run.record.close()
    assert PAGE in sentence
    assert outcomes(rig) == [Outcome.POSSIBLY_CREATED]


def test_close_a_second_time_says_nothing(rig: Rig) -> None:
    run = Acting(rig, CREATE, CAPTURE)
    run.press(1)
    assert len(run.record.close()) == 1
    assert run.record.close() == ()


@pytest.mark.req("FLOW-8")
def test_a_captures_life_tells_when_its_token_ends_and_which_flow_revokes_it(rig: Rig) -> None:
    life = "life: { expires_in: 90d, revokes: example/revoke_key }"
    capture = f"- capture_token: {{ selector: .token, secret_ref: 'local:example/key', {life} }}"
    run = Acting(rig, NAVIGATE, CLICK, capture)
    run.press(2)
    intent = run.record._open[2].intent.leftover.intent
    assert intent is not None
    assert (intent.revoke, intent.lives) == (
        "example/revoke_key",
        ({"expires_in": "90d", "revokes": "example/revoke_key"},),
    )
    run.keep(3, new_token())
    assert [str(reference) for reference in run.record.ends] == ["local:example/key@1"]
    assert [*run.record.ends.values()] == [NOW + timedelta(days=90)]
