"""The panel of one page: shown, kept up, and listened to over the browser's own protocol.

Its script runs in an isolated world (`overlay.js`): the page can neither call it nor hear what it tells. It tells what
the person presses in it, and where the person acts in the page: places, and names of keys that say nothing of a text.
"""

import json
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

from playwright.sync_api import CDPSession, Frame, Page
from playwright.sync_api import Error as PlaywrightError

from tokenbroker.human.overlay.card import Card
from tokenbroker.human.overlay.mark import panel_mark
from tokenbroker.secret import Secret

WORLD: Final = "tokenbroker-guide"
_SAY: Final = "tokenbrokerSay"
_HERE: Final = Path(__file__).parent
_STYLES: Final = json.dumps((_HERE / "overlay.css").read_text(encoding="utf-8"))
SCRIPT: Final = (_HERE / "overlay.js").read_text(encoding="utf-8").replace('"%STYLES%"', _STYLES)
MAX_HEARD: Final = 200
"""So many acts are remembered; a person makes fewer while a step waits."""

Box = tuple[float, float, float, float]
"""Left, top, width and height in CSS pixels of a viewport."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Press:
    """The person has pressed a button of the panel."""

    id: str
    code: Secret | None = None
    """What stood in the panel's field."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """What the person did in the page.

    Attributes:
        kind: "click", "pointerdown" or "keydown", each made by an input device and no script.
        key: for a key: its name, with the keys that were held; "" for any that writes a text.
        at: where the pointer was, in the viewport of the act's frame; None for what keys did.
        path: the boxes of the element and what holds it, in that viewport.
        in_main: whether it was in the page's own frame.
    """

    kind: str
    key: str
    at: tuple[float, float] | None
    path: tuple[Box, ...]
    in_main: bool


class Panel:
    """The panel of `page`; there is one for each page: see `panel_of`. Nothing here raises a foreign error.

    Attributes:
        presses: what was pressed in the panel and not yet taken.
        acts: what was done in the page and not yet taken.
        is_seen: whether the browser said last that the panel is to be seen, with nothing over it.
        is_ready: whether a press would have counted then.
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self._world: int | None = None
        self._card: Card | None = None
        self._box: Box | None = None
        self._sessions: WeakKeyDictionary[Frame, CDPSession] = WeakKeyDictionary()
        self.presses: deque[Press] = deque()
        self.acts: deque[Act] = deque(maxlen=MAX_HEARD)
        self.is_seen = self.is_ready = False
        self._session: CDPSession | None = None
        self._main = ""
        with suppress(PlaywrightError):
            session = page.context.new_cdp_session(page)
            self._session = session
            self._main = str(session.send("Page.getFrameTree")["frameTree"]["frame"]["id"])
            session.on("Runtime.executionContextCreated", self._enter)
            session.on("Runtime.executionContextDestroyed", self._leave)
            session.on("Runtime.executionContextsCleared", self._leave_all)
            session.on("Runtime.bindingCalled", self._hear)
            _prepare(session)

    def watch(self, frame: Frame) -> None:
        """Listen to what the person does in `frame` if it lives in a process of its own; else it is heard anyway."""
        if frame == self._page.main_frame or frame in self._sessions:
            return
        with suppress(PlaywrightError):  # it belongs to the page's own process, and is heard already
            session = self._page.context.new_cdp_session(frame)
            self._sessions[frame] = session
            session.on("Runtime.bindingCalled", self._hear_inner)
            _prepare(session)

    def show(self, card: Card, box: Box | None = None) -> None:
        """Show `card`, and point at `box` of the page's viewport; stays through navigations until `hide`."""
        self._card, self._box = card, box
        self._send()

    def point_at(self, box: Box | None) -> None:
        """Point elsewhere, or at nothing; keeps the panel where it belongs. To be called several times a second."""
        self._box = box
        self._note(self._call(f"point({json.dumps(box)})"))

    def hide(self) -> None:
        """Take the panel away."""
        if self._card is not None:
            self._card = self._box = None
            self._call("hide()")

    def forget(self) -> None:
        """Drop what was pressed and done so far."""
        self.presses.clear()
        self.acts.clear()

    def _send(self) -> None:
        if self._card is not None:
            told = json.dumps(self._card.as_told(mark=panel_mark()))
            self._note(self._call(f"show({told}, {json.dumps(self._box)})"))

    def _call(self, call: str) -> Any:
        """What our script answers to `call`; None where there is no document that runs it, or that is just going."""
        if self._session is None or self._world is None:
            return None
        with suppress(PlaywrightError):
            answered = self._session.send(
                "Runtime.evaluate",
                {
                    "expression": f"tokenbrokerGuide.{call}",
                    "contextId": self._world,
                    "returnByValue": True,
                },
            )
            return answered.get("result", {}).get("value")
        return None

    def _note(self, told: Any) -> None:
        self.is_seen = isinstance(told, dict) and told.get("seen") is True
        self.is_ready = self.is_seen and told.get("ready") is True

    def _enter(self, event: dict[str, Any]) -> None:
        context = event["context"]
        if context["name"] == WORLD and context.get("auxData", {}).get("frameId") == self._main:
            self._world = int(context["id"])
            self._send()

    def _leave(self, event: dict[str, Any]) -> None:
        if event.get("executionContextId") == self._world:
            self._leave_all()

    def _leave_all(self, _: object = None) -> None:
        self._world = None
        self.is_seen = self.is_ready = False

    def _hear(self, event: dict[str, Any]) -> None:
        self._take(event, in_main=event["executionContextId"] == self._world)

    def _hear_inner(self, event: dict[str, Any]) -> None:
        self._take(event, in_main=False)

    def _take(self, event: dict[str, Any], *, in_main: bool) -> None:
        if event["name"] != _SAY:
            return
        told = json.loads(event["payload"])
        if "press" in told and in_main:
            code = Secret(told["code"].strip()) if told["code"].strip() else None
            self.presses.append(Press(id=told["press"], code=code))
        elif "act" in told:
            self.acts.append(
                Act(
                    kind=told["act"],
                    key=told["key"],
                    at=tuple(told["at"]) if told["at"] else None,
                    path=tuple((box[0], box[1], box[2], box[3]) for box in told["path"]),
                    in_main=in_main,
                )
            )


def _prepare(session: CDPSession) -> None:
    session.send("Runtime.enable")
    session.send("Runtime.addBinding", {"name": _SAY, "executionContextName": WORLD})
    session.send("Page.enable")
    session.send(
        "Page.addScriptToEvaluateOnNewDocument",
        {"source": SCRIPT, "worldName": WORLD, "runImmediately": True},
    )


_panels: WeakKeyDictionary[Page, Panel] = WeakKeyDictionary()


def panel_of(page: Page) -> Panel:
    """The panel of `page`, made when it is first asked for."""
    if page not in _panels:
        _panels[page] = Panel(page)
    return _panels[page]
