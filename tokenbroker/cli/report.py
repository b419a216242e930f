"""``tokenbroker report``: runs as one HTML page that asks nobody."""

import os
import sys
from pathlib import Path

import platformdirs
import typer

from tokenbroker.cli.home import configuration
from tokenbroker.errors import UsageError
from tokenbroker.evidence.report.generator import find_generator
from tokenbroker.evidence.report.html import RunResults, newest, read_results, write_page

_PAGE = "allure.html"


def report(
    run: list[str] | None = typer.Argument(
        None, metavar="[RUN]...", help="Runs, by the names of their folders; default: all, by flow."
    ),
    out: Path | None = typer.Option(
        None, "--out", help="Where to write the page; default: allure.html in the reports."
    ),
    earlier: int = typer.Option(
        3, "--earlier", min=0, help="How many runs before a flow's newest are shown, as its retries."
    ),
) -> None:
    """Write one HTML page of runs: their steps, pictures and failures."""
    settings = configuration()
    reports = settings.path(settings.settings.reports)
    runs = _named(run, reports) if run else newest(_all(reports), earlier=earlier)
    if not runs:
        raise UsageError(
            f"no run in {reports} has results for a report",
            next_step="run a flow first: tokenbroker run FLOW",
        )
    generator = find_generator(
        platformdirs.user_cache_path("tokenbroker"), os.environ, say=lambda text: print(text, file=sys.stderr)
    )
    page = out or reports / _PAGE
    write_page(runs, page, generator, title="tokenbroker: runs of flows")
    print(os.path.relpath(page))


def _named(names: list[str], reports: Path) -> list[RunResults]:
    found = []
    for name in names:
        folder = reports / name if not Path(name).is_dir() else Path(name)
        results = read_results(folder)
        if results is None:
            raise UsageError(
                f"{folder} holds no results of a run", next_step=f"look into {reports} for its runs"
            )
        found.append(results)
    return found


def _all(reports: Path) -> list[RunResults]:
    folders = sorted(reports.iterdir()) if reports.is_dir() else []
    return [found for folder in folders if (found := read_results(folder)) is not None]
