"""The sink `bitwarden` in Secrets Manager, driven by the vendor's SDK against a server of ours."""

import json

import pytest

from tests.sinks.secrets_manager_fixtures import TOKEN, OpenSecretsManager
from tests.sinks.secrets_manager_server import SecretsManager
from tests.sinks.vault_fixtures import rows_of
from tokenbroker.errors import SecretAccessDenied, SecretNotFound, SecretUnavailable, SettingsError
from tokenbroker.secret import Secret
from tokenbroker.sinks import Sink
from tokenbroker.sinks.local import LocalSink
from tokenbroker.sinks.secrets_manager import SecretsManagerSink
from tokenbroker.sinks.testing import ACTOR, SinkContract, demo_secret

pytestmark = pytest.mark.req("SECRET-1")


class TestSecretsManagerSink(SinkContract):
    @pytest.fixture
    def sink(self, manager_sink: Sink) -> Sink:
        return manager_sink


@pytest.mark.req("SECRET-6")
def test_the_newest_value_is_the_secret_s_own_and_the_server_has_ciphertext_only(
    manager_sink: Sink, manager: SecretsManager
) -> None:
    first, second = demo_secret(), demo_secret()
    manager_sink.put("example/key", first, put_id="a", actor=ACTOR)
    (handle,) = manager.secrets
    manager_sink.put("example/key", second, put_id="b", actor=ACTOR)
    ((key, value, note),) = manager.texts()
    assert [*manager.secrets] == [handle], "who reads it by its id finds the newest there"
    assert (key, value) == ("example/key", second.reveal())
    assert json.loads(note)["held"] == {"1": first.reveal(), "2": second.reveal()}
    assert "demo-only" not in repr((manager.secrets, manager.trash, manager.asked))


@pytest.mark.req("SECRET-6")
def test_what_was_removed_is_nowhere_in_the_project_and_in_no_trash(
    manager_sink: Sink, manager: SecretsManager
) -> None:
    for put_id in "ab":
        manager_sink.put("example/key", demo_secret(), put_id=put_id, actor=ACTOR)
    manager_sink.remove("example/key", actor=ACTOR)
    ((_, value, note),) = manager.texts()
    trash = [manager.key.opened(text) for s in manager.trash for text in (s.value, s.note)]
    assert "demo-only" not in repr((value, note, trash))
    manager.secrets.clear()  # a person empties the project
    assert manager_sink.list() == []


def test_what_somebody_else_has_put_there_is_read_and_their_note_stays(
    open_manager: OpenSecretsManager, manager: SecretsManager
) -> None:
    manager_sink = open_manager(project_id=manager.project.upper())
    theirs, ours = demo_secret(), demo_secret()
    manager.add("Work/GitHub", theirs.reveal(), "ask Ann")
    manager.add("elsewhere", "demo-only", project="00000000-0000-0000-0000-000000000000")
    manager.add("no path@3", "demo-only")
    assert manager_sink.get("Work/GitHub", actor=ACTOR) == theirs
    assert manager_sink.get("Work/GitHub#value", version=1, actor=ACTOR) == theirs
    assert [(stored.path, stored.version) for stored in manager_sink.list()] == [("Work/GitHub", 1)]
    with pytest.raises(SecretNotFound):
        manager_sink.get("elsewhere", actor=ACTOR)
    manager_sink.put("Work/GitHub", ours, put_id="a", actor=ACTOR)
    manager_sink.put("Work/GitHub", demo_secret(), put_id="b", actor=ACTOR)
    assert manager_sink.get("Work/GitHub", version=1, actor=ACTOR) == theirs
    assert manager_sink.get("Work/GitHub", version=2, actor=ACTOR) == ours
    assert json.loads(manager.texts()[0][2])["remark"] == "ask Ann"


def test_what_a_person_has_changed_by_hand_is_a_version_and_ours_stay(
    manager_sink: Sink, manager: SecretsManager
) -> None:
    ours, theirs = demo_secret(), demo_secret()
    manager_sink.put("example/key", ours, put_id="a", actor=ACTOR)
    (stored,) = manager.secrets.values()
    stored.value = manager.key.sealed(theirs.reveal())
    assert manager_sink.get("example/key", actor=ACTOR) == theirs
    assert manager_sink.get("example/key", version=1, actor=ACTOR) == ours
    assert [stored.version for stored in manager_sink.list()] == [1, 2]


@pytest.mark.req("SECRET-3")
def test_a_note_that_a_person_has_broken_is_said_and_nothing_is_overwritten(
    manager_sink: Sink, manager: SecretsManager
) -> None:
    manager_sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    (stored,) = manager.secrets.values()
    stored.note = manager.key.sealed(manager.key.opened(stored.note)[:-1])
    before = manager.texts()
    with pytest.raises(SecretUnavailable, match="not as it was written"):
        manager_sink.put("example/key", demo_secret(), put_id="b", actor=ACTOR)
    with pytest.raises(SecretUnavailable, match="not as it was written"):
        manager_sink.get("example/key", actor=ACTOR)
    assert manager.texts() == before


