"""A run in Allure's model: everything of it is told, by names, and nothing of a value."""

import json
import secrets
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.evidence.results import MAPPED, NOW, PNG, a_result, a_step, plan_of
from tests.flow.texts import REFERENCE, flow_from
from tokenbroker.evidence.collect import Evidence
from tokenbroker.evidence.run_folder import ALLURE_RESULTS
from tokenbroker.human.checkpoint import Kind, Outcome
from tokenbroker.policy.approve import Request, approve
from tokenbroker.redact import Redactor
from tokenbroker.run.egress import BlockedRequest
from tokenbroker.run.pictures.label import Label
from tokenbroker.run.pictures.picture import nothing
from tokenbroker.run.result import CheckpointResult, Failure, RunResult, Status
from tokenbroker.secret import Secret
from tokenbroker.sinks.sink import Reference

pytestmark = pytest.mark.req("AUDIT-2")

REPORT = "target.ambiguous: no element to act on\n\n  > 9 | - click\n  reason target.ambiguous"
FAILURE = Failure(code="target.ambiguous", report=REPORT, exit_code=1, internals="Traceback of ours")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run-1"


def told(folder: Path, result: RunResult, redactor: Redactor | None = None, **settings) -> dict:
    Evidence(folder, redactor or Redactor(), **settings).finish(result)
    (file,) = (folder / ALLURE_RESULTS).glob("*-result.json")
    return json.loads(file.read_bytes())


def pairs(named: list[dict]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in named}


def everything(result: dict) -> list[dict]:
    """The result and all of its steps."""
    return [result, *(inner for step in result.get("steps", []) for inner in everything(step))]


def test_each_step_is_told_with_its_target_its_time_and_its_picture(folder):
    late = NOW + timedelta(seconds=3, milliseconds=250)
    result = told(folder, a_result(a_step(1), a_step(9, started_at=late), duration_s=4.5))
    navigate, type_ = result["steps"]
    assert (navigate["name"], navigate["status"]) == ("navigate https://console.example.com/login", "passed")
    assert pairs(navigate["parameters"]) == {"verb": "navigate", "url": "https://console.example.com/login"}
    assert pairs(type_["parameters"]) == {"verb": "type", "selector": "#name", "value": "OpenDiscourse Agent"}
    assert navigate["stop"] - navigate["start"] == 123  # the duration is exact
    assert type_["start"] - navigate["start"] == 3_000  # the moments are told to the second
    assert result["stop"] - result["start"] == 4_500
    (picture,) = navigate["attachments"]
    assert (folder / ALLURE_RESULTS / picture["source"]).read_bytes() == PNG
    assert (picture["name"], picture["type"]) == ("01 navigate", "image/png")


def test_a_picture_with_labels_is_told_with_them(folder):
    label = Label(text="secrets:example.email", box=(10, 10, 300, 30))
    result = told(folder, a_result(a_step(2, labels=(label,))))
    (picture,) = result["steps"][0]["attachments"]
    assert picture["type"] == "image/svg+xml"
    assert "secrets:example.email</text>" in (folder / ALLURE_RESULTS / picture["source"]).read_text()


def test_a_step_without_a_picture_says_why(folder):
    result = told(folder, a_result(a_step(1, picture=nothing("the page is gone")), a_step(2, picture=None)))
    gone, off = result["steps"]
    assert pairs(gone["parameters"])["picture"] == "the page is gone"
    assert "picture" not in pairs(off["parameters"])
    assert "attachments" not in gone


def test_every_attachment_is_there_and_nothing_else(folder):
    result = told(folder, a_result(a_step(1), a_step(2)))
    named = {each["source"] for part in everything(result) for each in part.get("attachments", [])}
    files = {path.name for path in (folder / ALLURE_RESULTS).iterdir()}
    assert files == {*named, f"{result['uuid']}-result.json"}
    assert len(named) == 3


def test_the_record_is_attached_whole(folder):
    result = told(folder, a_result(a_step(1)))
    (record,) = result["attachments"]
    held = json.loads((folder / ALLURE_RESULTS / record["source"]).read_bytes())
    assert held == json.loads((folder / "run.json").read_bytes())


