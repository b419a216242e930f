"""The server as a process: what it advertises, what it writes, what it refuses to begin with."""

import json
import re
import subprocess
import sys

import pytest

from tests.mcp_server.rig import in_a_thread, served
from tests.project import TIME_LIMIT_S, Project
from tokenbroker.mcp_server.tools import TOOLS

pytestmark = pytest.mark.req("MCP-1")

_HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "t", "version": "1"},
    },
}


def test_every_tool_is_advertised_with_schemas_and_hints(project: Project) -> None:
    async def work() -> dict[str, object]:
        async with served(project) as server:
            listed = await server.client.list_tools()
            assert server.client.instructions
            return {tool.name: tool for tool in listed.tools}

    tools = in_a_thread(work)
    assert list(tools) == list(TOOLS) == ["list_flows", "run_flow", "policy_check"]
    for name, tool in tools.items():
        assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name)
        assert tool.output_schema["type"] == "object"  # type: ignore[attr-defined]
        assert tool.title and tool.description  # type: ignore[attr-defined]  # noqa: PT018
        assert tool.annotations.read_only_hint is (name != "run_flow")  # type: ignore[attr-defined]
    assert "ctx" not in tools["run_flow"].input_schema["properties"]  # type: ignore[attr-defined]


def test_standard_output_holds_nothing_but_protocol(project: Project) -> None:
    project.flow("look")
    project.write("conftest.py", "print('a conftest prints this')\nimport os\nos.write(1, b'and this')\n")
    call = {
        "jsonrpc": "2.0",
        "id": 2,
        "method": "tools/call",
        "params": {"name": "run_flow", "arguments": {"flow": "example/look"}},
    }
    ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    with subprocess.Popen(
        [sys.executable, "-m", "tokenbroker", "serve", "--stdio"],
        cwd=project.folder,
        env=project.environment({}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        answers = []
        for message in (_HELLO, ready, call):
            server.stdin.write(json.dumps(message) + "\n")
            server.stdin.flush()
            if "id" in message:
                answers.append(json.loads(server.stdout.readline()))
        rest, _ = server.communicate(timeout=TIME_LIMIT_S)
    assert [answer["id"] for answer in answers] == [1, 2]
    assert answers[0]["result"]["serverInfo"]["name"] == "tokenbroker"
    assert answers[1]["result"]["structuredContent"]["code"] == "run.needs_live"
    assert (rest, server.returncode) == ("", 0)


@pytest.mark.parametrize(
    ("arguments", "settings", "code"),
    [
        ((), "", "usage"),
        (("--stdio", "no-such-folder"), "", "usage"),
        (("--stdio", "--dir", "no-such-folder"), "", "usage"),
        (("--stdio",), "no_such = 1\n", "settings.invalid"),
    ],
)
def test_what_can_not_be_served_is_refused_before_a_word_of_protocol(
    project: Project, arguments: tuple[str, ...], settings: str, code: str
) -> None:
    project.write("tokenbroker.toml", settings)
    ended = project.tokenbroker("serve", *arguments)
    assert (ended.code, ended.out, ended.refusal()) == (2, "", code)


def test_the_project_can_be_named_from_anywhere(
    project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    project.flow("look")
    nested = Project(folder=tmp_path_factory.mktemp("elsewhere") / "folder")

    async def work() -> list[str]:
        async with served(nested, "--dir", str(project.folder)) as server:
            answered = await server.call("list_flows")
            return [flow["file"] for flow in answered.content["flows"]]

    assert in_a_thread(work) == ["flows/look.yaml"]
    assert nested.end_processes() == []
