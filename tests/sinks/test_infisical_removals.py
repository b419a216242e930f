"""What a removal leaves in Infisical, and what becomes of writes that come beside it or behind it."""

from contextlib import AbstractContextManager

import pytest

from tests.sinks.faulty_server import Answer, Fault
from tests.sinks.infisical_fixtures import OpenInfisical
from tests.sinks.infisical_server import Infisical
from tests.sinks.test_infisical import FOLDER
from tests.sinks.test_vault_puts import killed_at
from tokenbroker.errors import SecretNotFound, SecretUnavailable
from tokenbroker.secret import Secret
from tokenbroker.sinks import Sink
from tokenbroker.sinks.infisical import InfisicalSink
from tokenbroker.sinks.place import NotWritten, Place, Put
from tokenbroker.sinks.testing import ACTOR, demo_secret

pytestmark = pytest.mark.req("SECRET-1")


def test_numbers_of_what_another_home_has_removed_do_not_come_again(
    open_infisical: OpenInfisical, infisical: Infisical
) -> None:
    open_infisical().put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    other = open_infisical(alias="other")
    assert other.remove("example/key", actor=ACTOR) == 1
    assert open_infisical().put("example/key", demo_secret(), put_id="b", actor=ACTOR).version == 2


@pytest.mark.req("RUN-10")
def test_what_was_removed_after_a_kill_does_not_come_back(
    open_infisical: OpenInfisical, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink, secret = open_infisical(), demo_secret()
    with killed_at(monkeypatch, sink, "ok"):
        sink.put("example/key", secret, put_id="a", actor=ACTOR)
    assert sink.remove("example/key", actor=ACTOR) == 1
    assert str(sink.put("example/key", secret, put_id="a", actor=ACTOR)) == "infisical:example/key@1"
    assert sink.list() == []


@pytest.mark.req("RUN-10")
def test_a_removal_that_was_cut_off_is_finished_when_it_is_repeated(
    infisical_sink: Sink, infisical: Infisical
) -> None:
    for put_id in "ab":
        infisical_sink.put("example/key", demo_secret(), put_id=put_id, actor=ACTOR)
    infisical.go_wrong(Fault.SERVER_ERROR, "PATCH /api/v4/secrets/v1")
    with pytest.raises(SecretUnavailable):
        infisical_sink.remove("example/key", actor=ACTOR)
    with pytest.raises(SecretNotFound):
        infisical_sink.get("example/key", actor=ACTOR)
    infisical.recover()
    assert infisical_sink.remove("example/key", actor=ACTOR) == 1
    assert infisical_sink.put("example/key", demo_secret(), put_id="c", actor=ACTOR).version == 3


@pytest.mark.req("RUN-10")
def test_no_number_comes_again_though_what_a_removal_has_sent_arrives_late(
    infisical_sink: Sink, infisical: Infisical
) -> None:
    sent: list[tuple[str, str, dict[str, str], str, object]] = []
    answer = infisical.answer

    def remember(method: str, path: str, query: dict[str, str], token: str, body: object) -> Answer:
        sent.append((method, path, query, token, body))
        return answer(method, path, query, token, body)

    for put_id in "ab":
        infisical_sink.put("example/key", demo_secret(), put_id=put_id, actor=ACTOR)
    infisical.answer = remember  # type: ignore[method-assign]
    infisical_sink.remove("example/key", actor=ACTOR)
    late = [request for request in sent if request[0] != "GET"]
    infisical_sink.put("example/key", demo_secret(), put_id="c", actor=ACTOR)
    infisical_sink.remove("example/key", actor=ACTOR)
    for request in late:
        answer(*request)
    assert infisical_sink.list() == []
    assert infisical_sink.put("example/key", demo_secret(), put_id="d", actor=ACTOR).version == 4


def test_the_number_of_a_removed_value_of_somebody_else_does_not_come_again(
    infisical_sink: Sink, infisical: Infisical
) -> None:
    infisical_sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    infisical.set_by_hand(FOLDER, "key", "demo-only-theirs")
    assert infisical_sink.remove("example/key", actor=ACTOR) == 2
    assert infisical_sink.put("example/key", demo_secret(), put_id="b", actor=ACTOR).version == 3


@pytest.mark.req("RUN-10")
def test_a_removal_that_was_cut_off_before_it_has_kept_the_number_has_removed_nothing(
    infisical_sink: Sink, infisical: Infisical
) -> None:
    infisical_sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    infisical.set_by_hand(FOLDER, "key", "demo-only-theirs")
    infisical.go_wrong(Fault.SERVER_ERROR, "/api/v4/secrets/v2")
    with pytest.raises(SecretUnavailable):
        infisical_sink.remove("example/key", actor=ACTOR)
    infisical.recover()
    assert infisical_sink.get("example/key", version=2, actor=ACTOR) == Secret("demo-only-theirs")
    assert infisical_sink.put("example/key", demo_secret(), put_id="b", actor=ACTOR).version == 3


def test_a_put_in_the_moment_of_a_removal_is_shown(
    open_infisical: OpenInfisical, infisical: Infisical
) -> None:
    sink, other, secret, once = open_infisical(), open_infisical(alias="other"), demo_secret(), iter([True])
    sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)

    def put_meanwhile(request: str) -> None:
        if request.startswith("DELETE /api/v4/secrets/key") and next(once, False):
            other.put("example/key", secret, put_id="b", actor=ACTOR)

    infisical.before = put_meanwhile
    assert sink.remove("example/key", actor=ACTOR) == 1
    assert infisical.value_of(FOLDER, "key") == secret.reveal()
    assert other.get("example/key", version=2, actor=ACTOR) == secret


