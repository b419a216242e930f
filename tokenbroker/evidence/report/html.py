"""The HTML page of several runs: their results chosen, handed to the generator, and made to ask nobody."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tokenbroker.evidence.plain_file import read_plain
from tokenbroker.evidence.report.generator import Generator
from tokenbroker.evidence.report.page import ReportUnavailable, offline
from tokenbroker.evidence.run_folder import ALLURE_RESULTS

_TIMEOUT_S: Final = 600
_FILE_MAX_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class RunResults:
    """The results of one run.

    Attributes:
        folder: the run's evidence folder.
        history_id: equal for all runs of one flow.
        start_ms: when it began, as its results tell it (milliseconds since 1970).
        written_ns: when they were written, as the file system tells it: runs may tell the same start.
    """

    folder: Path
    history_id: str
    start_ms: int
    written_ns: int


def read_results(folder: Path) -> RunResults | None:
    """What the evidence folder of a run holds for a report; None if it holds nothing (yet).

    Raises:
        ReportUnavailable: `report.not_made`; what should be a file of results leads elsewhere.
    """
    for file in sorted((folder / ALLURE_RESULTS).glob("*-result.json")):
        try:
            told = json.loads(_read(file))
            return RunResults(
                folder=folder,
                history_id=str(told["historyId"]),
                start_ms=int(told["start"]),
                written_ns=file.lstat().st_mtime_ns,
            )
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
    return None


def newest(runs: Iterable[RunResults], *, earlier: int) -> list[RunResults]:
    """Of each flow the newest run and as many as `earlier` runs before it, which the page shows as its retries."""
    by_flow: dict[str, list[RunResults]] = {}
    for each in sorted(runs, key=_age, reverse=True):
        by_flow.setdefault(each.history_id, []).append(each)
    return [each for attempts in by_flow.values() for each in attempts[: earlier + 1]]


def _age(run: RunResults) -> tuple[int, int]:
    return run.start_ms, run.written_ns


def write_page(runs: Sequence[RunResults], out: Path, generator: Generator, *, title: str) -> None:
    """Write the page of `runs` to `out` (0600), whole or not at all.

    Raises:
        ReportUnavailable: `report.not_made`, `report.not_offline`.
    """
    with tempfile.TemporaryDirectory(prefix="tokenbroker-report-") as scratch:
        html = offline(_generate(runs, Path(scratch), generator, title=title))
    reason = ""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _replace(out, html.encode())
    except OSError as error:
        reason = error.strerror or type(error).__name__
    if reason:
        raise ReportUnavailable(
            f"{out} can't be written: {reason}", next_step="name another place with --out"
        )


def _generate(runs: Sequence[RunResults], scratch: Path, generator: Generator, *, title: str) -> str:
    results = scratch / ALLURE_RESULTS
    results.mkdir()
    for run in runs:
        if (run.folder / ALLURE_RESULTS).is_symlink():
            raise _not_plain(run.folder / ALLURE_RESULTS)
    reason = ""
    try:
        _gather(runs, results)
    except OSError as error:
        reason = error.strerror or type(error).__name__
    except (ValueError, LookupError, TypeError, RecursionError):
        reason = "one holds no results of a run"
    if reason:
        raise ReportUnavailable(
            f"the results can't be gathered: {reason}", next_step="name the runs whose results are whole"
        )
    arguments = [
        *(str(results), "--single-file", "--output", str(scratch / "page")),
        *("--name", title, "--group-by", "suite", "--lang", "en"),
    ]
    # Neither the person's settings nor anything of ours: the generator needs a path and a place.
    env = {
        "PATH": f"{generator.node.parent}{os.pathsep}{os.defpath}",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
    }
    try:
        done = subprocess.run(
            generator.command(arguments),
            cwd=scratch,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_TIMEOUT_S,
            check=False,
        )
        shown = json.loads((scratch / "page" / "summary.json").read_bytes())["stats"]["total"]
        whole = done.returncode == 0 and shown == len({run.history_id for run in runs})
        html = (scratch / "page" / "index.html").read_text(encoding="utf-8") if whole else ""
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired):
        html = ""
    if not html:
        raise ReportUnavailable(
            f"Allure's page generator made no page of {len(runs)} runs",
            next_step="name fewer runs, or open their folders `allure-results` with a generator of your own",
        )
    return html


def _gather(runs: Sequence[RunResults], results: Path) -> None:
    """All files of `runs` in one folder: a command line has its limits, and the generator takes names for patterns."""
    latest: dict[str, int] = {}
    for run in sorted(runs, key=_age):
        # The generator takes the attempt that began last for the flow's result; where starts are told by the hour
        # or the day, several are the same.
        start_ms = max(run.start_ms, latest.get(run.history_id, 0) + 1)
        latest[run.history_id] = start_ms
        for file in (run.folder / ALLURE_RESULTS).iterdir():
            if file.name.endswith("-result.json") and start_ms != run.start_ms:
                told = json.loads(_read(file))
                told["start"], told["stop"] = start_ms, told["stop"] + start_ms - run.start_ms
                (results / file.name).write_text(json.dumps(told), encoding="utf-8")
            else:
                (results / file.name).write_bytes(_read(file))


def _read(file: Path) -> bytes:
    """What is in `file`, and never what it leads to: the folder may have come from anybody."""
    data = read_plain(file, limit_bytes=_FILE_MAX_BYTES + 1)
    if data is None or len(data) > _FILE_MAX_BYTES:
        raise _not_plain(file)
    return data


def _not_plain(path: Path) -> ReportUnavailable:
    return ReportUnavailable(
        f"{ascii(str(path))[1:-1]} is no plain file or folder of results (a link, a pipe, or too large)",
        next_step="take it away, or name other runs",
    )


def _replace(out: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=".report-", dir=out.parent)  # mkstemp: 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).replace(out)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
