"""``make bench``: print the table and write ``reports/bench.json``."""

import argparse
import compileall
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.measure import write_table

# Each is a module of this package with `measure(rounds)`, and the share of the rounds that it takes: whole
# processes are slow, and differ less.
PARTS = {
    "reference_flow": 1.0,
    "evidence": 1.0,
    "targets": 1.0,
    "mcp_start": 0.5,
    "approve": 1.0,
    "overlay": 1.0,
    "record_listener": 1.0,
    "policy": 1.0,
    "cached_read": 1.0,
    "rotation": 0.5,
    "sitting": 0.1,
    "redaction": 1.0,
    "durable": 1.0,
    "many_flows": 0.25,
    "collecting": 0.25,
    "validating": 0.25,
    "compose": 1.0,
}


def main() -> int:
    """Measure; exit 1 where a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--rounds", type=int, default=20, help="counted rounds of each way (20)")
    parser.add_argument(
        "only", nargs="*", choices=[*PARTS, []], metavar="PART", help=f"of {', '.join(PARTS)}"
    )
    asked = parser.parse_args()
    # As pip has done with the packages that ours is compared with: where no bytecode may be written
    # (PYTHONDONTWRITEBYTECODE), a checkout is compiled anew at each start, which nothing that is installed is.
    for package in ("tokenbroker", "demo_site"):
        compileall.compile_dir(package, quiet=1)
    figures = []
    for name in asked.only or PARTS:
        figures += import_module(f"benchmarks.{name}").measure(max(3, round(asked.rounds * PARTS[name])))
    write_table(figures, Path("reports/bench.json"))
    return 0 if all(figure.ok is not False for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
