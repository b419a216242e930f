"""``make bench``: print the table and write ``reports/bench.json``."""

import argparse
import sys
from pathlib import Path

from benchmarks import collecting, reference_flow
from benchmarks.measure import write_table


def main() -> int:
    """Measure; exit 1 where a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--rounds", type=int, default=20, help="counted rounds of each way (20)")
    parser.add_argument("only", nargs="*", choices=["reference", "collecting", []], help="leave others away")
    asked = parser.parse_args()
    figures = []
    if not asked.only or "reference" in asked.only:
        figures += reference_flow.measure(asked.rounds)
    if not asked.only or "collecting" in asked.only:
        figures += collecting.measure(max(3, asked.rounds // 4))
    write_table(figures, Path("reports/bench.json"))
    return 0 if all(figure.ok is not False for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
