"""Results of runs, made by hand: what the evidence of a run is written from."""

import struct
import zlib
from dataclasses import replace
from datetime import UTC, datetime

from tests.flow.texts import REFERENCE, flow_from
from tokenbroker.flow.model import Flow
from tokenbroker.policy.approve import Plan, Request, approve
from tokenbroker.run.pictures.picture import pixels
from tokenbroker.run.result import RunResult, Status, StepResult

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PNG = b"".join(
    (
        b"\x89PNG\r\n\x1a\n",
        _chunk(b"IHDR", struct.pack(">IIBBBBB", 640, 480, 1, 0, 0, 0, 0)),
        _chunk(b"IDAT", zlib.compress((b"\0" + b"\xff" * 80) * 480)),
        _chunk(b"IEND", b""),
    )
)
"""A white picture of 640 x 480."""
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
FLOW = flow_from(REFERENCE, "flows/create_api_key.yaml")
DEMO = "http://127.0.0.1:8000"
MAPPED = {"https://console.example.com": DEMO}


def plan_of(flow: Flow) -> Plan:
    request = Request(actor="tests", params={}, origin_map=MAPPED)
    return approve(flow, request, clock=lambda: NOW)


PLAN = plan_of(FLOW)


def a_step(number: int, **changes: object) -> StepResult:
    step = StepResult(
        number=number,
        verb=FLOW.steps[number - 1].verb,
        title=FLOW.steps[number - 1].title,
        status=Status.PASSED,
        started_at=NOW,
        duration_s=0.12345,
        remark="",
        code=None,
        picture=pixels(PNG),
    )
    return replace(step, **changes)  # type: ignore[arg-type]  # each test names fields of a StepResult


def a_result(*steps: StepResult, **changes: object) -> RunResult:
    result = RunResult(
        run_id="run-1",
        plan=PLAN,
        status=Status.PASSED,
        started_at=NOW,
        duration_s=1.5,
        steps=steps,
        checkpoints=(),
        references=(),
        blocked=(),
        possibly_created=(),
        failure=None,
        created_key=False,
    )
    return replace(result, **changes)  # type: ignore[arg-type]  # each test names fields of a RunResult
