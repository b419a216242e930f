"""``--alluredir``: allure-pytest's result of a flow item also holds the flow's steps, labels and pictures.

Only the public hooks of `allure_commons` are used: results pass `report_result` on their way to the file, and
attachments are handed to `report_attached_data`. What they are given was redacted when the evidence was written.
"""

from typing import Any

import allure_commons
import pytest
from allure_commons.model2 import TestResult
from allure_commons.types import LabelType

from tokenbroker.evidence.report.allure import AllureReport

_TELLER: "pytest.StashKey[_Teller]" = pytest.StashKey()
# An item's own of these stay: the one names what has run it, the other groups it among the session's tests.
_ITEMS_OWN = frozenset({LabelType.FRAMEWORK, LabelType.LANGUAGE, LabelType.SUITE, LabelType.TAG})


class _Teller:
    """Adds what is known of a flow's run to the result of its item."""

    def __init__(self) -> None:
        self.pending: dict[str, AllureReport] = {}

    @allure_commons.hookimpl(tryfirst=True)
    def report_result(self, result: TestResult) -> None:
        """Before it is written: one result at a time passes here, in the process that ran its item."""
        told = self.pending.pop(str(result.name), None)
        self.pending.clear()
        if told is None:
            return
        for name, data in told.attachments.items():
            allure_commons.plugin_manager.hook.report_attached_data(body=data, file_name=name)
        result.steps = [*result.steps, *told.result.steps]
        result.attachments = [*result.attachments, *told.result.attachments]
        result.labels = [
            *result.labels,
            *(each for each in told.result.labels if each.name not in _ITEMS_OWN),
        ]
        result.parameters = [*result.parameters, *told.result.parameters]
        result.description = result.description or told.result.description


def attach_allure(config: pytest.Config) -> None:
    """Listen to the results of this session, if it writes any; once."""
    if _TELLER in config.stash or not config.getoption("allure_report_dir", None):
        return
    teller = config.stash[_TELLER] = _Teller()
    allure_commons.plugin_manager.register(teller)
    config.add_cleanup(lambda: allure_commons.plugin_manager.unregister(teller))


def tell_allure_of(item: Any, report: AllureReport | None) -> None:
    """`item` has run as `report` says."""
    teller = item.config.stash.get(_TELLER, None)
    if teller is not None and report is not None:
        teller.pending[item.name] = report
