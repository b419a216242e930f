"""Settings: from which source, checked all at once, and nothing secret among them."""

import json
import secrets
from pathlib import Path

import pytest

from tests.settings.given import configured, refused
from tokenbroker.errors import SettingsError
from tokenbroker.secret import Secret
from tokenbroker.settings import (
    KEY_VARIABLES,
    is_loopback,
    load_configuration,
    origin_of,
)

pytestmark = pytest.mark.req("OPS-5")


def test_without_file_and_variables_all_is_default(tmp_path: Path) -> None:
    configuration, _ = configured(tmp_path)
    assert set(configuration.origins.values()) == {"default"}
    assert configuration.default_home
    assert configuration.key is None
    assert configuration.root == tmp_path


def test_a_variable_wins_over_the_file_and_each_setting_tells_its_origin(tmp_path: Path) -> None:
    text = 'step_timeout_s = 3\noperator = "file"\n[inputs]\nsink = "env"\n[human]\ndeadline_s = 5\n'
    configuration, _ = configured(tmp_path, text, TOKENBROKER_OPERATOR="variable")
    settings = configuration.settings
    assert (settings.step_timeout_s, settings.operator) == (3, "variable")
    assert (settings.inputs.sink, settings.human.deadline_s) == ("env", 5)
    assert configuration.origins["step_timeout_s"] == str(tmp_path / "tokenbroker.toml")
    assert "environment" in configuration.origins["operator"]
    assert configuration.origins["pictures"] == "default"


def test_a_nested_variable_changes_one_part_and_leaves_the_rest_of_the_file(tmp_path: Path) -> None:
    text = '[sinks.a]\ntype = "env"\nprefix = "ONE_"\n[sinks.b]\ntype = "local"\n'
    configuration, _ = configured(tmp_path, text, TOKENBROKER_SINKS__A__PREFIX="TWO_")
    sinks = configuration.settings.sinks
    assert (sinks["a"].type, sinks["a"].prefix, sinks["b"].type) == ("env", "TWO_", "local")


def test_the_nearest_file_upwards_counts_and_paths_count_from_it(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "tokenbroker.toml").write_text('home = "state"\n', encoding="utf-8")
    configuration = load_configuration(inner, {})
    assert configuration.path(configuration.settings.home) == tmp_path / "state"
    assert not configuration.default_home
    assert configuration.path(Path("/somewhere")) == Path("/somewhere")


def test_a_named_file_counts_instead_and_must_be_there(tmp_path: Path) -> None:
    named = tmp_path / "other.toml"
    named.write_text('operator = "named"\n', encoding="utf-8")
    configuration, _ = configured(tmp_path, 'operator = "near"\n', TOKENBROKER_CONFIG=str(named))
    assert configuration.settings.operator == "named"
    named.unlink()
    assert refused(tmp_path, TOKENBROKER_CONFIG=str(named)).code == "settings.invalid"


def test_every_wrong_setting_is_told_at_once_with_its_origin(tmp_path: Path) -> None:
    error = refused(
        tmp_path,
        'step_timeout_s = -1\nhoem = "x"\n[sinks.a]\ntype = "vault9"\n',
        TOKENBROKER_HUMAN__DEADLINE_S="soon",
        TOKENBROKER_PICTURS="no",
        TOKENBROKER_ORIGIN_MAP="{not json",
        TOKENBROKER_SINKS="[",
    )
    assert error.code == "settings.invalid"
    told = error.sentence.splitlines()[1:]
    file = str(tmp_path / "tokenbroker.toml")
    for name, origin in {
        "step_timeout_s": file,
        "hoem": file,
        "sinks.a.type": file,
        "human.deadline_s": "environment",
        "TOKENBROKER_PICTURS": "environment",
        "TOKENBROKER_ORIGIN_MAP": "environment",
        "TOKENBROKER_SINKS": "environment",
    }.items():
        assert [line for line in told if line.startswith(f"  - {name} (") and origin in line], name
    assert len(told) == 7
    assert "'home'" in error.sentence
    assert "TOKENBROKER_PICTURES" in error.sentence


