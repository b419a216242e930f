"""What several commands begin with: the settings of the current folder, and the home they name."""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console

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
    cells = [[str(row[column]) if row[column] is not None else "-" for column in columns] for row in rows]
    # Piped output is for programs: there a line is a row, however long.
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    print_table(Console(markup=False, highlight=False, width=width, soft_wrap=True), columns, cells)


def print_table(console: Console, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A line a row where the window is wide enough; else a paragraph a row: no cell is ever broken over lines.

    So what is to be copied, a reference or a command, stays in one piece.
    """
    titles = [column.replace("_", " ") for column in columns]
    widths = [max(map(cell_len, column)) for column in zip(titles, *rows, strict=True)]
    if sum(widths) + 2 * (len(widths) - 1) <= console.width or console.width >= PIPED_WIDTH:
        for number, row in enumerate([titles, *rows]):
            line = "  ".join(set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True))
            console.print(line.rstrip(), style=None if number else "bold")
        return
    for first, *rest in rows:
        console.print(first, style="bold")
        told = (
            f"{title} {cell}" for title, cell in zip(titles[1:], rest, strict=True) if cell not in ("", "-")
        )
        for line in _packed(told, console.width - 2):
            console.print(f"  {line}")


def _packed(parts: Iterable[str], width: int) -> list[str]:
    """`parts` in as few lines as may be, none of them broken, in their order."""
    lines: list[str] = []
    for part in parts:
        if lines and cell_len(joined := f"{lines[-1]}; {part}") <= width:
            lines[-1] = joined
        else:
            lines.append(part)
    return lines
