"""What a flow item does when pytest runs it: approve, prepare, execute, collect, and say how it went."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest

from tokenbroker.broker import Broker, Run
from tokenbroker.errors import BrokerError, HumanUnreachable, UsageError
from tokenbroker.flow.model import Flow, Mode
from tokenbroker.human.channels import TerminalChannel
from tokenbroker.human.checkpoint import Channel, Checkpoint
from tokenbroker.human.overlay import panel_mark
from tokenbroker.policy.approve import Approval, Plan, Request
from tokenbroker.pytest_plugin import REDACTOR, summary
from tokenbroker.pytest_plugin.allure import tell_allure_of
from tokenbroker.pytest_plugin.ending import conclude, note, rebuilt, refuse
from tokenbroker.pytest_plugin.options import params_of
from tokenbroker.redact import RedactingFilter, Redactor
from tokenbroker.run.result import RunEvent, RunResult
from tokenbroker.run.runner import execute
from tokenbroker.run.sign_on import SignOn
from tokenbroker.run.steps import STEPS
from tokenbroker.run.targets.engine import install
from tokenbroker.run.tools import Tools
from tokenbroker.sinks import Sink

FOLLOWER = pytest.StashKey["Follower"]()
ERRAND = pytest.StashKey["Errand"]()
_TOLD = pytest.StashKey[bool]()
_LEAKING_OPTIONS = ("--tracing", "--video", "--screenshot")


@dataclass(frozen=True, kw_only=True)
class Errand:
    """What an item of a sitting runs its flow for.

    Attributes:
        params: what the flow is given, and nothing else.
        instead: as in a :class:`tokenbroker.policy.approve.Request`.
        command: what a person would do again, where the run does not begin; in the place of `tokenbroker run`.
        sign_on: answers the session at the provider with that address that the run may use; None for none.
    """

    params: Mapping[str, str]
    instead: Mapping[str, str]
    command: str | None = None
    sign_on: Callable[[str], SignOn | None] = lambda _address: None


class Follower:
    """Follows runs live; `tokenbroker run` puts one into the config's stash.

    Attributes:
        attended: whether a person has started the run, and sits before it.
    """

    attended = False

    def allowed(self, plan: Plan) -> None:
        """Policy allows the run: the first that is known of it."""

    def approved(self, approval: Approval) -> None:
        """A person has approved it, where somebody had to."""

    def shows_panel(self, mark: str, *, leads: bool) -> None:
        """A panel in the page, which bears `mark`, asks the person; where it `leads`, it also says what to do."""

    def waiting(self, checkpoint: Checkpoint, question: str) -> None:
        """A question waits for `tokenbroker approve`, where nobody sits at a terminal."""

    def parked(self, checkpoint: Checkpoint) -> None:
        """Nobody has answered a question in time, and it waits on where nobody sits at a terminal."""

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
    """Run `flow` as the test that `request` belongs to.

    Nothing foreign leaves here: neither messages nor frames, of a sink's error or of a Ctrl-C while a secret is opened.
    """
    request.config.stash[REDACTOR] = broker.redactor  # of whatever broker the project's fixture has made
    _redact_asyncio(broker.redactor)
    caught: BaseException | None = None
    try:
        _run_item(flow, request, broker, open_sink, channel)
    except BaseException as error:  # noqa: BLE001
        caught = rebuilt(error, flow, request.config)
    if caught is not None:
        raise caught


def _run_item(
    flow: Flow,
    request: pytest.FixtureRequest,
    broker: Broker,
    open_sink: Callable[[str], Sink],
    channel: Channel,
) -> None:
    item: Any = request.node
    follower = request.config.stash.get(FOLLOWER, Follower())
    refused: BrokerError | None = None
    try:
        plan = broker.approve(flow, _request(request, broker))
        item.user_properties.append((summary.MODE, f"{plan.mode.value}: {plan.mode_reason}"))
        follower.allowed(plan)
        plan, inputs = _prepare(plan, request, broker, open_sink, channel)
        if plan.approval is not None:
            item.user_properties.append(
                (summary.NOTE, f"approved by {plan.approval.who} ({plan.approval.channel})")
            )
            follower.approved(plan.approval)
        tools_of = _tools(request, broker, channel)
        run = broker.begin(plan, open_sink)
    except BrokerError as error:
        refused = error
    if refused is not None:
        follower.refused(refused)
        refuse(flow, refused, request.config)
        return
    run.listen(follower.event)
    if request.getfixturevalue("flow_browser_is_seen"):
        follower.shows_panel(panel_mark(), leads=plan.mode is Mode.GUIDED)
        _tell_session(request.config)
    with _redacted_logs(broker.redactor):
        result = execute(plan, tools_of(run, inputs), run_id=run.run_id)
    note(item, result, run.evidence.folder)  # first: what follows may fail, or be cut off by a second Ctrl-C
    result = run.finish(result)
    tell_allure_of(item, run.evidence.allure)
    with suppress(Exception):  # whoever follows may be gone; what it was told stands in the item's properties
        follower.finished(result, str(run.evidence.folder), broker)
    item.user_properties += [(summary.NOTE, text) for text in result.notes]
    conclude(flow, result, request.config)


def _tell_session(config: pytest.Config) -> None:
    """Tell the words of this session's panels, once, where pytest itself talks to the person."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and not config.stash.get(_TOLD, False):
        config.stash[_TOLD] = True
        reporter.write_line(f'\npanels in the browser bear the words "{panel_mark()}"')


