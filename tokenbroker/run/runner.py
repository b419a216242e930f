"""``execute``: a Plan in a browser. Called from one place only: the pytest item."""

import time

from tokenbroker.errors import RunError
from tokenbroker.policy.approve import Plan
from tokenbroker.run.creation import CreationRecord
from tokenbroker.run.ended_by import failure_of, is_interrupt
from tokenbroker.run.one_pass import OnePass
from tokenbroker.run.result import RunResult, Status
from tokenbroker.run.tools import Tools

NOT_CAPTURED = "run.key_not_captured"


def execute(plan: Plan, tools: Tools, *, run_id: str) -> RunResult:
    """Run `plan` in a fresh context and answer how it went; never raises for what happens inside a run.

    A Ctrl-C ends the run with the status INTERRUPTED; whoever called decides what follows. No exception
    leaves here with frames or messages of the browser's: they hold typed values.
    """
    if tools.clock() > plan.expires_at or plan.flow_sha256 != plan.flow.sha256:
        raise RunError("the plan is no longer valid; approve the flow again", code="run.plan_expired")
    run = OnePass(plan, tools)
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
