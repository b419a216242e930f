"""`tokenbroker run` at a real terminal, with a person who reads the code on the phone page."""

import json
import re
import secrets
from base64 import b64encode
from pathlib import Path

import pytest

from tests.project import (
    CREATE,
    LOOK,
    SIGN_IN,
    SITE,
    TIME_LIMIT_S,
    WAIT_FOR_EVER,
    Project,
    Terminal,
    marking_browser,
    remember_created_key,
)

pytestmark = pytest.mark.browser

CAPTURE = '  - capture_token: { selector: ".token", secret_ref: "bitwarden:example/reporting" }\n'
REVOKE = SIGN_IN + (
    f'  - navigate: "{SITE}/api-keys"\n'
    '  - click: { selector: "text=Revoke Reporting" }\n'
    '  - wait_for: { selector: "text=Revoke this key?" }\n'
    '  - click: { selector: "text=Revoke key" }\n'
    '  - expect: { selector: "[role=status]", text: "Reporting was revoked" }\n'
)
PROMPT = "Type the code and press Enter"
RUN = ("run", "--no-pictures")


def answer(terminal: Terminal, project: Project) -> str:
    """Wait for the question, read the code on the phone, and type it."""
    terminal.wait_for(PROMPT)
    code = project.read_phone()
    terminal.type(code)
    return code


def value_of(project: Project, reference: str) -> str:
    shown = project.tokenbroker("secrets", "show", reference, "--reveal")
    assert shown.code == 0, shown.err
    return shown.out.strip()


@pytest.mark.req("RUN-4", "HUMAN-2", "HUMAN-3", "SECRET-2", "SECRET-4", "RUN-12")
def test_a_key_is_made_asked_for_stored_and_revoked(demo_project: Project) -> None:
    create = demo_project.flow("create", CREATE + CAPTURE, modes="guided|semi_auto")
    with demo_project.terminal(*RUN, create) as terminal:
        code = answer(terminal, demo_project)
        assert terminal.end() == 0
        screen = terminal.screen
    assert "example/create: semi_auto (the flow allows both" in screen
    assert re.search(r"… +9/10 click text=Create", screen)
    assert re.search(r"✓ +9 click text=Create +\d+\.\d\d s", screen)
    assert code not in screen
    assert "The token is stored as bitwarden:example/reporting@1 (fingerprint " in screen
    assert f"{demo_project.home}.key" in screen
    assert "tokenbroker secrets key-backup" in screen
    key = value_of(demo_project, "bitwarden:example/reporting")
    assert key not in screen
    assert demo_project.whoami(key) == 200
    revoke = demo_project.flow("revoke", REVOKE)
    with demo_project.terminal(*RUN, revoke) as terminal:
        answer(terminal, demo_project)
        assert terminal.end() == 0
    assert demo_project.whoami(key) == 401


@pytest.mark.req("RUN-4", "RUN-9")
@pytest.mark.parametrize("where", ["at the prompt", "in a running step"])
def test_ctrl_c_leaves_no_browser_and_no_temporary_folder(demo_project: Project, where: str) -> None:
    prompt = where == "at the prompt"
    flow = demo_project.flow("stop", SIGN_IN if prompt else WAIT_FOR_EVER)
    with demo_project.terminal(*RUN, flow) as terminal:
        terminal.wait_for(PROMPT if prompt else "3/3 wait_for #never-there")
        terminal.press_ctrl_c()
        assert terminal.end() == 130, terminal.screen
        assert "Traceback" not in terminal.screen
        assert "Interrupted" in terminal.screen
    assert demo_project.wait_until_alone()
    assert list(demo_project.temporary.iterdir()) == []
    assert ("finish_flow", "example/stop", "run.interrupted") in demo_project.audit()


@pytest.mark.req("HUMAN-1", "RUN-12")
def test_three_wrong_codes_end_the_run(demo_project: Project) -> None:
    flow = demo_project.flow("sign_in", SIGN_IN)
    with demo_project.terminal(*RUN, flow) as terminal:
        for attempt in range(3):
            terminal.wait_for("The code was not accepted" if attempt else PROMPT)
            if attempt:
                terminal.wait_for(PROMPT)
            right = demo_project.read_phone()
            terminal.type(f"{(int(right) + 1) % 10**6:06}")
        assert terminal.end() == 11
        assert "human.code_refused" in terminal.screen