def _redact_asyncio(redactor: Redactor) -> None:
    """For good: a Ctrl-C leaves a call of Playwright's half done, and once that is collected, long after the run,
    asyncio logs its error, which quotes what was being typed."""
    log = logging.getLogger("asyncio")
    if not any(isinstance(each, RedactingFilter) and each.redactor is redactor for each in log.filters):
        log.addFilter(RedactingFilter(redactor))


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
) -> tuple[Plan, dict[str, Any]]:
    """The pre-flight: everything that can be known to fail does so before a browser starts; answers the inputs.

    The plan that is answered has a person's approval, where it needs one.
    """
    # A person's step may be a one-time code.
    touches_secrets = any("value_ref" in s.options or STEPS[s.verb].requires for s in plan.flow.steps)
    for option in _LEAKING_OPTIONS:
        if touches_secrets and request.config.getoption(option, "off") != "off":
            raise UsageError(
                f"{option} would write typed secrets into its files in clear",
                next_step=f"leave {option} away: each run has its own pictures in the evidence folder",
                code="run.unsafe_option",
            )
    errand: Errand | None = request.node.stash.get(ERRAND, None)
    command = errand.command if errand is not None else None
    if plan.mode is Mode.GUIDED and not request.getfixturevalue("flow_browser_is_seen"):
        raise HumanUnreachable(
            "guided mode leads a person through the page, and this browser has no window",
            next_step=f"{command or f'tokenbroker run {plan.flow.path} --mode guided'} --headed",
            code="human.no_window",
        )
    if plan.needs_approval:
        broker.preflight(plan, open_sink, channel, command=command)
        plan = broker.approved(plan, channel, command=command)
        return plan, broker.inputs(plan, open_sink)  # no secret is read before the approval
    inputs = broker.inputs(plan, open_sink)
    broker.preflight(plan, open_sink, channel, command=command)
    return plan, inputs


def _tools(
    request: pytest.FixtureRequest, broker: Broker, channel: Channel
) -> Callable[[Run, dict[str, Any]], Tools]:
    """Start what a run works with; the browser comes last, once nothing else can refuse."""
    settings = broker.configuration.settings
    egress = request.getfixturevalue("tokenbroker_egress")
    install(
        request.getfixturevalue("playwright").selectors
    )  # also for a browser of the project's own fixture
    browser = request.getfixturevalue("proven_flow_browser")
    pictures = settings.pictures and not request.config.getoption("--no-pictures")
    block_font = pictures and request.getfixturevalue("flow_browser_draws_blocks")

    follower = request.config.stash.get(FOLLOWER, Follower())
    is_watched = bool(request.getfixturevalue("flow_browser_is_seen")) and (
        follower.attended or TerminalChannel().unreachable() is None
    )

    def tools(run: Run, inputs: dict[str, Any]) -> Tools:
        run.browser = f"{browser.browser_type.name} {browser.version}"
        return Tools(
            browser=browser,
            egress=egress,
            is_watched=is_watched,
            sign_on=_sign_on(request, run.plan),
            channel=channel,
            inputs=inputs,
            record=run.record,
            redactor=broker.redactor,
            clock=broker.clock,
            step_timeout_s=settings.step_timeout_s,
            human_deadline_s=settings.human.deadline_s,
            human_parking_s=settings.human.parking_s,
            pictures=pictures,
            block_font=block_font,
            on_event=run.on_event,
            on_checkpoint=run.on_checkpoint,
        )

    return tools


def _sign_on(request: pytest.FixtureRequest, plan: Plan) -> SignOn | None:
    errand: Errand | None = request.node.stash.get(ERRAND, None)
    if errand is None or not plan.flow.sign_on:
        return None
    return errand.sign_on(plan.address(plan.flow.sign_on))


def _request(request: pytest.FixtureRequest, broker: Broker) -> Request:
    config = request.config
    mode = config.getoption("--mode")
    errand = request.node.stash.get(ERRAND, None)
    return Request(
        actor=broker.actor,
        mode=Mode(mode) if mode else None,
        params=errand.params if errand else _params(request),
        instead=errand.instead if errand else {},
        origin_map=request.getfixturevalue("origin_map"),
        live=config.getoption("--live"),
        # Whoever replaces a key has asked for another one.
        again=errand is not None or config.getoption("--again"),
        attended=config.stash.get(FOLLOWER, Follower()).attended
        and bool(request.getfixturevalue("flow_browser_is_seen")),
    )


def _params(request: pytest.FixtureRequest) -> dict[str, str]:
    """Several flows share one command line: each takes the parameters that are its own."""
    params = params_of(request.config)
    own = {param.name for param in request.node.flow.params}
    alone = sum(1 for item in request.session.items if isinstance(item, type(request.node))) == 1
    return params if alone else {name: value for name, value in params.items() if name in own}
