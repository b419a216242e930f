"""`tokenbroker plan`: what a flow would do, before it does it (FLOW-4, POLICY-1)."""

import json

import pytest

from tests.flow.texts import REFERENCE, flow_from, flow_text
from tests.project import SETTINGS, Project
from tokenbroker.run.outline import Asking, Kept, Made, Typed, outline_of

pytestmark = pytest.mark.req("FLOW-4", "POLICY-1")
SITE = "https://console.example.com"


def test_the_reference_flow_is_told_whole(project: Project) -> None:
    project.write("tokenbroker.toml", f'{SETTINGS}\n[origin_map]\n"{SITE}" = "http://127.0.0.1:9"\n')
    flow = project.write("flows/reference.yaml", REFERENCE)
    ended = project.tokenbroker("plan", str(flow))
    assert ended.code == 0, ended.text
    for told in (
        f"{SITE}, which the origin map leads to http://127.0.0.1:9",
        f"step  3, line  8  secrets:example.password (not stored yet) into #password, after {SITE}/login",
        "step  6, line 11  Enter 2FA (otp or confirm)",
        "step  8, line 13  click text=Create API Key",
        "step 11, line 16  text of .token -> bitwarden:example/opendiscourse (sink type local)",
        "allowed: policy.rule.allow.automation.permitted",
    ):
        assert told in ended.out
    assert not project.home.exists()  # nothing was changed by asking


def test_as_json_a_machine_reads_the_same_and_what_is_blocked_ends_with_10(project: Project) -> None:
    ended = project.tokenbroker("plan", str(project.write("flows/reference.yaml", REFERENCE)), "--json")
    told = json.loads(ended.out)
    assert (ended.code, told["policy"]["code"]) == (10, "run.needs_live")
    assert (told["origins"], told["sign_on"]) == ({SITE: SITE}, "")
    assert [each["reference"] for each in told["typed"]] == [
        "secrets:example.email",
        "secrets:example.password",
    ]
    assert told["sinks"] == {"bitwarden:example/opendiscourse": "local"}


@pytest.mark.req("FLOW-8")
def test_the_identity_provider_is_told(project: Project) -> None:
    text = flow_text(f"- navigate: '{SITE}/'", head=f"sign_on: '{SITE}'\n")
    ended = project.tokenbroker("plan", str(project.write("flows/sample.yaml", text)), "--live")
    assert f"whose session a sitting may share\n  {SITE}\n" in ended.out, ended.text


def test_frames_windows_conditions_and_declared_creations_are_told() -> None:
    outline = outline_of(
        flow_from(
            flow_text(
                f"- navigate: '{SITE}/a'",
                "- click: { selector: '#open', opens: keys }",
                "- type: { selector: '#pin', value_ref: 'env:PIN', frame: { name: f }, page: keys }",
                "- wait_human: { reason: 'Approve it', kind: device }",
                "  when: '#asks'",
                "- click: { selector: '#go', page: keys, creates: { name: ci, revoke: 'https://console.example.com/r' } }",
                "- capture_token: { secret_ref: 'local:a/b', selector: '#copy', from: clipboard, page: keys }",
            )
        )
    )
    assert outline.typed == (
        Typed(step=3, line=8, reference="env:PIN", field="#pin", page=f"{SITE}/a", frame=True, window="keys"),
    )
    assert outline.asked == (Asking(step=4, line=9, kind="device", reason="Approve it", only_if="#asks"),)
    assert outline.made == (
        Made(
            step=5, line=11, is_said=True, what="click #go", name="ci", revoke="https://console.example.com/r"
        ),
    )
    assert outline.kept == (
        Kept(step=6, line=12, source="clipboard of #copy", secret_ref="local:a/b", life={}),
    )


def test_literals_plain_parameters_and_personal_ones_are_told_apart() -> None:
    outline = outline_of(
        flow_from(
            flow_text(
                "- type: { selector: '#name', value: Nightly build }",
                "- type: { selector: '#note', value_ref: 'param:note' }",
                "- type: { selector: '#email', value_ref: 'param:email' }",
                "- select: { selector: '#scope', value: read }",
                head="params: { note: {}, email: { personal: true } }\n",
            )
        )
    )
    assert [(each.text, each.field) for each in outline.written] == [
        ("Nightly build", "#name"),
        ("param:note", "#note"),
        ("read", "#scope"),
    ]
    assert [each.reference for each in outline.typed] == ["param:email"]


