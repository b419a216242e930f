"""`list_flows`: what each flow is, and what it needs."""

import json
import secrets

import pytest

from tests.mcp_server.rig import Answered, ask, in_a_thread, served
from tests.project import CREATE, LOOK, SITE, Project

pytestmark = pytest.mark.req("MCP-1", "MCP-2")

PARAMS = """\
tags: [nightly, demo]
params:
  key_name: { default: "Reporting", pattern: "[A-Za-z ]{1,40}" }
  owner: { personal: true }
"""
PERSON = (
    LOOK
    + '  - wait_human: { reason: "Approve it on the phone", kind: device, until: "#in" }\n'
    + '  - wait_human: { reason: "Say yes" }\n    when: "#sure"\n'
)


def test_each_flow_says_what_it_does_and_needs(project: Project) -> None:
    project.put("example.email", "demo-only-someone@example.test")
    capture = '  - capture_token: { selector: ".token", secret_ref: "bitwarden:example/reporting" }\n'
    own = '  - type: { selector: "#note", value_ref: "env:OWN_VARIABLE" }\n'
    project.flow("create", own + CREATE + capture, modes="guided|semi_auto", head=PARAMS)
    answered = ask(project, "list_flows")
    assert not answered.is_error
    (flow,) = answered.content["flows"]
    assert (flow["id"], flow["file"], flow["site"]) == ("example/create", "flows/create.yaml", "example")
    assert flow["steps"][-1] == "capture_token .token"
    assert (flow["modes"], flow["tags"]) == (["guided", "semi_auto"], ["nightly", "demo"])
    assert [(p["name"], p["required"], p["personal"]) for p in flow["params"]] == [
        ("key_name", False, False),
        ("owner", True, True),
    ]
    assert flow["params"][0]["pattern"] == "[A-Za-z ]{1,40}"
    assert [(need["reference"], need["there"]) for need in flow["secrets"]] == [
        ("secrets:example.email", True),
        ("secrets:example.password", False),
        ("env:OWN_VARIABLE", False),
    ]
    assert flow["secrets"][1]["next_step"] == "tokenbroker secrets put example.password"
    assert flow["stores"] == ["bitwarden:example/reporting"]
    assert (flow["reaches"], flow["live"]) == ([SITE], True)


@pytest.mark.req("FLOW-5")
def test_each_case_of_a_matrix_is_a_flow_of_its_own(project: Project) -> None:
    head = "params: { account: {}, note: { default: x } }\nmatrix: { a: { account: alpha }, b: { account: beta } }\n"
    step = '  - type: { selector: "#note", value_ref: "secrets:${account}.note" }\n'
    project.flow("shared", LOOK + step, head=head)
    project.put("beta.note", "demo-only-note")
    flows = ask(project, "list_flows").content["flows"]
    assert [(flow["id"], flow["secrets"][0]["reference"], flow["secrets"][0]["there"]) for flow in flows] == [
        ("example/shared[a]", "secrets:alpha.note", False),
        ("example/shared[b]", "secrets:beta.note", True),
    ]
    assert [each["name"] for each in flows[0]["params"]] == ["note"]  # the case has set the other
    checked = ask(project, "policy_check", flow="example/shared[b]")
    assert checked.content["flow"] == "example/shared[b]"
    by_file = ask(project, "policy_check", flow="flows/shared.yaml")
    assert by_file.is_error
    assert "example/shared[a], example/shared[b]" in by_file.text


def test_what_is_needed_of_a_person_stands_in_order(project: Project) -> None:
    project.flow("sign_in", PERSON)
    answered = ask(project, "list_flows")
    assert [
        (need["step"], need["kind"], need["reason"], need["only_if"])
        for need in answered.content["flows"][0]["person"]
    ] == [(3, "device", "Approve it on the phone", ""), (4, "otp_or_confirm", "Say yes", "#sure")]


def test_the_origin_map_says_whether_a_flow_is_live(project: Project) -> None:
    project.write("tokenbroker.toml", f'[origin_map]\n"{SITE}" = "http://127.0.0.1:9"\n')
    project.flow("look")
    (flow,) = ask(project, "list_flows").content["flows"]
    assert (flow["reaches"], flow["live"]) == (["http://127.0.0.1:9"], False)


