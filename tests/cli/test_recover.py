"""`tokenbroker recover`: what interrupted runs left is finished, or named until a person has looked."""

import json
import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.project import CREATE, SITE, Project
from tokenbroker.cli.recover import _say_what_to_do
from tokenbroker.run.intent import Intent
from tokenbroker.run.recover import Outcome, Recovered

pytestmark = pytest.mark.req("RUN-10")

NEVER_CAPTURED = CREATE + (
    '  - capture_token: { selector: ".no-such-token", secret_ref: "bitwarden:example/reporting" }\n'
    "    timeout: 2m\n"
)


def test_there_is_nothing_to_recover(project: Project) -> None:
    ended = project.tokenbroker("recover")
    assert ended.code == 0
    assert "Nothing was left behind" in ended.out
    assert json.loads(project.tokenbroker("recover", "--json").out) == []


def test_only_a_run_that_left_something_can_be_dismissed(project: Project) -> None:
    ended = project.tokenbroker("recover", "--dismiss", "no-such-run")
    assert (ended.code, ended.refusal()) == (1, "spool.not_found")


def test_the_key_of_a_replacement_under_way_is_left_to_it(capsys: pytest.CaptureFixture[str]) -> None:
    def left(run_id: str, target: str) -> Recovered:
        intent = Intent(
            run_id=run_id,
            flow_id="example/create",
            site="example",
            origin=SITE,
            key_name="agent",
            revoke="example/revoke",
            targets=(target,),
            created_at=datetime(2026, 11, 28, tzinfo=UTC),
        )
        return Recovered(
            outcome=Outcome.POSSIBLY_CREATED, spool_file=Path("x"), intent=intent, targets=(target,)
        )

    _say_what_to_do([left("one", "local:a/key.rotating"), left("two", "local:b/key")], ["local:a/key"])
    commands = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert commands == ["  tokenbroker rotate local:a/key", "  tokenbroker recover --dismiss two"]


@pytest.mark.browser
@pytest.mark.req("RUN-10", "RUN-9")
def test_a_killed_runs_key_is_named_until_it_is_dismissed(attended: Project) -> None:
    flow = attended.flow("create", NEVER_CAPTURED)
    with attended.start("run", "--no-pictures", flow) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "✓  9 click text=Create" in line:
                break
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert attended.wait_until_alone()  # the browser can't outlive its run
    ended = attended.tokenbroker("recover", "--json")
    assert ended.code == 1, ended.text
    (left,) = json.loads(ended.out)
    assert (left["flow"], left["key_name"], left["revoke"]) == (
        "example/create",
        "Reporting",
        f"{SITE}/api-keys",
    )
    assert left["outcome"].startswith("POSSIBLY CREATED")
    assert attended.demo is not None
    assert attended.account is not None
    names = [key.name for key in attended.demo.live_keys() if key.account_email == attended.account.email]
    assert "Reporting" in names
    assert f"tokenbroker recover --dismiss {left['run']}" in attended.tokenbroker("recover").out
    assert attended.tokenbroker("recover", "--dismiss", left["run"]).code == 0
    assert attended.tokenbroker("recover").code == 0
    assert ("dismiss_creation", left["run"], "ok") in attended.audit()
    rows = [row for row in attended.audit() if row[0] == "recover_token"]
    assert rows == [("recover_token", "bitwarden:example/reporting", "possibly_created")] * 2
