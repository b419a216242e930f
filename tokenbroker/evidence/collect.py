"""The evidence folder of a run: pictures as they are taken, and ``run.json`` at the end."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tokenbroker import __version__
from tokenbroker.clock import iso
from tokenbroker.errors import UsageError
from tokenbroker.redact import Redactor
from tokenbroker.run.pictures.picture import Picture
from tokenbroker.run.result import RunEvent, RunResult, StepResult

_ENDINGS = {"image/png": "png", "image/svg+xml": "svg"}


def require_place(reports: Path) -> None:
    """Make the folder that takes the evidence of runs, before any run needs it.

    Raises:
        UsageError: `evidence.not_writable`.
    """
    reason = ""
    try:
        reports.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or type(error).__name__
    if not reason and not os.access(reports, os.W_OK | os.X_OK):
        reason = "Permission denied"
    if reason:
        raise UsageError(
            f"the evidence folder {reports} can't be used: {reason}",
            next_step="name another one with the setting 'reports' (TOKENBROKER_REPORTS)",
            code="evidence.not_writable",
        )


class Evidence:
    """Collects one run into ``folder`` (created 0700); give `on_event` to the runner, then `finish`."""

    def __init__(self, folder: Path, redactor: Redactor) -> None:
        self.folder = folder
        self._redactor = redactor
        folder.mkdir(parents=True, mode=0o700)

    def on_event(self, event: RunEvent) -> None:
        """Write the picture of a finished step."""
        if isinstance(event, StepResult) and event.picture is not None and event.picture.data:
            self._write(_picture_name(event, event.picture), event.picture.data)

    def finish(self, result: RunResult) -> Path:
        """Write ``run.json`` and answer the folder."""
        # Redacted once more: what is written here leaves the machine. Text by text, so that it stays JSON
        # even when a secret looks like a part of JSON.
        record = self._redacted(_record(result))
        self._write("run.json", json.dumps(record, indent=2, ensure_ascii=False).encode())
        return self.folder

    def _redacted(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._redactor.text(value)
        if isinstance(value, dict):
            return {self._redactor.text(key): self._redacted(each) for key, each in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._redacted(each) for each in value]
        return value

    def _write(self, name: str, data: bytes) -> None:
        descriptor = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)


def _picture_name(step: StepResult, picture: Picture) -> str:
    return f"{step.number:02d}-{step.verb}.{_ENDINGS[picture.media_type]}"


def _record(result: RunResult) -> dict[str, Any]:
    plan = result.plan
    return {
        "tokenbroker": __version__,
        "run": result.run_id,
        "flow": plan.flow.id,
        "flow_file": str(plan.flow.path),
        "flow_sha256": plan.flow_sha256,
        "mode": plan.mode.value,
        "mode_reason": plan.mode_reason,
        "decision": {"code": plan.reason_code, "at": iso(plan.decided_at)},
        "actor": plan.actor,
        "status": result.status.value,
        "started_at": iso(result.started_at),
        "duration_s": round(result.duration_s, 3),
        "origins": {origin: plan.origin_map.get(origin, origin) for origin in plan.origins},
        "steps": [_step(step) for step in result.steps],
        "checkpoints": [
            {**asdict(checkpoint), "at": iso(checkpoint.at)} for checkpoint in result.checkpoints
        ],
        "stored": [asdict(reference) for reference in result.references],
        "blocked_requests": [asdict(blocked) for blocked in result.blocked],
        "possibly_created": list(result.possibly_created),
        "failure": {"code": result.failure.code, "report": result.failure.report} if result.failure else None,
    }


def _step(step: StepResult) -> dict[str, Any]:
    picture = step.picture
    return {
        "number": step.number,
        "verb": step.verb,
        "title": step.title,
        "status": step.status.value,
        "started_at": iso(step.started_at),
        "duration_s": round(step.duration_s, 3),
        "remark": step.remark,
        "code": step.code,
        "picture": _picture_name(step, picture) if picture is not None and picture.data else None,
        "picture_kind": picture.kind if picture is not None else "off",
        "picture_note": picture.note if picture is not None else "",
    }
