"""`tokenbroker secrets` with a sink in Vault: its own variables are understood, and an error is one plain sentence."""

import json

import pytest

from tests.project import Project
from tests.sinks.faulty_server import Fault
from tests.sinks.vault_server import serve_vault

pytestmark = pytest.mark.req("SECRET-1", "SECRET-3")

VALUE = "demo-only-7c0f4e1b"
SETTINGS = '[sinks.team]\ntype = "vault"\n'


def test_a_secret_is_put_listed_shown_and_removed(project: Project) -> None:
    project.write("tokenbroker.toml", SETTINGS)
    with serve_vault() as vault:
        project.variables |= {"VAULT_ADDR": vault.url, "VAULT_TOKEN": vault.new_token()}
        put = project.tokenbroker("secrets", "put", "team:example/key", stdin=f"{VALUE}\n")
        assert "team:example/key@1" in put.out, put.text
        listed = project.tokenbroker("secrets", "list", "--sink", "team", "--json")
        assert [row["reference"] for row in json.loads(listed.out)] == ["team:example/key@1"]
        shown = project.tokenbroker("secrets", "show", "team:example/key", "--reveal")
        assert shown.out == f"{VALUE}\n"
        assert project.tokenbroker("secrets", "remove", "--yes", "team:example/key").code == 0
        vault.go_wrong(Fault.SEALED)
        sealed = project.tokenbroker("secrets", "show", "team:example/key", "--reveal")
    assert (sealed.refusal(), sealed.code) == ("secret.unavailable", 12)
    assert "is sealed" in sealed.err
    for token in vault.tokens:
        assert token not in put.text + listed.text + shown.text + sealed.text
