"""The contract tests that every sink inherits, a project's own included::

class TestMySink(SinkContract):
    @pytest.fixture
    def sink(self, my_server):
        return MySink(address=my_server.url)
"""

import secrets

import pytest

from tokenbroker.errors import SecretAccessDenied, SecretNotFound, UsageError
from tokenbroker.secret import Secret
from tokenbroker.sinks.sink import Reference, Sink

ACTOR = "contract@example.test"


def demo_secret() -> Secret:
    """A generated value that looks generated."""
    return Secret(f"demo-only-{secrets.token_hex(16)}")


class SinkContract:
    """What every writable sink promises. Give it a fixture ``sink``, empty and open."""

    @pytest.fixture
    def sink(self) -> Sink:
        raise NotImplementedError("a contract test brings its own fixture 'sink'")

    def test_what_was_put_comes_back(self, sink: Sink) -> None:
        secret = demo_secret()
        reference = sink.put("example/key", secret, put_id="a", actor=ACTOR)
        assert sink.get("example/key", actor=ACTOR) == secret
        assert str(reference) == f"{sink.name}:example/key@1"

    def test_any_text_survives(self, sink: Sink) -> None:
        secret = Secret("demo-only \n\t'\"\\{}%$`<&>\N{SNOWMAN}\N{GRINNING FACE}\x00" * 50)
        sink.put("example/odd", secret, put_id="odd", actor=ACTOR)
        assert sink.get("example/odd", actor=ACTOR) == secret

    def test_each_put_makes_a_version_that_stays_readable(self, sink: Sink) -> None:
        first, second = demo_secret(), demo_secret()
        old = sink.put("example/key", first, put_id="a", actor=ACTOR)
        new = sink.put("example/key", second, put_id="b", actor=ACTOR)
        assert (old.version, new.version) == (1, 2)
        assert sink.get("example/key", version=1, actor=ACTOR) == first
        assert sink.get("example/key", actor=ACTOR) == second

    def test_a_repeated_put_changes_nothing(self, sink: Sink) -> None:
        secret = demo_secret()
        first = sink.put("example/key", secret, put_id="a", actor=ACTOR)
        assert sink.put("example/key", secret, put_id="a", actor=ACTOR) == first
        assert [stored.version for stored in sink.list()] == [1]

    def test_a_put_id_stands_for_one_secret_only(self, sink: Sink) -> None:
        secret = demo_secret()
        sink.put("example/key", secret, put_id="a", actor=ACTOR)
        for path, other in (("example/key", demo_secret()), ("example/other", secret)):
            with pytest.raises(SecretAccessDenied):
                sink.put(path, other, put_id="a", actor=ACTOR)
        assert sink.get("example/key", actor=ACTOR) == secret

    def test_a_put_is_found_by_its_id(self, sink: Sink) -> None:
        reference = sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
        assert sink.find("a") == reference
        assert sink.find("b") is None

    def test_a_missing_path_or_version_is_not_found(self, sink: Sink) -> None:
        sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
        for path, version in (("example/other", None), ("example/key", 2)):
            with pytest.raises(SecretNotFound) as caught:
                sink.get(path, version=version, actor=ACTOR)
            assert caught.value.code == "secret.not_found"

    def test_a_list_tells_paths_and_versions_but_no_value(self, sink: Sink) -> None:
        secret = demo_secret()
        reference = sink.put("example/key", secret, put_id="a", actor=ACTOR)
        sink.put("another/key", demo_secret(), put_id="b", actor=ACTOR)
        listed = sink.list()
        assert [(stored.path, stored.version) for stored in listed] == [
            ("another/key", 1),
            ("example/key", 1),
        ]
        assert listed[1].fingerprint == reference.fingerprint
        assert secret.reveal() not in repr((listed, reference))

    def test_equal_secrets_have_equal_fingerprints_and_others_differ(self, sink: Sink) -> None:
        secret = demo_secret()
        marks = [
            sink.put(f"example/{number}", value, put_id=str(number), actor=ACTOR).fingerprint
            for number, value in enumerate((secret, secret, demo_secret()))
        ]
        assert marks[0] == marks[1] != marks[2]

    def test_a_removed_secret_is_gone_and_its_version_never_comes_again(self, sink: Sink) -> None:
        secret = demo_secret()
        sink.put("example/key", secret, put_id="a", actor=ACTOR)
        sink.put("example/key", demo_secret(), put_id="b", actor=ACTOR)
        assert sink.remove("example/key", actor=ACTOR) == 2
        assert sink.list() == []
        for version in (None, 1, 2):
            with pytest.raises(SecretNotFound):
                sink.get("example/key", version=version, actor=ACTOR)
        assert sink.put("example/key", demo_secret(), put_id="c", actor=ACTOR).version == 3

    def test_a_repeated_put_does_not_revive_a_removed_secret(self, sink: Sink) -> None:
        secret = demo_secret()
        first = sink.put("example/key", secret, put_id="a", actor=ACTOR)
        sink.remove("example/key", actor=ACTOR)
        assert sink.put("example/key", secret, put_id="a", actor=ACTOR) == first
        assert sink.list() == []

    def test_fields_of_one_item_are_secrets_of_their_own(self, sink: Sink) -> None:
        item, user, word = demo_secret(), demo_secret(), demo_secret()
        sink.put("example/login", item, put_id="a", actor=ACTOR)
        sink.put("example/login#username", user, put_id="b", actor=ACTOR)
        reference = sink.put("example/login#password", word, put_id="c", actor=ACTOR)
        assert str(reference) == f"{sink.name}:example/login#password@1"
        assert sink.remove("example/login#username", actor=ACTOR) == 1
        assert sink.get("example/login#password", actor=ACTOR) == word
        assert sink.get("example/login", actor=ACTOR) == item
        with pytest.raises(SecretNotFound):
            sink.get("example/login#username", actor=ACTOR)

    def test_removing_what_is_not_there_removes_nothing(self, sink: Sink) -> None:
        assert sink.remove("example/key", actor=ACTOR) == 0

    def test_a_probe_succeeds_and_leaves_no_secret(self, sink: Sink) -> None:
        sink.probe()
        sink.probe()
        assert sink.list() == []

    @pytest.mark.parametrize(
        "path",
        ["", " example", "example\n", "example@3", "x" * 256],
        ids=["empty", "space", "line", "version", "long"],
    )
    def test_an_unusable_path_is_refused(self, sink: Sink, path: str) -> None:
        with pytest.raises(UsageError) as caught:
            sink.put(path, demo_secret(), put_id="a", actor=ACTOR)
        assert caught.value.code == "secret.bad_path"