def test_of_older_values_those_stay_that_the_note_has_room_for_and_the_newest_always_does(
    manager_sink: Sink, manager: SecretsManager
) -> None:
    values = [Secret(sign * size) for sign, size in (("a", 3000), ("\N{SNOWMAN}", 1000), ("c", 25_000))]
    for value in values:
        reference = manager_sink.put("example/key", value, put_id=value.reveal()[0], actor=ACTOR)
        assert manager_sink.get("example/key", version=reference.version, actor=ACTOR) == value
    assert [stored.version for stored in manager_sink.list()] == [1, 2, 3]
    manager_sink.put("example/key", Secret("d" * 2000), put_id="d", actor=ACTOR)
    assert [stored.version for stored in manager_sink.list()] == [2, 4], "the third is longer than a note"
    with pytest.raises(SecretUnavailable, match="as long as this"):
        manager_sink.put("example/key", Secret("e" * 25_001), put_id="e", actor=ACTOR)
    assert manager_sink.get("example/key", actor=ACTOR) == Secret("d" * 2000)


@pytest.mark.req("SECRET-3")
def test_without_an_access_token_the_variable_is_named(open_manager: OpenSecretsManager) -> None:
    with pytest.raises(SecretAccessDenied) as caught:
        open_manager({})
    assert TOKEN in caught.value.next_step


@pytest.mark.req("SECRET-3")
def test_without_the_sdk_the_extra_is_named(
    open_manager: OpenSecretsManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tokenbroker.sinks.secrets_manager.find_spec", lambda name: None)
    with pytest.raises(SettingsError) as caught:
        open_manager()
    assert "tokenbroker[bitwarden]" in caught.value.next_step


def test_the_nearest_variable_counts_and_opening_asks_nothing(
    open_manager: OpenSecretsManager, manager: SecretsManager
) -> None:
    names = ("TOKENBROKER_BITWARDEN_TEAM_A_ACCESS_TOKEN", TOKEN, "BWS_ACCESS_TOKEN")
    for count in range(1, 4):
        given = {name: f"demo-only-{name}" for name in names[3 - count :]}
        sdk = open_manager(given, alias="team-a").vault.sdk
        assert sdk._access.token == Secret(given[names[3 - count]])
        assert sdk.pid is None
    assert manager.asked == []


@pytest.mark.req("SECRET-3", "SECRET-7")
@pytest.mark.parametrize("part", ["all of it", "its end", "its word", "its key"])
def test_an_access_token_that_is_not_whole_is_refused_and_not_shown(
    open_manager: OpenSecretsManager, manager: SecretsManager, part: str
) -> None:
    token = manager.new_token()
    head, key = token.split(":")
    wrong = {
        "all of it": "demo-only",
        "its end": token[:-8],
        "its word": f"{head}demo:{key}",
        "its key": f"{head}:{manager.new_token().split(':')[1]}",
    }[part]
    with pytest.raises(SecretAccessDenied, match="refuses the access token") as caught:
        open_manager({TOKEN: wrong}).get("example/key", actor=ACTOR)
    assert wrong not in repr(caught.value)


def test_a_session_that_has_ended_is_begun_anew_once(manager_sink: Sink, manager: SecretsManager) -> None:
    secret = demo_secret()
    manager_sink.put("example/key", secret, put_id="a", actor=ACTOR)
    manager.bearers.clear()
    assert manager_sink.get("example/key", actor=ACTOR) == secret
    assert manager.asked.count("POST /identity/connect/token") == 2


@pytest.mark.req("SECRET-7", "AUDIT-1")
def test_no_token_and_no_value_is_in_a_log_a_repr_or_the_store(
    open_manager: OpenSecretsManager,
    manager: SecretsManager,
    local: LocalSink,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level("DEBUG")
    secret, token = demo_secret(), manager.new_token()
    sink: SecretsManagerSink = open_manager({TOKEN: token})
    reference = sink.put("example/key", secret, put_id="a", actor=ACTOR)
    sink.get("example/key", actor=ACTOR)
    sink.probe()
    vault, sdk = sink.vault, sink.vault.sdk
    things = (sink, vars(sink), vars(vault), vars(sdk), sdk._access, vault.matching("example/key"))
    shown = repr((*things, reference, sink.list(), manager.asked, caplog.text, capfd.readouterr()))
    files = [file for file in local.store.path.parent.rglob("*") if file.is_file()]  # type: ignore[attr-defined]
    written = b"".join(file.read_bytes() for file in files)
    assert "example/key" in shown, "the search can find what is there"
    assert b"example/key" in written
    for value in (secret.reveal(), token, token.split(":")[1], token.split(".")[2].split(":")[0]):
        assert value not in shown
        assert value.encode() not in written
    assert [row[:2] for row in rows_of(local)] == [
        ("set_token", "begun"),
        ("set_token", "ok"),
        ("get_token", "ok"),
    ]
