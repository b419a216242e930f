"""What selector sets cost: one resolution beside Playwright's own locator, and the reference flow written with them."""

import statistics
from functools import partial
from pathlib import Path

from playwright.sync_api import Frame

from benchmarks.measure import Figure, alternate, ratio, spread
from benchmarks.reference_flow import SCRIPT, bench
from tokenbroker.flow.selector import selector_of
from tokenbroker.run.browser import VIEWPORT
from tokenbroker.run.targets import Seeker

FLOW = Path(__file__).parent.parent / "flows" / "examplecloud" / "create_api_key_with_sets.yaml"
SETS = "reference flow with sets, no evidence"
SETS_RECORDED = "reference flow with sets, pictures off"
SET, OWN = "a set of five and its fingerprint", "Playwright's own locator"
FIELD = [
    {"label": "Password"},
    {"role": "textbox", "name": "Password"},
    {"css": "#password"},
    {"xpath": "//form/input[@type='password']"},
    {"text": "Password"},
]
TARGET_MS = 5.0


def measure(rounds: int) -> list[Figure]:
    """The flow, with report and bundle, ≤ 1.15 of the script; a set ≤ 5 ms more than a locator, to a handle each."""
    with bench() as it:
        seconds = alternate(
            {
                SETS: lambda: it.run(pictures=False, recorded=False, flow=FLOW),
                SETS_RECORDED: lambda: it.run(pictures=False, flow=FLOW),
                SCRIPT: lambda: it.script(pictures=False),
            },
            rounds=rounds,
            before=it.clear,
        )
        context = it.browser.new_context(viewport=VIEWPORT)  # type: ignore[arg-type]  # ViewportSize
        page = context.new_page()
        page.goto(f"{it.site.url}/login")
        each = alternate(
            {SET: partial(_resolve, page.main_frame), OWN: partial(_locate, page.main_frame)},
            rounds=rounds * 10,
        )
        context.close()
    for name, taken in {**seconds, **each}.items():
        print(f"{name:<58} {spread(taken)}")
    more_ms = (statistics.median(each[SET]) - statistics.median(each[OWN])) * 1000
    return [
        ratio(SETS_RECORDED, seconds, SETS_RECORDED, SCRIPT, target=1.15),
        ratio(SETS, seconds, SETS, SCRIPT, target=None),
        Figure(
            name="resolving a set of five",
            value=round(more_ms, 2),
            unit="ms more, medians",
            baseline=OWN,
            target=TARGET_MS,
            ok=more_ms <= TARGET_MS,
        ),
    ]


def _resolve(frame: Frame) -> None:
    seeker = Seeker(frame=frame, remaining_s=lambda: 5.0, redact=str, site="examplecloud")
    found = seeker.find(selector_of(FIELD))
    assert found.report is not None
    assert not found.report.is_healed


def _locate(frame: Frame) -> None:
    frame.locator("#password").element_handle()
