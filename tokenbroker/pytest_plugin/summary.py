"""The closing words of a session with flows: what was stored, what was blocked, where the evidence is."""

import os

import pytest

STORED, EVIDENCE, BLOCKED, MODE = (
    "tokenbroker_stored",
    "tokenbroker_evidence",
    "tokenbroker_blocked",
    "tokenbroker_mode",
)


def write_summary(terminal: pytest.TerminalReporter) -> None:
    """Write the tables to pytest's terminal."""
    runs = [report for report in _reports(terminal) if report.when == "call"]
    rows = [(report.nodeid, _properties(report)) for report in runs]
    stored = [(nodeid, value) for nodeid, values in rows for name, value in values if name == STORED]
    blocked = [(nodeid, value) for nodeid, values in rows for name, value in values if name == BLOCKED]
    folders = [value for _, values in rows for name, value in values if name == EVIDENCE]
    modes = [(nodeid, value) for nodeid, values in rows for name, value in values if name == MODE]
    if not modes:
        return
    terminal.section("tokenbroker")
    width = max(len(nodeid) for nodeid, _ in modes)
    terminal.line(f"{'flow':<{width}}  mode and why")
    for nodeid, mode in modes:
        terminal.line(f"{nodeid:<{width}}  {mode}")
    if stored:
        terminal.line("")
        terminal.line(f"{'stored by':<{width}}  reference (fingerprint)")
        for nodeid, value in stored:
            terminal.line(f"{nodeid:<{width}}  {value}")
    for nodeid, value in blocked:
        terminal.line(f"blocked: {nodeid}  {value}")
    if folders:
        terminal.line("")
        terminal.line("evidence:")
        for folder in folders:
            terminal.line(f"  {os.path.relpath(folder)}")


def _reports(terminal: pytest.TerminalReporter) -> list[pytest.TestReport]:
    return [report for key in ("passed", "failed") for report in terminal.stats.get(key, [])]


def _properties(report: pytest.TestReport) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in report.user_properties]