def test_listing_makes_no_home_and_names_files_that_are_no_flows(project: Project) -> None:
    project.flow("look")
    project.write("flows/broken.yaml", "version: 1\nflow: [\n")
    project.write("flows/.hidden/look.yaml", "version: 1\n")
    answered = ask(project, "list_flows")
    assert [flow["id"] for flow in answered.content["flows"]] == ["example/look"]
    (problem,) = answered.content["problems"]
    assert (problem["code"], problem["next_step"]) == ("flow.yaml", "mend flows/broken.yaml")
    assert not project.home.exists()


@pytest.mark.req("SECRET-7")
def test_a_broken_flow_is_told_by_its_place_and_not_by_its_text(project: Project) -> None:
    password = f"demo-only-{secrets.token_hex(8)}"
    project.write("flows/broken.yaml", f"version: 1\npassword: {password}\n")
    project.write("flows/torn.yaml", f"password: {password}: [\n")
    answered = ask(project, "list_flows")
    messages = [problem["message"] for problem in answered.content["problems"]]
    assert [problem["code"] for problem in answered.content["problems"]] == ["flow.unknown_key", "flow.yaml"]
    assert f"{project.folder}/flows/broken.yaml:2:1: " in messages[0]
    assert f"{project.folder}/flows/torn.yaml:1:" in messages[1]
    assert password not in answered.text + json.dumps(answered.content)


@pytest.mark.req("SECRET-7")
def test_a_secret_of_the_environment_that_stands_in_a_flow_is_in_no_answer(project: Project) -> None:
    password = f"demo-only-{secrets.token_hex(8)}"
    project.flow("look", f'  - navigate: "{SITE}/{password}"\n')

    async def work() -> Answered:
        async with served(project, TOKENBROKER_SECRET_EXAMPLE_PASSWORD=password) as server:
            return await server.call("list_flows")

    answered = in_a_thread(work)
    assert [flow["id"] for flow in answered.content["flows"]] == ["example/look"]
    assert "example" in answered.content["flows"][0]["steps"][0]
    assert password not in answered.text + json.dumps(answered.content)


def test_what_the_environment_has_to_give_is_asked_of_whoever_starts_the_server(project: Project) -> None:
    project.flow("look", LOOK + '  - type: { selector: "#note", value_ref: "secrets:example.note" }\n')

    async def work() -> Answered:
        async with served(project, TOKENBROKER_INPUTS__SINK="env") as server:
            return await server.call("list_flows")

    (need,) = in_a_thread(work).content["flows"][0]["secrets"]
    assert not need["there"]
    assert need["next_step"] == "start the server with the variable TOKENBROKER_SECRET_EXAMPLE_NOTE"


def test_only_the_named_folders_are_served_and_there_a_flow_has_a_flows_ending(project: Project) -> None:
    project.flow("look")
    text = (project.folder / "flows/look.yaml").read_text()
    project.write("more/other.flow.yaml", text.replace("flow: look", "flow: other"))
    project.write("more/settings.yaml", "a: 1\n")
    answered = ask(project, "list_flows", "more")
    assert [flow["id"] for flow in answered.content["flows"]] == ["example/other"]
    assert answered.content["problems"] == []


def test_the_flow_folders_are_those_of_pytest(project: Project) -> None:
    project.write("pytest.ini", "[pytest]\ntokenbroker_flows = one two\n")
    text = "version: 1\nsite: example\nflow: NAME\nallowed_automation: semi_auto\nsteps:\n" + LOOK
    for name in ("one", "two", "flows"):
        project.write(f"{name}/{name}.yaml", text.replace("NAME", name))
    answered = ask(project, "list_flows")
    assert [flow["id"] for flow in answered.content["flows"]] == ["example/one", "example/two"]


def test_the_list_can_be_narrowed(project: Project) -> None:
    project.flow("one", head="tags: [demo]\n")
    project.flow("two")
    answered = ask(project, "list_flows", tag="demo")
    assert [flow["id"] for flow in answered.content["flows"]] == ["example/one"]
    assert ask(project, "list_flows", site="other").content["flows"] == []
