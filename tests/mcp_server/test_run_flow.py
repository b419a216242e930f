"""`run_flow` over standard input and output, against the demo site."""

import json
import secrets
from pathlib import Path

import anyio
import pytest

from tests.mcp_server.rig import CAPTURE, Answered, ask, command_of, in_a_thread, served
from tests.project import CREATE, LOOK, SIGN_IN, Project, marking_browser, remember_created_key

pytestmark = [pytest.mark.req("MCP-1", "MCP-2")]

TRAPS = {
    "collect": """\
def pytest_collectstart(collector):
    if hasattr(collector, "path") and collector.path.suffix == ".yaml":
        collector.collect = fail
""",
    "tear down": """\
def pytest_runtest_teardown(item):
    fail()
""",
}
"""What the conftest of a stranger does with `fail`."""


@pytest.mark.browser
def test_a_run_tells_each_step_once_and_answers_the_reference_and_no_token(attended: Project) -> None:
    attended.flow("create", CREATE + CAPTURE)
    answered = ask(attended, "run_flow", flow="example/create")
    assert not answered.is_error, answered.text
    assert [(done, total) for done, total, _ in answered.progress] == [(n, 10) for n in range(1, 11)]
    assert answered.progress[-1][2] == "capture_token .token"
    content = answered.content
    assert (content["passed"], content["status"], content["code"]) == (True, "passed", "")
    assert [step["number"] for step in content["steps"]] == list(range(1, 11))
    (stored,) = content["stored"]
    assert stored["reference"] == "bitwarden:example/reporting@1"
    assert (Path(content["evidence"]) / "run.json").is_file()
    assert content["bundle"] == "" or Path(content["bundle"]).is_file()
    with attended.broker() as broker:
        key = broker.sink("bitwarden").get("example/reporting", actor="tests").reveal()
        assert [each.fingerprint for each in broker.sink("bitwarden").list()] == [stored["fingerprint"]]
    assert attended.whoami(key) == 200
    assert attended.account is not None
    said = answered.text + json.dumps(content) + (attended.folder / "server.err").read_text()
    for value in (key, key[:12], attended.account.password, attended.account.email):
        assert value not in said
    assert "reporting" in said  # the search can find something


def test_what_needs_a_person_fails_before_a_browser_starts_and_says_what_to_do(demo_project: Project) -> None:
    program, mark = marking_browser(demo_project.folder)
    demo_project.variables["TOKENBROKER_BROWSER"] = str(program)
    demo_project.flow("sign_in", SIGN_IN)
    answered = ask(demo_project, "run_flow", flow="example/sign_in")
    assert answered.is_error
    assert (answered.content["status"], answered.content["code"]) == ("refused", "human.unreachable")
    assert "tokenbroker run" in answered.content["next_step"]
    assert answered.progress == []
    assert not mark.exists()


@pytest.mark.browser
def test_a_failing_step_is_told_with_its_code_and_where_to_look(demo_project: Project) -> None:
    demo_project.flow("look", LOOK + '  - click: { selector: "#no-such" }\n    timeout: 300ms\n')
    answered = ask(demo_project, "run_flow", flow="flows/look.yaml")
    assert answered.is_error
    assert (answered.content["status"], answered.content["code"]) == ("failed", "target.not_found")
    assert [step["status"] for step in answered.content["steps"]] == ["passed", "passed", "failed"]
    assert answered.content["next_step"]
    assert (Path(answered.content["evidence"]) / "run.json").is_file()


def test_a_missing_secret_is_told_with_the_line_that_stores_it(project: Project) -> None:
    project.write("tokenbroker.toml", '[origin_map]\n"https://console.example.com" = "http://127.0.0.1:9"\n')
    project.flow("sign_in", LOOK + '  - type: { selector: "#email", value_ref: "secrets:example.email" }\n')
    answered = ask(project, "run_flow", flow="example/sign_in")
    assert (answered.content["status"], answered.content["code"]) == ("refused", "secret.not_found")
    assert answered.content["next_step"] == "tokenbroker secrets put example.email"


