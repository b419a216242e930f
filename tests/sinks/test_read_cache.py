"""Reads from memory: how long, for whom, and never one that a change has made stale."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from tests.sinks.faulty_server import Fault
from tests.sinks.infisical_fixtures import OpenInfisical
from tests.sinks.infisical_server import Infisical
from tokenbroker.errors import BrokerError, SecretNotFound, SecretUnavailable
from tokenbroker.secret import Secret
from tokenbroker.sinks import Sink
from tokenbroker.sinks.local import LocalSink
from tokenbroker.sinks.read_cache import ReadCache
from tokenbroker.sinks.testing import ACTOR, demo_secret

pytestmark = pytest.mark.req("SECRET-1")


class Now:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 28, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def sink(open_infisical: OpenInfisical, now: Now) -> Sink:
    return open_infisical(clock=now)


def test_a_read_is_answered_from_memory_for_five_minutes(sink: Sink, infisical: Infisical, now: Now) -> None:
    secret, theirs = demo_secret(), demo_secret()
    sink.put("example/key", secret, put_id="a", actor=ACTOR)
    sink.get("example/key", actor=ACTOR)
    infisical.set_by_hand("/tokenbroker/example", "key", theirs.reveal())
    infisical.go_wrong(Fault.SERVER_ERROR)
    now.pass_by(299)
    assert sink.get("example/key", actor=ACTOR) == secret
    infisical.recover()
    now.pass_by(1)
    assert sink.get("example/key", actor=ACTOR) == theirs


def test_what_is_absent_is_not_asked_for_again_for_half_a_minute(
    sink: Sink, infisical: Infisical, now: Now
) -> None:
    for _ in range(2):
        with pytest.raises(SecretNotFound):
            sink.get("example/key", actor=ACTOR)
    asked = len(infisical.asked)
    infisical.set_by_hand("/tokenbroker/example", "key", "demo-only")
    now.pass_by(29)
    with pytest.raises(SecretNotFound):
        sink.get("example/key", actor=ACTOR)
    assert len(infisical.asked) == asked
    now.pass_by(1)
    assert sink.get("example/key", actor=ACTOR) == Secret("demo-only")


def test_own_changes_are_seen_at_once(sink: Sink) -> None:
    with pytest.raises(SecretNotFound):
        sink.get("example/key", actor=ACTOR)
    for put_id in "ab":
        secret = demo_secret()
        sink.put("example/key", secret, put_id=put_id, actor=ACTOR)
        assert sink.get("example/key", actor=ACTOR) == secret
    sink.remove("example/key", actor=ACTOR)
    for version in (None, 1, 2):
        with pytest.raises(SecretNotFound):
            sink.get("example/key", version=version, actor=ACTOR)


@pytest.mark.req("AUDIT-1")
def test_nothing_in_memory_is_given_out_without_its_audit_row(sink: Sink, local: LocalSink) -> None:
    sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    sink.get("example/key", actor=ACTOR)
    trigger = "CREATE TRIGGER no BEFORE INSERT ON audit_log BEGIN SELECT RAISE(ABORT, 'no'); END"
    local.store.write(lambda c: c.execute(text(trigger)))
    with pytest.raises(SecretUnavailable):
        sink.get("example/key", actor=ACTOR)


def test_a_value_that_was_read_before_a_put_and_arrives_after_it_is_not_kept(
    sink: Sink, infisical: Infisical
) -> None:
    old, new = demo_secret(), demo_secret()
    sink.put("example/key", old, put_id="a", actor=ACTOR)
    find = super(type(sink), sink)._found  # type: ignore[misc]
    cache = vars(sink)["_cache"]

    def read_then_put() -> object:
        found = find("example/key", None)
        sink.put("example/key", new, put_id="b", actor=ACTOR)
        return found

    assert cache.get(("example/key", None), read_then_put).secret == old
    assert sink.get("example/key", actor=ACTOR) == new


def gather(cache: ReadCache[str, str], ask: object, *, count: int = 4) -> list[object]:
    """What `count` threads get that want one thing while the first of them is asking for it."""
    asked, go_on, got = threading.Event(), threading.Event(), list[object]()
    calls: list[object] = []

    def slowly() -> str | None:
        calls.append(1)
        asked.set()
        go_on.wait()
        return ask()  # type: ignore[operator, no-any-return]

    def want() -> None:
        try:
            got.append(cache.get("path", slowly))
        except BrokerError as error:
            got.append(error)

    threads = [threading.Thread(target=want) for _ in range(count)]
    threads[0].start()
    asked.wait()
    for thread in threads[1:]:
        thread.start()
    go_on.set()
    for thread in threads:
        thread.join()
    got.append(len(calls))
    return got


def test_threads_that_want_the_same_ask_for_it_once(now: Now) -> None:
    cache = ReadCache[str, str](now, keep_s=300, absent_s=30)
    assert gather(cache, lambda: "value") == ["value"] * 4 + [1]


def test_a_failure_reaches_those_who_waited_and_is_not_kept(now: Now) -> None:
    cache = ReadCache[str, str](now, keep_s=300, absent_s=30)

    def fail() -> None:
        raise SecretUnavailable("it is down")

    flown = threading.Event()

    def wait_for_it() -> None:
        flown.set()
        fail()

    *got, _ = gather(cache, wait_for_it, count=2)
    assert [type(each) for each in got] == [SecretUnavailable] * 2
    assert len({id(each) for each in got}) == 2
    assert all(each.__context__ is None for each in got if isinstance(each, BrokerError))
    assert cache.get("path", lambda: "value") == "value"


def test_who_asks_after_a_change_does_not_get_what_was_asked_before_it(now: Now) -> None:
    cache = ReadCache[str, str](now, keep_s=300, absent_s=30)

    def change_then_ask() -> str:
        cache.clear()
        assert cache.get("path", lambda: "new") == "new"
        return "old"

    assert cache.get("path", change_then_ask) == "old"
    assert cache.get("path", lambda: "newer") == "new"


def test_with_nothing_to_keep_each_asks_for_itself(now: Now) -> None:
    cache = ReadCache[str, str](now, keep_s=0, absent_s=30)
    answers = iter("ab")
    assert [cache.get("path", lambda: next(answers)) for _ in range(2)] == ["a", "b"]


def test_a_clock_that_was_set_back_keeps_nothing_longer(now: Now) -> None:
    cache = ReadCache[str, str](now, keep_s=300, absent_s=30)
    cache.get("path", lambda: "old")
    now.pass_by(-1)
    assert cache.get("path", lambda: "new") == "new"


def test_only_so_many_answers_are_kept(now: Now) -> None:
    cache = ReadCache[str, str](now, keep_s=300, absent_s=30)
    for number in range(1100):
        cache.get(str(number), lambda: "old")
    assert len(vars(cache)["_entries"]) == 1024
    assert cache.get("0", lambda: "new") == "new"


def test_a_clock_that_is_set_back_keeps_nothing_longer(now: Now) -> None:
    passed = 0.0
    answers = iter(["first", "second"])
    cache = ReadCache[str, str](now, keep_s=300, absent_s=30, monotonic=lambda: passed)
    assert cache.get("key", lambda: next(answers)) == "first"
    now.pass_by(299)
    passed = 299.0
    assert cache.get("key", lambda: next(answers)) == "first"
    now.pass_by(-200)
    passed = 300.0
    assert cache.get("key", lambda: next(answers)) == "second"