@pytest.mark.req("HUMAN-1")
def test_a_person_who_denies_stops_the_run(demo_project: Project) -> None:
    flow = demo_project.flow("sign_in", SIGN_IN)
    with demo_project.terminal(*RUN, flow) as terminal:
        terminal.wait_for(PROMPT)
        terminal.type("deny")
        assert terminal.end() == 11
        assert "human.denied" in terminal.screen
    assert ("checkpoint", "example/sign_in", "denied") in demo_project.audit()


@pytest.mark.req("RUN-11")
@pytest.mark.parametrize(("word", "exit_code", "started"), [("n", 10, False), ("y", 2, True)])
def test_a_second_key_at_a_live_site_is_asked_for_first(
    project: Project, word: str, exit_code: int, started: bool
) -> None:
    project.name_auditor()
    program, mark = marking_browser(project.folder)
    project.variables["TOKENBROKER_BROWSER"] = str(program)
    flow = project.flow("create", LOOK + CAPTURE)
    remember_created_key(project, "example/create")
    with project.terminal(*RUN, "--live", flow) as terminal:
        terminal.wait_for("Create another key?")
        assert "run.would_duplicate" in terminal.screen
        terminal.type(word)
        assert terminal.end() == exit_code, terminal.screen
    assert mark.exists() is started


@pytest.mark.req("RUN-4", "RUN-3")
def test_a_failing_step_is_shown_in_its_place(demo_project: Project) -> None:
    flow = demo_project.flow("look", LOOK + '  - click: { selector: "#no-such" }\n    timeout: 300ms\n')
    ended = demo_project.tokenbroker(*RUN, flow)
    assert ended.code == 1
    assert '  >    8 |   - click: { selector: "#no-such" }' in ended.err
    assert "reason target.not_found" in ended.err
    assert ended.refusal()


@pytest.mark.req("RUN-4")
def test_options_of_the_projects_test_sessions_do_not_disturb_a_run(demo_project: Project) -> None:
    demo_project.write("pytest.ini", "[pytest]\naddopts = -n 2 --no-such-option\n")
    ended = demo_project.tokenbroker(*RUN, demo_project.flow("look"), PYTEST_ADDOPTS="-n 2 --cov")
    assert ended.code == 0, ended.text
    assert "✓  2 wait_for #email" in ended.err


@pytest.mark.req("RUN-4")
def test_the_result_can_be_had_as_json(attended: Project) -> None:
    flow = attended.flow("create", CREATE + CAPTURE)
    ended = attended.tokenbroker(*RUN, "--json", flow)
    assert ended.code == 0, ended.text
    result = json.loads(ended.out)
    assert (result["status"], result["code"]) == ("passed", None)
    assert result["stored"] == ["bitwarden:example/reporting@1"]
    assert (Path(result["evidence"]) / "run.json").is_file()


@pytest.mark.req("FLOW-5", "FLOW-8")
def test_a_token_whose_flow_says_how_long_it_lives_is_stored_with_its_end(attended: Project) -> None:
    life = "life: { expires_in: 90d, owner: platform, revokes: example/revoke_key }"
    capture = f'  - capture_token: {{ selector: ".token", secret_ref: "bitwarden:${{team}}/ci", {life} }}\n'
    head = "params: { team: {} }\nmatrix: { first: { team: search }, other: { team: billing } }\n"
    flow = attended.flow("create", CREATE + capture, head=head)
    ended = attended.tokenbroker(*RUN, "--json", "--case", "first", flow)
    assert ended.code == 0, ended.text
    end = re.search(
        r"stored as bitwarden:search/ci@1 \(fingerprint \w{16}\), ends (\d{4}-\d\d-\d\d \d\d:\d\d) UTC",
        ended.err,
    )
    assert end is not None, ended.err
    result = json.loads(ended.out)
    record = json.loads((Path(result["evidence"]) / "run.json").read_text(encoding="utf-8"))
    assert record["flow"] == "example/create[first]"
    assert record["stored"][0]["ends"].replace("T", " ").startswith(end[1])
    (row,) = (
        row
        for row in json.loads(attended.tokenbroker("secrets", "list", "--json").out)
        if row["reference"] == "bitwarden:search/ci@1"
    )
    assert (row["owner"], row["flow"], row["revokes"]) == (
        "platform",
        "example/create[first]",
        "example/revoke_key",
    )
    assert row["ends"].startswith(end[1])
    told = attended.tokenbroker("secrets", "show", "bitwarden:search/ci").out
    assert "owner platform, to revoke it example/revoke_key" in told
    page = (Path(result["evidence"]) / "START-HERE.html").read_text(encoding="utf-8")
    assert f"{end[1]}:" in page
    refused = attended.tokenbroker(*RUN, flow)
    assert refused.code == 2
    assert "one of its cases has to be chosen (first, other)" in refused.err


