"""A run in Allure's own model: one test result with a step for each step of the flow. It holds no value.

The model is allure-python-commons' (`allure_commons.model2`), which is what allure-pytest writes as well.
"""

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from allure_commons.model2 import (
    ATTACHMENT_PATTERN,
    Attachment,
    Label,
    Parameter,
    Status,
    StatusDetails,
    TestResult,
    TestStepResult,
)
from allure_commons.types import LabelType
from attr import AttrsInstance, asdict

from tokenbroker.evidence.report.describe import describe
from tokenbroker.evidence.report.labelled import labelled
from tokenbroker.evidence.run_folder import ENDINGS, RECORD
from tokenbroker.evidence.times import Times
from tokenbroker.flow.model import Flow, Step
from tokenbroker.human.checkpoint import Outcome
from tokenbroker.redact import Redactor
from tokenbroker.run import result as run

_NAMESPACE: Final = uuid.UUID("6f1d6c0e-5f0b-5e0c-9d43-7f3a0b6f7e11")
_STATUS: Final = {
    run.Status.PASSED: Status.PASSED,
    run.Status.FAILED: Status.FAILED,
    run.Status.SKIPPED: Status.SKIPPED,
    run.Status.INTERRUPTED: Status.BROKEN,
}
# Allure reads these by their exact words. None of them comes from a page or a person.
_MACHINE_READ: Final = frozenset(
    {"uuid", "historyId", "testCaseId", "status", "stage", "source", "type", "start", "stop"}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class AllureReport:
    """What Allure reads of one run.

    Attributes:
        result: the test result; every text of it was redacted.
        attachments: the files that it names, by name.
    """

    result: TestResult
    attachments: Mapping[str, bytes] = field(repr=False)

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Every file of the ``allure-results`` folder with its name."""
        yield from self.attachments.items()
        yield self.result.file_pattern.format(prefix=self.result.uuid), to_json(self.result)


def to_json(model: AttrsInstance) -> bytes:
    """`model` as Allure's readers want it: without what is empty."""
    return json.dumps(asdict(model, filter=lambda _, value: bool(value)), ensure_ascii=False).encode()


def tell_allure(
    result: run.RunResult, *, record: Mapping[str, Any], times: Times, redactor: Redactor
) -> AllureReport:
    """`result` for Allure; `record` is its redacted ``run.json``, which is attached whole."""
    flow, failure = result.plan.flow, result.failure
    teller = _Teller(result, times, redactor.text)
    as_expected = _failed_as_expected(result)
    told = TestResult(
        uuid=_identity(result.run_id),
        # Of the flow alone: its runs are attempts at one thing, whatever their parameters were.
        historyId=_history_id(flow),
        testCaseId=_history_id(flow),
        fullName=flow.id,
        titlePath=[flow.site, flow.name],
        name=flow.label,
        description=describe(result, times),
        status=Status.PASSED if as_expected else _status(result.status, failure.code if failure else None),
        stage="finished",
        start=times.epoch_ms(result.started_at),
        stop=times.epoch_ms(result.started_at) + _ms(result.duration_s),
        labels=labels_of(result),
        # Named only: a value may be a person's, and Allure writes what it is told to mask or to hide.
        parameters=[Parameter(name=p.name, value="(not shown)", excluded=True) for p in flow.params],
        steps=[teller.step(step) for step in result.steps],
        attachments=[teller.attach(RECORD, "application/json", json.dumps(record, indent=2).encode())],
    )
    if failure is not None:
        message = f"the flow expects this: {teller.summary}" if as_expected else failure.report
        told.statusDetails = StatusDetails(known=as_expected or None, message=message)
    if not redactor.is_clean(_texts(told)):  # most are, and one search tells
        _redact(told, redactor.text)
    return AllureReport(result=told, attachments=teller.attachments)


def labels_of(result: run.RunResult) -> list[Label]:
    """Where the run stands among others: by site and flow, mode and tags."""
    flow = result.plan.flow
    pairs = [
        (LabelType.SUITE, flow.site),
        (LabelType.FEATURE, flow.site),
        (LabelType.STORY, flow.name),
        ("flow", flow.id),
        ("mode", result.plan.mode.value),
        *((LabelType.TAG, tag) for tag in flow.tags),
        (LabelType.FRAMEWORK, "tokenbroker"),
        (LabelType.LANGUAGE, "yaml"),
    ]
    return [Label(name=str(name), value=value) for name, value in pairs]


class _Teller:
    """Tells the steps of one run, and gathers what they attach."""

    def __init__(self, result: run.RunResult, times: Times, redact: Callable[[str], str]) -> None:
        self.attachments: dict[str, bytes] = {}
        self.summary = result.failure.report.partition("\n")[0] if result.failure else ""
        self._result = result
        self._times = times
        self._redact = redact

    def step(self, step: run.StepResult) -> TestStepResult:
        flow = self._result.plan.flow
        start = self._times.epoch_ms(step.started_at)
        asked = [each for each in self._result.checkpoints if each.step == step.number]
        told = TestStepResult(
            name=step.title,
            status=_status(step.status, step.code),
            stage="finished",
            start=start,
            stop=start + _ms(step.duration_s),
            steps=[self.checkpoint(each) for each in asked],
            parameters=_parameters(step, flow.steps[step.number - 1]),
            attachments=self._pictures(step),
        )
        if step.code:
            told.statusDetails = StatusDetails(message=self.summary)
        return told

    def checkpoint(self, checkpoint: run.CheckpointResult) -> TestStepResult:
        at = self._times.epoch_ms(checkpoint.at)
        parked_at = checkpoint.parked_at
        pairs = [
            ("kind", checkpoint.kind.value),
            ("attempt", str(checkpoint.attempt)),
            ("outcome", checkpoint.outcome.value),
            ("who", checkpoint.who),
            ("channel", checkpoint.channel),
            ("answered", self._times.text(checkpoint.at)),
        ]
        if parked_at is not None:
            pairs += [("asked", checkpoint.asked), ("parked", self._times.text(parked_at))]
        return TestStepResult(
            name=f"a person was asked: {checkpoint.reason}",
            status=Status.PASSED if checkpoint.outcome is Outcome.DONE else Status.FAILED,
            stage="finished",
            start=at,
            stop=at,
            parameters=[Parameter(name=name, value=value) for name, value in pairs],
        )

    def attach(self, name: str, media_type: str, data: bytes) -> Attachment:
        prefix = _identity(f"{self._result.run_id}/{name}")
        source = ATTACHMENT_PATTERN.format(prefix=prefix, ext=ENDINGS[media_type])
        self.attachments[source] = data
        return Attachment(name=name, source=source, type=media_type)

    def _pictures(self, step: run.StepResult) -> list[Attachment]:
        picture, name = step.picture, f"{step.number:02d} {step.verb}"
        if picture is None or not picture.data:
            return []
        if not step.labels:
            return [self.attach(name, picture.media_type, picture.data)]
        labels = [replace(label, text=self._redact(label.text)) for label in step.labels]
        return [self.attach(name, "image/svg+xml", labelled(picture, labels))]


def _parameters(step: run.StepResult, written: Step) -> list[Parameter]:
    """The step as the flow has it, literals and names of references, and what came of it."""
    picture = step.picture
    pairs = [
        ("verb", step.verb),
        *((name, _flat(value)) for name, value in written.options.items()),
        ("when", str(written.when or "")),
        ("unless", str(written.unless or "")),
        ("found", _found(step)),
        ("result", step.remark),
        ("code", step.code),
        ("picture", picture.note if picture is not None else ""),
    ]
    return [Parameter(name=name, value=value) for name, value in pairs if value]


def _found(step: run.StepResult) -> str:
    """How a selector set came to its element."""
    if step.target is None:
        return ""
    failed = f"; not by {', '.join(step.target.failed)}" if step.target.failed else ""
    return f"by {', '.join(step.target.agreed)}{failed}"


def _failed_as_expected(result: run.RunResult) -> bool:
    expected, failure = result.plan.flow.expect_outcome, result.failure
    if expected is None or failure is None or result.status is not run.Status.FAILED:
        return False
    return expected.status == "failed" and expected.reason in (None, failure.code)


def _status(status: run.Status, code: str | None) -> str:
    return Status.BROKEN if code == "internal" else _STATUS[status]


def _identity(text: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, text))


def _history_id(flow: Flow) -> str:
    return hashlib.sha256(f"tokenbroker flow {flow.id}".encode()).hexdigest()[:32]


def _ms(seconds: float) -> int:
    return max(round(seconds * 1000), 0)


def _flat(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _texts(model: Any) -> Iterator[str]:
    """Every text of `model` that `_redact` would redact."""
    for name, value in vars(model).items():
        if name in _MACHINE_READ:
            continue
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str):
                yield each
            elif hasattr(each, "__attrs_attrs__"):
                yield from _texts(each)


def _redact(model: Any, redact: Callable[[str], str]) -> None:
    """Redact every text of `model`, in place."""
    for name, value in vars(model).items():
        if name in _MACHINE_READ:
            continue
        if isinstance(value, str):
            setattr(model, name, redact(value))
        elif isinstance(value, list):
            value[:] = [redact(each) if isinstance(each, str) else each for each in value]
            for each in value:
                if not isinstance(each, str):
                    _redact(each, redact)
        elif hasattr(value, "__attrs_attrs__"):
            _redact(value, redact)
