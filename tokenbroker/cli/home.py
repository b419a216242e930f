"""What several commands begin with: the settings of the current folder, and the home they name."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from tokenbroker.home import Home
from tokenbroker.settings import Configuration, load_configuration

if TYPE_CHECKING:
    from tokenbroker.broker import Broker

PIPED_WIDTH = 1000


def configuration() -> Configuration:
    """The settings as seen from the current folder; raises SettingsError with all that is wrong."""
    return load_configuration(Path.cwd(), os.environ)


def open_home() -> Home:
    """The home that the settings name. Close it after use (it is a context manager)."""
    return Home(configuration(), environ=os.environ)


def open_broker() -> "Broker":
    """The home that the settings name, for what has to do with flows and their evidence; closed as that of
    :func:`open_home`."""
    from tokenbroker.broker import Broker  # late: it brings all that a run needs

    return Broker(configuration(), environ=os.environ)


def print_rows(
    rows: Sequence[Mapping[str, Any]], *, columns: Sequence[str], as_json: bool, empty: str
) -> None:
    """Print `rows` as a table, or as a JSON list; `empty` is what a person reads where there are none."""
    if as_json:
        print(json.dumps(list(rows), indent=2, default=str))
        return
    if not rows:
        print(empty)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(str(row[column]) if row[column] is not None else "-" for column in columns))
    # Piped output is for programs: there a cell is never broken over lines.
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    Console(markup=False, highlight=False, width=width).print(table)
