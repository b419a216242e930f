"""A person at the browser, played by a process of its own: ``python -m tests.guided.person`` (orders on standard input).

It knows nothing but what a person sees: the page, the panel in it, and a phone. It acts by raw input events of mouse
and keyboard, at the place where a thing stands. It speaks the browser's own protocol and imports nothing of the product.
"""

import json
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

PAUSE_S = 0.65
"""A person takes a look before they press: the panel wants that."""
AGAIN_S = 4.0
PATIENCE_S = 90.0

Node = dict[str, Any]
STACK = ExitStack()


class Tab:
    """One page of the browser."""

    def __init__(self, url: str) -> None:
        self.socket: ClientConnection = STACK.enter_context(connect(url, max_size=None, open_timeout=5))
        self._number = 0

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        self.socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            told = json.loads(self.socket.recv(timeout=5))
            if told.get("id") == self._number:
                if "error" in told:
                    raise LookupError(told["error"]["message"])
                return dict(told["result"])

    def nodes(self) -> list[Node]:
        root = self.ask("DOM.getDocument", depth=-1, pierce=True)["root"]
        return list(_every(root))

    def box(self, node: Node) -> tuple[float, float, float, float]:
        quad = self.ask("DOM.getBoxModel", backendNodeId=node["backendNodeId"])["model"]["border"]
        return quad[0], quad[1], quad[2] - quad[0], quad[5] - quad[1]

    def click(self, node: Node) -> None:
        x, y, width, height = self.box(node)
        self.click_at(x + width / 2, y + height / 2)

    def click_at(self, x: float, y: float) -> None:
        self.ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def write(self, text: str) -> None:
        for sign in text:
            for kind in ("keyDown", "keyUp"):
                self.ask(
                    "Input.dispatchKeyEvent", type=kind, key=sign, text=sign if kind == "keyDown" else ""
                )

    def press(self, key: str, *, code: int = 0, text: str = "") -> None:
        for kind in ("keyDown", "keyUp"):
            self.ask(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code,
                text=text if kind == "keyDown" else "",
            )  # fmt: skip


def _every(node: Node) -> Iterator[Node]:
    yield node
    for name in ("children", "shadowRoots"):
        for child in node.get(name, ()):
            yield from _every(child)
    if "contentDocument" in node:
        yield from _every(node["contentDocument"])


def attributes(node: Node) -> dict[str, str]:
    pairs = node.get("attributes", [])
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def words(node: Node) -> str:
    return " ".join(each["nodeValue"] for each in _every(node) if each["nodeType"] == 3).strip()


@dataclass(kw_only=True)
class Panel:
    """What the panel shows now."""

    tab: Tab
    what: str
    count: str
    literal: str
    buttons: dict[str, Node]
    frame: Node | None
    section: Node
    move: Node
    fold: Node | None
    nodes: list[Node] = field(repr=False)


def panel_in(tab: Tab) -> Panel | None:
    nodes = tab.nodes()
    for node in nodes:
        if attributes(node).get("aria-label", "").startswith("tokenbroker guide"):
            break
    else:
        return None
    inside = list(_every(node))
    named = {attributes(each).get("class", ""): each for each in inside}
    buttons = {attributes(each)["data-press"]: each for each in inside if "data-press" in attributes(each)}
    frame = next(
        each
        for each in nodes
        if attributes(each).get("class") == "frame" and "aria-hidden" in attributes(each)
    )
    return Panel(
        tab=tab,
        what=words(next(each for each in inside if each["localName"] == "h2")),
        count=words(named["count"]),
        literal=words(named["literal"]),
        buttons=buttons,
        frame=None if "hidden" in attributes(frame) else frame,
        section=node,
        move=named["move"],
        fold=named.get("fold"),
        nodes=nodes,
    )  # fmt: skip


