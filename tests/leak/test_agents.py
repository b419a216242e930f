"""An agent that has flows run hears, in answers, progress and logs, no secret; nor does any process show one."""

import json
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest
from anyio import to_thread

from tests.leak.agent import Agent, complained, said, server_processes, serving
from tests.leak.canary import Canaries
from tests.leak.child import HELD_S, Watch, hits_of
from tests.leak.example_site import ORIGIN, ExampleSite
from tests.leak.flow_texts import BLOCKS, STEPS, TRAPS, FlowText, failing_at, passing
from tests.leak.project import Project, make_project
from tests.leak.search import Hit, find, search_tree
from tests.mcp_server.rig import in_a_thread

pytestmark = [pytest.mark.leak, pytest.mark.browser, pytest.mark.req("SECRET-7", "MCP-1", "MCP-2")]
GOSSIP = TRAPS[5]
VARIABLE = "CANARY_EMAIL"
FORM = f'navigate: "{ORIGIN}/trap/ambiguous"'
PERSONAL = FlowText(
    name="personal",
    steps=(
        FORM,
        f'type: {{ selector: "#email", value_ref: "env:{VARIABLE}" }}',
        'type: { selector: "[name=second]", value_ref: "param:customer" }',
    ),
    ends_at=3,
    more="params:\n  customer: { personal: true, pattern: '(?s)demo-only-p-.*' }\n",
)
FLOWS = (passing(), failing_at(10), GOSSIP, BLOCKS, PERSONAL)
CODES = {
    "passes": "",
    "fails_at_10": "target.not_found",
    "gossip": "target.ambiguous",
    "personal": "",
    "misfit": "param.pattern",
    "no_such_param": "param.unknown",
    "no_such_flow": "flow.not_found",
}


@dataclass(frozen=True, kw_only=True)
class Talked:
    """What a talk has left."""

    project: Project
    answers: dict[str, dict[str, object]]
    watch: Watch
    persons: list[int]
    """The processes that were given the variable by the person."""

    def hits(self, canaries: Canaries) -> list[Hit]:
        """Every canary anywhere, but for the variable where the person has put it."""
        allowed = tuple(f"({pid})" for pid in self.persons)
        hits = hits_of(self.project, self.watch, canaries)
        return [
            hit
            for hit in hits
            if not (
                hit.kind == "email" and hit.where.startswith("environ of ") and hit.where.endswith(allowed)
            )
        ]


def project_of(root: Path, site: ExampleSite, planted: Canaries, *flows: FlowText) -> Project:
    settings = f'[origin_map]\n"{ORIGIN}" = "{site.url}"\n'
    return make_project(root, site, flows, canaries=planted, settings=settings)


@pytest.fixture(scope="module")
def talked(site: ExampleSite, planted: Canaries, tmp_path_factory: pytest.TempPathFactory) -> Talked:
    """Every tool, and runs that pass, fail, are refused and are cancelled in mid-fill."""
    project = project_of(tmp_path_factory.mktemp("agent"), site, planted, *FLOWS)
    email, password, token = planted.email.value, planted.password.value, planted.token.value

    async def talk() -> Talked:
        async with serving(project, site, {VARIABLE: email}) as agent:
            persons = server_processes()
            await cancelled_in_mid_fill(agent)
            await agent.call("list", "list_flows")
            await agent.call(
                "check", "policy_check", flow="examplecloud/personal", params={"customer": password}
            )
            for flow in ("passes", "fails_at_10"):
                await agent.call(flow, "run_flow", flow=f"examplecloud/{flow}")
            await agent.call("gossip", "run_flow", flow=f"examplecloud/{GOSSIP.name}")
            personal = {"flow": "examplecloud/personal"}
            await agent.call("personal", "run_flow", **personal, params={"customer": password})
            await agent.call("misfit", "run_flow", **personal, params={"customer": token})
            await agent.call("no_such_param", "run_flow", **personal, params={"password": password})
            await agent.call("no_such_flow", "run_flow", flow="examplecloud/none")
            return Talked(project=project, answers=agent.answers, watch=agent.watch, persons=persons)

    async def cancelled_in_mid_fill(agent: Agent) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: agent.call("cancelled", "run_flow", flow="examplecloud/blocks"))
            assert await to_thread.run_sync(site.held.wait, HELD_S)
            group.cancel_scope.cancel()
        site.let_go()

    return in_a_thread(talk)


