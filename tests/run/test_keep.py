"""Keeping one token: spool, sink, read back; and what is said when one of them refuses."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.run.spool_rig import ACTOR, TARGET, Rig, an_intent, new_token, opened_rig
from tokenbroker.errors import BrokerError, SecretAccessDenied, SecretUnavailable
from tokenbroker.run.fault_points import POINTS, listening, reached
from tokenbroker.run.keep import keep
from tokenbroker.run.recover import Outcome
from tokenbroker.run.spool import Intent, OpenIntent
from tokenbroker.secret import Secret
from tokenbroker.sinks.local import LocalSink
from tokenbroker.sinks.sink import Reference, Sink
from tokenbroker.store.sqlite import FILE_NAME, open_store

pytestmark = pytest.mark.req("RUN-10")

PATH = "example/api-key"


class OfSomeoneElse(LocalSink):
    """A sink that fails in the way it is told."""

    failure: BaseException

    def put(self, path: str, secret: Secret, *, put_id: str, actor: str) -> Reference:
        raise self.failure


class Forgetful(LocalSink):
    """A sink that gives back something else."""

    def get(self, path: str, *, version: int | None = None, actor: str) -> Secret:
        return Secret("demo-only-something-else")


class OddError(SecretAccessDenied):
    """An error of a plug-in, made in its own way."""

    def __init__(self, number: int) -> None:
        super().__init__(f"refused with number {number}", code="secret.odd")


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with opened_rig(tmp_path) as opened:
        yield opened


@pytest.fixture
def opened(rig: Rig) -> Iterator[OpenIntent]:
    intent = rig.spool.intend(an_intent())
    intent.mark_pressed()
    yield intent
    intent.leave()


def failing(rig: Rig, failure: BaseException) -> Sink:
    sink = OfSomeoneElse(store=rig.store, custody=rig.sink.custody)
    sink.failure = failure
    return sink


def try_to_keep(token: str, opened: OpenIntent, sink: Sink) -> BrokerError:
    with pytest.raises(BrokerError) as refused:
        keep(Secret(token), index=0, intent=opened, sink=sink, path=PATH, actor=ACTOR)
    error = refused.value
    assert error.__context__ is None
    assert error.__cause__ is None
    assert token not in str(error)
    return error


def test_a_kept_token_is_in_the_sink_and_its_intent_can_be_cleared(rig: Rig, opened: OpenIntent) -> None:
    token = new_token()
    reference = keep(Secret(token), index=0, intent=opened, sink=rig.sink, path=PATH, actor=ACTOR)
    assert str(reference) == f"{TARGET}@1"
    assert rig.sink.get(PATH, actor=ACTOR) == Secret(token)
    opened.clear()
    assert rig.spool_files() == []


def test_the_points_of_one_kept_token_come_in_their_order(rig: Rig) -> None:
    seen: list[str] = []
    with listening(seen.append):
        intent = rig.spool.intend(an_intent())
        intent.mark_pressed()
        keep(Secret(new_token()), index=0, intent=intent, sink=rig.sink, path=PATH, actor=ACTOR)
        intent.clear()
    assert seen == [name for name in POINTS if name not in ("before_read", "read")]


def test_a_point_without_a_name_is_refused_only_while_a_test_listens() -> None:
    reached("nowhere")
    with listening(lambda name: None), pytest.raises(ValueError, match="nowhere"):
        reached("nowhere")


def test_a_sink_that_is_down_keeps_its_code_and_the_token_waits(rig: Rig, opened: OpenIntent) -> None:
    token = new_token()
    failure = SecretUnavailable("the vault is sealed", next_step="unseal it", code="secret.sealed")
    error = try_to_keep(token, opened, failing(rig, failure))
    assert type(error) is SecretUnavailable
    assert error.code == "secret.sealed"
    assert "tokenbroker recover" in error.next_step
    opened.leave()
    assert [each.outcome for each in rig.recover()] == [Outcome.STORED]
    assert rig.sink.get(PATH, actor=ACTOR) == Secret(token)


def test_an_error_that_quotes_the_token_is_not_passed_on(rig: Rig, opened: OpenIntent) -> None:
    token = new_token()
    error = try_to_keep(token, opened, failing(rig, RuntimeError(f"can't post {token}")))
    assert error.code == "secret.unavailable"


def test_an_error_class_of_a_plug_in_is_told_with_its_code(rig: Rig, opened: OpenIntent) -> None:
    error = try_to_keep(new_token(), opened, failing(rig, OddError(7)))
    assert type(error) is SecretAccessDenied
    assert error.code == "secret.odd"


def test_a_sink_that_gives_back_something_else_is_not_believed(rig: Rig, opened: OpenIntent) -> None:
    forgetful = Forgetful(store=rig.store, custody=rig.sink.custody)
    error = try_to_keep(new_token(), opened, forgetful)
    assert error.code == "secret.read_back_differs"
    opened.leave()
    assert len(rig.spool.leftovers()[0].waiting) == 1


def test_a_token_that_the_spool_refuses_goes_into_the_sink_all_the_same(rig: Rig, opened: OpenIntent) -> None:
    token = "demo-only-" + "x" * 70_000
    keep(Secret(token), index=0, intent=opened, sink=rig.sink, path=PATH, actor=ACTOR)
    assert rig.sink.get(PATH, actor=ACTOR) == Secret(token)
    opened.clear()


def test_a_token_that_nobody_takes_is_said_to_be_lost_and_stays_named(rig: Rig, opened: OpenIntent) -> None:
    token = "demo-only-" + "x" * 70_000
    error = try_to_keep(token, opened, failing(rig, SecretUnavailable("down")))
    assert "revoke" in error.next_step
    opened.leave()
    assert [each.outcome for each in rig.recover()] == [Outcome.POSSIBLY_CREATED]


def test_an_interrupt_in_the_sink_stays_an_interrupt_and_the_token_waits(
    rig: Rig, opened: OpenIntent
) -> None:
    with pytest.raises(KeyboardInterrupt):
        keep(
            Secret(new_token()),
            index=0,
            intent=opened,
            sink=failing(rig, KeyboardInterrupt()),
            path=PATH,
            actor=ACTOR,
        )
    opened.leave()
    assert len(rig.spool.leftovers()[0].waiting) == 1


def test_a_token_survives_a_database_that_is_locked_at_the_put(rig: Rig, opened: OpenIntent) -> None:
    token = new_token()
    path = rig.home / FILE_NAME
    with open_store(path, busy_timeout_s=0.05) as store:
        sink = LocalSink(store=store, custody=rig.sink.custody)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            error = try_to_keep(token, opened, sink)
        finally:
            other.close()
    assert error.code == "secret.timeout"
    opened.leave()
    assert [each.outcome for each in rig.recover()] == [Outcome.STORED]
    assert rig.sink.get(PATH, actor=ACTOR) == Secret(token)


@pytest.mark.req("FLOW-8")
def test_what_the_flow_says_of_a_tokens_life_is_remembered_before_the_spool_lets_go(rig: Rig) -> None:
    opened = rig.spool.intend(an_intent(lives=({"expires_in": "90d"},)))
    opened.mark_pressed()
    told: list[object] = []

    def remember(intent: Intent, index: int, reference: Reference) -> None:
        told.append((intent.lives[index], str(reference)))
        raise SecretUnavailable("the store is locked")

    with pytest.raises(SecretUnavailable):
        keep(
            Secret(new_token()),
            index=0,
            intent=opened,
            sink=rig.sink,
            path=PATH,
            actor=ACTOR,
            remember=remember,
        )
    opened.leave()
    found = rig.recover(remember=lambda intent, index, at: told.append((intent.lives[index], str(at))))
    assert [each.outcome for each in found] == [Outcome.ALREADY_STORED]
    assert told == [({"expires_in": "90d"}, f"{TARGET}@1")] * 2
    assert rig.spool_files() == []
