"""The evidence folder of a run: pictures as they are taken, ``run.json`` and Allure's results at the end."""

import json
import os
from collections.abc import Iterator, Set
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from tokenbroker import __version__
from tokenbroker.errors import UsageError
from tokenbroker.evidence.report.allure import AllureReport, tell_allure
from tokenbroker.evidence.run_folder import ALLURE_RESULTS, ENDINGS, RECORD, write_private
from tokenbroker.evidence.times import Times
from tokenbroker.policy.approve import Approval
from tokenbroker.redact import Redactor
from tokenbroker.run.pictures.picture import Picture
from tokenbroker.run.result import CheckpointResult, RunEvent, RunResult, StepResult
from tokenbroker.settings import Precision

# What we ourselves have made: run ids, moments, states, digests. A secret such as 000000 or "passed" stands in
# them by chance; masking it there would break the record, and tell by the hole what the secret is.
_OURS: Final = frozenset(
    {
        "tokenbroker", "run", "flow_sha256", "mode", "status", "started_at", "timestamps", "verb",
        "picture", "picture_kind", "kind", "outcome", "at", "fingerprint",
    }
)  # fmt: skip


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
        raise _not_writable(reports, reason)


def _not_writable(folder: Path, reason: str) -> UsageError:
    return UsageError(
        f"the evidence folder {folder} can't be used: {reason}",
        next_step="name another one with the setting 'reports' (TOKENBROKER_REPORTS)",
        code="evidence.not_writable",
    )


class Evidence:
    """Collects one run into ``folder`` (created 0700); give `on_event` to the runner, then `finish`.

    Attributes:
        folder: where it all goes.
        allure: the run as Allure is told it, once it is finished.

    Raises:
        UsageError: `evidence.not_writable`; the folder can't be made, or is there already.
    """

    def __init__(self, folder: Path, redactor: Redactor, *, timestamps: Precision = "second") -> None:
        self.folder = folder
        self.allure: AllureReport | None = None
        self._redactor = redactor
        self._timestamps = timestamps
        self._pictures: set[str] = set()
        reason = ""
        try:
            folder.mkdir(parents=True, mode=0o700)
        except OSError as error:
            reason = error.strerror or type(error).__name__
        if reason:
            raise _not_writable(folder, reason)

    def on_event(self, event: RunEvent) -> None:
        """Write the picture of a finished step; raises OSError where the disk refuses it."""
        if isinstance(event, StepResult) and event.picture is not None and event.picture.data:
            name = _picture_name(event, event.picture)
            write_private(self.folder / name, event.picture.data)
            self._pictures.add(name)

    def finish(self, result: RunResult) -> Path:
        """Write ``run.json`` and ``allure-results`` and answer the folder; raises OSError where the disk refuses it."""
        times = Times(began_at=result.started_at, precision=self._timestamps)
        # Redacted once more: what is written here leaves the machine. Text by text, so that it stays JSON
        # even when a secret looks like a part of JSON.
        record = _record(result, self._pictures, times)
        if not self._redactor.is_clean(_texts(record)):  # most are, and one search tells
            record = self._redacted(record)
        write_private(self.folder / RECORD, json.dumps(record, indent=2, ensure_ascii=False).encode())
        self.allure = tell_allure(result, record=record, times=times, redactor=self._redactor)
        (self.folder / ALLURE_RESULTS).mkdir(mode=0o700, exist_ok=True)
        for name, data in self.allure.files():
            write_private(self.folder / ALLURE_RESULTS / name, data)
        return self.folder

    def _redacted(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._redactor.text(value)
        if isinstance(value, dict):
            # The keys that are not ours are origins.
            return {
                self._redactor.text(key) if ":" in key else key: each
                if key in _OURS
                else self._redacted(each)
                for key, each in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self._redacted(each) for each in value]
        return value


def _texts(value: Any) -> Iterator[str]:
    """Every text in `value`, those among the keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _texts(each)


def _picture_name(step: StepResult, picture: Picture) -> str:
    again = f"-{step.attempt}" if step.attempt > 1 else ""
    return f"{step.number:02d}-{step.verb}{again}.{ENDINGS[picture.media_type]}"


def _record(result: RunResult, pictures: Set[str], times: Times) -> dict[str, Any]:
    plan = result.plan
    return {
        "tokenbroker": __version__,
        "run": result.run_id,
        "flow": plan.flow.id,
        "flow_file": str(plan.flow.path),
        "flow_sha256": plan.flow_sha256,
        "mode": plan.mode.value,
        "mode_reason": plan.mode_reason,
        "decision": {
            "code": plan.reason_code,
            "at": times.text(plan.decided_at),
            "checks": [each.as_record() for each in plan.decision.checks],
            "approved": {**asdict(plan.approval), **_moments(plan.approval, times)}
            if plan.approval
            else None,
        },
        "actor": plan.actor,
        "status": result.status.value,
        "started_at": times.text(result.started_at),
        "timestamps": times.precision,
        "duration_s": round(result.duration_s, 3),
        "origins": {origin: plan.origin_map.get(origin, origin) for origin in plan.origins},
        "steps": [_step(step, pictures, times) for step in result.steps],
        "checkpoints": [
            {**asdict(checkpoint), **_moments(checkpoint, times)} for checkpoint in result.checkpoints
        ],
        "stored": [
            {**asdict(each), "ends": times.text_by_itself(result.ends[each]) if each in result.ends else None}
            for each in result.references
        ],
        "blocked_requests": [asdict(blocked) for blocked in result.blocked],
        "possibly_created": list(result.possibly_created),
        "notes": list(result.notes),
        "failure": {"code": result.failure.code, "report": result.failure.report} if result.failure else None,
    }


def _moments(answered: Approval | CheckpointResult, times: Times) -> dict[str, str | None]:
    parked_at = answered.parked_at
    return {"at": times.text(answered.at), "parked_at": times.text(parked_at) if parked_at else None}


def _step(step: StepResult, pictures: Set[str], times: Times) -> dict[str, Any]:
    picture = step.picture
    name = _picture_name(step, picture) if picture is not None and picture.data else None
    lost = name is not None and name not in pictures
    return {
        "number": step.number,
        "verb": step.verb,
        "title": step.title,
        "status": step.status.value,
        "started_at": times.text(step.started_at),
        "duration_s": round(step.duration_s, 3),
        "remark": step.remark,
        "code": step.code,
        "attempt": step.attempt,
        "picture": None if lost else name,
        "picture_kind": "none" if lost else picture.kind if picture is not None else "off",
        "picture_note": "it could not be written" if lost else picture.note if picture is not None else "",
        "target": step.target.as_record() if step.target is not None else None,
        "labels": [asdict(label) for label in step.labels],
    }
