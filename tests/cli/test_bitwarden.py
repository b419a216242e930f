"""A flow that stores its token in Bitwarden: the alias of the reference flow, and the vendor's client."""

import json
from pathlib import Path

import pytest

from tests.certificates import authority_and_leaf
from tests.project import Project
from tests.sinks.bitwarden_fixtures import COMMAND, api_key
from tests.sinks.bitwarden_server import serve_bitwarden

FLOW = Path(__file__).parents[2] / "flows/examplecloud/create_api_key.yaml"
SETTINGS = (
    '[sinks.bitwarden]\ntype = "bitwarden"\naddress = "{}"\nca_file = "{}"\ncommand = "{}"\ntimeout_s = 60\n'
)


@pytest.mark.browser
@pytest.mark.req("SECRET-1", "SECRET-7")
def test_the_token_of_the_reference_flow_ends_in_bitwarden_and_nowhere_else(
    attended: Project, tmp_path: Path
) -> None:
    assert attended.account is not None
    authority, leaf = tmp_path / "ca.pem", tmp_path / "leaf.pem"
    for file, data in zip((authority, leaf), authority_and_leaf(), strict=True):
        file.write_bytes(data)
    with serve_bitwarden(leaf) as bitwarden:
        attended.settle(SETTINGS.format(bitwarden.url, authority, COMMAND))
        attended.variables |= api_key(bitwarden)
        for name, value in (("email", attended.account.email), ("password", attended.account.password)):
            assert attended.tokenbroker("secrets", "put", f"example.{name}", stdin=f"{value}\n").code == 0
        attended.write("flows/create_api_key.yaml", FLOW.read_text())
        ended = attended.pytest("flows/create_api_key.yaml")
        assert ended.outcomes() == {"passed": 1}, ended.text
        shown = attended.tokenbroker("secrets", "show", "bitwarden:example/opendiscourse", "--reveal")
        held = bitwarden.opened()
        stored = json.dumps([*bitwarden.ciphers.values()])
    token = shown.out.strip()
    assert token, shown.text
    assert token in held
    assert attended.whoami(token) == 200
    for value in (token, bitwarden.password, bitwarden.client_secret):
        assert value not in ended.text + stored
        for file in (each for each in attended.folder.rglob("*") if each.is_file()):
            assert value.encode() not in file.read_bytes(), file
