"""Settings: from which source, checked all at once, and nothing secret among them."""

import json
import secrets
from pathlib import Path

import pytest

from tokenbroker.errors import SettingsError
from tokenbroker.secret import Secret
from tokenbroker.settings import (
    KEY_VARIABLES,
    Configuration,
    is_loopback,
    load_configuration,
    origin_of,
    split_postgres_url,
)

pytestmark = pytest.mark.req("OPS-5")


def configured(
    folder: Path, text: str | bytes | None = None, /, **variables: str
) -> tuple[Configuration, dict[str, str]]:
    """The configuration of `folder`, with `text` as its settings file; and what is left of the environment."""
    if text is not None:
        (folder / "tokenbroker.toml").write_bytes(text.encode() if isinstance(text, str) else text)
    environ = dict(variables)
    return load_configuration(folder, environ), environ


def refused(folder: Path, text: str | bytes | None = None, /, **variables: str) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        configured(folder, text, **variables)
    assert caught.value.__cause__ is None
    return caught.value


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


VAULT = '[sinks.v]\ntype = "vault"\n'


@pytest.mark.req("SECRET-1")
def test_a_sink_in_vault_has_defaults_and_its_file_counts_from_the_settings(tmp_path: Path) -> None:
    text = f'{VAULT}address = "https://vault.example.com:8200/"\nca_file = "ca.pem"\n'
    configuration, _ = configured(tmp_path, text)
    sink = configuration.sink("v")
    assert (sink.address, sink.ca_file) == ("https://vault.example.com:8200", tmp_path / "ca.pem")
    assert (sink.mount, sink.path_prefix, sink.namespace) == ("secret", "tokenbroker", None)
    assert (sink.auth, sink.auth_mount, sink.timeout_s) == ("token", "approle", 10)


@pytest.mark.req("SECRET-1")
def test_a_sink_in_vault_that_names_no_server_has_that_of_vaults_own_variable(tmp_path: Path) -> None:
    ours, theirs = "https://vault.example.com:8200", "http://127.0.0.1:8200"
    assert configured(tmp_path, VAULT, VAULT_ADDR=theirs)[0].sink("v").address == theirs
    text = f'{VAULT}address = "{ours}"\n[sinks.l]\ntype = "local"\n'
    configuration, _ = configured(tmp_path, text, VAULT_ADDR=theirs)
    assert (configuration.sink("v").address, configuration.sink("l").address) == (ours, None)
    assert "VAULT_ADDR" in refused(tmp_path, VAULT).sentence


@pytest.mark.req("SECRET-1", "SECRET-7")
@pytest.mark.parametrize(
    "line",
    [
        'address = "http://vault.example.com:8200"',
        'address = "https://demo:demo-only@vault.example.com"',  # pragma: allowlist secret
        'address = "https://vault.example.com/?token=demo-only"',
        'address = "https://vault.example.com:demo-only"',
        'address = "vault.example.com"',
        'token = "demo-only"',
        'mount = "../sys"',
        'path_prefix = "a//b"',
        'namespace = "/"',
        'auth = "userpass"',
        'auth = "universal"',
        "timeout_s = 0",
    ],
)
def test_what_would_not_be_safe_or_possible_with_vault_is_refused(tmp_path: Path, line: str) -> None:
    error = refused(tmp_path, f"{VAULT}{line}\n", VAULT_ADDR="https://vault.example.com:8200")
    assert error.sentence.count("\n") == 1
    assert "sinks.v" in error.sentence
    assert "demo-only" not in str(error)


def test_credentials_of_vault_are_no_settings_and_a_misspelt_one_is_told(tmp_path: Path) -> None:
    names = ("TOKENBROKER_VAULT_TOKEN", "TOKENBROKER_VAULT_ROLE_ID", "TOKENBROKER_VAULT_TEAM_A_SECRET_ID")
    configured(tmp_path, **dict.fromkeys((*names, "VAULT_TOKEN"), "demo-only"))
    error = refused(tmp_path, TOKENBROKER_VAULT_TOKNE="demo-only")
    assert "TOKENBROKER_VAULT_TOKNE" in error.sentence
    assert "demo-only" not in str(error)


