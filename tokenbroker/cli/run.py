"""``tokenbroker run``: the same pytest item, followed live at a terminal."""

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import typer

from tokenbroker.broker import Broker
from tokenbroker.cli.secrets import print_key_advice
from tokenbroker.errors import BrokerError, ExitCode, UsageError
from tokenbroker.policy.approve import WOULD_DUPLICATE, Plan
from tokenbroker.pytest_plugin import NAMED_FLOWS
from tokenbroker.pytest_plugin.items import FlowItem
from tokenbroker.pytest_plugin.options import parse_params, refuse_guided
from tokenbroker.pytest_plugin.running import FOLLOWER, Follower
from tokenbroker.run.result import RunEvent, RunResult, Status, StepResult, StepStarted
from tokenbroker.settings import load_configuration

_MARKS = {Status.PASSED: "✓", Status.FAILED: "✗", Status.SKIPPED: "-", Status.INTERRUPTED: "!"}
INTERRUPTED = 130
_REMOVALS, _REMOVAL_PAUSE_S = 50, 0.1


def run(
    flow: Path = typer.Argument(metavar="FLOW", help="The flow file."),
    mode: str = typer.Option("", help="guided or semi_auto; default: what the flow allows."),
    param: list[str] = typer.Option(
        [], metavar="NAME=VALUE", help="A parameter of the flow; may be repeated."
    ),
    headed: bool = typer.Option(False, "--headed", help="Show the browser."),
    live: bool = typer.Option(False, "--live", help="Allow sites beyond this machine."),
    again: bool = typer.Option(False, "--again", help="Create another key where an earlier run created one."),
    no_pictures: bool = typer.Option(False, "--no-pictures", help="Take no picture after each step."),
    traceback: bool = typer.Option(
        False, "--flow-traceback", help="Show tokenbroker's own frames, redacted."
    ),
    as_json: bool = typer.Option(
        False, "--json", help="Print the result as JSON; progress goes to standard error."
    ),
) -> None:
    """Run one flow and watch it; asks at the terminal where only a person may act."""
    if not flow.is_file():
        raise UsageError(f"there is no flow file {flow}")
    if "[" in str(flow) or "::" in str(flow):
        raise UsageError(
            f"pytest can't name the file {flow}: its path holds '[' or '::'",
            next_step="rename the file or folder",
        )
    if mode not in ("", "guided", "semi_auto"):
        raise UsageError(f"--mode is guided or semi_auto, not {mode}")
    refuse_guided(mode)
    parse_params(param)
    load_configuration(Path.cwd(), dict(os.environ))  # all that is wrong, at once, before anything starts
    flags = {"--headed": headed, "--live": live, "--no-pictures": no_pictures, "--flow-traceback": traceback}
    options = [name for name, given in flags.items() if given]
    options += [f"--param={pair}" for pair in param] + ([f"--mode={mode}"] if mode else [])
    # A session moves the key and the secrets out of the environment; a second one needs them there again.
    before = dict(os.environ) if sys.stdin.isatty() and not again else {}
    outcome = _run_once(flow, [*options, *(["--again"] if again else [])])
    if outcome.refusal == WOULD_DUPLICATE and before and typer.confirm("Create another key?"):
        os.environ.clear()
        os.environ.update(before)
        before.clear()
        outcome = _run_once(flow, [*options, "--again"])
    if as_json:
        refused = {"flow": str(flow), "status": "refused", "code": outcome.refusal or None}
        print(json.dumps(outcome.summary or refused, indent=2))
    raise typer.Exit(outcome.exit_code)