def test_it_is_labelled_by_site_flow_mode_and_tags(folder):
    plan = plan_of(flow_from(REFERENCE.replace("steps:", "tags: [demo, nightly]\nsteps:", 1), "flows/f.yaml"))
    labels = told(folder, a_result(a_step(1), plan=plan))["labels"]
    assert [each["value"] for each in labels if each["name"] == "tag"] == ["demo", "nightly"]
    assert pairs(labels) == {
        "suite": "examplecloud",
        "feature": "examplecloud",
        "story": "create_api_key",
        "flow": "examplecloud/create_api_key",
        "mode": "semi_auto",
        "tag": "nightly",
        "framework": "tokenbroker",
        "language": "yaml",
    }


def test_runs_of_one_flow_are_attempts_at_one_thing_and_never_share_a_file(tmp_path):
    first = told(tmp_path / "1", a_result(a_step(1), run_id="run-1"))
    second = told(tmp_path / "2", a_result(a_step(1), run_id="run-2"))
    assert first["historyId"] == second["historyId"]
    assert first["testCaseId"] == second["testCaseId"]
    names = [{path.name for path in (tmp_path / run / ALLURE_RESULTS).iterdir()} for run in "12"]
    assert names[0].isdisjoint(names[1])


def test_parameters_are_named_and_their_values_are_not_told(folder):
    value = f"demo-only-{secrets.token_hex(8)}"
    text = REFERENCE.replace("steps:", "params:\n  account: { personal: true }\n  note:\nsteps:", 1)
    flow = flow_from(text, "flows/f.yaml")
    request = Request(actor="tests", params={"account": value, "note": value}, origin_map=MAPPED)
    plan = approve(flow, request, clock=lambda: NOW)
    result = told(folder, a_result(a_step(1), plan=plan))
    assert [each["name"] for each in result["parameters"]] == ["account", "note"]
    assert all(each["excluded"] for each in result["parameters"])
    assert value not in json.dumps(result)
    assert result["historyId"] == told(folder.with_name("other"), a_result(a_step(1)))["historyId"]


def test_a_failed_run_has_its_report_and_not_our_frames(folder):
    step = a_step(1, status=Status.FAILED, code="target.ambiguous")
    result = told(folder, a_result(step, status=Status.FAILED, failure=FAILURE))
    assert (result["status"], result["statusDetails"]["message"]) == ("failed", REPORT)
    assert result["steps"][0]["status"] == "failed"
    assert result["steps"][0]["statusDetails"]["message"] == REPORT.partition("\n")[0]
    assert "Traceback" not in json.dumps(result)


@pytest.mark.parametrize(
    ("status", "code", "told_as"),
    [
        (Status.INTERRUPTED, "run.interrupted", "broken"),
        (Status.FAILED, "internal", "broken"),
        (Status.FAILED, "human.denied", "failed"),
    ],
)
def test_what_is_no_fault_of_the_flow_counts_as_broken(folder, status, code, told_as):
    failure = Failure(code=code, report=f"{code}: so it was", exit_code=1)
    assert told(folder, a_result(a_step(1), status=status, failure=failure))["status"] == told_as


def test_a_failure_that_the_flow_expects_passes_and_says_so(folder):
    text = REFERENCE.replace(
        "steps:", "expect_outcome: { status: failed, reason: target.ambiguous }\nsteps:", 1
    )
    plan = plan_of(flow_from(text, "flows/f.yaml"))
    failed = a_step(1, status=Status.FAILED, code="target.ambiguous")
    result = told(folder, a_result(failed, plan=plan, status=Status.FAILED, failure=FAILURE))
    assert result["status"] == "passed"
    assert result["statusDetails"]["known"] is True
    assert result["steps"][0]["status"] == "failed"


