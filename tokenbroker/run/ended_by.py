"""What ended a run, told so that nothing foreign is left of it: no message, no frame, no local variable."""

import traceback
from collections.abc import Sequence
from pathlib import Path

from tokenbroker.errors import BrokerError, HumanUnreachable, RunError
from tokenbroker.flow.model import Flow, Step
from tokenbroker.redact import Redactor
from tokenbroker.run.failure import failure_report
from tokenbroker.run.result import Failure

STOPPED = "run.stopped"
_PACKAGE = str(Path(__file__).parent.parent)


def is_interrupt(error: BaseException) -> bool:
    """Whether `error` asks for the end of the whole session: Ctrl-C, SystemExit or ``pytest.exit``.

    ``pytest.fail``, ``pytest.skip`` and a test's time-out are no such thing, though no `Exception` either.
    """
    kind = type(error)
    by_pytest = (kind.__module__, kind.__name__) == ("_pytest.outcomes", "Exit")  # pytest is a floor above
    return by_pytest or isinstance(error, (KeyboardInterrupt, SystemExit))


def code_of(error: BaseException) -> str:
    """The code of a step that `error` ended."""
    if isinstance(error, BrokerError):
        return error.code
    if is_interrupt(error):
        return "interrupted"
    return "internal" if isinstance(error, Exception) else STOPPED


def failure_of(
    error: BaseException,
    flow: Flow,
    step: Step | None,
    *,
    redactor: Redactor,
    address: str,
    aftermath: Sequence[str],
) -> Failure:
    """What a person is told of a run of `flow` that `error` ended, at `step`; `aftermath` holds sentences of ours.

    Of `error` only its code and our own sentence survive.
    """
    redact = redactor.text
    internals = ""
    if isinstance(error, BrokerError):
        told = error
    elif is_interrupt(error):
        told = RunError("the run was interrupted", code="run.interrupted")
    else:
        told = _unexpected(error)
        # Without the foreign message and without locals: both can hold what was typed.
        frames = "".join(traceback.format_tb(error.__traceback__))
        internals = redact(f"{frames}{redactor.exception_text(error)}")
    report = failure_report(
        flow, step, told, page_url=address, aftermath="\n".join(f"! {sentence}" for sentence in aftermath)
    )
    return Failure(
        code=told.code,
        report=redact(report),
        exit_code=int(told.exit_code),
        next_step=redact(told.next_step),
        nobody_reached=isinstance(told, HumanUnreachable),
        internals=internals,
    )


def _unexpected(error: BaseException) -> RunError:
    """An error that is none of ours, by its type and the place in our code only."""
    if not isinstance(error, Exception):
        return RunError(
            f"the run was stopped from outside ({type(error).__name__}): a test's time-out, pytest.fail or pytest.skip",
            next_step="run it again with --flow-traceback to see what stopped it",
            code=STOPPED,
        )
    frame = next(
        (f for f in reversed(traceback.extract_tb(error.__traceback__)) if f.filename.startswith(_PACKAGE)),
        None,
    )
    where = f" at {Path(frame.filename).name}:{frame.lineno}" if frame else ""
    return RunError(
        f"an error inside tokenbroker ({type(error).__name__}{where})",
        next_step="run it again with --flow-traceback and report what it prints",
        code="internal",
    )
