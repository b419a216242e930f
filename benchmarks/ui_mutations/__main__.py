"""``python -m benchmarks.ui_mutations``: run the cases, print the table, write `reports/ui_mutations-RANGE.json`."""

import argparse
import sys
import time
from pathlib import Path

from benchmarks.ui_mutations.draw import FIRST, QUICK, SECOND, N, digest
from benchmarks.ui_mutations.measure import measure
from benchmarks.ui_mutations.report import print_table, write_json
from benchmarks.ui_mutations.ways import measured

RANGES = {
    "first": FIRST,
    "second": SECOND,
    "third": range(2 * N + 1, 3 * N + 1),
    "fourth": range(3 * N + 1, 4 * N + 1),
    "quick": QUICK,
}


def main() -> int:
    """Measure; exits 0 whatever the figures are: they are for a person to judge."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ui_mutations")
    parser.add_argument(
        "--range",
        choices=["first", "second", "third", "fourth"],
        default="first",
        help="which seeds (first); nothing is tuned on the others",
    )
    parser.add_argument("--quick", action="store_true", help=f"{len(QUICK)} cases of the first range only")
    parser.add_argument("--ways", default=",".join(measured()), help="separated by commas (%(default)s)")
    parser.add_argument("--jobs", type=int, default=3, help="processes (3: much of a case is waiting)")
    asked = parser.parse_args()
    name = "quick" if asked.quick else asked.range
    seeds, began = RANGES[name], time.perf_counter()
    results = measure(list(seeds), asked.ways.split(","), jobs=asked.jobs)
    print_table(results)
    took_s = round(time.perf_counter() - began)
    print(f"\n{len(seeds)} cases in {took_s} s")
    about = {"range": name, "cases": len(seeds), "cases_sha256": digest(seeds), "took_s": took_s}
    write_json(results, Path(f"reports/ui_mutations-{name}.json"), **about)
    return 0


if __name__ == "__main__":
    sys.exit(main())
