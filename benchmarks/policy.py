"""How long a policy decision takes, without the store."""

import statistics
from datetime import UTC, datetime

from benchmarks.measure import Figure, alternate, spread
from benchmarks.reference_flow import CONSOLE
from tokenbroker.flow.load import loads
from tokenbroker.policy.approve import Request, decided
from tokenbroker.run.steps import STEPS

TARGET_US = 50.0
_DECISIONS = 1000
_NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_FLOW = f"""version: 1
site: examplecloud
flow: decided
allowed_automation: semi_auto
origins: ["{CONSOLE}"]
policy: {{ reviewed: 2026-01-01, review_expires: 2027-01-01, runs_per_day: 3 }}
steps:
  - navigate: "{CONSOLE}/login"
  - navigate: "{CONSOLE}/api-keys"
"""


def measure(rounds: int) -> list[Figure]:
    """The figure of the issue: ≤ 50 µs; every condition is asked."""
    flow = loads(_FLOW, STEPS)
    request = Request(actor="bench", params={}, origin_map={CONSOLE: "http://127.0.0.1:8000"})

    def decisions() -> None:
        for _ in range(_DECISIONS):
            assert decided(flow, request, clock=lambda: _NOW).allowed

    seconds = alternate({"1,000 policy decisions": decisions}, rounds=rounds)
    for name, taken in seconds.items():
        print(f"{name:<58} {spread(taken)}")
    took_us = statistics.median(seconds["1,000 policy decisions"]) / _DECISIONS * 1e6
    return [
        Figure(
            name="a policy decision",
            value=round(took_us, 1),
            unit="µs, median",
            baseline="none",
            target=TARGET_US,
            ok=took_us <= TARGET_US,
        )
    ]
