"""The windows that a flow's acts open, by the names that the flow gives them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from playwright.sync_api import Frame, Page

from tokenbroker.run.dialogs import GRACE_MS
from tokenbroker.run.failure import StepFailed, attempt
from tokenbroker.run.frames import INHERITING, lineage

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """An opened window, and what its opener was."""

    page: Page
    opened_by: tuple[str, ...]
    """The sources of the frame that was acted on, at that time: an empty window has their origin."""


class Windows:
    """The windows of one run; `first` is the page that it began with."""

    def __init__(self, first: Page) -> None:
        self.first = first
        self._opened: dict[str, Window] = {}

    def named(self, name: str | None) -> Page | None:
        """The page called `name`, or the first one; None where it was not opened, or is closed."""
        if name is None:
            return self.first
        window = self._opened.get(name)
        return window.page if window is not None and not window.page.is_closed() else None

    def missing(self, name: str) -> StepFailed:
        """Why there is no page called `name`: `page.not_opened` or `page.closed`."""
        return self.closed(name) or StepFailed(
            f"the window '{name}' is not open: the step that opens it was left out", code="page.not_opened"
        )

    def closed(self, name: str) -> StepFailed | None:
        """That the window called `name` was closed; None where it is open, or never was."""
        window = self._opened.get(name)
        if window is None or not window.page.is_closed():
            return None
        return StepFailed(f"the window '{name}' was closed meanwhile", code="page.closed")

    def catching(
        self, name: str, act: Callable[[], T], *, frame: Frame, remaining_ms: Callable[[], float]
    ) -> T:
        """Do `act` on something in `frame`, and call the window that it opens `name`.

        Raises:
            StepFailed: `page.not_opened`; `navigation.timeout` where it opened but has not loaded in time; and
                what `act` failed with.
        """
        opened_by = self.sources(frame)

        def both() -> tuple[T, Page]:
            # The listening begins before the act: nothing can come in between.
            with frame.page.expect_popup(timeout=remaining_ms() + GRACE_MS) as opened:
                done = act()
            return done, opened.value

        done, page = attempt(both, what=f"waiting for the window '{name}'", timeout_code="page.not_opened")
        self._opened[name] = Window(page=page, opened_by=opened_by)
        attempt(
            lambda: page.wait_for_load_state("domcontentloaded", timeout=remaining_ms()),
            what=f"loading the window '{name}'",
            timeout_code="navigation.timeout",
        )
        return done

    def sources(self, frame: Frame) -> tuple[str, ...]:
        """The addresses of all documents that have a say in what `frame` shows: its own and those that hold it.

        What has no address of its own has the origin of the next: of its holder, or of what opened its window.
        """
        *held, outermost = [each.url for each in lineage(frame)]
        opened_by = next((w.opened_by for w in self._opened.values() if w.page == frame.page), ())
        pages = opened_by if opened_by and outermost in INHERITING else (outermost,)
        return (*(url for url in held if url not in INHERITING), *pages)
