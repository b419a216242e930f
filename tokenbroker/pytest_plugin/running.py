"""What a flow item does when pytest runs it: approve, prepare, execute, collect, and say how it went."""

import logging
import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tokenbroker.broker import Broker, Run
from tokenbroker.errors import BrokerError, ExitCode, UsageError
from tokenbroker.flow.model import Flow, Mode
from tokenbroker.human.checkpoint import Channel
from tokenbroker.policy.approve import NEEDS_LIVE, Plan, Request
from tokenbroker.pytest_plugin import summary
from tokenbroker.pytest_plugin.options import params_of
from tokenbroker.redact import RedactingFilter, Redactor
from tokenbroker.run.failure import RunFailure
from tokenbroker.run.result import RunEvent, RunResult, Status
from tokenbroker.run.runner import Tools, execute
from tokenbroker.sinks import Sink

FOLLOWER = pytest.StashKey["Follower"]()
_LEAKING_OPTIONS = ("--tracing", "--video", "--screenshot")


class Follower:
    """Follows runs live; `tokenbroker run` puts one into the config's stash."""

    def approved(self, plan: Plan) -> None:
        """The run was approved: the first that is known of it."""

    def event(self, event: RunEvent) -> None:
        """A step began or ended."""

    def finished(self, result: RunResult, folder: str, broker: Broker) -> None:
        """The run is over."""

    def refused(self, error: BrokerError) -> None:
        """The run did not begin."""


def run_item(
    flow: Flow,
    request: pytest.FixtureRequest,
    broker: Broker,
    open_sink: Callable[[str], Sink],
    channel: Channel,
) -> None:
    """Run `flow` as the test that `request` belongs to."""
    item: Any = request.node
    item.redactor = broker.redactor
    follower = request.config.stash.get(FOLLOWER, Follower())
    refused: BrokerError | None = None
    try:
        plan = broker.approve(flow, _request(request, broker))
        item.user_properties.append((summary.MODE, f"{plan.mode.value}: {plan.mode_reason}"))
        follower.approved(plan)
        inputs = _prepare(plan, request, broker, open_sink, channel)
        tools_of = _tools(request, broker, channel)
    except BrokerError as error:
        refused = error
    if refused is not None:
        _refuse(flow, refused, follower)
        return
    run = broker.begin(plan, open_sink)
    run.listen(follower.event)
    with _redacted_logs(broker.redactor):
        result = execute(plan, tools_of(run, inputs), run_id=run.run_id)
    folder = run.finish(result)
    _note(item, result, str(folder))
    follower.finished(result, str(folder), broker)
    _conclude(flow, result, request.config)


@contextmanager
def _redacted_logs(redactor: Redactor) -> Iterator[None]:
    """Live logs and log files are written at once: what a report redacts at its end comes too late for them."""
    handlers, redacting = [*logging.getLogger().handlers], RedactingFilter(redactor)
    for handler in handlers:
        handler.addFilter(redacting)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(redacting)


def _prepare(
    plan: Plan,
    request: pytest.FixtureRequest,
    broker: Broker,
    open_sink: Callable[[str], Sink],
    channel: Channel,
) -> dict[str, Any]:
    """The pre-flight: everything that can be known to fail does so before a browser starts."""
    touches_secrets = any("value_ref" in s.options or s.verb == "capture_token" for s in plan.flow.steps)
    for option in _LEAKING_OPTIONS:
        if touches_secrets and request.config.getoption(option, "off") != "off":
            raise UsageError(
                f"{option} would write typed secrets into its files in clear",
                next_step=f"leave {option} away: each run has its own pictures in the evidence folder",
                code="run.unsafe_option",
            )
    inputs = broker.inputs(plan, open_sink)
    broker.preflight(plan, open_sink, channel)
    return inputs


def _tools(
    request: pytest.FixtureRequest, broker: Broker, channel: Channel
) -> Callable[[Run, dict[str, Any]], Tools]:
    """Start what a run works with; the browser comes last, once nothing else can refuse."""
    settings = broker.configuration.settings
    egress = request.getfixturevalue("tokenbroker_egress")
    browser = request.getfixturevalue("flow_browser")
    block_font = request.getfixturevalue("flow_browser_draws_blocks")
    pictures = settings.pictures and not request.config.getoption("--no-pictures")

    def tools(run: Run, inputs: dict[str, Any]) -> Tools:
        return Tools(
            browser=browser,
            egress=egress,
            channel=channel,
            inputs=inputs,
            record=run.record,
            redactor=broker.redactor,
            clock=broker.clock,
            step_timeout_s=settings.step_timeout_s,
            human_deadline_s=settings.human.deadline_s,
            pictures=pictures,
            block_font=block_font,
            on_event=run.on_event,
            on_checkpoint=run.on_checkpoint,
        )

    return tools


def _request(request: pytest.FixtureRequest, broker: Broker) -> Request:
    config = request.config
    mode = config.getoption("--mode")
    own = {param.name for param in request.node.flow.params}
    params = params_of(config)
    alone = sum(1 for item in request.session.items if isinstance(item, type(request.node))) == 1
    return Request(
        actor=broker.actor,
        mode=Mode(mode) if mode else None,
        # Several flows share one command line: each takes the parameters that are its own.
        params=params if alone else {name: value for name, value in params.items() if name in own},
        origin_map=request.getfixturevalue("origin_map"),
        live=config.getoption("--live"),
        again=config.getoption("--again"),
    )


def _refuse(flow: Flow, error: BrokerError, follower: Follower) -> None:
    expected = flow.expect_outcome
    if expected and expected.status == "blocked" and expected.reason in (None, error.code):
        return
    follower.refused(error)
    if error.code == NEEDS_LIVE:
        pytest.skip(f"{error.code}: {error.sentence}; {error.next_step}")
    kind = "blocked before a browser was started" if error.code.startswith("policy.") else "not started"
    text = f"{error.code}: {error.sentence}\n  {flow.path}: {kind}"
    if error.next_step:
        text += f"\n  to do  {error.next_step}"
    raise RunFailure(text, code=error.code, exit_code=error.exit_code)


def _note(item: Any, result: RunResult, folder: str) -> None:
    for reference in result.references:
        item.user_properties.append((summary.STORED, f"{reference} ({reference.fingerprint})"))
    for blocked in result.blocked:
        item.user_properties.append((summary.BLOCKED, f"{blocked.count} x {blocked.method} {blocked.origin}"))
    item.user_properties.append((summary.EVIDENCE, folder))


def _conclude(flow: Flow, result: RunResult, config: pytest.Config) -> None:
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
        report = failure.report
        if failure.internals and config.getoption("--flow-traceback"):
            report += f"\n\n{failure.internals}"
        raise RunFailure(report, code=failure.code, exit_code=ExitCode(failure.exit_code))


def describe_failure(excinfo: "pytest.ExceptionInfo[BaseException]", item: Any) -> str:
    """A flow item's failure as text: ours in our words, any other by its type, place and redacted message."""
    error = excinfo.value
    if isinstance(error, RunFailure):
        return error.report
    if isinstance(error, BrokerError):
        return str(error)
    redact = item.redactor.text if item.redactor is not None else str
    message = item.redactor.exception_text(error) if item.redactor is not None else type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"{os.path.relpath(frame.filename)}:{frame.lineno}: in {frame.name}" for frame in frames]
    shown = lines if item.config.getoption("--flow-traceback") else lines[-1:]
    return str(redact("\n".join([message, *shown])))