class _Outcome(Follower):
    """Prints what happens as it happens, and remembers how it ended."""

    def __init__(self, flow: Path) -> None:
        self._flow = flow
        self._live = sys.stderr.isatty()
        self.exit_code = int(ExitCode.DONE)
        self.refusal = ""
        self.summary: dict[str, Any] | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[FOLLOWER] = self
        config.stash[NAMED_FLOWS] = (self._flow,)

    def pytest_exception_interact(self, node: pytest.Item | pytest.Collector, call: Any, report: Any) -> None:
        error = call.excinfo.value
        self.exit_code = int(error.exit_code) if isinstance(error, BrokerError) else int(ExitCode.FAILED)
        text = str(report.longrepr)
        if isinstance(node, FlowItem) and node.redactor is not None:
            text = node.redactor.text(text)
        _say(f"\n{text}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and isinstance(report.longrepr, tuple):
            self.exit_code = int(ExitCode.REFUSED)
            _say(report.longrepr[2].removeprefix("Skipped: "))

    def approved(self, plan: Plan) -> None:
        _say(f"{plan.flow.id}: {plan.mode.value} ({plan.mode_reason})")

    def refused(self, error: BrokerError) -> None:
        self.refusal = error.code

    def event(self, event: RunEvent) -> None:
        if isinstance(event, StepStarted):
            if self._live:
                _say(f"  … {event.number:>2}/{event.total} {event.title}", end="")
        elif isinstance(event, StepResult):
            remark = f"  {event.remark}" if event.remark else ""
            start = "\r\x1b[K" if self._live else ""
            _say(
                f"{start}  {_MARKS[event.status]} {event.number:>2} {event.title}  {event.duration_s:.2f} s{remark}"
            )

    def finished(self, result: RunResult, folder: str, broker: Broker) -> None:
        stored = [str(reference) for reference in result.references]
        self.summary = {
            "run": result.run_id,
            "flow": result.plan.flow.id,
            "status": result.status.value,
            "code": result.failure.code if result.failure else None,
            "stored": stored,
            "possibly_created": list(result.possibly_created),
            "notes": list(result.notes),
            "blocked": sum(blocked.count for blocked in result.blocked),
            "evidence": folder,
        }
        for blocked in result.blocked:
            _say(f"  blocked: {blocked.count} x {blocked.method} to {blocked.origin}")
        for reference in result.references:
            _say(f"\nThe token is stored as {reference} (fingerprint {reference.fingerprint}).")
        for sentence in (*result.possibly_created, *result.notes):
            _say(f"! {sentence}")
        _say(f"Evidence: {folder}")
        if stored:
            print_key_advice(broker, file=sys.stderr)


def _run_once(flow: Path, options: list[str]) -> _Outcome:
    # As pytest names it: symbolic links are kept, and no dash can be taken for an option.
    flow = Path(os.path.abspath(flow))  # noqa: PTH100  Path.absolute() keeps ".."
    outcome = _Outcome(flow)
    os.environ.pop("PYTEST_ADDOPTS", None)
    arguments = [
        str(flow),
        f"--rootdir={Path.cwd()}",
        # Addopts, of the project and of the environment, are for a test session (workers, coverage).
        "-o", "addopts=", "-o", "asyncio_default_fixture_loop_scope=function",
        "-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:xdist", "--capture=no",
        # A time-out for tests must not cut off a person, or a run between create and capture. The project's
        # setting of it is then one that nobody knows.
        "-p", "no:timeout", "-W", "ignore::pytest.PytestConfigWarning", "-o", "strict_config=false",
        *options,
    ]  # fmt: skip
    with _own_temporary_folder():
        ended = pytest.main(arguments, plugins=[outcome])
    if ended == pytest.ExitCode.INTERRUPTED and outcome.exit_code == 0:
        _say("\nInterrupted.")
        outcome.exit_code = INTERRUPTED
    elif ended == pytest.ExitCode.NO_TESTS_COLLECTED:
        _say(f"{flow} was not run: a conftest or setting of the project leaves it out.")
        outcome.exit_code = int(ExitCode.USAGE)
    elif ended != pytest.ExitCode.OK and outcome.exit_code == 0:
        outcome.exit_code = int(ExitCode.USAGE)
    return outcome


@contextmanager
def _own_temporary_folder() -> Iterator[None]:
    """A TMPDIR for the browser and its driver, gone at the end.

    A Ctrl-C that hits Playwright in the middle of a message breaks its connection: the browser then ends with
    its driver, a moment later, and nobody removes its profile.
    """
    before = os.environ.get("TMPDIR")
    folder = os.environ["TMPDIR"] = tempfile.mkdtemp(prefix="tokenbroker-run-")
    try:
        yield
    finally:
        os.environ.pop("TMPDIR")
        if before is not None:
            os.environ["TMPDIR"] = before
        for _ in range(_REMOVALS):
            shutil.rmtree(folder, ignore_errors=True)
            if not os.path.lexists(folder):
                break
            time.sleep(_REMOVAL_PAUSE_S)


def _say(text: str, *, end: str = "\n") -> None:
    """Tell the person, if one still listens: a closed pipe must not end a run that has just created a key."""
    try:
        print(text, end=end, file=sys.stderr, flush=True)
    except BrokenPipeError:
        # What is left in the buffer would fail again at the end of the process, and change its exit code.
        with suppress(OSError, ValueError), Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), sys.stderr.fileno())
    except OSError:
        pass  # a full disk may have room again for the next line
