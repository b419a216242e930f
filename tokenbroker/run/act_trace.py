"""What the current step has acted on, and whether it went with its document."""

from weakref import WeakSet

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Frame, Locator, Page

from tokenbroker.run.targets.engine import acted


class ActTrace:
    """Follows the acts of one step after another.

    Attributes:
        element: what the current step has acted on, as it stands now; None before that.
    """

    def __init__(self) -> None:
        self.element: Locator | None = None
        self._frame: Frame | None = None
        self._navigated: list[Frame] = []
        """Frames that the current step has seen going to another document."""
        self._watched: WeakSet[Page] = WeakSet()

    def begin(self, page: Page) -> None:
        """From now on it is about a step that works in `page`."""
        self.element = self._frame = None
        self._navigated.clear()
        if page not in self._watched:
            self._watched.add(page)
            page.on("framenavigated", self._see_navigated)

    def begin_try(self) -> None:
        """From now on `has_left` is about another try at the current step."""
        self._navigated.clear()

    def note(self, frame: Frame) -> None:
        """The current step has acted on an element of `frame`."""
        self.element, self._frame = acted(frame), frame

    @property
    def has_left(self) -> bool:
        """Whether what the current step has acted on went with its document, as far as the browser has told."""
        if self._frame is None or self._frame not in self._navigated:
            return False
        try:  # a page that only gives itself another address keeps its document
            return acted(self._frame).count() == 0
        except PlaywrightError:
            return True

    def _see_navigated(self, frame: Frame) -> None:
        self._navigated.append(frame)