def test_each_run_ends_as_it_is_meant_to(talked: Talked) -> None:
    assert {name: talked.answers[name]["code"] for name in CODES} == CODES
    (cancelled,) = talked.project.evidence("blocks")
    assert cancelled["status"] == "interrupted"


def test_no_answer_progress_or_log_holds_a_secret(talked: Talked, planted: Canaries) -> None:
    messages = [json.loads(line) for line in said(talked.project).read_bytes().splitlines()]
    progress = [each for each in messages if each.get("method") == "notifications/progress"]
    answers = [each for each in messages if "result" in each]
    assert len(progress) > len(STEPS)
    assert len(answers) > len(CODES)
    assert complained(talked.project).exists()
    assert search_tree(planted, said(talked.project), complained(talked.project)) == []


def test_what_the_runs_leave_and_their_processes_show_holds_no_secret(
    talked: Talked, planted: Canaries
) -> None:
    assert talked.hits(planted) == []


def test_the_processes_of_server_and_runs_were_watched(talked: Talked, planted: Canaries) -> None:
    assert any(b"tokenbroker.pytest_plugin.child" in content for _, content in talked.watch.seen)
    assert any("node" in program for program in talked.watch.programs())
    assert any("chrom" in program or "headless" in program for program in talked.watch.programs())
    # The person's variable is seen where the person has put it, in each of those processes.
    given = {hit.where for hit in talked.watch.hits(planted) if hit.kind == "email"}
    assert len(given) == len(talked.persons)


def test_a_personal_parameter_is_not_drawn(talked: Talked, planted: Canaries) -> None:
    folder = talked.project.folder
    drawings = [*folder.glob("reports/*-personal-????????/allure-results/*.svg")]
    words = [
        text.text
        for drawing in drawings
        for text in ET.parse(drawing).iter("{http://www.w3.org/2000/svg}text")
    ]
    assert sorted(map(str, words)) == [f"env:{VARIABLE}", "param:customer"]
    assert [hit for drawing in drawings for hit in find(planted, drawing.read_bytes())] == []


def test_no_process_and_no_temporary_file_outlives_the_server(talked: Talked) -> None:
    assert list(talked.project.temporary.iterdir()) == []


CARELESS = """
import subprocess, sys
from pathlib import Path

ALL = Path({values!r}).read_text()
print(ALL, file=sys.stderr, flush=True)
if "serve" in sys.orig_argv:
    wait = [sys.executable, "-S", "-c", "import sys; sys.stdin.read()"]
    subprocess.Popen([*wait, ALL], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
"""


def test_what_a_careless_project_lets_an_agent_hear_is_found(
    site: ExampleSite, planted: Canaries, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The token stands in a step of its flow; a start-up file of its Python prints all values and passes them on."""
    wait = f"wait_for: {{ selector: {json.dumps('text=' + planted.token.value)} }}\n    timeout: 300ms"
    flow = FlowText(name="careless", steps=(FORM, wait), ends_at=2)
    project = project_of(tmp_path_factory.mktemp("careless-agent"), site, planted, flow)
    private = tmp_path_factory.mktemp("private")
    (private / "values").write_text(" ".join(canary.value for canary in planted))
    (private / "sitecustomize.py").write_text(CARELESS.format(values=str(private / "values")))

    async def talk() -> Watch:
        async with serving(project, site, {"PYTHONPATH": str(private)}) as agent:
            await agent.call("list", "list_flows")
            await agent.call("run", "run_flow", flow="examplecloud/careless")
            return agent.watch

    watch = in_a_thread(talk)
    lines = said(project).read_bytes().splitlines()
    for sort in (b'"left_behind"', b'"possibly_created"', b"notifications/progress"):
        found = [find(planted, line) for line in lines if sort in line]
        assert {hit.kind for hits in found for hit in hits} == {"token"}
    everything = {canary.kind for canary in planted}
    assert {hit.kind for hit in search_tree(planted, complained(project))} == everything
    assert {hit.kind for hit in watch.hits(planted) if hit.where.startswith("cmdline of ")} == everything
