"""What evidence costs: pictures, Allure results, the sealed bundle, each on top of the reference flow."""

from benchmarks.measure import Figure, alternate, ratio, spread
from benchmarks.reference_flow import bench

NONE = "reference flow, no evidence"
REPORT = "reference flow, report and bundle without pictures"
ALL = "reference flow, all evidence"


def measure(rounds: int) -> list[Figure]:
    """All evidence ≤ 1.25 of none."""
    with bench() as it:
        seconds = alternate(
            {
                NONE: lambda: it.run(pictures=False, recorded=False),
                REPORT: lambda: it.run(pictures=False),
                ALL: lambda: it.run(pictures=True),
            },
            rounds=rounds,
            before=it.clear,
        )
    for name, taken in seconds.items():
        print(f"{name:<58} {spread(taken)}")
    return [
        ratio("evidence: pictures, report and bundle", seconds, ALL, NONE, target=1.25),
        ratio("evidence: report and bundle only", seconds, REPORT, NONE, target=None),
    ]