def test_what_is_wrong_is_told_in_the_words_of_the_file_and_not_in_those_of_python(tmp_path: Path) -> None:
    text = (
        'pictures = "maybe"\nstep_timeout_s = "x"\nbrowser = 3\norigin_map = 3\nsinks = "s"\nhuman = 4\noperator = 7\n'
        '[rotation]\nhook = "x"\nhook_timeout_s = nan\n[audit]\nrecipients = "age"\n[store]\ntimeout_s = true\nurl = []\n'
    )
    told = refused(tmp_path, text).sentence
    assert told.count("\n  - ") >= 11
    assert "rotation.hook (" in told
    assert 'a list of strings, such as ["./reload"]' in told
    python = ("tuple", "dict", "Input", "instance", "class", "Path", "Settings", "parse", "NoneType", "bool")
    assert not [word for word in python if word in told]
    nested = refused(
        tmp_path, '[sinks.a]\ntype = 3\n[sinks.b]\n[sinks.c]\ntype = "infisical"\ncache_s = []\n'
    ).sentence
    assert not [word for word in python if word in nested]


def test_a_wrong_value_is_not_repeated(tmp_path: Path) -> None:
    value = f"demo-only-{secrets.token_hex(8)}"
    error = refused(
        tmp_path,
        f'step_timeout_s = "{value}"\n',
        TOKENBROKER_HUMAN=value,
        TOKENBROKER_PICTURES=value,
        TOKENBROKER_SINKS__A__TYPE=value,
    )
    assert value not in str(error)


def test_variables_of_others_and_of_the_env_sink_are_no_settings(tmp_path: Path) -> None:
    configured(
        tmp_path,
        TOKENBROKER_SECRET_ANY="demo-only",
        TOKENBROKER_TEST_POSTGRES="x",
        TOKENBROKER_HOME="",
        OTHER_HOME="x",
    )


def test_the_alias_for_the_input_sink_counts_and_our_own_name_wins(tmp_path: Path) -> None:
    alias, own = "MCP_AUTH_BROKER_SECRET_PROVIDER", "TOKENBROKER_INPUTS__SINK"
    assert configured(tmp_path, **{alias: "env"})[0].settings.inputs.sink == "env"
    for order in ((alias, own), (own, alias)):
        variables = {name: {alias: "env", own: "local"}[name] for name in order}
        assert configured(tmp_path, **variables)[0].settings.inputs.sink == "local"


@pytest.mark.parametrize("name", KEY_VARIABLES)
def test_the_master_key_is_taken_out_of_the_environment(tmp_path: Path, name: str) -> None:
    key = f"demo-only-{secrets.token_hex(16)}"
    configuration, left = configured(tmp_path, **{name: key, "PATH": "/bin"})
    assert configuration.key == Secret(key)
    assert left == {"PATH": "/bin"}
    assert key not in repr(vars(configuration))


def test_of_two_keys_ours_counts_and_both_are_taken_out(tmp_path: Path) -> None:
    configuration, left = configured(
        tmp_path, TOKENBROKER_KEY="demo-only-ours", MCP_AUTH_ENCRYPTION_KEY="demo-only-theirs"
    )
    assert configuration.key == Secret("demo-only-ours")
    assert left == {}


def test_the_master_key_is_taken_out_even_when_the_settings_are_wrong(tmp_path: Path) -> None:
    environ = {"TOKENBROKER_KEY": "demo-only-key", "TOKENBROKER_NONE": "1"}
    with pytest.raises(SettingsError):
        load_configuration(tmp_path, environ)
    assert "TOKENBROKER_KEY" not in environ


def test_a_key_in_the_settings_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    assert "demo-only-key" not in str(refused(tmp_path, 'key = "demo-only-key"\n'))


@pytest.mark.parametrize("text", ["home =", b"home = '\xff'", 'home = "a"\nhome = "b"\n'])
def test_a_file_that_is_no_toml_is_one_sentence_with_its_name(tmp_path: Path, text: str | bytes) -> None:
    assert str(tmp_path / "tokenbroker.toml") in refused(tmp_path, text).sentence


@pytest.mark.req("FLOW-4")
def test_a_sink_s_name_is_an_alias_that_the_settings_resolve(tmp_path: Path) -> None:
    settings = configured(tmp_path, '[sinks.bitwarden]\ntype = "local"\n')[0].settings
    assert settings.sink("bitwarden").type == "local"
    assert (settings.sink("local").type, settings.sink("env").type) == ("local", "env")
    with pytest.raises(SettingsError) as caught:
        settings.sink("vault")
    assert caught.value.code == "settings.unknown_sink"
    assert "[sinks.vault]" in caught.value.next_step


