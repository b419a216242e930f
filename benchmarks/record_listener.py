"""What the recorder's listener adds to an input event of a large page."""

import statistics
from functools import partial

from playwright.sync_api import Page

from benchmarks.measure import Figure, alternate, spread
from benchmarks.reference_flow import bench
from tokenbroker.human.overlay import panel_of
from tokenbroker.record.listener import Listener
from tokenbroker.run.browser import VIEWPORT

ELEMENTS = 5_000
WITH, WITHOUT = "an input event with the listener", "the same without"
FOCUS_WITH, FOCUS_WITHOUT = "the first press into a field with it", "the same press without"
TARGET_MS = 2.0
PAGE = (
    "<!doctype html><title>large</title><form>"
    + "".join(f"<label>Field {n} <input name=f{n}></label>" for n in range(200))
    + "</form><ul>"
    + "".join(f"<li><a href='#{n}'>Item {n}</a></li>" for n in range((ELEMENTS - 400) // 2))
    + "</ul>"
)


def measure(rounds: int) -> list[Figure]:
    """The figure of the issue: ≤ 2 ms for an input event on a page of 5,000 elements, in one browser."""
    with bench() as it:
        told: list[object] = []
        pages = []
        for _ in range(2):
            context = it.browser.new_context(viewport=VIEWPORT)  # type: ignore[arg-type]  # ViewportSize
            pages.append(context.new_page())
        heard, plain = pages
        panel_of(heard)
        listener = Listener(heard, told.append)
        for page in pages:
            page.set_content(PAGE)
        listener.tick(looks_for_own=False, pick=0)  # the content was written into a document opened anew
        for page in pages:
            page.locator("input").first.click()
            page.evaluate(_TIMES)
        alternate(
            {WITH: partial(_write, heard), WITHOUT: partial(_write, plain)}, rounds=max(60, rounds * 10)
        )
        seconds = {name: _taken(page) for name, page in ((WITH, heard), (WITHOUT, plain))}
        fields = {page: iter(range(1, 200)) for page in pages}
        presses = alternate(
            {
                FOCUS_WITH: lambda: _press(heard, next(fields[heard])),
                FOCUS_WITHOUT: lambda: _press(plain, next(fields[plain])),
            },
            rounds=min(50, max(10, rounds)),
        )
        listener.tick(looks_for_own=False, pick=0)
        if len(told) < len(seconds[WITH]):
            raise SystemExit("the listener heard nothing: the figure would be of something else")
        for page in pages:
            page.context.close()
    for name, taken in {**seconds, **presses}.items():
        print(f"{name:<58} {spread(taken)}")
    more_ms = (statistics.median(seconds[WITH]) - statistics.median(seconds[WITHOUT])) * 1000
    press_ms = (statistics.median(presses[FOCUS_WITH]) - statistics.median(presses[FOCUS_WITHOUT])) * 1000
    return [
        Figure(
            name="the recorder's listener, added to an input event", value=round(more_ms, 2),
            unit="ms more, medians", baseline=WITHOUT, target=TARGET_MS, ok=more_ms <= TARGET_MS,
        ),
        Figure(
            name="the recorder's listener, added to the first press into a field", value=round(press_ms, 2),
            unit="ms more, medians", baseline=FOCUS_WITHOUT, target=None, ok=None,
        ),
    ]  # fmt: skip


def _write(page: Page) -> None:
    page.keyboard.insert_text("a")


def _press(page: Page, number: int) -> None:
    # All of them lie beneath each other's place in turn: what is measured is the press, and no scrolling.
    page.mouse.click(*page.evaluate(_PLACE, number))


def _taken(page: Page) -> list[float]:
    return [ms / 1000 for ms in page.evaluate("taken")]


# From the event before to the page's own first listener: the browser's work on the field, and ours.
_TIMES = """() => {
  window.taken = [];
  let began = 0;
  addEventListener("beforeinput", () => { began = performance.now(); }, true);
  addEventListener("input", () => taken.push(performance.now() - began), true);
}"""
_PLACE = """number => {
  const field = document.querySelectorAll("input")[number];
  field.scrollIntoView({ block: "center" });
  const box = field.getBoundingClientRect();
  return [box.x + 5, box.y + 5];
}"""
