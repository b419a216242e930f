"""What the panel of a guided run adds to a navigation: it stays shown through it."""

import statistics
from functools import partial

from playwright.sync_api import Page

from benchmarks.measure import Figure, alternate, spread
from benchmarks.reference_flow import bench
from tokenbroker.human.overlay import Button, Card, panel_of
from tokenbroker.run.browser import VIEWPORT

WITH, WITHOUT = "a navigation with the panel shown", "the same without"
TARGET_MS = 20.0
CARD = Card(
    count="Step 3 of 11",
    share=0.3,
    heading="Type into the framed field",
    detail="The value is kept as secrets:example.password: it can be typed for you.",
    buttons=(Button(id="type", label="Type it for me", is_primary=True), Button(id="stop", label="Stop")),
)


def measure(rounds: int) -> list[Figure]:
    """The figure of the issue: ≤ 20 ms, from the call to the page's own `load`, in one browser."""
    with bench() as it:
        pages = []
        for _ in range(2):
            context = it.browser.new_context(viewport=VIEWPORT)  # type: ignore[arg-type]  # ViewportSize
            pages.append(context.new_page())
        guided, plain = pages
        for page in pages:
            page.goto(f"{it.site.url}/login")
        panel_of(guided).show(CARD, (400.0, 300.0, 300.0, 40.0))
        seconds = alternate(
            {
                WITH: partial(_go, guided, f"{it.site.url}/login"),
                WITHOUT: partial(_go, plain, f"{it.site.url}/login"),
            },
            rounds=max(20, rounds * 3),
        )
        panel = panel_of(guided)
        guided.wait_for_timeout(500)
        panel.point_at(None)
        if not panel.is_seen:
            raise SystemExit("the panel was not shown: the figure would be of something else")
        for page in pages:
            page.context.close()
    for name, taken in seconds.items():
        print(f"{name:<58} {spread(taken)}")
    more_ms = (statistics.median(seconds[WITH]) - statistics.median(seconds[WITHOUT])) * 1000
    return [
        Figure(
            name="the panel, added to a navigation",
            value=round(more_ms, 2),
            unit="ms more, medians",
            baseline=WITHOUT,
            target=TARGET_MS,
            ok=more_ms <= TARGET_MS,
        )
    ]


def _go(page: Page, address: str) -> None:
    page.goto(address, wait_until="load")
