"""One flow as a pytest session of its own: what `tokenbroker run` and a run's child process share."""

from dataclasses import replace
from pathlib import Path

import pytest

from tokenbroker.broker import Broker
from tokenbroker.errors import BrokerError, ExitCode
from tokenbroker.flow.cases import case_of
from tokenbroker.jobs.events import Finished, of_result
from tokenbroker.pytest_plugin.items import FlowItem
from tokenbroker.pytest_plugin.own_session import OwnSession
from tokenbroker.run.result import RunResult


class SingleRun(OwnSession):
    """Follows the one run of this process and remembers how it ended; subclasses tell it on.

    Attributes:
        refusal: why the run did not begin, if it didn't.
        result: the end of a run that began.
    """

    def __init__(self, flow: Path, *, case: str = "") -> None:
        super().__init__(flow)
        self.case = case
        self.refusal: BrokerError | None = None
        self.result: Finished | None = None

    @property
    def flow(self) -> Path:
        """The flow's file as pytest names it."""
        return self.files[0]

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave the one case that was asked for."""
        flows = [item.flow for item in items if isinstance(item, FlowItem)]
        chosen = {flow.case for flow in flows} & {self.case}
        if flows and not chosen:
            # What is wrong is told as it would be of the flow as a whole.
            whole = replace(flows[0], case="")
            self._refuse(lambda: case_of(whole, self.case))
        items[:] = [item for item in items if isinstance(item, FlowItem) and item.flow.case in chosen]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and isinstance(report.longrepr, tuple):
            self.exit_code = int(ExitCode.REFUSED)
            code = self.refusal.code if self.refusal else "policy.denied"
            self.trouble(code, report.longrepr[2].removeprefix("Skipped: "))

    def refused(self, error: BrokerError) -> None:
        self.refusal = error

    def finished(self, result: RunResult, folder: str, broker: Broker) -> None:
        self.result = of_result(result, Path(folder))