@pytest.mark.req("FLOW-5", "FLOW-8")
def test_a_case_and_the_life_of_its_token_are_told(project: Project) -> None:
    head = "params: { account: {} }\nmatrix: { a: { account: alpha }, b: { account: beta } }\n"
    life = (
        "life: { expires_in: 90d, grace: 24h, owner: platform, labels: [prod, eu], rotates: example/rotate }"
    )
    capture = f"- capture_token: {{ selector: .t, secret_ref: 'local:${{account}}/key', {life} }}"
    file = project.write(
        "flows/shared.yaml", flow_text(f"- navigate: '{SITE}/'", "- click: '#go'", capture, head=head)
    )
    ended = project.tokenbroker("plan", str(file), "--case", "b")
    for told in (
        "example/sample[b]",
        "step  2, line  9  click #go, or a later act before the capture ('creates' would say which)",
        "text of .t -> local:beta/key (sink type local)\n",
        "it ends after 90d; once replaced it works on for 24h; owner platform; labels prod, eu; to replace it: the flow example/rotate",
    ):
        assert told in ended.out
    ended = project.tokenbroker("plan", str(file))
    assert (ended.code, ended.out) == (2, "")
    assert "one of its cases has to be chosen (a, b)" in ended.err


SEVERAL = flow_text(
    f"- navigate: '{SITE}/'",
    "- type: { selector: '#a', value_ref: 'secrets:${account}.email' }",
    "- type: { selector: '#b', value_ref: 'secrets:example.password' }",
    "- type: { selector: '#c', value_ref: 'env:NICK_NAME' }",
    "- type: { selector: '#d', value_ref: 'param:note' }",
    head="params: { account: {}, note: { required: false } }\n",
)


@pytest.mark.req("OPS-5")
def test_all_that_is_not_there_is_told_with_the_lines_that_give_it(project: Project) -> None:
    file = str(project.write("flows/several.yaml", SEVERAL))
    ask = ("plan", file, "--live", "--json")
    given = ("--param", "account=team-a")
    lines = {
        "secrets:team-a.email": "tokenbroker secrets put team-a.email",
        "secrets:example.password": "tokenbroker secrets put example.password",
        "env:NICK_NAME": "export NICK_NAME=…",
        "param:note": "--param note=…",
    }
    assert json.loads(project.tokenbroker(*ask, *given).out)["lacking"] == lines
    told = project.tokenbroker("plan", file, *given).out
    assert all(f"\n  {line}\n" in told for line in lines.values())
    # What waits for a parameter can't be told yet; with values for all nothing is left.
    assert "secrets:${account}.email" not in json.loads(project.tokenbroker(*ask).out)["lacking"]
    project.put("example.password", "demo-only")
    project.variables["NICK_NAME"] = "demo-only"
    left = json.loads(project.tokenbroker(*ask, *given, "--param", "note=").out)["lacking"]
    assert [*left] == ["secrets:team-a.email"]


@pytest.mark.req("OPS-5")
def test_with_inputs_from_the_environment_its_variables_are_told(project: Project) -> None:
    file = str(project.write("flows/several.yaml", SEVERAL))
    project.variables |= {
        "TOKENBROKER_INPUTS__SINK": "env",
        "TOKENBROKER_SECRET_TEAM_A_EMAIL": "demo-only",
    }
    ended = project.tokenbroker("plan", file, "--param", "account=team-a", "--json")
    told = json.loads(ended.out)["lacking"]
    assert "secrets:team-a.email" not in told
    assert told["secrets:example.password"] == "export TOKENBROKER_SECRET_EXAMPLE_PASSWORD=…"
    assert not project.home.exists()


@pytest.mark.req("SECRET-7")
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_secret_that_stands_in_the_file_is_not_printed(project: Project, form: tuple[str, ...]) -> None:
    steps = (
        f"- navigate: '{SITE}/'",
        "- type: { selector: '#password', value: hunter2abc }",
        "- type: { selector: '#n', value: ci }",
    )
    ended = project.tokenbroker("plan", str(project.write("flows/bad.yaml", flow_text(*steps))), *form)
    assert "hunter2abc" not in ended.text
    assert "a secret that stands in the file (tokenbroker validate)" in ended.out
    assert "ci" in ended.out
