"""The sink `infisical` against a server of ours; and against Infisical itself, where a project is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sinks.faulty_server import Fault
from tests.sinks.infisical_fixtures import REAL, OpenInfisical, new_client
from tests.sinks.infisical_server import Infisical
from tests.sinks.vault_fixtures import put_from_threads, rows_of
from tokenbroker.errors import SecretAccessDenied, SecretNotFound, UsageError
from tokenbroker.secret import Secret
from tokenbroker.sinks import Sink
from tokenbroker.sinks.infisical_names import is_infisical_path, joined, path_of_versions, split, versions_of
from tokenbroker.sinks.local import LocalSink
from tokenbroker.sinks.testing import ACTOR, SinkContract, demo_secret

pytestmark = pytest.mark.req("SECRET-1")

FOLDER = "/tokenbroker/example"
VERSIONS = "/tokenbroker/_versions/example/key"


class TestInfisicalSink(SinkContract):
    """With a token, and nothing kept in memory."""

    @pytest.fixture
    def sink(self, infisical_sink: Sink) -> Sink:
        return infisical_sink


class TestInfisicalItself(SinkContract):
    """The vendor's own server, where the environment names a project: there only."""

    __test__ = all(REAL.values())

    @pytest.fixture
    def sink(self, real_infisical: Sink) -> Sink:
        return real_infisical

    def test_two_writers_at_once_lose_nothing(self, sink: Sink) -> None:
        put_from_threads([sink, sink], each=3)


class TestInfisicalSinkWithUniversalAuth(SinkContract):
    """As it is by default, and without a prefix."""

    @pytest.fixture
    def sink(self, open_infisical: OpenInfisical, infisical: Infisical) -> Sink:
        return open_infisical(new_client(infisical), path_prefix="", alias="team")


def test_a_person_finds_the_newest_value_under_the_paths_own_name(
    infisical_sink: Sink, infisical: Infisical
) -> None:
    old, new, word = demo_secret(), demo_secret(), demo_secret()
    infisical_sink.put("example/key", old, put_id="a", actor=ACTOR)
    reference = infisical_sink.put("example/key", new, put_id="b", actor=ACTOR)
    infisical_sink.put("example/login#password", word, put_id="c", actor=ACTOR)
    assert infisical.value_of(FOLDER, "key") == new.reveal()
    assert infisical.value_of(VERSIONS, "v1") == old.reveal()
    assert infisical.value_of(FOLDER, "login_x23_password") == word.reveal()
    row = next(row for row in infisical.rows if row.key == "v2")
    told = {each["key"]: each["value"] for each in row.metadata}
    assert told == {"tokenbroker-put": '"b"', "tokenbroker-fingerprint": f'"{reference.fingerprint}"'}


@pytest.mark.parametrize("value", ["${OTHER}", " spaces ", "lines\n", "\ufeffmark", "a\0b"])
def test_what_infisical_would_change_survives(infisical_sink: Sink, value: str) -> None:
    infisical_sink.put("example/key", Secret(value), put_id="a", actor=ACTOR)
    assert infisical_sink.get("example/key", actor=ACTOR) == Secret(value)


def test_what_somebody_else_has_put_there_is_read_listed_and_kept(
    infisical_sink: Sink, infisical: Infisical, local: LocalSink
) -> None:
    theirs, ours = demo_secret(), demo_secret()
    infisical.set_by_hand(f"{FOLDER}/login", "password", theirs.reveal())
    assert infisical_sink.get("example/login/password", actor=ACTOR) == theirs
    assert infisical_sink.get("example/login#password", actor=ACTOR) == theirs
    mark = local.put("x", theirs, put_id="x", actor=ACTOR).fingerprint
    assert [(s.path, s.version, s.fingerprint) for s in infisical_sink.list()] == [
        ("example/login/password", 1, mark)
    ]
    assert infisical_sink.put("example/login/password", ours, put_id="a", actor=ACTOR).version == 2
    assert infisical_sink.get("example/login/password", version=1, actor=ACTOR) == theirs


def test_a_value_that_a_person_has_changed_by_hand_is_a_version_of_its_own(
    infisical_sink: Sink, infisical: Infisical
) -> None:
    first, theirs, third = (demo_secret() for _ in range(3))
    infisical_sink.put("example/key", first, put_id="a", actor=ACTOR)
    infisical.set_by_hand(FOLDER, "key", theirs.reveal())
    assert infisical_sink.get("example/key", actor=ACTOR) == theirs
    assert infisical_sink.put("example/key", third, put_id="c", actor=ACTOR).version == 3
    for version, secret in enumerate((first, theirs, third), start=1):
        assert infisical_sink.get("example/key", version=version, actor=ACTOR) == secret


