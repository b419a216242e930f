"""What a session with flows needs, attached when the first flow file is collected."""

import gc
import resource
from collections.abc import Callable, Generator

import pytest

from tokenbroker.errors import BrokerError, UsageError
from tokenbroker.pytest_plugin.allure import attach_allure
from tokenbroker.pytest_plugin.debug_log import silence_debug_log
from tokenbroker.pytest_plugin.items import FlowItem
from tokenbroker.pytest_plugin.options import params_of
from tokenbroker.pytest_plugin.withheld import withhold

_NAME = "tokenbroker_session"


def attach(config: pytest.Config) -> None:
    """Register the hooks below, once."""
    if not config.pluginmanager.has_plugin(_NAME):
        config.pluginmanager.register(SessionHooks(config), _NAME)
        config.pluginmanager.register(RedactFirst())
        attach_allure(config)


class SessionHooks:
    """Hooks of a session that holds flows."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Flows last: Playwright's sync fixture leaves an event loop on the thread, which asyncio tests can't have."""
        items.sort(key=lambda item: isinstance(item, FlowItem))

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Before any child process starts: what must not be inherited leaves the environment."""
        flows = [item.flow for item in session.items if isinstance(item, FlowItem)]
        if not flows:
            return
        _as_usage_error(lambda: params_of(self._config))
        _as_usage_error(silence_debug_log)
        withhold(self._config, {name for flow in flows for name in flow.references("env:")})
        # A core holds all that the process knew. The hard limit too, for the browser and the driver inherit it.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _spare_what_is_loaded()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Redact once more, outermost: what other plugins have added to a flow's report."""
        report = yield
        if isinstance(item, FlowItem):
            redact(report, item)
        return report


class RedactFirst:
    """The innermost wrappers: a plugin that reads on, as Allure's does, sees what is redacted already."""

    def __init__(self) -> None:
        self._in_flow = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Remember whether the fixtures that are set up now are a flow's."""
        self._in_flow = isinstance(item, FlowItem)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_fixture_setup(
        self, fixturedef: "pytest.FixtureDef[object]"
    ) -> Generator[None, object, object]:
        """Tell a fixture's foreign failure by its type and place: its words may hold what no redactor knows yet."""
        told: Exception | None = None
        try:
            return (yield)
        except BrokerError:
            raise
        except Exception as error:
            if not self._in_flow:
                raise
            name = f"{type(error).__name__} in the fixture {fixturedef.argname}"
            told = RuntimeError(name).with_traceback(error.__traceback__)
        raise told

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: "pytest.CallInfo[None]"
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Redact whatever a flow's report carries."""
        told = _retell(call, item) if isinstance(item, FlowItem) else None
        report = yield
        if isinstance(item, FlowItem):
            report.longrepr = told or report.longrepr
            redact(report, item)
        return report


def _spare_what_is_loaded() -> None:
    """Look for garbage among what comes from now on, not among all that was imported and stays: that takes half a
    second of a session, most of it at its end. Once in a process: of many sessions none must keep the others' garbage.
    """
    if gc.get_freeze_count() == 0:
        gc.freeze()


def _retell(call: "pytest.CallInfo[None]", item: FlowItem) -> str | None:
    """What a set-up or tear-down of a flow that fails is told as; pytest asks `repr_failure` for the call only.

    Its exception is replaced as well, for Allure's plugin reads that and not the report.
    """
    excinfo = call.excinfo
    if excinfo is None or call.when == "call" or isinstance(excinfo.value, pytest.skip.Exception):
        return None
    from tokenbroker.pytest_plugin.ending import describe_failure
    from tokenbroker.run.failure import RunFailure

    told = describe_failure(excinfo, item)
    if not isinstance(excinfo.value, BrokerError):
        told_of = RunFailure(told, code="internal").with_traceback(excinfo.value.__traceback__)
        call.excinfo = pytest.ExceptionInfo.from_exception(told_of)
    return told


def _as_usage_error(act: Callable[[], object]) -> None:
    try:
        act()
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


def redact(report: pytest.TestReport, item: FlowItem) -> None:
    """Make `report` safe to print, send and write, in place."""
    redactor = item.redactor
    if redactor is None:
        return
    if isinstance(report.longrepr, str):
        report.longrepr = redactor.text(report.longrepr)
    elif isinstance(report.longrepr, tuple):
        path, line, reason = report.longrepr
        report.longrepr = (path, line, redactor.text(reason))
    report.sections = [(redactor.text(title), redactor.text(text)) for title, text in report.sections]
    report.user_properties = [
        (name, redactor.text(value) if isinstance(value, str) else value)
        for name, value in report.user_properties
    ]