def test_policy_refuses_with_its_reason(project: Project) -> None:
    project.flow("look")
    project.flow("create", LOOK + CAPTURE)
    remember_created_key(project, "example/create")

    async def work() -> list[Answered]:
        async with served(project) as server:
            return [
                await server.call("run_flow", flow="example/look"),
                await server.call("run_flow", flow="example/create", live=True),
                await server.call("run_flow", flow="example/look", mode="guided"),
                await server.call("run_flow", flow="example/look", params={"no_such": "x"}),
            ]

    answers = in_a_thread(work)
    assert [answer.content["code"] for answer in answers] == [
        "run.needs_live",
        "run.would_duplicate",
        "policy.rule.deny.automation.not_permitted",
        "param.unknown",
    ]
    assert all(answer.is_error and answer.content["status"] == "refused" for answer in answers)
    assert all(answer.progress == [] for answer in answers)


def test_unknown_flows_and_files_outside_are_refused(project: Project) -> None:
    project.flow("look")
    outside = project.write("elsewhere/look.flow.yaml", (project.folder / "flows/look.yaml").read_text())
    (project.folder / "flows/link.yaml").symlink_to(outside)
    project.write("flows/again.yaml", (project.folder / "flows/look.yaml").read_text())
    project.write("flows/broken.yaml", "version: 1\n")

    async def work() -> dict[str, Answered]:
        names = ("example/lok", "flows/lok.yaml", str(outside), "flows/../elsewhere/look.flow.yaml")
        names += ("/etc/no-such.yaml", "flows/link.yaml", "example/look", "flows/broken.yaml")
        async with served(project) as server:
            return {name: await server.call("run_flow", flow=name) for name in names}

    answers = in_a_thread(work)
    assert [answer.content["code"] for answer in answers.values()] == [
        "flow.not_found",
        "flow.not_found",
        "flow.outside",
        "flow.outside",
        "flow.outside",
        "flow.outside",
        "flow.ambiguous",
        "flow.missing_key",
    ]
    assert "flows/look.yaml" in answers["flows/lok.yaml"].content["message"]
    assert "example/look" in answers["example/lok"].content["message"]
    assert "list_flows" in answers["example/lok"].content["next_step"]


@pytest.mark.req("SECRET-7")
def test_what_a_broken_conftest_says_is_for_the_person_who_reads_the_log(project: Project) -> None:
    known, unknown = (f"demo-only-{secrets.token_hex(8)}" for _ in range(2))
    project.flow("look")
    project.write("conftest.py", f"raise RuntimeError('no login with {unknown} or {known}')\n")

    async def work() -> Answered:
        async with served(project, TOKENBROKER_SECRET_EXAMPLE_PASSWORD=known) as server:
            return await server.call("run_flow", flow="example/look")

    answered = in_a_thread(work)
    assert (answered.content["status"], answered.content["code"]) == ("failed", "usage")
    assert "conftest" in answered.content["message"]
    assert "standard error" in answered.content["next_step"]
    said, log = answered.text + json.dumps(answered.content), (project.folder / "server.err").read_text()
    assert "RuntimeError" in log
    assert unknown in log
    assert [text for text in (said, log) if known in text] == []
    assert "no login" not in said
    assert unknown not in said


@pytest.mark.req("SECRET-7")
@pytest.mark.parametrize(("trap", "code"), [("collect", "internal"), ("tear down", "run.needs_live")])
def test_a_strangers_error_around_the_steps_is_for_the_log(project: Project, trap: str, code: str) -> None:
    known, unknown = (f"demo-only-{secrets.token_hex(8)}" for _ in range(2))
    project.flow("look", head="expect_outcome: { status: blocked }\n")
    project.write(
        "conftest.py",
        f"def fail():\n    raise RuntimeError('no login with {unknown} or {known}')\n\n{TRAPS[trap]}",
    )

    async def work() -> Answered:
        async with served(project, TOKENBROKER_SECRET_EXAMPLE_PASSWORD=known) as server:
            return await server.call("run_flow", flow="example/look")

    answered = in_a_thread(work)
    said, log = answered.text + json.dumps(answered.content), (project.folder / "server.err").read_text()
    assert answered.is_error
    assert answered.content["code"] == code
    assert [text for text in (said, log) if known in text] == []
    assert "no login" not in said
    assert unknown not in said
    assert "RuntimeError" in log


