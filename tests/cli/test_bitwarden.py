"""The reference flow, unchanged, with its alias led from the embedded store to Bitwarden and on to Infisical."""

import json
from pathlib import Path

import pytest

from tests.certificates import authority_and_leaf
from tests.project import Project
from tests.sinks.bitwarden_fixtures import COMMAND, api_key
from tests.sinks.bitwarden_server import serve_bitwarden
from tests.sinks.infisical_server import ENVIRONMENT, PROJECT, serve_infisical

FLOW = Path(__file__).parents[2] / "flows/examplecloud/create_api_key.yaml"
SETTINGS = (
    '[sinks.bitwarden]\ntype = "bitwarden"\naddress = "{}"\nca_file = "{}"\ncommand = "{}"\ntimeout_s = 60\n'
)


INFISICAL = '[sinks.bitwarden]\ntype = "infisical"\nauth = "token"\naddress = "{}"\nproject_id = "{}"\nenvironment = "{}"\n'
LOCAL = '[sinks.bitwarden]\ntype = "local"\n'


@pytest.mark.browser
@pytest.mark.req("SECRET-1", "SECRET-6", "SECRET-7", "FLOW-4")
def test_one_setting_moves_the_reference_flow_from_local_to_bitwarden_to_infisical(
    attended: Project, tmp_path: Path
) -> None:
    assert attended.account is not None
    authority, leaf = tmp_path / "ca.pem", tmp_path / "leaf.pem"
    for file, data in zip((authority, leaf), authority_and_leaf(), strict=True):
        file.write_bytes(data)
    for name, value in (("email", attended.account.email), ("password", attended.account.password)):
        assert attended.tokenbroker("secrets", "put", f"example.{name}", stdin=f"{value}\n").code == 0
    attended.write("flows/create_api_key.yaml", FLOW.read_text())

    def run_with(settings: str) -> str:
        """The token that the flow's reference leads to, after a run under these settings."""
        attended.settle(settings)
        ended = attended.pytest("flows/create_api_key.yaml", "--no-pictures")
        assert ended.outcomes() == {"passed": 1}, ended.text
        assert "bitwarden:example/opendiscourse@1" in ended.out
        shown = attended.tokenbroker("secrets", "show", "bitwarden:example/opendiscourse", "--reveal")
        token = shown.out.strip()
        assert attended.whoami(token) == 200, shown.text
        assert token not in ended.text
        return token

    with serve_bitwarden(leaf) as bitwarden, serve_infisical() as infisical:
        attended.variables |= {**api_key(bitwarden), "INFISICAL_TOKEN": infisical.new_token()}
        tokens = [run_with(LOCAL)]
        tokens.append(run_with(SETTINGS.format(bitwarden.url, authority, COMMAND)))
        held, stored = bitwarden.opened(), json.dumps([*bitwarden.ciphers.values()])
        tokens.append(run_with(INFISICAL.format(infisical.url, PROJECT, ENVIRONMENT)))
        assert tokens[2] in {row.value for row in infisical.rows}
    assert len({*tokens}) == 3
    assert tokens[1] in held
    assert not {*tokens} & {*stored.split('"')}
    for value in (*tokens, bitwarden.password, bitwarden.client_secret):
        for file in (each for each in attended.folder.rglob("*") if each.is_file()):
            assert value.encode() not in file.read_bytes(), file
