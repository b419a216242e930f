"""The ear in one window: our script in each of its frames, over the browser's own protocol, and what it tells.

The script runs in the panel's world (`tokenbroker.human.overlay`): the page can neither call it nor hear what it tells.
"""

import json
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import CDPSession, Frame, Page
from playwright.sync_api import Error as PlaywrightError

from tokenbroker.human.overlay.panel import CALL_TIMEOUT_MS, WORLD
from tokenbroker.record.observed import How
from tokenbroker.record.recording import FrameSeen
from tokenbroker.record.well_formed import well_formed
from tokenbroker.run.challenge import FIND
from tokenbroker.run.targets.engine import PARTS

_BINDING: Final = "tokenbrokerRecord"
_HERE: Final = Path(__file__).parent
SCRIPT: Final = "\n".join(
    [
        "(() => {",
        PARTS,
        *(
            (_HERE / name).read_text(encoding="utf-8").replace('"%FIND%"', f"({FIND})")
            for name in ("offers.js", "own.js", "fields.js", "listener.js")
        ),
        "})()",
    ]
)
_MAX_FRAMES: Final = 20
_BEGIN_TIMEOUT_MS: Final = 10_000.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """One thing that the script of a frame told, as it told it."""

    what: dict[str, Any] = field(repr=False)
    frame_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _World:
    session: CDPSession
    context_id: int


