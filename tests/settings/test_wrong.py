"""Wrong settings: all of them at once, each by its own source, with what may be meant."""

from pathlib import Path

import pytest

from tests.settings.given import refused

pytestmark = pytest.mark.req("OPS-5")


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