def test_metadata_of_somebody_else_stay_where_a_secret_is_made_anew_in_the_moment_of_a_removal(
    open_infisical: OpenInfisical, infisical: Infisical
) -> None:
    sink, other, theirs = (
        open_infisical(),
        open_infisical(alias="other"),
        {"key": "team", "value": "billing", "isEncrypted": False},
    )
    sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    gone = iter([True])

    def make_it_anew(request: str) -> None:
        if infisical.value_of(FOLDER, "key") is None and next(gone, False):
            other.put("example/key", demo_secret(), put_id="b", actor=ACTOR)
            next(row for row in infisical.rows if row.path == FOLDER).metadata.append(theirs)

    infisical.before = make_it_anew
    assert sink.remove("example/key", actor=ACTOR) == 1
    assert theirs in next(row for row in infisical.rows if row.path == FOLDER).metadata


def talk_to(sink: Sink) -> AbstractContextManager[Place]:
    assert isinstance(sink, InfisicalSink)
    return sink._talk()


def test_a_put_whose_version_is_removed_before_it_is_shown_gets_another_number(
    open_infisical: OpenInfisical, infisical: Infisical
) -> None:
    sink, other, secret, once = open_infisical(), open_infisical(alias="other"), demo_secret(), iter([True])

    def remove_meanwhile(request: str) -> None:
        if request.startswith("PATCH /api/v4/secrets/key") and next(once, False):
            other.remove("example/key", actor=ACTOR)

    infisical.before = remove_meanwhile
    with talk_to(sink) as place:
        answer = place.write(Put(path="example/key", secret=secret, put_id="a", fingerprint=""), after=0)
        assert isinstance(answer, NotWritten)
        assert answer.raced
    assert infisical.value_of(FOLDER, "key") is None, "what was removed is not shown again"
    assert sink.put("example/key", secret, put_id="a", actor=ACTOR).version == 2
    assert infisical.value_of(FOLDER, "key") == secret.reveal()
    assert [stored.version for stored in sink.list()] == [2]


def test_a_removed_secret_that_a_late_write_shows_again_is_not_given_out(
    infisical_sink: Sink, infisical: Infisical
) -> None:
    infisical_sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    shown = next(row for row in infisical.rows if row.path == FOLDER)
    infisical_sink.remove("example/key", actor=ACTOR)
    infisical.rows.append(shown)
    with pytest.raises(SecretNotFound):
        infisical_sink.get("example/key", actor=ACTOR)
    assert infisical_sink.list() == []
    assert infisical_sink.put("example/key", demo_secret(), put_id="b", actor=ACTOR).version == 2