LOOPBACK = [
    "http://127.0.0.1:8000",
    "http://127.8.9.10",
    "http://[::1]:9",
    "http://localhost",
    "https://LOCALHOST:1",
    "http://demo.localhost:5000",
]
BEYOND = [
    "http://127.0.0.1.evil.example",
    "http://localhost.evil.example",
    "http://localhost@evil.example",
    "http://127.0.0.1:80@evil.example",
    "http://user:pass@evil.example",  # pragma: allowlist secret
    "http://evil.example\\@127.0.0.1",
    "http://evil.example/@127.0.0.1",
    "http://evil.example?@127.0.0.1",
    "http://evil.example#@127.0.0.1",
    "http://evil.example\t@127.0.0.1",
    "http://evil.example\n.localhost",
    "http://127.0.0.1%2eevil.example",
    "http://evil.example%2f.localhost",
    "http://xlocalhost",
    "http://localhost.",
    "http://0.0.0.0",
    "http://[::]",
    "http://10.0.0.1",
    "http://192.168.1.1",
    "http://169.254.169.254",
    "http://[::ffff:10.0.0.1]",
    "http://ⓛocalhost",
    "http://[::1",
    "http://",
    "https://:80",
    "//127.0.0.1",
    "127.0.0.1",
    "ftp://127.0.0.1",
    "http://127.0.0.1:99999",
    "",
]


@pytest.mark.req("RUN-11")
@pytest.mark.parametrize("target", LOOPBACK)
def test_an_origin_map_may_lead_to_this_machine(tmp_path: Path, target: str) -> None:
    variables = {"TOKENBROKER_ORIGIN_MAP": json.dumps({"https://Console.example.com:443/": target})}
    mapped = configured(tmp_path, **variables)[0].settings.origin_map
    assert mapped == {"https://console.example.com": origin_of(target)}
    assert is_loopback(mapped["https://console.example.com"])


@pytest.mark.req("RUN-11")
@pytest.mark.parametrize("target", BEYOND)
def test_an_origin_map_may_not_lead_away_from_this_machine(tmp_path: Path, target: str) -> None:
    variables = {"TOKENBROKER_ORIGIN_MAP": json.dumps({"https://console.example.com": target})}
    assert "origin_map" in refused(tmp_path, **variables).sentence


@pytest.mark.req("RUN-11")
@pytest.mark.parametrize("target", BEYOND)
def test_only_an_origin_on_this_machine_is_loopback(target: str) -> None:
    try:
        origin = origin_of(target)
    except ValueError:
        return  # refused before anyone asks
    assert not is_loopback(origin)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("HTTPS://Console.Example.com:443/a?b#c", "https://console.example.com"),
        ("http://a.example:80", "http://a.example"),
        ("http://a.example:443/", "http://a.example:443"),
        ("https://user:word@a.example:8443/x", "https://a.example:8443"),  # pragma: allowlist secret
        ("http://[0:0:0:0:0:0:0:1]:8000/", "http://[::1]:8000"),
        ("https://xn--bcher-kva.example/ä", "https://xn--bcher-kva.example"),
        ("https://a.example?x=http://b.example", "https://a.example"),
        ("http://127.0.0.1:80#@evil.example", "http://127.0.0.1"),
    ],
)
def test_the_origin_of_an_address(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize("prefix", ["", "P", "A_", "secret_", "_SECRET_", "1SECRET_", "SECRET-"])
def test_a_prefix_that_would_take_foreign_variables_is_refused(tmp_path: Path, prefix: str) -> None:
    error = refused(tmp_path, f'[sinks.a]\ntype = "env"\nprefix = "{prefix}"\n')
    assert "sinks.a.prefix" in error.sentence


@pytest.mark.parametrize(("name", "kind"), [("local", "env"), ("env", "local")])
def test_the_sinks_that_are_always_there_keep_their_types(tmp_path: Path, name: str, kind: str) -> None:
    assert "sinks (" in refused(tmp_path, f'[sinks.{name}]\ntype = "{kind}"\n').sentence
    configured(tmp_path, f'[sinks.{name}]\ntype = "{name}"\n')
