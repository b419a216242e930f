"""How a run is told when not all of it could be shown or written."""

from dataclasses import replace

from tokenbroker.errors import BrokerError, ExitCode, RunError
from tokenbroker.run.failure import failure_report
from tokenbroker.run.result import Failure, RunResult, Status


def noted(result: RunResult, notes: tuple[str, ...]) -> RunResult:
    """`result` with `notes`, which its failure's report says too."""
    failure = result.failure
    if failure is not None:
        failure = replace(failure, report="\n".join((failure.report, *(f"! {note}" for note in notes))))
    return replace(result, notes=(*result.notes, *notes), failure=failure)


def unrecorded(result: RunResult, note: str) -> RunResult:
    """`result` once `note` says what of the run could not be written: a run without a record has not passed."""
    if result.failure is None:
        error = RunError(
            "every step passed, but the run could not be recorded; what it stored is stored",
            next_step="don't run it again before you have looked: it may make a second key",
            code="run.not_recorded",
        )
        report = failure_report(result.plan.flow, None, error, page_url="")
        failure = Failure(
            code=error.code,
            report=report,
            exit_code=int(ExitCode.UNAVAILABLE),
            next_step=error.next_step,
        )
        result = replace(result, failure=failure, status=Status.FAILED)
    elif result.failure.nobody_reached:  # such a run may be skipped, but not where nothing else tells of it
        result = replace(result, failure=replace(result.failure, nobody_reached=False))
    return noted(result, (note,))


def why(error: Exception) -> str:
    """`error` in our own words or the system's; a foreign message may hold a value."""
    if isinstance(error, BrokerError):
        return error.sentence
    return (error.strerror if isinstance(error, OSError) else "") or type(error).__name__
