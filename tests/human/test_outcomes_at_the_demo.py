"""How checkpoints end on the demo site, from the person's act to the exit code, the audit and ``run.json``."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.project import SIGN_IN, SITE, Project

pytestmark = [pytest.mark.browser, pytest.mark.req("HUMAN-1")]

RUN = ("run", "--no-pictures", "--json")
DEVICE = SIGN_IN + (
    f'  - navigate: "{SITE}/deploy"\n'
    '  - type: { selector: "#token_name", value: "ci-main" }\n'
    '  - click: { selector: "text=Request token", creates: { name: "ci-main" } }\n'
    '  - wait_for: "[data-waiting-for-device]"\n'
    '  - wait_human: { reason: "Approve the token", kind: device, denied: "[data-device-outcome]" }\n'
    "    timeout: %s\n"
)
READ = '  - capture_token: { selector: "#deploy-token", secret_ref: "bitwarden:example/deploy" }\n'
CAPTCHA = SIGN_IN + (
    f'  - navigate: "{SITE}/speech"\n'
    '  - type: { selector: "#app", value: "Dictation" }\n'
    '  - click: { selector: "text=Get my key", creates: { name: "Dictation" } }\n'
    "    timeout: 2s\n"
    '  - capture_token: { selector: ".sp-key", secret_ref: "bitwarden:example/speech" }\n'
)


class Run:
    """A run of `tokenbroker` that has ended."""

    def __init__(self, project: Project, flow: str) -> None:
        ended = project.tokenbroker(*RUN, flow)
        self.exit_code, self.told = ended.code, ended.err
        result = json.loads(ended.out)
        self.code, self.stored = result["code"], result["stored"]
        self.record: dict[str, Any] = json.loads((Path(result["evidence"]) / "run.json").read_text())
        self.outcomes = [(c["kind"], c["outcome"]) for c in self.record["checkpoints"]]


def audited(project: Project) -> list[str]:
    """The results of the checkpoints in the audit."""
    return sorted(result for action, _, result in project.audit() if action == "checkpoint")


@pytest.mark.req("RUN-12", "RUN-7")
def test_three_wrong_codes_are_refused_and_a_new_run_with_the_right_one_passes(demo_project: Project) -> None:
    flow = demo_project.flow("sign_in", SIGN_IN)
    demo_project.play_person("wrong_codes=3")
    refused = Run(demo_project, flow)
    assert (refused.exit_code, refused.code) == (11, "human.code_refused")
    assert [checkpoint["attempt"] for checkpoint in refused.record["checkpoints"]] == [1, 2, 3]
    demo_project.play_person()
    assert Run(demo_project, flow).exit_code == 0


@pytest.mark.req("RUN-12")
def test_two_wrong_codes_are_forgiven(demo_project: Project) -> None:
    demo_project.play_person("wrong_codes=2")
    passed = Run(demo_project, demo_project.flow("sign_in", SIGN_IN))
    assert (passed.exit_code, passed.outcomes) == (0, [("otp", "done")] * 3)


def test_a_device_that_approves_lets_the_run_go_on(demo_project: Project) -> None:
    demo_project.play_person()
    approved = Run(demo_project, demo_project.flow("deploy", DEVICE % "1m" + READ))
    assert (approved.exit_code, approved.stored) == (0, ["bitwarden:example/deploy@1"])
    assert approved.outcomes == [("otp", "done"), ("device", "done")]


def test_a_device_that_denies_ends_the_run(demo_project: Project) -> None:
    demo_project.play_person("device=Press.DENY")
    denied = Run(demo_project, demo_project.flow("deploy", DEVICE % "1m" + READ))
    assert (denied.exit_code, denied.code, denied.stored) == (11, "human.denied", [])
    last = denied.record["checkpoints"][-1]
    assert (last["kind"], last["outcome"], last["who"]) == ("device", "denied", "simulated person")
    assert denied.record["started_at"] < last["at"]
    assert audited(demo_project) == ["denied", "done"]


def test_a_device_that_nobody_answers_times_out(demo_project: Project) -> None:
    demo_project.play_person("device=Press.NOTHING")
    silent = Run(demo_project, demo_project.flow("deploy", DEVICE % "1s" + READ))
    assert (silent.exit_code, silent.code) == (11, "human.timed_out")
    assert silent.outcomes[-1] == ("device", "timed_out")
    assert audited(demo_project) == ["done", "timed_out"]


@pytest.mark.req("RUN-7")
def test_a_captcha_that_the_flow_does_not_foresee_is_put_to_the_person(demo_project: Project) -> None:
    demo_project.play_person()
    passed = Run(demo_project, demo_project.flow("speech", CAPTCHA))
    assert (passed.exit_code, passed.stored) == (0, ["bitwarden:example/speech@1"])
    assert passed.outcomes == [("otp", "done"), ("action", "done")]


@pytest.mark.req("RUN-7", "HUMAN-2")
def test_a_captcha_at_a_terminal_without_a_window_fails_at_once(demo_project: Project) -> None:
    flow = demo_project.flow("speech", CAPTCHA)
    with demo_project.terminal("run", "--no-pictures", flow) as terminal:
        terminal.wait_for("Type the code and press Enter")
        terminal.type(demo_project.read_phone())
        assert terminal.end() == 11
        assert "human.captcha" in terminal.screen
        assert "--headed" in terminal.screen
