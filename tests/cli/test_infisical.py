"""`tokenbroker secrets` with a sink in Infisical: its alias is understood, and an error is one plain sentence."""

import json

import pytest

from tests.project import Project
from tests.sinks.faulty_server import Fault
from tests.sinks.infisical_server import ENVIRONMENT, PROJECT, serve_infisical

pytestmark = pytest.mark.req("SECRET-1", "SECRET-3")

VALUE = "demo-only-7c0f4e1b"


def test_a_secret_is_put_listed_and_shown(project: Project) -> None:
    with serve_infisical() as server:
        settings = {"type": "infisical", "auth": "token", "address": server.url}
        settings |= {"project_id": PROJECT, "environment": ENVIRONMENT}
        lines = "\n".join(f'{name} = "{value}"' for name, value in settings.items())
        project.write("tokenbroker.toml", f"[sinks.team]\n{lines}\n")
        project.variables["INFISICAL_API_KEY"] = server.new_token()
        put = project.tokenbroker("secrets", "put", "team:example/key", stdin=f"{VALUE}\n")
        assert "team:example/key@1" in put.out, put.text
        listed = project.tokenbroker("secrets", "list", "--sink", "team", "--json")
        assert [row["reference"] for row in json.loads(listed.out)] == ["team:example/key@1"]
        shown = project.tokenbroker("secrets", "show", "team:example/key", "--reveal")
        assert shown.out == f"{VALUE}\n"
        server.go_wrong(Fault.TOO_MANY_REQUESTS)
        refused = project.tokenbroker("secrets", "show", "team:example/key", "--reveal")
    assert (refused.refusal(), refused.code) == ("secret.unavailable", 12)
    assert "asked too often" in refused.err
    for token in server.tokens:
        assert token not in put.text + listed.text + shown.text + refused.text
