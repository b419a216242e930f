"""Sinks in the settings: their defaults, what would not be safe or possible, and their credentials, which are none."""

from pathlib import Path

import pytest

from tests.settings.given import configured, refused
from tokenbroker.secret import Secret
from tokenbroker.settings import (
    split_postgres_url,
)

pytestmark = pytest.mark.req("OPS-5")


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
