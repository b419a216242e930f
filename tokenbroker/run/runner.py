"""``execute``: a Plan in a browser. Called from one place only: the pytest item."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from playwright.sync_api import Browser, Page

from tokenbroker.clock import Clock
from tokenbroker.errors import RunError
from tokenbroker.flow.mend import why_never
from tokenbroker.flow.model import Mode, Step
from tokenbroker.human.checkpoint import Answer, Channel, Checkpoint
from tokenbroker.policy.approve import Plan
from tokenbroker.redact import Redactor
from tokenbroker.run.browser import gated_context
from tokenbroker.run.captcha import past_captcha
from tokenbroker.run.creation import CreationRecord
from tokenbroker.run.egress import Egress
from tokenbroker.run.ended_by import code_of, failure_of, is_interrupt
from tokenbroker.run.failure import StepFailed, shown_address
from tokenbroker.run.guide import Guide
from tokenbroker.run.mend import is_mended
from tokenbroker.run.pictures.camera import Camera
from tokenbroker.run.pictures.of_step import labels_for, picture_of
from tokenbroker.run.result import (
    CheckpointResult,
    RunEvent,
    RunResult,
    Status,
    StepResult,
    StepStarted,
)
from tokenbroker.run.retry import retried, retry_of
from tokenbroker.run.sign_on import SignOn
from tokenbroker.run.stage import Stage
from tokenbroker.run.steps import STEPS, perform
from tokenbroker.run.steps.expect import holds_now
from tokenbroker.run.watch import WentBack
from tokenbroker.secret import Secret

NOT_CAPTURED = "run.key_not_captured"


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What a run works with."""

    browser: Browser
    egress: Egress
    channel: Channel
    inputs: Mapping[str, str | Secret]
    record: CreationRecord
    redactor: Redactor
    clock: Clock
    step_timeout_s: float
    human_deadline_s: float
    human_parking_s: float = 0.0
    pictures: bool
    block_font: bool
    """Whether this browser is proven to draw every character as the same block."""
    on_event: Callable[[RunEvent], None]
    on_checkpoint: Callable[[Checkpoint, Answer], None]
    sign_on: SignOn | None = None
    """The session at the flow's identity provider that this run may use, and leaves to the next one."""
    is_watched: bool = False
    """Whether a person follows the run and can act in its page."""


def execute(plan: Plan, tools: Tools, *, run_id: str) -> RunResult:
    """Run `plan` in a fresh context and answer how it went; never raises for what happens inside a run.

    A Ctrl-C ends the run with the status INTERRUPTED; whoever called decides what follows. No exception
    leaves here with frames or messages of the browser's: they hold typed values.
    """
    if tools.clock() > plan.expires_at or plan.flow_sha256 != plan.flow.sha256:
        raise RunError("the plan is no longer valid; approve the flow again", code="run.plan_expired")
    run = _Run(plan, tools)
    started_at, began = tools.clock(), time.perf_counter()
    failed: BaseException | None = None
    try:
        run.perform()
    except BaseException as error:  # noqa: BLE001  Ctrl-C too: its traceback would show what was being typed
        # What went wrong while the browser was put away must not hide what went wrong in the step.
        failed = error if run.failed is None or is_interrupt(error) else run.failed
    leftovers = _close(tools.record)
    if failed is None and leftovers:
        run.step = None
        failed = RunError(
            "every step passed, but a key that may have been created was not captured", code=NOT_CAPTURED
        )
    failure = (
        failure_of(
            failed,
            plan.flow,
            run.step,
            redactor=tools.redactor,
            address=run.address,
            aftermath=(*leftovers, *run.notes),
        )
        if failed is not None
        else None
    )
    interrupted = failed is not None and is_interrupt(failed)
    status = Status.INTERRUPTED if interrupted else Status.FAILED if failure else Status.PASSED
    if status is Status.PASSED and any(
        step.target is not None and step.target.has_patch for step in run.results
    ):
        run.notes.append("`tokenbroker heal` shows what would mend the flow, as a patch")
    return RunResult(
        run_id=run_id,
        plan=plan,
        status=status,
        started_at=started_at,
        duration_s=time.perf_counter() - began,
        steps=tuple(run.results),
        checkpoints=tuple(run.checkpoints),
        references=tuple(tools.record.references),
        ends=dict(tools.record.ends),
        blocked=run.blocked,
        possibly_created=leftovers,
        failure=failure,
        created_key=tools.record.pressed_any,
        notes=tuple(run.notes),
    )


def _close(record: CreationRecord) -> tuple[str, ...]:
    try:
        return record.close()
    except Exception as error:  # noqa: BLE001  a disk that refuses must not hide how the run ended
        return (
            f"whether a key was left behind could not be told ({type(error).__name__}); see `tokenbroker recover`",
        )


