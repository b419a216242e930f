"""Lists at a terminal: what is to be copied stays in one piece (OPS-5)."""

from io import StringIO

import pytest
from rich.console import Console

from tokenbroker.cli.home import PIPED_WIDTH, print_table

REFERENCE = "bitwarden:example/a-rather-long-path-of-a-key@12"
COLUMNS = ("reference", "fingerprint", "created", "ends", "to_do")
ROWS = [
    (REFERENCE, "f" * 16, "2026-11-28 09:03:20Z", "-", "tokenbroker rotate " + REFERENCE),
    ("local:a@1", "f" * 16, "2026-11-28 09:03:20Z", "2026-12-01 09:03:20Z", ""),
]


def printed(width: int) -> list[str]:
    out = StringIO()
    print_table(Console(file=out, width=width, markup=False, highlight=False, soft_wrap=True), COLUMNS, ROWS)
    return out.getvalue().splitlines()


@pytest.mark.parametrize("width", [60, 80])
def test_in_a_narrow_window_each_row_is_a_paragraph_and_no_cell_is_broken(width: int) -> None:
    lines = printed(width)
    assert lines[0] == REFERENCE
    assert f"  to do tokenbroker rotate {REFERENCE}" in lines
    assert "local:a@1" in lines
    assert not [line for line in lines if "-" in line.split()]  # what is not known takes no room
    assert max(len(line) for line in lines if "rotate" not in line) <= width


@pytest.mark.parametrize("width", [200, PIPED_WIDTH])
def test_in_a_wide_one_and_for_a_program_a_row_is_a_line(width: int) -> None:
    head, first, second = printed(width)
    assert head.split() == ["reference", "fingerprint", "created", "ends", "to", "do"]
    assert first.startswith(REFERENCE)
    assert first.index("tokenbroker") == head.index("to do")
    assert second.index("2026-12-01") == head.index("ends")