INFISICAL = '[sinks.i]\ntype = "infisical"\n'
INFISICAL_PROJECT = 'project_id = "demo-project"\nenvironment = "dev"\n'


@pytest.mark.req("SECRET-1")
def test_a_sink_in_infisical_has_defaults_of_its_own(tmp_path: Path) -> None:
    configuration, _ = configured(tmp_path, f"{INFISICAL}{INFISICAL_PROJECT}")
    sink = configuration.sink("i")
    assert (sink.address, sink.auth) == ("https://app.infisical.com", "universal")
    assert (sink.path_prefix, sink.cache_s, sink.timeout_s) == ("tokenbroker", 300, 10)


@pytest.mark.req("SECRET-1")
@pytest.mark.parametrize(
    "lines",
    [
        "",
        'project_id = "demo-project"',
        f'{INFISICAL_PROJECT}auth = "approle"',
        f"{INFISICAL_PROJECT}cache_s = 301",
        f"{INFISICAL_PROJECT}cache_s = -1",
        f'{INFISICAL_PROJECT}address = "http://infisical.example.com"',
        'project_id = "a/b"\nenvironment = "dev"',
        'project_id = "demo-project"\nenvironment = "De v"',
    ],
)
def test_what_would_not_be_possible_with_infisical_is_refused(tmp_path: Path, lines: str) -> None:
    assert "sinks.i" in refused(tmp_path, f"{INFISICAL}{lines}\n").sentence


def test_credentials_of_infisical_are_no_settings_and_a_misspelt_one_is_told(tmp_path: Path) -> None:
    names = ("TOKENBROKER_INFISICAL_TOKEN", "TOKENBROKER_INFISICAL_TEAM_CLIENT_SECRET")
    configured(tmp_path, **dict.fromkeys((*names, "INFISICAL_TOKEN"), "demo-only"))
    error = refused(tmp_path, TOKENBROKER_INFISICAL_TOKNE="demo-only")
    assert "TOKENBROKER_INFISICAL_TOKNE" in error.sentence


POSTGRES = '[sinks.p]\ntype = "postgres"\n'


@pytest.mark.req("SECRET-1")
def test_a_database_is_named_without_its_password_and_its_file_counts_from_the_settings(
    tmp_path: Path,
) -> None:
    url = "postgresql://team@db.example.com:5433/tokens"
    configuration, _ = configured(
        tmp_path, f'[store]\nurl = "{url}"\nca_file = "ca.pem"\n{POSTGRES}url = "{url}"\n'
    )
    assert (configuration.store().url, configuration.store().ca_file) == (url, tmp_path / "ca.pem")
    assert (configuration.sink("p").url, configuration.sink("p").timeout_s) == (url, 10)
    assert configured(tmp_path, "", TOKENBROKER_STORE__URL=url)[0].store().url == url


@pytest.mark.req("SECRET-1", "SECRET-7")
@pytest.mark.parametrize(
    "url",
    [
        "postgresql://team:demo-only@db.example.com/tokens",  # pragma: allowlist secret
        "postgresql://db.example.com/tokens",
        "postgresql://team@db.example.com",
        "postgresql://team@db.example.com/a/b",
        "postgresql://team@db.example.com/tokens?sslmode=disable",
        "postgresql://team@db.example.com/tokens?password=demo-only",
        "postgresql://team@db.example.com/tokens?host=/run/postgresql",
        "postgresql://team@/tokens?host=db.example.com",
        "postgresql://team@db.example.com:demo-only/tokens",
        "mysql://team@db.example.com/tokens",
        "db.example.com",
        # To libpq a comma begins the next host, and a NUL ends everything.
        "postgresql://team@192.0.2.2,x.localhost/tokens",
        "postgresql://team@/tokens?host=/nowhere,192.0.2.2",
        "postgresql://team%00@192.0.2.2/tokens",
        "postgresql://team@192.0.2.2/tokens%00",
        "postgresql://team@192.0.2.2/to%1bkens%0a",
        "postgresql://team@db..example.com/tokens",
        "postgresql://team@db.example.com:5/x@other",
        "postgresql://team@db%2eexample/tokens",
    ],
)
def test_a_url_that_would_not_be_safe_or_possible_is_refused(tmp_path: Path, url: str) -> None:
    for text, name in (
        (f'[store]\nurl = "{url}"\n', "store.url"),
        (f'{POSTGRES}url = "{url}"\n', "sinks.p.url"),
    ):
        error = refused(tmp_path, text)
        assert name in error.sentence
        assert "demo-only" not in str(error)