@pytest.mark.req("RUN-11", "SECRET-4")
def test_the_second_key_finds_the_master_key_and_the_inputs_of_the_environment(project: Project) -> None:
    project.name_auditor()
    program, mark = marking_browser(project.folder)
    project.write("tokenbroker.toml", project.settings + '[inputs]\nsink = "env"\n')
    project.variables |= {
        "TOKENBROKER_BROWSER": str(program),
        "TOKENBROKER_KEY": b64encode(secrets.token_bytes(32)).decode(),
        "TOKENBROKER_SECRET_EXAMPLE_EMAIL": "demo-only-someone@example.test",
        "OWN_VARIABLE": "demo-only-value",
    }
    steps = "".join(
        f'  - type: {{ selector: "#email", value_ref: "{reference}" }}\n'
        for reference in ("secrets:example.email", "env:OWN_VARIABLE")
    )
    flow = project.flow("create", LOOK + steps + CAPTURE)
    remember_created_key(project, "example/create", key=project.variables["TOKENBROKER_KEY"])
    with project.terminal(*RUN, "--live", flow) as terminal:
        terminal.wait_for("Create another key?")
        terminal.type("y")
        assert terminal.end() == 2, terminal.screen
        assert "browser.not_started" in terminal.screen
    assert mark.exists()


@pytest.mark.req("RUN-10", "RUN-4")
def test_a_run_goes_on_when_nobody_reads_its_progress_any_more(attended: Project) -> None:
    flow = attended.flow("create", CREATE + CAPTURE)
    with attended.start(*RUN, flow) as running:
        assert running.stderr is not None
        running.stderr.readline()
        running.stderr.close()
        assert running.wait(TIME_LIMIT_S) == 0
    assert attended.whoami(value_of(attended, "bitwarden:example/reporting")) == 200


@pytest.mark.req("RUN-4")
def test_a_time_out_of_the_projects_tests_does_not_cut_off_a_run(demo_project: Project) -> None:
    demo_project.write(
        "pytest.ini", "[pytest]\nfilterwarnings = error\nstrict_config = true\ntimeout = 0.01\n"
    )
    ended = demo_project.tokenbroker(*RUN, demo_project.flow("look"))
    assert ended.code == 0, ended.text


@pytest.mark.req("FLOW-7", "HUMAN-2", "RUN-6")
@pytest.mark.parametrize("answer_typed", ["yes", "", "deny", "nope"])
def test_a_run_that_has_to_be_approved_waits_for_the_person_before_a_browser_starts(
    demo_project: Project, answer_typed: str
) -> None:
    program, _ = marking_browser(demo_project.folder)
    demo_project.variables["TOKENBROKER_BROWSER"] = str(program)
    flow = demo_project.flow("look", LOOK, head="policy: { approval: required }\n")
    with demo_project.terminal(*RUN, flow) as terminal:
        terminal.wait_for("Type 'yes' to let it begin")
        assert not (demo_project.folder / "a-browser-was-started").exists()
        terminal.type(answer_typed)
        code = terminal.end()
        screen = terminal.screen
    assert f"it goes to {SITE}" in screen
    decided = [result for action, _, result in demo_project.audit() if action == "approve_run"]
    if answer_typed != "yes":
        assert (code, decided) == (11, ["denied"])
        assert "the run of example/look was not approved" in screen
        assert not (demo_project.folder / "a-browser-was-started").exists()
    else:
        assert decided == ["done"]
        assert "approved by " in screen
        assert (demo_project.folder / "a-browser-was-started").exists()


@pytest.mark.req("FLOW-7", "AUDIT-2")
def test_who_approved_a_run_stands_in_its_evidence(attended: Project) -> None:
    flow = attended.flow("look", LOOK, head="policy: { approval: required }\n")
    ended = attended.tokenbroker(*RUN, "--json", flow)
    assert ended.code == 0, ended.text
    folder = Path(json.loads(ended.out)["evidence"])
    approved = json.loads((folder / "run.json").read_text(encoding="utf-8"))["decision"]["approved"]
    assert (approved["who"], approved["channel"]) == ("simulated person", "simulated")
    page = (folder / "START-HERE.html").read_text(encoding="utf-8")
    assert "<dt>approved by</dt><dd><b>simulated person</b>" in page
