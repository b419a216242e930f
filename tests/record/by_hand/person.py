"""A person who creates a token by hand while the recorder watches: ``python -m tests.record.by_hand.person``.

A process of its own, with orders on standard input: a port of the browser, a phone, a seed for how fast it is, and the
acts of a journey, one after the other (see `journeys.py`). It knows what a person sees: words on the page, the panel,
the phone. It acts by raw input events, and imports nothing of the product.
"""

import json
import random
import re
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.guided.person import PAUSE_S, STACK, Node, Panel, Person, Tab, _every, attributes, panel_in, words

PATIENCE_S = 40.0
PANEL_S = 10.0
LOOK_S = 0.1
FIELDS = ("input", "select", "textarea")
PRESSABLE = ("button", "a", "summary", "label", "input", "option", "span")
_LONG = re.compile(r"\S{16,}")
Act = dict[str, Any]


class Maker(Person):
    """Does `orders["acts"]` in their order, each as soon as the page shows what it is about."""

    def __init__(self, orders: dict[str, Any]) -> None:
        super().__init__(orders)
        self.chance = random.Random(orders.get("seed", 1))

    def live(self) -> None:
        self.wait_for_panel()
        for number, act in enumerate(self.orders["acts"], 1):
            print(f"{number} {json.dumps({k: v for k, v in act.items() if k != 'text'})}", flush=True)
            self.pause()
            self.until_done(act)
        print("done", flush=True)

    def wait_for_panel(self) -> None:
        """Nobody is so fast as to act before the window has its panel; one that never has it is used as it is."""
        ends_at = time.monotonic() + PANEL_S
        while time.monotonic() < ends_at:
            with suppress(LookupError, WebSocketException, TimeoutError, StopIteration):
                if any(panel_in(tab) for tab in self.open_tabs()):
                    return
            time.sleep(LOOK_S)

    def pause(self) -> None:
        """People are fast and slow."""
        time.sleep(self.chance.choice(self.orders.get("pauses", [0.02, 0.15, 0.4])))

    def until_done(self, act: Act) -> None:
        ends_at, why = time.monotonic() + PATIENCE_S, "nothing tried"
        while time.monotonic() < ends_at:
            tabs = self.open_tabs()
            if act.get("ends") and not tabs:
                return
            for tab in reversed(tabs):  # the newest window lies on top
                try:
                    if self.do(tab, act):
                        return
                except (LookupError, WebSocketException, TimeoutError, StopIteration, IndexError) as error:
                    why = f"{type(error).__name__}: {error}"
            time.sleep(LOOK_S)
        raise SystemExit(f"could not do {act}: {why}; what is open: {self.what_is_open()}")

    def what_is_open(self) -> list[str]:
        """The address and the words of each page, without what may be a token, for whoever reads why a test failed."""
        shown = []
        for tab in self.open_tabs():
            with suppress(LookupError, WebSocketException, TimeoutError):
                root = tab.ask("DOM.getDocument", depth=-1)["root"]
                body = next(each for each in _every(root) if each.get("localName") == "body")
                shown.append(f"{root['documentURL']} {_LONG.sub('…', _tidy(words(body)))}")
        return shown

    def do(self, tab: Tab, act: Act) -> bool:
        verb = act["do"]
        doing: Callable[[Tab, Act], bool] = getattr(self, f"do_{verb}")
        return doing(tab, act)

    # what a person does in a page

    def do_type(self, tab: Tab, act: Act) -> bool:
        field = self.field(tab, act["into"])
        if field is None:
            return False
        self.click(tab, field)
        if act.get("how") == "paste":
            tab.ask("Input.insertText", text=act["text"])
        else:
            self.write(tab, act["text"])
        return not act["text"] or self.has_text(tab, field)

    def do_press(self, tab: Tab, act: Act) -> bool:
        thing = self.thing(tab, act["words"], act.get("nth", 0))
        if thing is None:
            return False
        self.click(tab, thing)
        return True

    def do_press_card(self, tab: Tab, act: Act) -> bool:
        """A link with more words than its own name, which come after that."""
        for each in tab.nodes():
            if each.get("localName") == "a" and self.is_seen(tab, each):
                named = next((words(one) for one in _every(each) if one.get("localName") == "b"), "")
                if named == act["words"]:
                    self.click(tab, each)
                    return True
        return False

    def do_key(self, tab: Tab, act: Act) -> bool:
        code = {"Enter": 13, "Tab": 9, "Escape": 27}[act["key"]]
        tab.press(act["key"], code=code, text="\r" if act["key"] == "Enter" else "")
        return True

    def do_tick(self, tab: Tab, act: Act) -> bool:
        field = self.field(tab, act["words"])
        if field is None:
            return False
        self.click(tab, field)
        return True

    def do_choose(self, tab: Tab, act: Act) -> bool:
        field = self.field(tab, act["in"])
        if field is None:
            return False
        self.reveal(tab, field)
        tab.ask("DOM.focus", backendNodeId=field["backendNodeId"])
        self.write(tab, act["option"])
        return True

    def do_go(self, tab: Tab, act: Act) -> bool:
        """Type an address into the window's own bar."""
        address = act["address"]
        for site, place in self.orders.get("places", {}).items():
            address = address.replace(site, place, 1)
        tab.ask("Page.navigate", url=address)
        return True

    def do_close(self, tab: Tab, act: Act) -> bool:
        """Close the window; with "ends" it is the last one."""
        tab.ask("Page.close")
        return not act.get("ends")

    def do_wait(self, tab: Tab, act: Act) -> bool:
        return any(act["for"] in words(each) for each in tab.nodes() if self.is_seen(tab, each))

    def do_code(self, tab: Tab, _act: Act) -> bool:
        field = next(
            (each for each in tab.nodes() if attributes(each).get("autocomplete") == "one-time-code"), None
        )
        if field is None or not self.is_seen(tab, field):
            return False
        self.click(tab, field)
        self.write(tab, self.newest_code())
        tab.press("Enter", code=13, text="\r")
        return True

    def do_approve(self, tab: Tab, act: Act) -> bool:
        if not self.do_wait(tab, {"for": act["when"]}):
            return False
        self.approve_on_phone()
        return True

    def do_solve(self, tab: Tab, _act: Act) -> bool:
        panel = panel_in(tab)
        if panel is None:
            return False
        self.solve(panel)
        return True

    # what a person tells the recorder

    def do_panel(self, tab: Tab, act: Act) -> bool:
        panel = panel_in(tab)
        if (
            panel is not None
            and panel.fold is not None
            and attributes(panel.fold).get("aria-expanded") == "false"
        ):
            time.sleep(PAUSE_S)
            tab.click(panel.fold)
            time.sleep(PAUSE_S)
            panel = panel_in(tab)
        button = next(
            (each for each in (panel.buttons.values() if panel else ()) if act["says"] in words(each)), None
        )
        if button is None or "aria-disabled" in attributes(button):
            return False
        shown = panel.what if panel else ""
        time.sleep(PAUSE_S)
        tab.click(button)
        return not act.get("ends") and self.changes(tab, shown)

    def changes(self, tab: Tab, shown: str) -> bool:
        """Whether the panel says something else soon: a press too early counts for nothing."""
        ends_at = time.monotonic() + 2
        while time.monotonic() < ends_at:
            panel = panel_in(tab)
            if panel is None or panel.what != shown:
                return True
            time.sleep(LOOK_S)
        return False

    def do_pick(self, tab: Tab, act: Act) -> bool:
        """Press what holds the token: known by a pattern of its text or value, or by its words."""
        pattern = re.compile(act["like"])
        found = [each for each in tab.nodes() if self.holds(each, pattern) and self.is_seen(tab, each)]
        if not found:
            return False
        self.click(tab, found[-1])  # the innermost
        return True

    @staticmethod
    def holds(node: Node, pattern: re.Pattern[str]) -> bool:
        if node["nodeType"] != 1 or node["localName"] in ("script", "style", "head", "html", "body"):
            return False
        own = "".join(each["nodeValue"] for each in node.get("children", ()) if each["nodeType"] == 3)
        return bool(pattern.search(own) or pattern.search(attributes(node).get("value", "")))

    # where things are

    def field(self, tab: Tab, called: str) -> Node | None:
        """The field that the page calls so: by a label, or by what is written in or on it."""
        nodes = tab.nodes()
        parents = _parents(nodes)
        named = {attributes(each)["for"]: words(each) for each in nodes if "for" in attributes(each)}
        for each in nodes:
            if each["nodeType"] != 1 or each["localName"] not in FIELDS:
                continue
            its = attributes(each)
            label = parents.get(each["nodeId"])
            while label is not None and label.get("localName") != "label":
                label = parents.get(label["nodeId"])
            said = [named.get(its.get("id", "")), words(label) if label else "", its.get("aria-label")]
            if any(
                called in (text or "") for text in (*said, its.get("placeholder"), its.get("value"))
            ) and self.is_seen(tab, each):
                return each
        return None

    def thing(self, tab: Tab, called: str, nth: int) -> Node | None:
        found = []
        for each in tab.nodes():
            if (
                each["nodeType"] != 1
                or each["localName"] not in PRESSABLE
                or "data-press" in attributes(each)
            ):
                continue
            its = attributes(each)
            said = (
                words(each),
                its.get("aria-label", ""),
                its.get("value", "") if its.get("type") == "submit" else "",
            )
            if (
                any(_tidy(text) == called for text in said)
                and self.is_seen(tab, each)
                and "disabled" not in its
            ):
                found.append(each)
        return found[nth] if len(found) > nth else None

    def is_seen(self, tab: Tab, node: Node) -> bool:
        if node["nodeType"] != 1:
            return False
        try:
            _, _, width, height = tab.box(node)
        except LookupError:
            return False
        return width > 0 and height > 0

    def has_text(self, tab: Tab, field: Node) -> bool:
        """Whether anything stands in it: what was typed while its page was still coming may be lost."""
        handle = tab.ask("DOM.resolveNode", backendNodeId=field["backendNodeId"])["object"]["objectId"]
        asked = {"objectId": handle, "functionDeclaration": "function() { return this.value !== '' }"}
        return bool(tab.ask("Runtime.callFunctionOn", **asked)["result"]["value"])

    def reveal(self, tab: Tab, node: Node) -> None:
        """Scroll to it, and move the panel away from it."""
        tab.ask("DOM.scrollIntoViewIfNeeded", backendNodeId=node["backendNodeId"])
        panel: Panel | None = panel_in(tab)
        if panel is not None:
            self.move_away(panel, node)

    def click(self, tab: Tab, node: Node) -> None:
        """Press it; raises LookupError where the panel, which comes somewhat later than its page, now lies over it."""
        self.reveal(tab, node)
        time.sleep(self.chance.choice(self.orders.get("pauses", [0.0, 0.05, 0.2])))
        panel = panel_in(tab)
        if panel is not None:
            x, y, width, height = tab.box(node)
            left, top, wide, high = tab.box(panel.section)
            if 0 <= x + width / 2 - left <= wide and 0 <= y + height / 2 - top <= high:
                raise LookupError("the panel lies over it")
        # Some presses close their window, at times before they are acknowledged.
        with suppress(ConnectionClosed):
            tab.click(node)

    def write(self, tab: Tab, text: str) -> None:
        pause_s = self.chance.choice([0.0, 0.005, 0.02])
        for sign in text:
            tab.write(sign)
            time.sleep(pause_s)


def _parents(nodes: list[Node]) -> dict[int, Node]:
    parents = {}
    for node in nodes:
        for name in ("children", "shadowRoots"):
            for child in node.get(name, ()):
                parents[child["nodeId"]] = node
    return parents


def _tidy(text: str) -> str:
    return " ".join(text.split()).strip("… ")


if __name__ == "__main__":
    with STACK:
        Maker(json.load(sys.stdin)).live()
