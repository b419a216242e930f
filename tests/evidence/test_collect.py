"""The evidence folder: pictures as they come, one record at the end, private, and without a secret."""

import json
import secrets
from pathlib import Path

import pytest

from tests.evidence.results import FLOW, MAPPED, NOW, PLAN, PNG, SVG, a_result, a_step
from tokenbroker.errors import UsageError
from tokenbroker.evidence.collect import Evidence
from tokenbroker.evidence.run_folder import ALLURE_RESULTS
from tokenbroker.human.checkpoint import Kind, Outcome
from tokenbroker.redact import Redactor
from tokenbroker.run.egress import BlockedRequest
from tokenbroker.run.pictures.picture import nothing, wireframe
from tokenbroker.run.result import CheckpointResult, Failure, Status, StepStarted
from tokenbroker.secret import Secret
from tokenbroker.sinks.sink import Reference

pytestmark = pytest.mark.req("SECRET-7")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "reports" / "run-1"


def recorded(folder: Path) -> dict:
    return json.loads((folder / "run.json").read_text(encoding="utf-8"))


def test_each_finished_step_leaves_its_picture_and_nothing_else(folder: Path) -> None:
    evidence = Evidence(folder, Redactor())
    evidence.on_event(StepStarted(number=1, total=11, title="x"))
    evidence.on_event(a_step(1))
    evidence.on_event(a_step(2, picture=wireframe(SVG, note="a headed browser")))
    evidence.on_event(a_step(3, picture=nothing("the page holds a font made by script")))
    evidence.on_event(a_step(4, picture=None))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "01-navigate.png": PNG,
        "02-type.svg": SVG,
    }


def test_the_record_names_the_pictures_that_are_there(folder: Path) -> None:
    steps = (
        a_step(1),
        a_step(2, picture=wireframe(SVG, note="a headed browser")),
        a_step(3, picture=nothing("no proof")),
        a_step(4, picture=None),
    )
    evidence = Evidence(folder, Redactor())
    for step in steps:
        evidence.on_event(step)
    assert evidence.finish(a_result(*steps)) == folder
    told = [
        (step["picture"], step["picture_kind"], step["picture_note"]) for step in recorded(folder)["steps"]
    ]
    assert told == [
        ("01-navigate.png", "pixels", ""),
        ("02-type.svg", "wireframe", "a headed browser"),
        (None, "none", "no proof"),
        (None, "off", ""),
    ]
    named = {name for name, _, _ in told if name}
    assert {path.name for path in folder.iterdir()} == {*named, "run.json", ALLURE_RESULTS}


def test_the_record_tells_the_whole_run(folder: Path) -> None:
    reference = Reference(sink="bitwarden", path="example/opendiscourse", version=2, fingerprint="ab" * 8)
    checkpoint = CheckpointResult(
        step=1,
        kind=Kind.OTP,
        reason="Enter 2FA",
        attempt=2,
        outcome=Outcome.DONE,
        who="me",
        channel="terminal",
        at=NOW,
    )
    failure = Failure(
        code="target.ambiguous", report="two of them", exit_code=1, internals="Traceback of ours"
    )
    Evidence(folder, Redactor()).finish(
        a_result(
            a_step(1),
            status=Status.FAILED,
            checkpoints=(checkpoint,),
            references=(reference,),
            blocked=(BlockedRequest(origin="https://foreign.example", method="GET", count=3),),
            possibly_created=("a key may have been created",),
            failure=failure,
        )
    )
    record = recorded(folder)
    assert (record["run"], record["flow"], record["status"]) == ("run-1", FLOW.id, "failed")
    assert record["flow_sha256"] == FLOW.sha256
    assert record["origins"] == MAPPED
    decision = record["decision"]
    assert (decision["code"], decision["at"]) == (PLAN.reason_code, "2026-11-20T12:00:00Z")
    assert [each["holds"] for each in decision["checks"]] == [True] * 6
    assert record["stored"] == [
        {
            "sink": "bitwarden",
            "path": "example/opendiscourse",
            "version": 2,
            "fingerprint": "ab" * 8,
            "ends": None,
        }
    ]
    assert record["checkpoints"][0]["step"] == 1
    assert record["checkpoints"][0]["outcome"] == "done"
    assert record["checkpoints"][0]["at"] == "2026-11-20T12:00:00Z"
    assert record["blocked_requests"] == [{"origin": "https://foreign.example", "method": "GET", "count": 3}]
    assert record["possibly_created"] == ["a key may have been created"]
    assert record["failure"] == {"code": "target.ambiguous", "report": "two of them"}
    assert record["steps"][0]["duration_s"] == 0.123