@pytest.mark.parametrize(
    ("url", "host", "port", "is_local"),
    [
        ("postgresql://a@localhost/db", "localhost", None, True),
        ("postgresql://a@127.0.0.1:5433/db", "127.0.0.1", 5433, True),
        ("postgres://a@[::1]:5433/db", "::1", 5433, True),
        ("postgresql://a@/db", "", None, True),
        ("postgresql://a@/db?host=/run/postgresql", "/run/postgresql", None, True),
        ("postgresql://a@db.example.com/db", "db.example.com", None, False),
        ("postgresql://a@[2001:db8::1]/db", "2001:db8::1", None, False),
        ("postgresql://a@127.0.0.1.example.com/db", "127.0.0.1.example.com", None, False),
        ("postgresql://a@x.localhost/db", "x.localhost", None, False),
    ],
)
def test_a_database_beyond_this_machine_is_told_from_one_on_it(
    url: str, host: str, port: int | None, is_local: bool
) -> None:
    parts = split_postgres_url(url)
    assert (parts.host, parts.port, parts.is_local) == (host, port, is_local)


def test_a_url_s_parts_are_decoded_and_its_password_is_a_secret() -> None:
    parts = split_postgres_url("postgresql://a%40b:demo%2Fonly@localhost/my%20db")  # pragma: allowlist secret
    assert (parts.user, parts.database, parts.password) == ("a@b", "my db", Secret("demo/only"))
    assert "demo/only" not in repr(parts)


def test_credentials_of_postgres_are_no_settings_and_a_misspelt_one_is_told(tmp_path: Path) -> None:
    names = (
        "TOKENBROKER_POSTGRES_URL",
        "TOKENBROKER_POSTGRES_PASSWORD",
        "TOKENBROKER_POSTGRES_STORE_PASSWORD",
    )
    configured(tmp_path, **dict.fromkeys(names, "demo-only"))
    error = refused(tmp_path, TOKENBROKER_POSTGRES_PASSWROD="demo-only")
    assert "TOKENBROKER_POSTGRES_PASSWROD" in error.sentence
    assert "demo-only" not in str(error)


IDS = 'organization_id = "f4e44a7f-1190-432a-9d4a-af96013127cb"\nproject_id = "e325ea69-a3ab-4dff-836f-b02e013fe530"\n'
SECRETS_MANAGER = '[sinks.b]\ntype = "bitwarden"\nclient = "secrets_manager"\n'


@pytest.mark.req("SECRET-1")
def test_a_sink_in_secrets_manager_needs_an_organization_and_a_project_only(tmp_path: Path) -> None:
    sink = configured(tmp_path, f"{SECRETS_MANAGER}{IDS}")[0].sink("b")
    assert (sink.address, sink.client) == (None, "secrets_manager")
    for line in IDS.splitlines():
        assert "organization_id and a project_id" in refused(tmp_path, f"{SECRETS_MANAGER}{line}\n").sentence