def test_a_checkpoint_is_a_step_in_the_step_that_asked(folder):
    asked = CheckpointResult(
        step=6,
        kind=Kind.OTP,
        reason="Enter 2FA",
        attempt=2,
        outcome=Outcome.DENIED,
        who="me",
        channel="terminal",
        at=NOW,  # as every moment here: a clock may stand still, or be put back
    )
    steps = (a_step(5), a_step(6))
    waited_for, waited = told(folder, a_result(*steps, checkpoints=(asked,)))["steps"]
    assert "steps" not in waited_for
    (checkpoint,) = waited["steps"]
    assert checkpoint["status"] == "failed"
    assert pairs(checkpoint["parameters"]) == {
        "kind": "otp",
        "attempt": "2",
        "outcome": "denied",
        "who": "me",
        "channel": "terminal",
        "answered": "2026-11-20T12:00:00Z",
    }
    parked = replace(asked, asked="ann", parked_at=NOW)
    _, waited = told(folder.with_name("run-2"), a_result(*steps, checkpoints=(parked,)))["steps"]
    (checkpoint,) = waited["steps"]
    named = pairs(checkpoint["parameters"])
    assert (named["asked"], named["parked"]) == ("ann", "2026-11-20T12:00:00Z")


def test_what_was_stored_blocked_and_left_behind_is_described(folder):
    result = told(
        folder,
        a_result(
            a_step(1),
            references=(Reference(sink="vault", path="example/key", version=2, fingerprint="ab" * 8),),
            blocked=(BlockedRequest(origin="https://foreign.example", method="GET", count=3),),
            possibly_created=("a key may have been created",),
            notes=("the disk was full",),
        ),
    )
    described = result["description"]
    for words in (
        "vault:example/key@2",
        "ab" * 8,
        "3 x `GET https://foreign.example`",
        "a key may",
        "the disk was",
    ):
        assert words in described


def test_nothing_of_the_description_is_markup(folder):
    text = "`](https://example.com) ![x](https://example.com/x.png) ``<img src=x>"
    described = told(folder, a_result(a_step(1), notes=(text,)))["description"]
    assert f"``` {text} ```" in described


@pytest.mark.parametrize("precision", ["second", "minute", "hour", "day"])
def test_no_moment_is_told_more_exactly_than_the_settings_say(folder, precision):
    unit_ms = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}[precision] * 1000
    began = NOW + timedelta(hours=1, minutes=2, seconds=3, milliseconds=4)
    steps = [a_step(n, started_at=began + timedelta(seconds=7 * n)) for n in range(1, 12)]
    result = told(folder, a_result(*steps, started_at=began), timestamps=precision)
    assert {part["start"] % unit_ms for part in everything(result)} == {0}
    record = json.loads((folder / "run.json").read_bytes())
    assert record["timestamps"] == precision
    assert f"{began:%M:%S}" not in json.dumps(record) or precision == "second"


@pytest.mark.req("SECRET-7")
def test_a_secret_in_any_text_of_the_run_is_in_no_file(folder):
    value = f"demo-only-{secrets.token_hex(16)}"
    redactor = Redactor()
    redactor.add(Secret(value), label="secrets:example.password")
    flow = flow_from(
        REFERENCE.replace("OpenDiscourse Agent", value).replace("Enter 2FA", value), "flows/f.yaml"
    )
    asked = CheckpointResult(
        step=9,
        kind=Kind.OTP,
        reason=value,
        attempt=1,
        outcome=Outcome.DONE,
        who=value,
        channel=value,
        at=NOW,
    )
    step = a_step(9, title=value, remark=value, code=value, labels=(Label(text=value, box=(0, 0, 99, 20)),))
    failure = Failure(code=value, report=f"{value}\n{value}", exit_code=1)
    result = told(
        folder,
        a_result(
            step,
            a_step(1, picture=nothing(value)),
            plan=plan_of(flow),
            status=Status.FAILED,
            failure=failure,
            checkpoints=(asked,),
            possibly_created=(value,),
            notes=(value,),
        ),
        redactor,
    )
    assert [
        path.name for path in folder.rglob("*") if path.is_file() and value.encode() in path.read_bytes()
    ] == []
    assert json.dumps(result, ensure_ascii=False).count("«secret:example.password»") >= 10


@pytest.mark.parametrize("value", ["passed", "failed", "type", "start", "-result.json", "image/png"])
def test_a_secret_that_looks_like_allures_own_words_breaks_no_result(folder, value):
    redactor = Redactor()
    redactor.add(Secret(value), label="secrets:odd")
    result = told(folder, a_result(a_step(1, remark=f"said {value} here")), redactor)
    assert result["status"] == "passed"
    assert (folder / ALLURE_RESULTS / result["steps"][0]["attachments"][0]["source"]).is_file()
    assert value not in pairs(result["steps"][0]["parameters"])["result"]
