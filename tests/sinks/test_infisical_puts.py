"""Puts into Infisical that are cut off, repeated, or done by two at once."""

import pytest
from sqlalchemy import text

from tests.sinks.faulty_server import Fault
from tests.sinks.infisical_fixtures import OpenInfisical
from tests.sinks.infisical_server import Infisical
from tests.sinks.test_infisical import FOLDER, VERSIONS
from tests.sinks.test_vault_puts import killed_at
from tests.sinks.vault_fixtures import put_from_threads
from tokenbroker.errors import SecretUnavailable
from tokenbroker.secret import Secret
from tokenbroker.sinks import Sink
from tokenbroker.sinks.local import LocalSink
from tokenbroker.sinks.testing import ACTOR, demo_secret

pytestmark = pytest.mark.req("SECRET-1")


def test_two_writers_at_once_lose_nothing(open_infisical: OpenInfisical, infisical: Infisical) -> None:
    put_from_threads([open_infisical(), open_infisical()], each=4)
    assert infisical.value_of(FOLDER, "key") == infisical.value_of(VERSIONS, "v8"), "the newest is shown"


def test_two_versions_that_were_made_in_the_same_moment_are_told_apart(
    infisical_sink: Sink, infisical: Infisical
) -> None:
    """The server looks before it makes a secret, and has no lock: two requests may both find nothing."""
    rivals = iter([True])

    def make_another(request: str) -> None:
        is_look_after = request.startswith("GET /api/v4/secrets?") and infisical.value_of(VERSIONS, "v1")
        if is_look_after and next(rivals, False):
            infisical.set_by_hand(VERSIONS, "rival", "demo-only-rival")
            row = infisical.rows[-1]
            row.key, row.created = "v1", "2026-01-01T00:00:00.000Z"

    infisical.before = make_another
    secret = demo_secret()
    assert infisical_sink.put("example/key", secret, put_id="a", actor=ACTOR).version == 2
    assert infisical_sink.get("example/key", version=1, actor=ACTOR) == Secret("demo-only-rival")
    assert infisical_sink.get("example/key", version=2, actor=ACTOR) == secret


@pytest.mark.req("RUN-10")
@pytest.mark.parametrize("fault", [Fault.CUT_OFF, Fault.HUNG_UP])
def test_a_write_whose_answer_is_lost_once_is_done_once(
    infisical_sink: Sink, infisical: Infisical, fault: Fault
) -> None:
    secret, lost = demo_secret(), iter([True])
    infisical_sink.put("example/key", demo_secret(), put_id="first", actor=ACTOR)
    fault_of = infisical.fault_of

    def lose_one(request: str) -> Fault | None:
        found = fault_of(request)
        return fault if request.startswith("POST") and next(lost, False) else found

    infisical.fault_of = lose_one  # type: ignore[method-assign]
    assert infisical_sink.put("example/key", secret, put_id="a", actor=ACTOR).version == 2
    assert [stored.version for stored in infisical_sink.list()] == [1, 2]
    assert infisical.value_of(FOLDER, "key") == secret.reveal()


@pytest.mark.req("RUN-10")
def test_a_put_that_was_killed_behind_the_write_is_found_and_not_done_twice(
    open_infisical: OpenInfisical, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, first = demo_secret(), open_infisical()
    with killed_at(monkeypatch, first, "ok"):
        first.put("example/key", secret, put_id="a", actor=ACTOR)
    later = open_infisical()
    found = later.find("a")
    assert str(found) == "infisical:example/key@1"
    assert later.put("example/key", secret, put_id="a", actor=ACTOR) == found
    assert [stored.version for stored in later.list()] == [1]


def test_a_store_that_has_forgotten_a_put_finds_it_in_infisical(
    open_infisical: OpenInfisical, local: LocalSink
) -> None:
    secret = demo_secret()
    first = open_infisical().put("example/key", secret, put_id="a", actor=ACTOR)
    local.store.write(lambda c: c.execute(text("DELETE FROM store_meta WHERE name LIKE 'put:%'")))
    assert open_infisical().put("example/key", secret, put_id="a", actor=ACTOR) == first


@pytest.mark.req("RUN-10")
def test_a_put_that_was_cut_off_behind_its_version_is_finished_when_it_is_repeated(
    infisical_sink: Sink, infisical: Infisical
) -> None:
    infisical_sink.put("example/key", demo_secret(), put_id="first", actor=ACTOR)
    secret = demo_secret()
    infisical.go_wrong(Fault.SERVER_ERROR, "PATCH")
    with pytest.raises(SecretUnavailable):
        infisical_sink.put("example/key", secret, put_id="a", actor=ACTOR)
    infisical.recover()
    assert infisical_sink.get("example/key", actor=ACTOR) == secret
    assert infisical_sink.put("example/key", secret, put_id="a", actor=ACTOR).version == 2
    assert infisical.value_of(FOLDER, "key") == secret.reveal()


@pytest.mark.req("RUN-10")
@pytest.mark.parametrize("begun_with", ["a value of ours", "a value of somebody else"])
def test_a_put_that_was_cut_off_behind_its_version_is_shown_when_it_is_found(
    infisical_sink: Sink, infisical: Infisical, begun_with: str
) -> None:
    if begun_with == "a value of ours":
        infisical_sink.put("example/key", demo_secret(), put_id="first", actor=ACTOR)
    else:
        infisical.set_by_hand(FOLDER, "key", "demo-only-theirs")
    secret = demo_secret()
    infisical.go_wrong(Fault.SERVER_ERROR, "PATCH")
    with pytest.raises(SecretUnavailable):
        infisical_sink.put("example/key", secret, put_id="a", actor=ACTOR)
    assert str(infisical.value_of(FOLDER, "key")) != secret.reveal()
    infisical.recover()
    assert infisical_sink.get("example/key", actor=ACTOR) == secret
    assert [stored.version for stored in infisical_sink.list()] == [1, 2]
    assert str(infisical_sink.find("a")) == "infisical:example/key@2"
    assert infisical.value_of(FOLDER, "key") == secret.reveal()


@pytest.mark.req("RUN-10")
@pytest.mark.parametrize("again", ["find", "put"])
def test_what_a_person_has_set_since_a_put_was_killed_stays_and_keeps_its_number(
    open_infisical: OpenInfisical, infisical: Infisical, monkeypatch: pytest.MonkeyPatch, again: str
) -> None:
    sink, secret, theirs = open_infisical(cache_s=0), demo_secret(), demo_secret()
    sink.put("example/key", demo_secret(), put_id="first", actor=ACTOR)
    with killed_at(monkeypatch, sink, "ok"):
        sink.put("example/key", secret, put_id="a", actor=ACTOR)
    infisical.set_by_hand(FOLDER, "key", theirs.reveal())
    assert [stored.version for stored in sink.list()] == [1, 2, 3]
    if again == "find":
        assert str(sink.find("a")) == "infisical:example/key@2"
    assert sink.put("example/key", secret, put_id="a", actor=ACTOR).version == 2
    assert infisical.value_of(FOLDER, "key") == theirs.reveal()
    assert sink.put("example/key", demo_secret(), put_id="b", actor=ACTOR).version == 4
    assert sink.get("example/key", version=3, actor=ACTOR) == theirs
