"""The DevTools target of a page: what its own process draws, with the frames of that process."""

import base64
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import CDPSession
from playwright.sync_api import Error as PlaywrightError

from tokenbroker.run.pictures.snapshot import LOOKS, Document, documents_of

CALL_TIMEOUT_MS: Final = 5_000.0
_WORLD: Final = "tokenbroker pictures"
_COVER: Final = Path(__file__).with_name("cover.js").read_text(encoding="utf-8")
_UNCOVER: Final = Path(__file__).with_name("uncover.js").read_text(encoding="utf-8")

Loads = dict[str, str]
"""What names the load that each frame of a target shows; a frame that navigates gets another."""


class Target:
    """The calls that the camera makes over one DevTools session.

    Each answers within `timeout_ms` or raises Playwright's ``TimeoutError``; the text of Playwright's
    errors must not travel, for it may hold what the page says.
    """

    def __init__(self, session: CDPSession, *, timeout_ms: float = CALL_TIMEOUT_MS) -> None:
        self._session = session
        self._timeout_ms = timeout_ms
        self._worlds: dict[tuple[str, str], int] = {}
        self._outermost = ""
        self._navigations = 0

    def has_navigated(self) -> None:
        """One of its frames shows another document from now on."""
        self._navigations += 1

    def shoot(self) -> bytes:
        """The viewport as PNG."""
        answer = self._send(
            "Page.captureScreenshot",
            {"format": "png", "optimizeForSpeed": True, "captureBeyondViewport": False},
        )
        return base64.b64decode(answer["data"])

    def loads(self, *, has_frames: bool = True) -> Loads:
        """What its frames show now; a target that has no frame but the outermost one need not be asked each time."""
        if self._outermost and not has_frames:
            return {self._outermost: f"after {self._navigations} navigations"}
        loads: Loads = {}
        trees = [self._send("Page.getFrameTree")["frameTree"]]
        for tree in trees:
            loads[tree["frame"]["id"]] = tree["frame"]["loaderId"]
            trees.extend(tree.get("childFrames", ()))
        self._outermost = next(iter(loads))
        return loads

    def layout(self) -> dict[str, Any]:
        """The documents of the target, the outermost first, with frames of the same process, as the browser tells."""
        return self._send("DOMSnapshot.captureSnapshot", {"computedStyles": list(LOOKS)})

    def documents(self) -> list[Document]:
        """As `layout`, ready to be looked at."""
        return documents_of(self.layout())

    def cover(self, css: str, loads: Loads) -> None:
        """Adopt `css` in each frame; the documents afterwards tell whether that worked."""
        for load in loads.items():
            self._evaluate(load, f"({_COVER})({json.dumps(css)})")

    def uncover(self, loads: Loads) -> dict[str, int]:
        """Take the style sheet back; answer how many usable fonts made by script each frame holds.

        A frame whose load is gone, or that couldn't be asked, is missing in the answer.
        """
        answers = {load[0]: self._evaluate(load, f"({_UNCOVER})()") for load in loads.items()}
        return {frame: int(answer["value"]) for frame, answer in answers.items() if answer is not None}

    def ask(self, load: tuple[str, str], expression: str) -> Any:
        """What `expression` answers, as JSON, in our isolated world of one load; None if it threw or has gone."""
        answer = self._evaluate(load, expression)
        return answer.get("value") if answer is not None else None

    def uncover_when_it_wakes(self) -> None:
        """Ask for the style sheet back without waiting, for a target that may not answer in time."""
        for world in self._worlds.values():
            with suppress(PlaywrightError):
                self._run(world, f"({_UNCOVER})()", timeout_ms=1.0)

    def _evaluate(self, load: tuple[str, str], expression: str) -> Mapping[str, Any] | None:
        """The result in our isolated world of one load; None if it threw or the load is gone."""
        try:
            if load not in self._worlds:
                made = self._send("Page.createIsolatedWorld", {"frameId": load[0], "worldName": _WORLD})
                self._worlds[load] = made["executionContextId"]
            answer = self._run(self._worlds[load], expression, timeout_ms=self._timeout_ms)
        except PlaywrightError as error:
            if is_timeout(error):
                raise
            self._worlds.pop(load, None)
            return None
        return None if "exceptionDetails" in answer else answer["result"]

    def _run(self, world: int, expression: str, *, timeout_ms: float) -> dict[str, Any]:
        parameters = {"expression": expression, "contextId": world, "returnByValue": True}
        return self._session.send("Runtime.evaluate", parameters, timeout=timeout_ms)

    def _send(self, method: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
        return self._session.send(method, parameters, timeout=self._timeout_ms)


def is_timeout(error: PlaywrightError) -> bool:
    """Whether Playwright gave up waiting."""
    return error.name == "TimeoutError"