@pytest.mark.req("SECRET-7")
def test_parameters_reach_a_run_and_are_in_no_config_that_plugins_read(
    project: Project, tmp_path: Path
) -> None:
    owner, seen = f"demo-only-{secrets.token_hex(8)}", tmp_path / "seen"
    project.flow("look", head="params:\n  owner: { personal: true, pattern: 'demo-only-.*' }\n")
    project.write(
        "conftest.py",
        "from pathlib import Path\n\ndef pytest_collection_finish(session):\n"
        f"    Path({str(seen)!r}).write_text(repr((session.config.invocation_params, vars(session.config.option))))\n",
    )
    answered = ask(project, "run_flow", flow="example/look", params={"owner": owner})
    assert answered.content["code"] == "run.needs_live"  # so the parameter was there: else it is missing
    assert "no:terminal" in seen.read_text()
    assert owner not in seen.read_text()


@pytest.mark.browser
def test_two_runs_go_on_at_once_and_a_third_says_that_it_waits(demo_project: Project) -> None:
    demo_project.flow("look")
    answers: dict[str, Answered] = {}

    async def work() -> None:
        async with served(demo_project, "--max-runs", "2") as server, anyio.create_task_group() as group:

            async def run(name: str) -> None:
                answers[name] = await server.call("run_flow", flow="example/look")

            for name in ("one", "two", "three"):
                group.start_soon(run, name)

    in_a_thread(work)
    assert all(not answer.is_error for answer in answers.values()), [each.text for each in answers.values()]
    waited = [answer for answer in answers.values() if answer.progress[0][0] == 0]
    assert len(waited) == 1
    assert "waiting" in str(waited[0].progress[0][2])
    assert [done for done, _, _ in waited[0].progress] == [0, 1, 2]
    assert len({answer.content["run"] for answer in answers.values()}) == 3


@pytest.mark.req("SECRET-7")
def test_secrets_of_the_environment_reach_a_run_by_no_readable_way(project: Project, tmp_path: Path) -> None:
    program, mark = marking_browser(project.folder)
    seen = tmp_path / "seen"
    project.write(
        "tokenbroker.toml",
        '[inputs]\nsink = "env"\n[origin_map]\n"https://console.example.com" = "http://127.0.0.1:9"\n',
    )
    project.write(
        "conftest.py",
        "import os\nfrom pathlib import Path\nimport pytest\n\n"
        "@pytest.fixture\ndef human_checkpoint(tokenbroker_broker):\n"
        f"    Path({str(seen)!r}).write_bytes(\n"
        "        Path('/proc/self/environ').read_bytes() + Path('/proc/self/cmdline').read_bytes()\n"
        "        + repr(dict(os.environ)).encode()\n    )\n",
    )
    canaries = {
        "TOKENBROKER_KEY": "bm90LWEtcmVhbC1rZXktYnV0LTMyLWJ5dGVzLWxvbmc=",  # pragma: allowlist secret
        "TOKENBROKER_SECRET_EXAMPLE_EMAIL": "demo-only-someone@example.test",
        "OWN_VARIABLE": "demo-only-own-value",
        "OTHER_VARIABLE": "demo-only-of-no-flow",
    }
    steps = "".join(
        f'  - type: {{ selector: "#email", value_ref: "{reference}" }}\n'
        for reference in ("secrets:example.email", "env:OWN_VARIABLE")
    )
    project.flow("look", LOOK + steps)

    async def work() -> tuple[Answered, str]:
        async with served(project, TOKENBROKER_BROWSER=str(program), **canaries) as server:
            listed = await server.call("list_flows")
            answered = await server.call("run_flow", flow="example/look")
            commands = "".join(command_of(pid) for pid in project.processes())
            return answered, commands + listed.text + json.dumps(listed.content)

    answered, said = in_a_thread(work)
    assert answered.content["code"] == "browser.not_started", answered.text  # so both values were there
    assert mark.exists()
    said += answered.text + json.dumps(answered.content) + (project.folder / "server.err").read_text()
    said += seen.read_bytes().decode("utf-8", "replace")
    assert "TMPDIR" in said
    assert [name for name, value in canaries.items() if value in said] == []