def test_a_secret_that_reached_a_text_of_the_run_is_not_in_the_record(folder: Path) -> None:
    value = f'demo-only-"{secrets.token_hex(8)}"'
    redactor = Redactor()
    redactor.add(Secret(value), label="secrets:example.password")
    failure = Failure(code="x", report=f"page said {value}", exit_code=1)
    Evidence(folder, redactor).finish(a_result(a_step(1, remark=value), failure=failure))
    text = (folder / "run.json").read_text(encoding="utf-8")
    assert value not in text
    assert json.dumps(value)[1:-1] not in text
    assert recorded(folder)["steps"][0]["remark"] == "«secret:example.password»"


@pytest.mark.parametrize("value", ["null", "false", "passed", "1.5", '": "'])
def test_the_record_is_json_even_when_a_secret_looks_like_it(folder: Path, value: str) -> None:
    redactor = Redactor()
    redactor.add(Secret(value), label="secrets:odd")
    Evidence(folder, redactor).finish(a_result(a_step(1, remark=f"said {value} here")))
    assert value not in recorded(folder)["steps"][0]["remark"]


def test_folder_and_files_are_for_their_owner_alone(folder: Path) -> None:
    evidence = Evidence(folder, Redactor())
    evidence.on_event(a_step(1))
    evidence.finish(a_result(a_step(1)))
    assert folder.stat().st_mode & 0o777 == 0o700
    results = folder / ALLURE_RESULTS
    assert results.stat().st_mode & 0o777 == 0o700
    files = [path for path in (*folder.iterdir(), *results.iterdir()) if path.is_file()]
    assert len(files) == 5  # the picture, the record, and both once more with the result for Allure
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_a_folder_of_another_run_is_not_written_into(folder: Path) -> None:
    Evidence(folder, Redactor())
    with pytest.raises(UsageError) as refused:
        Evidence(folder, Redactor())
    assert refused.value.code == "evidence.not_writable"


def test_a_picture_that_could_not_be_written_is_not_named(folder: Path) -> None:
    evidence = Evidence(folder, Redactor())
    (folder / "01-navigate.png").mkdir()  # in the way
    with pytest.raises(OSError, match="directory"):
        evidence.on_event(a_step(1))
    evidence.finish(a_result(a_step(1)))
    (step,) = recorded(folder)["steps"]
    assert (step["picture"], step["picture_kind"]) == (None, "none")
    assert step["picture_note"]


def test_a_secret_that_stands_in_what_we_made_by_chance_breaks_no_record(folder: Path) -> None:
    redactor = Redactor()
    for number, value in enumerate(("000000", "20261120", "2026", "passed", "pixels")):
        redactor.add(Secret(value), label=f"secrets:{number}")
    evidence = Evidence(folder, redactor)
    evidence.on_event(a_step(1))
    run_id = "20261120T120000-create_api_key-00000000"
    evidence.finish(a_result(a_step(1, title="typed 000000 in 2026"), run_id=run_id))
    record = recorded(folder)
    assert (record["run"], record["status"], record["started_at"]) == (
        run_id,
        "passed",
        "2026-11-20T12:00:00Z",
    )
    (step,) = record["steps"]
    assert (step["started_at"], step["picture_kind"]) == ("2026-11-20T12:00:00Z", "pixels")
    assert "000000" not in step["title"]
    assert "2026" not in step["title"]
