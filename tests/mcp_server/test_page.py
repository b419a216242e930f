"""What docs/mcp.md says is so."""

import json
import re
from pathlib import Path

import pytest

from tests.mcp_server.rig import in_a_thread, served
from tests.project import Project
from tokenbroker.cli.serve import MAX_RUNS
from tokenbroker.jobs.order import GRACE_S
from tokenbroker.mcp_server.tools import TOOLS

PAGE = (Path(__file__).parents[2] / "docs/mcp.md").read_text(encoding="utf-8")
SNIPPETS = [json.loads(text) for text in re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)]

pytestmark = pytest.mark.req("MCP-1")


def test_the_table_has_every_tool() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == set(TOOLS)
    assert f"how many runs go on at once ({MAX_RUNS})" in PAGE
    assert GRACE_S == 5
    assert "after five seconds it is killed" in PAGE


@pytest.mark.parametrize("number", range(4))
def test_each_snippet_starts_a_server_that_answers(project: Project, number: int) -> None:
    project.flow("look")
    assert len(SNIPPETS) == 4
    (entry,) = [servers["tokenbroker"] for servers in SNIPPETS[number].values()]
    assert entry["command"] == "tokenbroker"
    first, second, *rest = entry["args"]
    assert (first, second) == ("serve", "--stdio")
    arguments = [str(project.folder) if "project" in word or "{" in word else word for word in rest]

    async def work() -> list[str]:
        async with served(project, *arguments) as server:
            answered = await server.call("list_flows")
            return [flow["id"] for flow in answered.content["flows"]]

    assert in_a_thread(work) == ["example/look"]