class Person:
    """Does what the panel says, but for its orders, each for what the panel says there.

    `presses` (the buttons to press, one at each time), `types_itself` (a text to type by hand), `mends` (a field of the
    page to be filled, its text and the button then to press), `idle` (do nothing).
    """

    def __init__(self, orders: dict[str, Any]) -> None:
        self.orders = orders
        self.hindered = ""
        self.tabs: dict[str, Tab] = {}
        self.done: dict[tuple[str, str], float] = {}

    def live(self) -> None:
        ends_at = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends_at:
            time.sleep(0.1)
            try:
                for tab in self.open_tabs():
                    self.look(tab)
            except (LookupError, WebSocketException, TimeoutError, StopIteration) as error:
                self.note(error)  # the page was just changing: a person looks again

    def note(self, error: Exception) -> None:
        """Tell what hinders them, once, for whoever reads why a test has failed."""
        told = f"(looks again: {type(error).__name__}: {error})"
        if told != self.hindered:
            print(told, flush=True)
        self.hindered = told

    def open_tabs(self) -> list[Tab]:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.orders['port']}/json/list", timeout=5
            ) as answer:
                listed = json.load(answer)
        except urllib.error.URLError as error:
            self.note(error)  # the browser is not there yet, or gone
            return []
        for each in listed:
            if each["type"] == "page" and each["id"] not in self.tabs:
                self.tabs[each["id"]] = Tab(each["webSocketDebuggerUrl"])
        return [self.tabs[each["id"]] for each in listed if each["id"] in self.tabs]

    def look(self, tab: Tab) -> None:
        panel = panel_in(tab)
        if panel is None or not panel.buttons or self.orders.get("idle"):
            return
        seen = (panel.count, panel.what)
        now = time.monotonic()
        if now - self.done.get(seen, -AGAIN_S) < AGAIN_S:
            return
        time.sleep(PAUSE_S)
        again = panel_in(tab)
        if again is None or (again.count, again.what) != seen:
            return
        self.done[seen] = time.monotonic()
        self.act(again)

    def act(self, panel: Panel) -> None:
        print(f"{panel.count} | {panel.what}", flush=True)
        tab = panel.tab
        says = f"{panel.count} {panel.what}"
        for part, buttons in self.orders.get("presses", {}).items():
            if part in says and buttons:
                tab.click(panel.buttons[buttons.pop(0)])
                self.done.clear()
                return
        for part, (named, text, button) in self.orders.get("mends", {}).items():
            if part in says:
                tab.click(next(each for each in panel.nodes if attributes(each).get("id") == named))
                tab.write(text)
                tab.press("Enter", code=13, text="\r")
                time.sleep(1)
                tab.click(panel_in(tab).buttons[button])  # type: ignore[union-attr]  # a person looks again
                return
        itself = next(
            (text for part, text in self.orders.get("types_itself", {}).items() if part in says), None
        )
        if "deny" in panel.buttons and "done" not in panel.buttons:  # a code is asked for
            field = next(
                each for each in panel.nodes if attributes(each).get("autocomplete") == "one-time-code"
            )
            self.move_away(panel, field)
            tab.click(field)
            tab.write(self.newest_code())
            tab.press("Enter", code=13, text="\r")
        elif itself is not None and panel.frame is not None:
            tab.click(panel.frame)
            tab.write(itself)
            tab.press("Tab", code=9)
        elif "type" in panel.buttons:
            tab.click(panel.buttons["type"])
        elif "yes" in panel.buttons:
            tab.click(panel.buttons["yes"])
        elif panel.what.startswith("Choose") and panel.frame is not None:
            self.choose(panel)
        elif panel.what.startswith(("Press the framed", "Tick", "Untick")) and panel.frame is not None:
            tab.click(panel.frame)
        elif match := re.match(r"(?:Go to the framed element and p|P)ress (\S+)$", panel.what):
            if panel.frame is not None:
                tab.click(panel.frame)
            tab.press(
                match[1], code=13 if match[1] == "Enter" else 0, text="\r" if match[1] == "Enter" else ""
            )
        elif "phone" in panel.what:
            self.approve_on_phone()
        elif "puzzle" in panel.what:
            self.solve(panel)
        elif "done" in panel.buttons:
            tab.click(panel.buttons["done"])

    def choose(self, panel: Panel) -> None:
        """By keys, as a list is chosen from: its first letters."""
        tab = panel.tab
        assert panel.frame is not None
        x, y, width, height = tab.box(panel.frame)
        tab.click_at(x + width / 2, y + height / 2)
        tab.write(panel.literal)
        tab.press("Enter", code=13, text="\r")

    def move_away(self, panel: Panel, thing: Node) -> None:
        """Press "Move" until the panel covers no part of `thing`."""
        x, y, width, height = panel.tab.box(thing)
        for _ in range(4):
            left, top, wide, high = panel.tab.box(panel.section)
            if x + width < left or x > left + wide or y + height < top or y > top + high:
                return
            panel.tab.click(panel.move)
            time.sleep(0.1)

    def phone(self) -> str:
        with urllib.request.urlopen(self.orders["phone"], timeout=5) as answer:
            return str(answer.read().decode())

    def newest_code(self) -> str:
        found = re.search(r"data-latest-code>(\d{6})<", self.phone())
        assert found is not None
        return found[1]

    def approve_on_phone(self) -> None:
        found = re.search(r'<form method="post" action="([^"]+)"', self.phone())
        if found is None:
            raise LookupError("nothing is asked on the phone")
        address = urllib.parse.urljoin(self.orders["phone"], found[1])
        origin = "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(address))
        request = urllib.request.Request(
            address, data=b"answer=approve", headers={"Origin": origin, "Referer": address}
        )
        urllib.request.urlopen(request, timeout=5).close()

    def solve(self, panel: Panel) -> None:
        box = next(each for each in panel.nodes if "data-captcha-checkbox" in attributes(each))
        self.move_away(panel, box)
        panel.tab.click(box)
        tile = None
        while tile is None:
            time.sleep(0.2)
            found = re.search(r"data-captcha-answer>(\d+)<", self.phone())
            nodes = panel.tab.nodes()
            tile = next((n for n in nodes if found and attributes(n).get("data-tile") == found[1]), None)
        self.move_away(panel, tile)
        panel.tab.click(tile)


if __name__ == "__main__":
    with STACK:
        Person(json.load(sys.stdin)).live()
