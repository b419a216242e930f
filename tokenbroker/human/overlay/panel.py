"""The panel of one page: shown, kept up, and listened to over the browser's own protocol.

Its script runs in an isolated world (`overlay.js`): the page can neither call it nor hear what it tells. It tells what
the person presses in it, and where the person acts in the page: places, and names of keys that say nothing of a text.
"""

import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

from playwright.sync_api import CDPSession, Frame, Page
from playwright.sync_api import Error as PlaywrightError

from tokenbroker.human.checkpoint import MIN_CODE_CHARACTERS
from tokenbroker.human.overlay.card import Card
from tokenbroker.human.overlay.mark import panel_mark
from tokenbroker.secret import Secret

WORLD: Final = "tokenbroker-guide"
_SAY: Final = "tokenbrokerSay"
_HERE: Final = Path(__file__).parent
_STYLES: Final = json.dumps((_HERE / "overlay.css").read_text(encoding="utf-8"))
SCRIPT: Final = (_HERE / "overlay.js").read_text(encoding="utf-8").replace('"%STYLES%"', _STYLES)
CALL_TIMEOUT_MS: Final = 1_000.0
MAX_HEARD: Final = 200
"""So many acts are remembered; a person makes fewer while a step waits."""

Box = tuple[float, float, float, float]
"""Left, top, width and height in CSS pixels of a viewport."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Press:
    """The person has pressed a button of the panel."""

    id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """What the person did in the page.

    Attributes:
        kind: "click", "pointerdown" or "keydown", each made by an input device and no script.
        key: for a key: its name, with the keys that were held; "" for any that writes a text.
        frame: the address of the act's frame; "" for the page's own.
        at: where the pointer was, in the viewport of the act's frame; None for what keys did.
        path: the boxes of the element and what holds it, in that viewport.
    """

    kind: str
    key: str
    at: tuple[float, float] | None
    path: tuple[Box, ...]
    frame: str = field(repr=False)


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
        self._serial = 0
        self._worlds: set[int] = set()
        self._listens = False
        self._typed: Secret | None = None
        self._sessions: WeakKeyDictionary[Frame, CDPSession | None] = WeakKeyDictionary()
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
        self._sessions[frame] = None
        with suppress(PlaywrightError):  # it belongs to the page's own process, and is heard already
            session = self._page.context.new_cdp_session(frame)
            self._sessions[frame] = session
            session.on("Runtime.bindingCalled", self._hear_inner)
            _prepare(session)

    def show(self, card: Card, box: Box | None = None) -> None:
        """Show `card`, and point at `box` of the page's viewport; stays through navigations until `hide`."""
        if card != self._card:
            self._serial += 1
            self.presses.clear()
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

    @contextmanager
    def listening(self) -> Iterator[Callable[[], Secret | None]]:
        """What the person types meanwhile is told, as it stands in the field that they typed in last."""
        self._typed, self._listens = None, True
        self._set_listening()
        try:
            yield lambda: self._typed
        finally:
            self._listens = False
            self._set_listening()
            self._typed = None

    def _set_listening(self) -> None:
        for world in tuple(self._worlds):
            self._evaluate(world, f"listen({json.dumps(self._listens)})")

    def _send(self) -> None:
        if self._card is not None:
            told = json.dumps(self._card.as_told(mark=panel_mark(), serial=self._serial))
            self._note(self._call(f"show({told}, {json.dumps(self._box)})"))

    def _call(self, call: str) -> Any:
        """What our script answers to `call`; None where there is no document that runs it, or that is just going."""
        return self._evaluate(self._world, call) if self._world is not None else None

    def _evaluate(self, world: int, call: str) -> Any:
        if self._session is None:
            return None
        with suppress(PlaywrightError):
            answered = self._session.send(
                "Runtime.evaluate",
                {
                    "expression": f"tokenbrokerGuide.{call}",
                    "contextId": world,
                    "returnByValue": True,
                },
                timeout=CALL_TIMEOUT_MS,  # a page may be busy for ever
            )
            return answered.get("result", {}).get("value")
        return None

    def _note(self, told: Any) -> None:
        self.is_seen = isinstance(told, dict) and told.get("seen") is True
        self.is_ready = self.is_seen and told.get("ready") is True

    def _enter(self, event: dict[str, Any]) -> None:
        context = event["context"]
        if context["name"] != WORLD:
            return
        self._worlds.add(int(context["id"]))
        if context.get("auxData", {}).get("frameId") == self._main:
            self._world = int(context["id"])
            self._send()
        if self._listens:
            self._evaluate(int(context["id"]), "listen(true)")

    def _leave(self, event: dict[str, Any]) -> None:
        self._worlds.discard(int(event.get("executionContextId", 0)))
        if event.get("executionContextId") == self._world:
            self._world = None
            self.is_seen = self.is_ready = False

    def _leave_all(self, _: object = None) -> None:
        self._worlds.clear()
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
            if told["serial"] == self._serial:  # the press of an earlier card answers no later one
                self.presses.append(Press(id=told["press"]))
        elif "typed" in told:
            is_long = len(told["typed"]) >= MIN_CODE_CHARACTERS
            self._typed = Secret(told["typed"]) if self._listens and is_long else None
        elif "act" in told:
            self.acts.append(
                Act(
                    kind=told["act"],
                    key=told["key"],
                    at=tuple(told["at"]) if told["at"] else None,
                    path=tuple((box[0], box[1], box[2], box[3]) for box in told["path"]),
                    frame=told["frame"],
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
