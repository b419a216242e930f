"""A sitting at pages that a test writes, with a person whose every act is an input event."""

from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.human.overlay.conftest import Eye
from tests.run.steps.conftest import PageSite
from tokenbroker.human.overlay import panel_of
from tokenbroker.record.capture import record
from tokenbroker.record.recording import Event, Recording
from tokenbroker.run.browser import recorded_context

Doing = Generator[None, None, None]
PATIENCE_POLLS = 200


class Person:
    """Acts in the windows of a sitting; between two acts time passes where a test yields."""

    def __init__(self, context: BrowserContext) -> None:
        self._context = context
        self.window = 0

    @property
    def page(self) -> Page:
        return self._context.pages[self.window]

    @property
    def pages(self) -> list[Page]:
        return self._context.pages

    def middle(self, selector: str, *, frame: str | None = None) -> tuple[float, float]:
        within = self.page.frame_locator(frame) if frame else self.page
        box = within.locator(selector).bounding_box(timeout=5_000)
        assert box is not None
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def click(self, selector: str, *, frame: str | None = None, times: int = 1) -> None:
        x, y = self.middle(selector, frame=frame)
        self.page.mouse.move(x, y)
        self.page.mouse.click(x, y, click_count=times)

    def write(self, text: str) -> None:
        self.page.keyboard.type(text)

    def fill(self, selector: str, text: str, *, frame: str | None = None) -> None:
        self.click(selector, frame=frame)
        self.write(text)

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def until(self, is_so: Callable[[], Any]) -> Doing:
        for _ in range(PATIENCE_POLLS):
            yield
            if is_so():
                return
        raise AssertionError("it never came")

    def panel(self, button: str) -> Doing:
        """Press a button of the panel, once it takes presses."""
        panel = panel_of(self.page)
        yield from self.until(lambda: panel.is_ready)
        self.page.mouse.click(*Eye(self.page).middle("data-press", button))
        yield
        yield

    def is_pointed(self) -> bool:
        """Whether something on the page is framed."""
        return "hidden" not in Eye(self.page).find("class", "frame")["attributes"]

    def said(self) -> str:
        """All that the panel says."""
        return Eye(self.page).words()


Sit = Callable[..., Recording | None]


@pytest.fixture
def site() -> Iterator[PageSite]:
    made = PageSite()
    yield made
    made.close()


@pytest.fixture
def other_site() -> Iterator[PageSite]:
    made = PageSite()
    yield made
    made.close()


@pytest.fixture
def sit(flow_browser: Browser, site: PageSite) -> Sit:
    """``sit(do, html)``: records what `do` does, a generator that is given the person, at a page of `html`."""

    def begin(do: Callable[[Person], Doing], html: str | None = None, **options: Any) -> Recording | None:
        if html is not None:
            site.pages["/"] = page_of(html)
        with recorded_context(flow_browser, headed=False) as context:
            doing: list[Doing] = []

            def is_stopped() -> bool:
                if not doing:
                    doing.append(do(Person(context)))
                try:
                    next(doing[0])
                except StopIteration:
                    return True
                return False

            options.setdefault("is_stopped", is_stopped)
            return record(context, **{"address": f"{site.origin}/", "origins": {}, **options})

    return begin


def page_of(html: str) -> str:
    return f"<!doctype html><html lang=en><head><title>t</title></head><body>{html}</body></html>"


def told(recording: Recording | None) -> list[tuple[str, str, str]]:
    """Of each event what it is, the label of its element, and its value."""
    assert recording is not None
    return [
        (each.what.value, each.element.label if each.element else "", each.value) for each in recording.events
    ]


def acts(recording: Recording | None) -> list[Event]:
    """The events after the one that opened the recorder's address."""
    assert recording is not None
    return list(recording.events[1:])
