"""JavaScript dialogs of a run's pages: answered at once, for an open one holds the page."""

from collections.abc import Callable
from typing import TypeVar

from playwright.sync_api import BrowserContext, Dialog, Page
from playwright.sync_api import Error as PlaywrightError

from tokenbroker.run.failure import attempt

T = TypeVar("T")
GRACE_MS = 200  # the act itself has the step's whole time; that it failed must be told before this


class Dialogs:
    """Answers every dialog of `context`: the announced one as announced, any other with no.

    A question whether to leave the page is answered with yes, as Playwright does by itself: the flow said
    to go elsewhere.
    """

    def __init__(self, context: BrowserContext) -> None:
        self._context = context
        self._announced: tuple[Page, str] | None = None
        self._came: list[str] = []
        context.on("dialog", self._answer)

    def begin(self) -> None:
        """Forget what came so far: a new step begins."""
        self._came = []

    @property
    def remark(self) -> str:
        """What came up unannounced since `begin`, without a word of it; "" where nothing did."""
        return "; ".join(self._came)

    def answering(
        self, answer: str, act: Callable[[], T], *, page: Page, remaining_ms: Callable[[], float]
    ) -> T:
        """Do `act`, and answer (``accept`` or ``dismiss``) the dialog that it brings up in `page`.

        Others are dismissed: any window of the run may ask something meanwhile.

        Raises:
            StepFailed: `dialog.not_shown`; and what `act` failed with.
        """

        def both() -> T:
            # The listening begins before the act: nothing can come in between.
            with self._context.expect_event(
                "dialog", lambda dialog: _asks(dialog, page), timeout=remaining_ms() + GRACE_MS
            ):
                return act()

        self._announced = (page, answer)
        try:
            return attempt(both, what="waiting for the dialog", timeout_code="dialog.not_shown")
        finally:
            self._announced = None

    def _answer(self, dialog: Dialog) -> None:
        answer = "dismiss"
        if not _is_question(dialog):
            answer = "accept"
            self._came.append("the page asked whether to leave it, and was left")
        elif self._announced is not None and _asks(dialog, self._announced[0]):
            (_, answer), self._announced = self._announced, None
        else:
            self._came.append(f"a dialog ({dialog.type}) came up unannounced and was dismissed")
        try:
            if answer == "accept":
                dialog.accept(dialog.default_value)
            else:
                dialog.dismiss()
        except PlaywrightError:
            return  # it went with its page


def _asks(dialog: Dialog, page: Page) -> bool:
    return _is_question(dialog) and dialog.page == page


def _is_question(dialog: Dialog) -> bool:
    return dialog.type != "beforeunload"