class _Run:
    """One pass through the steps."""

    def __init__(self, plan: Plan, tools: Tools) -> None:
        self._plan = plan
        self._tools = tools
        self.results: list[StepResult] = []
        self.checkpoints: list[CheckpointResult] = []
        self.notes: list[str] = []
        self.blocked = ()
        self.step: Step | None = None
        self._tries: Counter[int] = Counter()
        """How often each step has begun."""
        self.failed: BaseException | None = None
        """What the failing step raised."""
        self.address = ""

    def perform(self) -> None:
        tools = self._tools
        with ExitStack() as stack:
            gate = stack.enter_context(tools.egress.open_gate(self._plan.reachable))
            stack.callback(lambda: setattr(self, "blocked", gate.blocked()))
            context = stack.enter_context(gated_context(tools.browser, gate))
            if tools.sign_on is not None:
                tools.sign_on.enter(context)
                stack.callback(tools.sign_on.keep, context)
            camera = (
                Camera(context, block_font=tools.block_font, proof=tools.block_font)
                if tools.pictures
                else None
            )
            stage = Stage(
                page=context.new_page(),
                plan=self._plan,
                inputs=tools.inputs,
                redactor=tools.redactor,
                channel=tools.channel,
                keeper=tools.record,
                clock=tools.clock,
                human_deadline_s=tools.human_deadline_s,
                human_parking_s=tools.human_parking_s,
                on_checkpoint=self._note_checkpoint,
                notes=self.notes,
            )
            stage.guide = self._guide(stage.page)
            try:
                steps, number = self._plan.flow.steps, 1
                while number <= len(steps):
                    number = self._perform_with_person(steps[number - 1], stage, camera)
            finally:
                if stage.guide is not None:
                    stage.guide.ahead.take_back(stage)

    def _guide(self, page: Page) -> Guide | None:
        if self._plan.mode is not Mode.GUIDED:
            return None
        return Guide(
            self._plan.flow,
            page,
            deadline_s=self._tools.human_deadline_s,
            clock=self._tools.clock,
            on_checkpoint=self._note_checkpoint,
        )

    def _perform_with_person(self, step: Step, stage: Stage, camera: Camera | None) -> int:
        """Do `step`, and again where a person has mended the page; answers the number of the step that is next."""
        while True:
            try:
                self._perform_step(step, stage, camera)
                return step.number + 1
            except WentBack as back:
                return back.to
            except StepFailed as error:
                failed = error
            if not self._is_mended(failed, step, stage):
                raise failed
            self.failed = None
            self.notes.append(
                f"step {step.number} failed with {failed.code}, and was done again once a person had mended the page"
            )

    def _is_mended(self, error: StepFailed, step: Step, stage: Stage) -> bool:
        return self._tools.is_watched and is_mended(
            error, step, stage, is_again=self._tries[step.number] > 1, in_doubt=self._tools.record.in_doubt
        )

    def _perform_step(self, step: Step, stage: Stage, camera: Camera | None) -> None:
        tools = self._tools
        self.step = step
        total, only_if = len(self._plan.flow.steps), str(step.when or "")
        tools.on_event(StepStarted(number=step.number, total=total, title=step.title, only_if=only_if))
        started_at, began = tools.clock(), time.perf_counter()
        timeout_s = tools.step_timeout_s
        if step.timeout_s is not None and "human" not in STEPS[step.verb].requires:
            timeout_s = step.timeout_s
        stage.begin(step, timeout_s, may_mend=not why_never(step, STEPS))
        self._tries[step.number] += 1
        status, remark = Status.FAILED, ""
        try:
            if not stage.applies():
                status, remark = Status.SKIPPED, f"not there: {step.when}"
            else:
                tools.record.begin(step, shown_address(stage.page.url))
                if stage.guide is not None:
                    stage.guide.begin(step, stage)
                kind = STEPS[step.verb]
                remark = past_captcha(lambda: _performed(step, stage), stage, is_idempotent=kind.idempotent)
                status = Status.PASSED
                if stage.guide is not None:
                    stage.guide.ahead.expect(step.number + 1, stage)
                remark = "; ".join(filter(None, (remark, self._healed(step, stage))))
        except WentBack as back:
            status, remark = Status.SKIPPED, f"the person went back to step {back.to}"
            raise
        except BaseException as error:
            self.failed = error
            if is_interrupt(error):
                status = Status.INTERRUPTED
            raise
        finally:
            self.address = shown_address(stage.page.url)
            duration_s = time.perf_counter() - began
            picture = (
                picture_of(camera, stage, may_be_unchanged=STEPS[step.verb].looks)
                if status is not Status.INTERRUPTED
                else None
            )
            labels = labels_for(camera, picture, step, stage) if status is not Status.SKIPPED else ()
            result = StepResult(
                number=step.number,
                verb=step.verb,
                title=step.title,
                status=status,
                started_at=started_at,
                duration_s=duration_s,
                remark=tools.redactor.text("; ".join(filter(None, (remark, stage.dialogs.remark)))),
                code=code_of(self.failed) if self.failed is not None else None,
                picture=picture,
                target=stage.target_report,
                labels=labels,
                attempt=self._tries[step.number],
            )
            self.results.append(result)
            tools.on_event(result)

    def _healed(self, step: Step, stage: Stage) -> str:
        """How the target of `step` was healed, which a person must hear of; "" where it was not."""
        told = stage.target_report.told if stage.target_report is not None else ""
        if told:
            where = f"{self._plan.flow.path.name}:{step.position.line}"
            self.notes.append(
                self._tools.redactor.text(f"{where}: step {step.number} was {told}; mend its selector")
            )
        return told

    def _note_checkpoint(self, checkpoint: Checkpoint, answer: Answer) -> None:
        assert self.step is not None  # only a step asks
        self.checkpoints.append(
            CheckpointResult(
                step=self.step.number,
                kind=checkpoint.kind,
                reason=checkpoint.reason,
                attempt=checkpoint.attempt,
                outcome=answer.outcome,
                who=answer.who,
                channel=answer.channel,
                at=answer.at,
                asked=checkpoint.asked,
                parked_at=checkpoint.parked_at(answer.at),
            )
        )
        self._tools.on_checkpoint(checkpoint, answer)


def _performed(step: Step, stage: Stage) -> str:
    """Do `step`, and again where it failed and may be done again (RUN-8)."""
    kind = STEPS[step.verb]
    retry = retry_of(step, default_times=kind.retries)
    return retried(
        lambda: perform(step, stage),
        stage,
        retry,
        is_idempotent=kind.idempotent,
        holds=lambda: holds_now(retry.expect, stage) if retry.expect is not None else False,
    )