class Listener:
    """Listens in `page`, and hands on to `hear`.

    It is made as soon as there is that page, after its panel. Nothing here raises a foreign error.

    Attributes:
        main: the number of the main frame.
        how, asked: how the navigation that is under way began, and the address that was asked for.
        is_blocked: a JavaScript dialog is open, and holds the page.
        is_shown: that dialog has a window of its own, in which the person can answer it.
        answers: how dialogs were answered, in order: True for accepted.
    """

    def __init__(self, page: Page, hear: Callable[[Told], None]) -> None:
        self._page = page
        self._hear_told = hear
        self._worlds: dict[str, _World] = {}
        self._parents: dict[str, str] = {}
        self._seen: dict[str, FrameSeen] = {}
        self._changed: set[str] = set()
        self._own_process: dict[Frame, str] = {}
        self._roots: dict[CDPSession, str] = {}
        self._session: CDPSession | None = None
        self._is_requested = False
        self.main = ""
        self.how: How = ""
        self.asked = ""
        self.is_blocked = self.is_shown = False
        self._leaves = False
        self.answers: deque[bool] = deque()
        with suppress(PlaywrightError):
            self._session = self._listen(page)
            self.main = self._roots[self._session]
            self._session.on("Page.frameRequestedNavigation", self._request)
            self._session.on("Page.frameStartedNavigating", self._start)
            self._session.on("Page.javascriptDialogOpening", self._block)
            self._session.on("Page.javascriptDialogClosed", self._unblock)

    def attend(self) -> None:
        """Listen in frames that have come to live in a process of their own, and learn what each frame is."""
        for frame in self._page.frames[1:]:
            place = _site(frame)
            if self._own_process.get(frame) != place:
                self._own_process[frame] = place
                with suppress(PlaywrightError):  # it belongs to the page's own process, and is heard already
                    self._listen(frame)
        for frame_id in [each for each in self._worlds if each in self._changed and each != self.main]:
            self._learn(frame_id)

    def tick(self, *, looks_for_own: bool, pick: int) -> None:
        """Keep the scripts up, and let them tell what has come; to be called several times a second.

        With a `pick` that no press has answered yet the next one points at the token; 0 is none.
        """
        for world in tuple(self._worlds.values()):
            self._evaluate(world, f"tick({json.dumps(looks_for_own)}, {pick})")

    def asks(self) -> str:
        """What the page asks of a person: "otp", "action" or "device"."""
        answers = {self._evaluate(world, "asks()") for world in tuple(self._worlds.values())}
        return next((each for each in ("otp", "action") if each in answers), "device")

    def frames_of(self, frame_id: str, url: str) -> tuple[FrameSeen, ...]:
        """The frames around what stands in `frame_id`, that one (at `url` then) included, the outermost first."""
        frames: list[FrameSeen] = []
        while frame_id and frame_id != self.main and len(frames) < _MAX_FRAMES:
            if frame_id not in self._seen:
                self._learn(frame_id)
            seen = self._seen.get(frame_id, FrameSeen(name="", url=""))
            frames.insert(0, seen if frames else replace(seen, url=url))
            frame_id = self._parents.get(frame_id, "")
        return tuple(frames)

    def offset_of(self, frame_id: str) -> tuple[float, float] | None:
        """Where the viewport of `frame_id` begins in the window's; None where that is not to be told."""
        left = top = 0.0
        with suppress(PlaywrightError, KeyError):
            while frame_id != self.main:
                session = self._worlds[self._parents[frame_id]].session
                owner = session.send("DOM.getFrameOwner", {"frameId": frame_id}, timeout=CALL_TIMEOUT_MS)
                node = {"backendNodeId": owner["backendNodeId"]}
                x, y, *_ = session.send("DOM.getBoxModel", node, timeout=CALL_TIMEOUT_MS)["model"]["content"]
                left, top = left + x, top + y
                frame_id = self._roots[session]  # a box is told as it lies in all that its process shows
            return left, top
        return None

    def _listen(self, where: Page | Frame) -> CDPSession:
        session = self._page.context.new_cdp_session(where)
        session.on("Runtime.executionContextCreated", lambda event: self._enter(session, event))
        session.on("Runtime.executionContextDestroyed", lambda event: self._leave(session, event))
        session.on("Runtime.executionContextsCleared", lambda _: self._leave(session, None))
        session.on("Runtime.bindingCalled", lambda event: self._hear(session, event))
        session.on("Page.frameAttached", self._attach)
        session.on("Page.frameNavigated", self._navigate)
        session.send("Runtime.enable", timeout=_BEGIN_TIMEOUT_MS)
        session.send("Runtime.addBinding", {"name": _BINDING, "executionContextName": WORLD})
        session.send("Page.enable")
        tree = session.send("Page.getFrameTree", timeout=_BEGIN_TIMEOUT_MS)["frameTree"]
        self._roots[session] = str(tree["frame"]["id"])
        for frame in _frames_in(tree):
            self._navigate({"frame": frame})
        session.send(
            "Page.addScriptToEvaluateOnNewDocument",
            {"source": SCRIPT, "worldName": WORLD, "runImmediately": True},
        )
        return session

    def _enter(self, session: CDPSession, event: dict[str, Any]) -> None:
        context = event["context"]
        if context["name"] == WORLD:
            frame_id = str(context.get("auxData", {}).get("frameId", ""))
            self._worlds[frame_id] = _World(session=session, context_id=int(context["id"]))

    def _leave(self, session: CDPSession, event: dict[str, Any] | None) -> None:
        gone = event and int(event.get("executionContextId", 0))
        for frame_id, world in tuple(self._worlds.items()):
            if world.session is session and gone in (None, world.context_id):
                del self._worlds[frame_id]

    def _attach(self, event: dict[str, Any]) -> None:
        self._parents[str(event["frameId"])] = str(event["parentFrameId"])

    def _navigate(self, event: dict[str, Any]) -> None:
        frame = event["frame"]
        if "parentId" in frame:
            self._parents[str(frame["id"])] = str(frame["parentId"])
        self._changed.add(str(frame["id"]))

    def _request(self, event: dict[str, Any]) -> None:
        if event["frameId"] == self.main:
            self._is_requested = True  # by a document: what comes from the browser's own address bar isn't

    def _start(self, event: dict[str, Any]) -> None:
        if event["frameId"] != self.main:
            return
        kind = str(event.get("navigationType", ""))
        is_new = kind == "differentDocument" and not self._is_requested
        self.how = "history" if kind.startswith("history") else "typed" if is_new else ""
        self.asked, self._is_requested = str(event.get("url", "")), False

    def _hear(self, session: CDPSession, event: dict[str, Any]) -> None:
        if event["name"] != _BINDING:
            return
        context_id = int(event["executionContextId"])
        for frame_id, world in self._worlds.items():
            if world.session is session and world.context_id == context_id:
                self._hear_told(Told(what=well_formed(json.loads(event["payload"])), frame_id=frame_id))
                return

    def _block(self, event: dict[str, Any]) -> None:
        self.is_blocked, self.is_shown = True, event.get("hasBrowserHandler") is True
        self._leaves = event.get("type") == "beforeunload"

    def _unblock(self, event: dict[str, Any]) -> None:
        self.is_blocked = self.is_shown = False
        if not self._leaves:
            self.answers.append(event.get("result") is True)

    def _learn(self, frame_id: str) -> None:
        """Ask the frame's parent what its element is."""
        parent, own = self._worlds.get(self._parents.get(frame_id, "")), self._worlds.get(frame_id)
        if parent is None or own is None:
            return
        self._changed.discard(frame_id)
        url = self._evaluate(own, "address()")
        told: dict[str, Any] = {}
        with suppress(PlaywrightError):
            owner = parent.session.send("DOM.getFrameOwner", {"frameId": frame_id}, timeout=CALL_TIMEOUT_MS)
            element = parent.session.send(
                "DOM.resolveNode",
                {"backendNodeId": owner["backendNodeId"], "executionContextId": parent.context_id},
                timeout=CALL_TIMEOUT_MS,
            )["object"]["objectId"]
            told = parent.session.send(
                "Runtime.callFunctionOn",
                {
                    "functionDeclaration": "function() { return tokenbrokerRecorder.frame(this); }",
                    "objectId": element,
                    "returnByValue": True,
                },
                timeout=CALL_TIMEOUT_MS,
            )["result"].get("value", {})
        told = well_formed(told)
        self._seen[frame_id] = FrameSeen(
            name=str(told.get("name", "")), url=str(url or ""), selector=str(told.get("selector", ""))
        )

    def _evaluate(self, world: _World, call: str) -> Any:
        if self.is_blocked:
            return None
        with suppress(PlaywrightError):
            answered = world.session.send(
                "Runtime.evaluate",
                {
                    "expression": f"tokenbrokerRecorder.{call}",
                    "contextId": world.context_id,
                    "returnByValue": True,
                },
                timeout=CALL_TIMEOUT_MS,  # a page may be busy for ever
            )
            return answered.get("result", {}).get("value")
        return None


def _site(frame: Frame) -> str:
    """What decides which process it lives in, or a finer thing."""
    try:
        parts = urlsplit(frame.url)
    except ValueError:
        return "invalid"
    return f"{parts.scheme}://{parts.hostname}"


def _frames_in(tree: dict[str, Any]) -> list[dict[str, Any]]:
    return [tree["frame"], *(each for child in tree.get("childFrames", ()) for each in _frames_in(child))]
