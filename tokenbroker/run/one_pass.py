"""The steps of a run, one after the other, each with its result and its picture."""

import time
from collections import Counter
from contextlib import ExitStack

from playwright.sync_api import Page

from tokenbroker.flow.mend import why_never
from tokenbroker.flow.model import Mode, Step
from tokenbroker.human.checkpoint import Answer, Checkpoint
from tokenbroker.policy.approve import Plan
from tokenbroker.run.browser import gated_context
from tokenbroker.run.captcha import past_captcha
from tokenbroker.run.egress import BlockedRequest
from tokenbroker.run.ended_by import code_of, is_interrupt
from tokenbroker.run.failure import StepFailed, shown_address
from tokenbroker.run.guide import Guide
from tokenbroker.run.mend import is_mended
from tokenbroker.run.pictures.camera import Camera
from tokenbroker.run.pictures.of_step import labels_for, picture_of
from tokenbroker.run.result import CheckpointResult, Status, StepResult, StepStarted
from tokenbroker.run.retry import retried, retry_of
from tokenbroker.run.stage import Stage
from tokenbroker.run.steps import STEPS, perform
from tokenbroker.run.steps.expect import holds_now
from tokenbroker.run.tools import Tools
from tokenbroker.run.watch import WentBack


class OnePass:
    """One pass through the steps of `plan`; what it has come to stands in its attributes, also where `perform` raises.

    Attributes:
        step: the one that it is at, or ended at.
        failed: what the failing step raised.
        address: the page's address then, as it may be shown.
    """

    def __init__(self, plan: Plan, tools: Tools) -> None:
        self._plan = plan
        self._tools = tools
        self.results: list[StepResult] = []
        self.checkpoints: list[CheckpointResult] = []
        self.notes: list[str] = []
        self.blocked: tuple[BlockedRequest, ...] = ()
        self.step: Step | None = None
        self._tries: Counter[int] = Counter()
        """How often each step has begun."""
        self.failed: BaseException | None = None
        self.address = ""

    def perform(self) -> None:
        """Do all steps in a fresh context; raises whatever ends the run, Ctrl-C too."""
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
                status, remark = Status.SKIPPED, stage.why_left_out()
            else:
                tools.record.begin(step, shown_address(stage.page.url))
                if stage.guide is not None:
                    stage.guide.begin(step, stage)
                kind = STEPS[step.verb]
                remark = past_captcha(lambda: performed(step, stage), stage, is_idempotent=kind.idempotent)
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


def performed(step: Step, stage: Stage) -> str:
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
