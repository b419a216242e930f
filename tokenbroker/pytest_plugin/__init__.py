"""The pytest plugin: flow files as native test items. Thin on purpose: it is imported before all else.

Whatever costs time is imported once a flow is collected; a session without flows pays for one module.
"""

import gc
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tokenbroker.pytest_plugin.items import FlowFile
    from tokenbroker.redact import Redactor

FLOW_ENDINGS = (".flow.yaml", ".flow.yml")
DEFAULT_FOLDERS = ("flows",)
NAMED_FLOWS = pytest.StashKey[tuple[Path, ...]]()
"""Files that are flows wherever they lie and whatever their ending: what `tokenbroker run` was given."""
REDACTOR: "pytest.StashKey[Redactor]" = pytest.StashKey()
"""Knows every secret of the session, from the moment on at which its home is opened."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("tokenbroker", "tokenbroker: API-token flows")
    group.addoption(
        "--mode", choices=("guided", "semi_auto"), default=None, help="who acts: see allowed_automation"
    )
    group.addoption(
        "--param",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of the flows that declare it; may be given several times",
    )
    group.addoption("--live", action="store_true", help="run flows that reach sites beyond this machine")
    group.addoption(
        "--again", action="store_true", help="create another key where an earlier run has created one"
    )
    group.addoption(
        "--no-human",
        choices=("fail", "skip-test"),
        default="fail",
        help="what a flow does that needs a person where none can be reached: fail, or be skipped with its reason",
    )
    group.addoption("--no-pictures", action="store_true", help="take no picture after each step")
    group.addoption("--flow-traceback", action="store_true", help="show tokenbroker's own frames, redacted")
    parser.addini("tokenbroker_flows", "folders in which every *.yaml is a flow", type="args", default=[])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None, object, object]:
    """What conftests import stays, so it is not looked through for garbage, neither meanwhile nor right after.

    By the threshold: whether the collector is on may be what a conftest decides.
    """
    before = gc.get_threshold()
    gc.set_threshold(0)
    try:
        return (yield)
    finally:
        if gc.get_freeze_count() == 0:  # both together move what is new to what is old, without a look at it
            gc.freeze()
            gc.unfreeze()
        if gc.get_threshold()[0] == 0:
            gc.set_threshold(*before)


def pytest_configure(config: pytest.Config) -> None:
    from tokenbroker.pytest_plugin import fixtures

    config.pluginmanager.register(fixtures, "tokenbroker_fixtures")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "FlowFile | None":
    if not _is_flow(file_path, parent.config):
        return None
    from tokenbroker.pytest_plugin.items import FlowFile
    from tokenbroker.pytest_plugin.session import attach

    attach(parent.config)
    return FlowFile.from_parent(parent, path=file_path)


def pytest_terminal_summary(terminalreporter: "pytest.TerminalReporter") -> None:
    # Here and not among the hooks of a session with flows: under xdist only the workers collect, this process reports.
    from tokenbroker.pytest_plugin.summary import write_summary

    write_summary(terminalreporter)


def _is_flow(path: Path, config: pytest.Config) -> bool:
    if path.name.endswith(FLOW_ENDINGS) or path in config.stash.get(NAMED_FLOWS, ()):
        return True
    if path.suffix not in (".yaml", ".yml"):
        return False
    folders = config.getini("tokenbroker_flows") or DEFAULT_FOLDERS
    return any(path.is_relative_to(config.rootpath / folder) for folder in folders)
