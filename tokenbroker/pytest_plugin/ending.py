"""How a flow item ends: refused, noted, concluded; and how its failure reads."""

import os
import traceback
from pathlib import Path
from typing import Any

import pytest

from tokenbroker.errors import BrokerError, ExitCode, HumanUnreachable
from tokenbroker.flow.model import Flow
from tokenbroker.policy.approve import NEEDS_LIVE
from tokenbroker.pytest_plugin import REDACTOR, summary
from tokenbroker.run.ended_by import is_interrupt
from tokenbroker.run.failure import RunFailure
from tokenbroker.run.result import RunResult, Status


def refuse(flow: Flow, error: BrokerError, config: pytest.Config) -> None:
    """End the item of a flow that did not begin; it passes where the flow expects exactly this."""
    expected = flow.expect_outcome
    if expected and expected.status == "blocked" and expected.reason in (None, error.code):
        return
    if error.code == NEEDS_LIVE:
        pytest.skip(f"{error.code}: {error.sentence}; {error.next_step}")
    if isinstance(error, HumanUnreachable) and _may_skip(config):
        pytest.skip(f"{error.code}: {error.sentence}")
    kind = "blocked before a browser was started" if error.code.startswith("policy.") else "not started"
    text = f"{error.code}: {error.sentence}\n  {flow.path}: {kind}"
    if error.next_step:
        text += f"\n  to do  {error.next_step}"
    raise RunFailure(text, code=error.code, exit_code=error.exit_code)


def note(item: Any, result: RunResult, folder: Path) -> None:
    """Put what the person must be told into the item's properties, and where it is found if no report is made."""
    said = [(summary.STORED, f"{reference} ({reference.fingerprint})") for reference in result.references]
    said += [(summary.POSSIBLY_CREATED, sentence) for sentence in result.possibly_created]
    said += [(summary.BLOCKED, f"{each.count} x {each.method} {each.origin}") for each in result.blocked]
    item.user_properties += [*said, (summary.EVIDENCE, str(folder))]
    item.config.stash.setdefault(summary.NOTED, {})[item.nodeid] = item.user_properties


def conclude(flow: Flow, result: RunResult, config: pytest.Config) -> None:
    """Raise what the end of the run means for its item, or nothing where it passes."""
    if result.status is Status.INTERRUPTED:
        raise KeyboardInterrupt
    expected, failure = flow.expect_outcome, result.failure
    if expected is not None:
        if failure is None:
            raise RunFailure(
                f"run.unexpected_outcome: it passed, {expected.status} was expected",
                code="run.unexpected_outcome",
            )
        if expected.status == "failed" and expected.reason in (None, failure.code):
            return
    if failure is not None:
        if failure.nobody_reached and _may_skip(config) and not _left_something(result):
            pytest.skip(failure.report.partition("\n")[0])
        report = failure.report
        if failure.internals and config.getoption("--flow-traceback"):
            report += f"\n\n{failure.internals}"
        raise RunFailure(report, code=failure.code, exit_code=ExitCode(failure.exit_code))


def _may_skip(config: pytest.Config) -> bool:
    """Whether a flow that needs a person, where none can be reached, is to be skipped."""
    return bool(config.getoption("--no-human") == "skip-test")


def _left_something(result: RunResult) -> bool:
    """Whether a key was, or may have been, made or captured: nobody must overlook that among skipped tests."""
    steps = result.plan.flow.steps
    said = (each for each in result.steps if "creates" in steps[each.number - 1].options)
    created = result.created_key or any(each.status is Status.PASSED for each in said)
    return bool(created or result.references or result.possibly_created)


def rebuilt(error: BaseException, flow: Flow, config: pytest.Config) -> BaseException:
    """`error` without frames and without a chain, to be raised outside the ``except`` block.

    Ours keep their words and pytest's their meaning. Of any other only the type and the place are left: the message
    of a project's own sink may hold the value that it was about to answer.
    """
    redact = config.stash[REDACTOR].text
    if isinstance(error, pytest.exit.Exception):
        return pytest.exit.Exception(redact(error.msg), error.returncode)
    if is_interrupt(error):
        return KeyboardInterrupt()
    if isinstance(error, pytest.skip.Exception):
        return pytest.skip.Exception(redact(error.msg or ""))
    if isinstance(error, BrokerError):
        error.__cause__ = error.__context__ = None
        return error.with_traceback(None)
    every = traceback.extract_tb(error.__traceback__)
    frames = [frame for frame in every if Path(frame.filename).parent.name != "_pytest"] or every
    report = (
        f"internal: {type(error).__name__} at {_place(frames[-1])}\n  {flow.path}: an error outside its steps"
    )
    if config.getoption("--flow-traceback"):
        report += "\n\n" + "\n".join(_place(frame) for frame in frames)
    else:
        report += "\n  to do  --flow-traceback shows the way there; the message is left out, for it may hold a secret"
    return RunFailure(redact(report), code="internal")


def describe_failure(excinfo: "pytest.ExceptionInfo[BaseException]", item: Any) -> str:
    """A flow item's failure as text: ours in our words, any other by its type, place and redacted message."""
    error = excinfo.value
    if isinstance(error, RunFailure):
        return error.report
    if isinstance(error, BrokerError):
        return str(error)
    redact = item.redactor.text if item.redactor is not None else str
    message = item.redactor.exception_text(error) if item.redactor is not None else type(error).__name__
    lines = [_place(frame) for frame in traceback.extract_tb(error.__traceback__)]
    shown = lines if item.config.getoption("--flow-traceback") else lines[-1:]
    return str(redact("\n".join([message, *shown])))


def _place(frame: traceback.FrameSummary) -> str:
    return f"{os.path.relpath(frame.filename)}:{frame.lineno}: in {frame.name}"
