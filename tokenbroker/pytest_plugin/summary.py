"""The closing words of a session with flows: what was stored, what may be left, where the evidence is."""

import os

import pytest

from tokenbroker.pytest_plugin import REDACTOR

STORED, POSSIBLY_CREATED, EVIDENCE, BLOCKED, MODE, NOTE = (
    "tokenbroker_stored",
    "tokenbroker_possibly_created",
    "tokenbroker_evidence",
    "tokenbroker_blocked",
    "tokenbroker_mode",
    "tokenbroker_note",
)
Properties = list[tuple[str, object]]
NOTED = pytest.StashKey[dict[str, Properties]]()
"""What each flow of this process left, by its node id: an interrupted one has no report to say it."""


def write_summary(terminal: pytest.TerminalReporter) -> None:
    """Write the tables to pytest's terminal, also after a Ctrl-C."""
    rows = _rows(terminal)

    def said(wanted: str) -> list[tuple[str, str]]:
        return [
            (nodeid, str(value))
            for nodeid, values in rows.items()
            for name, value in values
            if name == wanted
        ]

    modes, stored, folders = said(MODE), said(STORED), said(EVIDENCE)
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
    for nodeid, value in said(BLOCKED):
        terminal.line(f"blocked: {nodeid}  {value}")
    for nodeid, value in said(POSSIBLY_CREATED) + said(NOTE):
        terminal.line(f"! {nodeid}  {value}")
    if folders:
        terminal.line("")
        terminal.line("evidence:")
        for _, folder in folders:
            terminal.line(f"  {os.path.relpath(folder)}")


def _rows(terminal: pytest.TerminalReporter) -> dict[str, Properties]:
    """What is to be told of each flow: by its report (under xdist those of the workers), else by what it noted."""
    reports = [report for key in ("passed", "failed", "skipped") for report in terminal.stats.get(key, [])]
    rows = {report.nodeid: report.user_properties for report in reports if report.when == "call"}
    redactor = terminal.config.stash.get(REDACTOR, None)
    for nodeid, properties in terminal.config.stash.get(NOTED, {}).items():
        if nodeid not in rows and redactor is not None:
            rows[nodeid] = [(name, redactor.text(str(value))) for name, value in properties]
    return rows