@pytest.mark.req("SECRET-1")
def test_an_id_in_capitals_is_the_one_that_the_server_tells(tmp_path: Path) -> None:
    ids = {line.split(" ")[0]: line.split('"')[1] for line in IDS.splitlines()}
    lines = "".join(f'{name} = "{value.upper()}"\n' for name, value in ids.items())
    sink = configured(tmp_path, f"{SECRETS_MANAGER}{lines}")[0].sink("b")
    assert {name: getattr(sink, name) for name in ids} == ids


@pytest.mark.req("SECRET-1")
@pytest.mark.parametrize(
    "line", ['address = "http://127.0.0.1:8080"', 'project_id = "demo"', 'access_token = "demo-only"']
)
def test_what_would_not_be_safe_or_possible_with_secrets_manager_is_refused(
    tmp_path: Path, line: str
) -> None:
    name = line.split(" ")[0]
    ids = "".join(f"{each}\n" for each in IDS.splitlines() if not each.startswith(name))
    assert "demo" not in refused(tmp_path, f"{SECRETS_MANAGER}{ids}{line}\n").sentence


@pytest.mark.req("OPS-5")
def test_credentials_of_bitwarden_are_no_settings_and_a_misspelt_one_is_told(tmp_path: Path) -> None:
    names = ("TOKENBROKER_BITWARDEN_ACCESS_TOKEN", "TOKENBROKER_BITWARDEN_TEAM_A_ACCESS_TOKEN")
    configured(tmp_path, **dict.fromkeys((*names, "BWS_ACCESS_TOKEN"), "demo-only"))
    error = refused(tmp_path, TOKENBROKER_BITWARDEN_ACCES_TOKEN="demo-only")
    assert "TOKENBROKER_BITWARDEN_ACCES_TOKEN" in error.sentence


def test_an_unknown_setting_within_a_table_is_told_with_what_may_be_meant(tmp_path: Path) -> None:
    text = (
        '[sinks.team]\ntype = "infisical"\nenviroment = "prod"\nclient_secret = "x"\n'  # pragma: allowlist secret
        '[sinks.safe]\ntype = "bitwarden"\norganization_id = "ours"\n[rotation]\nhok = []\n'
    )
    told = refused(tmp_path, text).sentence
    assert "did you mean 'environment'?" in told
    assert "did you mean 'hook'?" in told
    assert "a credential comes by a variable" in told
    assert "sinks.safe.organization_id" in told
    assert "^[0-9A-Fa-f]" not in told
    assert '"x"' not in told


ALL_WRONG = """
[sinks.v]
type = "vault"
auth = "universal"
mount = "a b"
cache_s = 3
[sinks.o]
type = "onepassword"
client = "conect"
address = "https://connect.example.com"
[sinks.i]
type = "infisical"
auth = "approle"
address = "http://infisical.example.com"
[sinks.b]
type = "bitwarden"
client = "secrets_manager"
organization_id = "ours"
address = "http://127.0.0.1:1"
[sinks.x]
type = "valt"
address = 3
auth = "approle"
[sinks.local]
type = "env"
[sinks.store]
type = "postgres"
[audit]
recipients = ["x", "AGE-SECRET-KEY-1"]
"""


def test_all_that_is_wrong_with_a_sink_is_told_at_once_and_nothing_that_only_follows(tmp_path: Path) -> None:
    told = refused(tmp_path, ALL_WRONG).sentence.splitlines()[1:]

    def about(place: str) -> list[str]:
        return [line.partition("): ")[2] for line in told if line.startswith(f"  - {place} (")]

    assert len(about("sinks.v")) == 3  # auth, cache_s and no address
    assert len(about("sinks.v.mount")) == 1
    assert len(about("sinks.o")) == 2  # the client and no vault; an address may be what the client meant has
    assert len(about("sinks.i")) == 3  # auth, project_id and environment
    assert len(about("sinks.i.address")) == 1
    assert len(about("sinks.b")) == 2  # http and no project
    assert len(about("sinks.b.organization_id")) == 1
    assert [line for line in told if "sinks.x" in line] == [
        line for line in told if line.startswith(("  - sinks.x.type", "  - sinks.x.address"))
    ]
    assert len(about("sinks")) == 2
    assert len(about("audit.recipients")) == 2
    of_one = [number for number, line in enumerate(told) if "sinks.v" in line]
    assert of_one[-1] - of_one[0] == 3  # they stand together