class ReadOnlySinkContract:
    """What every read-only sink promises. Give it ``sink``, and ``known``: its one secret with its path."""

    @pytest.fixture
    def sink(self) -> Sink:
        raise NotImplementedError("a contract test brings its own fixture 'sink'")

    @pytest.fixture
    def known(self) -> tuple[str, Secret]:
        raise NotImplementedError("a contract test brings its own fixture 'known'")

    def test_a_known_secret_is_read(self, sink: Sink, known: tuple[str, Secret]) -> None:
        path, secret = known
        assert sink.get(path, actor=ACTOR) == secret
        assert sink.get(path, version=1, actor=ACTOR) == secret

    def test_a_missing_path_or_version_is_not_found(self, sink: Sink, known: tuple[str, Secret]) -> None:
        for path, version in (("no/such/path", None), (known[0], 2)):
            with pytest.raises(SecretNotFound):
                sink.get(path, version=version, actor=ACTOR)

    def test_every_change_is_refused(self, sink: Sink, known: tuple[str, Secret]) -> None:
        assert not sink.writable
        with pytest.raises(SecretAccessDenied):
            sink.probe()
        with pytest.raises(SecretAccessDenied):
            sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
        with pytest.raises(SecretAccessDenied):
            sink.remove(known[0], actor=ACTOR)
        assert sink.find("a") is None

    def test_what_a_list_names_can_be_read(self, sink: Sink, known: tuple[str, Secret]) -> None:
        listed = sink.list()
        assert [sink.get(stored.path, actor=ACTOR) for stored in listed] == [known[1]]
        assert [
            Reference(sink=sink.name, path=s.path, version=s.version, fingerprint=s.fingerprint)
            for s in listed
        ]
        assert known[1].reveal() not in repr(listed)
