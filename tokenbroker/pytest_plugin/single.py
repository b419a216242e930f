"""One flow as a pytest session of its own: what `tokenbroker run` and a run's child process share."""

import logging
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tokenbroker.broker import Broker
from tokenbroker.errors import BrokerError, ExitCode, UsageError
from tokenbroker.flow.cases import case_of
from tokenbroker.jobs.events import Finished, of_result
from tokenbroker.jobs.temporary import make_folder, remove_folder
from tokenbroker.pytest_plugin import NAMED_FLOWS
from tokenbroker.pytest_plugin.items import FlowItem
from tokenbroker.pytest_plugin.running import FOLLOWER, Follower
from tokenbroker.run.result import RunResult

INTERRUPTED = 130
_ARGUMENTS = (
    # Addopts, of the project and of the environment, are for a test session (workers, coverage).
    "-o", "addopts=", "-o", "asyncio_default_fixture_loop_scope=function",
    "-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:xdist", "--capture=no",
    # A time-out for tests must not cut off a person, or a run between create and capture. The project's
    # setting of it is then one that nobody knows.
    "-p", "no:timeout", "-W", "ignore::pytest.PytestConfigWarning", "-o", "strict_config=false",
    "-p", "no:unraisableexception",
    # Whoever is here has imported the plugin already.
    "-W", "ignore::pytest.PytestAssertRewriteWarning",
)  # fmt: skip


class SingleRun(Follower):
    """Follows the one run of this process and remembers how it ended; subclasses tell it on.

    Attributes:
        flow: the flow's file as pytest names it.
        exit_code: what `tokenbroker run` answers to its shell.
        refusal: why the run did not begin, if it didn't.
        result: the end of a run that began.
    """

    def __init__(self, flow: Path, *, case: str = "") -> None:
        # Symbolic links are kept, and no dash can be taken for an option.
        self.flow = Path(os.path.abspath(flow))  # noqa: PTH100  Path.absolute() keeps ".."
        self.case = case
        self.exit_code = int(ExitCode.DONE)
        self.refusal: BrokerError | None = None
        self.result: Finished | None = None

    def trouble(self, code: str, text: str) -> None:
        """For subclasses: something failed, and this is what a person should read of it."""

    def perform(self, options: Sequence[str]) -> None:
        """Run the flow with pytest's own `options` added."""
        os.environ.pop("PYTEST_ADDOPTS", None)
        arguments = [str(self.flow), f"--rootdir={Path.cwd()}", *_ARGUMENTS, *options]
        # A Ctrl-C leaves Playwright's call half done. What Python and asyncio say of that once it is collected, after
        # all redaction, would end the session with an error, and may quote what was being typed.
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            ended = pytest.main(arguments, plugins=[self])
        if ended == pytest.ExitCode.INTERRUPTED and self.exit_code == 0:
            self.exit_code = INTERRUPTED
            self.trouble("run.interrupted", "Interrupted.")
        elif ended == pytest.ExitCode.NO_TESTS_COLLECTED and self.exit_code == 0:
            self.exit_code = int(ExitCode.USAGE)
            self.trouble(
                "usage", f"{self.flow} was not run: a conftest or setting of the project leaves it out."
            )
        elif ended != pytest.ExitCode.OK and self.exit_code == 0:
            self.exit_code = int(ExitCode.USAGE)

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[FOLLOWER] = self
        config.stash[NAMED_FLOWS] = (self.flow,)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave the one case that was asked for."""
        flows = [item.flow for item in items if isinstance(item, FlowItem)]
        chosen = {flow.case for flow in flows} & {self.case}
        if flows and not chosen:
            # What is wrong is told as it would be of the flow as a whole.
            whole = replace(flows[0], case="")
            self._refuse(lambda: case_of(whole, self.case))
        items[:] = [item for item in items if isinstance(item, FlowItem) and item.flow.case in chosen]

    def _refuse(self, act: Callable[[], object]) -> None:
        try:
            act()
        except UsageError as error:
            self.exit_code = int(error.exit_code)
            self.trouble(error.code, str(error))

    def pytest_exception_interact(self, node: pytest.Item | pytest.Collector, call: Any, report: Any) -> None:
        error = call.excinfo.value
        ours = isinstance(error, BrokerError)
        self.exit_code = int(error.exit_code) if ours else int(ExitCode.FAILED)
        text = str(report.longrepr)
        if isinstance(node, FlowItem) and node.redactor is not None:
            text = node.redactor.text(text)
        self.trouble(error.code if ours else "internal", text)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and isinstance(report.longrepr, tuple):
            self.exit_code = int(ExitCode.REFUSED)
            code = self.refusal.code if self.refusal else "policy.denied"
            self.trouble(code, report.longrepr[2].removeprefix("Skipped: "))

    def refused(self, error: BrokerError) -> None:
        self.refusal = error

    def finished(self, result: RunResult, folder: str, broker: Broker) -> None:
        self.result = of_result(result, Path(folder))


@contextmanager
def own_temporary_folder() -> Iterator[None]:
    """A TMPDIR for the browser and its driver, gone at the end.

    A Ctrl-C that hits Playwright in the middle of a message breaks its connection: the browser then ends with
    its driver, a moment later, and nobody removes its profile.
    """
    before = os.environ.get("TMPDIR")
    folder = make_folder()
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None  # it was asked for before, and is remembered
    try:
        yield
    finally:
        tempfile.tempdir = None
        os.environ.pop("TMPDIR")
        if before is not None:
            os.environ["TMPDIR"] = before
        remove_folder(folder)