def test_of_what_file_and_variables_say_together_each_is_told_by_its_own_source(tmp_path: Path) -> None:
    told = refused(
        tmp_path,
        '[sinks.v]\ntype = "vault"\nmount = "a b"\n[sinks.e]\ntype = "env"\n',
        TOKENBROKER_SINKS__V__NAMESPACE="a b",
        TOKENBROKER_SINKS__E__MOUNT="team",
        TOKENBROKER_SINKS__N__TYPE="postgres",
        TOKENBROKER_SINKS__N__VAULT="team",
        TOKENBROKER_HUMAN='{"deadline_s": "x"}',
        VAULT_ADDR="vault",
    ).sentence.splitlines()[1:]
    file = str(tmp_path / "tokenbroker.toml")
    sources = {
        line.partition(" (")[0].strip(" -"): line.partition(" (")[2].partition("): ")[0] for line in told
    }
    assert sources == {
        "sinks.v.mount": file,
        "sinks.v.namespace": "environment: TOKENBROKER_SINKS__V__NAMESPACE",
        "sinks.v.address": "environment: VAULT_ADDR",
        "sinks.e": f"{file} and environment: TOKENBROKER_SINKS__E__…",
        "sinks.n": "environment: TOKENBROKER_SINKS__N__…",
        "human.deadline_s": "environment: TOKENBROKER_HUMAN",
    }


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("HOM", "HOME"),
        ("HUMN__DEADLINE_S", "HUMAN__DEADLINE_S"),
        ("HUMAN_DEADLINE_S", "HUMAN__DEADLINE_S"),
        ("AUDIT_RECIPIENTS", "AUDIT__RECIPIENTS"),
        ("SINK__TEAM__TYPE", "SINKS__TEAM__TYPE"),
        ("SINKS_MY_TEAM_ADDRES", "SINKS__MY_TEAM__ADDRESS"),
        ("VAULT_ROLEID", "VAULT_ROLE_ID"),
        ("VAULT_TEAM_A_SECRETID", "VAULT_TEAM_A_SECRET_ID"),
        ("BITWARDEN_TEAM_CLIENT_SECRT", "BITWARDEN_TEAM_CLIENT_SECRET"),
        ("ONEPASSWORD_TOKN", "ONEPASSWORD_TOKEN"),
        ("VALT_TOKEN", "VAULT_TOKEN"),
        ("SECRT_EXAMPLE_EMAIL", "SECRET_EXAMPLE_EMAIL"),
        ("KEYY", "KEY"),
        ("CONFI", "CONFIG"),
        ("FROB", ""),
    ],
)
def test_a_variable_that_is_none_is_told_with_what_may_be_meant(
    tmp_path: Path, name: str, meant: str
) -> None:
    (told,) = refused(tmp_path, **{f"TOKENBROKER_{name}": "demo-only"}).sentence.splitlines()[1:]
    assert told.partition("did you mean ")[2] == (f"TOKENBROKER_{meant}?" if meant else "")
    assert "demo-only" not in told


def test_a_sink_of_inputs_that_nobody_named_is_told_with_all_else(tmp_path: Path) -> None:
    text = "step_timeout_s = 0\n[sinks.team]\ntype = 'local'\n"
    told = refused(tmp_path, text, TOKENBROKER_INPUTS__SINK="taem").sentence.splitlines()[1:]
    assert len(told) == 2
    assert told[1].startswith("  - inputs.sink (environment: TOKENBROKER_INPUTS__SINK): ")
    assert "did you mean 'team'?" in told[1]
    assert "inputs.sink" in refused(tmp_path, "[inputs]\nsink = 'lcal'\n").sentence
