from pkgutil import resolve_name

import pytest

from tokenbroker.errors import SettingsError, UsageError
from tokenbroker.settings import SinkSettings
from tokenbroker.sinks import SINKS, Reference, SinkInputs, open_sink, split_reference
from tokenbroker.sinks.local import LocalSink


@pytest.mark.req("SECRET-1")
@pytest.mark.parametrize("kind", sorted(SINKS))
def test_every_kind_in_the_table_can_be_loaded(kind: str) -> None:
    assert callable(resolve_name(SINKS[kind]))


def test_the_settings_know_the_same_kinds() -> None:
    kinds = SinkSettings.model_json_schema()["properties"]["type"]["enum"]
    assert set(kinds) == set(SINKS)


def test_an_unknown_kind_is_refused_with_a_proposal(local: LocalSink) -> None:
    settings = SinkSettings.model_construct(type="locale")  # what validation would refuse
    with pytest.raises(SettingsError) as caught:
        open_sink("x", settings, SinkInputs(store=local.store, custody=local.custody, variables={}))
    assert "'local'" in caught.value.next_step


@pytest.mark.req("SECRET-2")
@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("bitwarden:example/key@3", ("bitwarden", "example/key", 3)),
        ("bitwarden:example/key", ("bitwarden", "example/key", None)),
        ("example.password", ("local", "example.password", None)),
        ("local:a@b.test", ("local", "a@b.test", None)),
    ],
)
def test_a_reference_is_read_back_into_its_parts(text: str, parts: tuple[str, str, int | None]) -> None:
    assert split_reference(text) == parts


def test_a_written_reference_reads_back() -> None:
    reference = Reference(sink="s", path="a/b", version=2, fingerprint="f")
    assert split_reference(str(reference)) == ("s", "a/b", 2)


def test_a_reference_without_a_path_is_refused() -> None:
    with pytest.raises(UsageError):
        split_reference("local:")
