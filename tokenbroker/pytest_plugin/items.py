"""A flow file as a pytest collector, and a flow as a native test item."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tokenbroker.errors import BrokerError
from tokenbroker.flow.cases import cases_of
from tokenbroker.flow.load import load
from tokenbroker.flow.model import Flow
from tokenbroker.pytest_plugin import REDACTOR
from tokenbroker.run.steps import STEPS

if TYPE_CHECKING:
    from _pytest._code.code import ExceptionInfo, TerminalRepr

    from tokenbroker.redact import Redactor


class FlowFile(pytest.File):
    """A YAML file that holds one flow, in one case or several."""

    def collect(self) -> "Iterator[FlowItem]":
        """Load the flow and make an item of each of its cases; a mistake in the file is one collection error."""
        for flow in cases_of(load(self.path, STEPS)):
            yield FlowItem.from_parent(self, name=flow.label, callobj=_test_of(flow), flow=flow)

    def repr_failure(
        self, excinfo: "ExceptionInfo[BaseException]", style: Any = None
    ) -> "str | TerminalRepr":
        """A mistake in a flow file in its own words, without a traceback of ours."""
        if isinstance(excinfo.value, BrokerError):
            return excinfo.value.sentence
        return super().repr_failure(excinfo)


def _test_of(flow: Flow) -> Any:
    """A function of its own for the item: marks are kept on the function."""

    def run_flow(
        request: pytest.FixtureRequest, tokenbroker_broker: Any, secret_sink: Any, human_checkpoint: Any
    ) -> None:
        from tokenbroker.pytest_plugin.running import run_item

        run_item(flow, request, tokenbroker_broker, secret_sink, human_checkpoint)

    return run_flow


class FlowItem(pytest.Function):
    """A flow as a test; fixtures, marks, xdist and reports work as for any test function."""

    flow: Flow

    def another(self) -> "FlowItem":
        """The same flow as an item of its own, for a session that runs it several times."""
        return FlowItem.from_parent(self.parent, name=self.name, callobj=_test_of(self.flow), flow=self.flow)

    @property
    def redactor(self) -> "Redactor | None":
        """What knows the secrets of the session; None until its home is open."""
        return self.config.stash.get(REDACTOR, None)

    @classmethod
    def from_parent(cls, parent: Any, *, flow: Flow, **kwargs: Any) -> "FlowItem":  # type: ignore[override]  # adds `flow`
        item: FlowItem = super().from_parent(parent, **kwargs)
        item.flow = flow
        for tag in flow.tags:
            item.config.addinivalue_line("markers", f"{tag}: a tag of a flow")
            item.add_marker(tag)
        return item

    def reportinfo(self) -> "tuple[Any, int, str]":
        """Where the flow stands: its file, its first step's line, its name."""
        return self.path, self.flow.steps[0].position.line - 1, self.name

    def repr_failure(
        self, excinfo: "ExceptionInfo[BaseException]", style: Any = None
    ) -> "str | TerminalRepr":
        """The failure as a person needs it: no frames, no locals, whatever `--tb` and `-l` ask for."""
        from tokenbroker.pytest_plugin.ending import describe_failure

        return describe_failure(excinfo, self)