@pytest.mark.req("SECRET-3")
def test_a_secret_of_somebody_else_that_is_empty_is_no_fault(
    infisical_sink: Sink, infisical: Infisical
) -> None:
    infisical.set_by_hand(FOLDER, "empty", "")
    secret = demo_secret()
    infisical_sink.put("example/key", secret, put_id="a", actor=ACTOR)
    assert [stored.path for stored in infisical_sink.list()] == ["example/key"]
    with pytest.raises(SecretNotFound):
        infisical_sink.get("example/empty", actor=ACTOR)


def test_metadata_of_somebody_else_stay(infisical_sink: Sink, infisical: Infisical) -> None:
    infisical.set_by_hand(FOLDER, "key", "demo-only")
    theirs = {"key": "team", "value": "billing", "isEncrypted": False}
    infisical.rows[0].metadata.append(theirs)
    infisical_sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    assert theirs in infisical.rows[0].metadata


def test_the_newest_ten_versions_are_kept(infisical_sink: Sink) -> None:
    for number in range(11):
        infisical_sink.put("example/key", demo_secret(), put_id=str(number), actor=ACTOR)
    assert [stored.version for stored in infisical_sink.list()] == list(range(2, 12))


@pytest.mark.parametrize(
    "path", ["../other", "a//b", "/a", "a/", "./a", "\N{SNOWMAN}" * 60, "tokenbroker.probe"]
)
def test_a_path_that_infisical_can_not_hold_is_refused(
    infisical_sink: Sink, infisical: Infisical, path: str
) -> None:
    with pytest.raises(UsageError) as caught:
        infisical_sink.put(path, demo_secret(), put_id="a", actor=ACTOR)
    assert caught.value.code == "secret.bad_path"
    with pytest.raises(SecretNotFound):
        infisical_sink.get(path, actor=ACTOR)
    assert not infisical.rows


@given(st.text(alphabet="ab/_x23.-#: \N{SNOWMAN}f5", min_size=1, max_size=12))
def test_every_path_has_one_name_and_every_name_one_path(path: str) -> None:
    if is_infisical_path(path):
        assert joined(*split(path)) == path
        assert path_of_versions(versions_of(path)[1:]) == path


@pytest.mark.parametrize(
    "path", ["_versions/a", "a b/c", "ä/\N{SNOWMAN}", "a:b/c%2e", "a/x_x23_y", "DB_PASSWORD"]
)
def test_any_other_path_comes_back_as_it_is(infisical_sink: Sink, path: str) -> None:
    secret = demo_secret()
    infisical_sink.put(path, secret, put_id="a", actor=ACTOR)
    assert infisical_sink.get(path, actor=ACTOR) == secret
    assert [stored.path for stored in infisical_sink.list()] == [path]


def test_a_change_that_a_person_has_to_approve_is_refused(infisical_sink: Sink, infisical: Infisical) -> None:
    infisical.go_wrong(Fault.APPROVAL, "POST /api/v4")
    with pytest.raises(SecretAccessDenied, match="approve"):
        infisical_sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)


@pytest.mark.req("AUDIT-1")
def test_every_act_leaves_its_rows_and_a_change_one_before_it(
    open_infisical: OpenInfisical, local: LocalSink
) -> None:
    sink = open_infisical()
    sink.put("a/key", demo_secret(), put_id="1", actor=ACTOR)
    sink.get("a/key", actor=ACTOR)
    sink.get("a/key", actor=ACTOR)
    sink.remove("a/key", actor=ACTOR)
    assert [row[:2] for row in rows_of(local)] == [
        ("set_token", "begun"),
        ("set_token", "ok"),
        ("get_token", "ok"),
        ("get_token", "ok"),
        ("delete_token", "begun"),
        ("delete_token", "ok"),
    ]


@pytest.mark.req("SECRET-7")
def test_no_token_and_no_value_is_in_a_log_a_repr_an_address_or_the_store(
    open_infisical: OpenInfisical, infisical: Infisical, local: LocalSink, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    secret, client, learnt = demo_secret(), new_client(infisical), list[Secret]()
    sink = open_infisical(client, learn=learnt.append)
    sink.put("example/key", secret, put_id="a", actor=ACTOR)
    sink.get("example/key", actor=ACTOR)
    cache = vars(sink)["_cache"]
    shown = repr(
        (vars(sink), vars(cache), vars(vars(sink)["_sign_in"]), sink.list(), infisical.asked, caplog.text)
    )
    files = [file for file in local.store.path.parent.rglob("*") if file.is_file()]
    written = b"".join(file.read_bytes() for file in files)
    assert "/api/v4/secrets/key" in shown, "the search can find what is there"
    assert [token.reveal() for token in learnt] == [*infisical.tokens]
    for value in (secret.reveal(), *client.values(), *infisical.tokens):
        assert value not in shown
        assert value.encode() not in written
