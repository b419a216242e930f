"""A panel on a page that the test writes, and a person's eye and hand for it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tokenbroker.human.overlay import Button, Card, Panel, panel_of

ASK = Card(
    heading="Type into the framed field",
    detail="The value is kept as secrets:example.password.",
    buttons=(Button(id="type", label="Type it for me", is_primary=True), Button(id="stop", label="Stop")),
)


class Eye:
    """What a person sees of a panel, closed to the page's scripts: read over the browser's own protocol."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._session = page.context.new_cdp_session(page)

    def find(self, name: str, value: str) -> dict[str, Any]:
        """The node with that attribute, wherever it stands."""
        for node in self._nodes():
            pairs = node.get("attributes", [])
            if (name, value) in zip(pairs[::2], pairs[1::2], strict=True):
                return node
        raise LookupError(f"nothing has {name}={value}")

    def find_tag(self, tag: str) -> dict[str, Any]:
        """The first node of that tag."""
        for node in self._nodes():
            if node["localName"] == tag:
                return node
        raise LookupError(f"there is no {tag}")

    def _nodes(self) -> Iterator[dict[str, Any]]:
        pending = [self._session.send("DOM.getDocument", {"depth": -1, "pierce": True})["root"]]
        while pending:
            node = pending.pop()
            yield node
            pending += [*node.get("children", ()), *node.get("shadowRoots", ())]
            pending += [node["contentDocument"]] if "contentDocument" in node else []

    def box(self, name: str, value: str) -> tuple[float, float, float, float]:
        node = self.find(name, value)
        quad = self._session.send("DOM.getBoxModel", {"backendNodeId": node["backendNodeId"]})["model"][
            "border"
        ]
        return quad[0], quad[1], quad[2] - quad[0], quad[5] - quad[1]

    def middle(self, name: str, value: str) -> tuple[float, float]:
        x, y, width, height = self.box(name, value)
        return x + width / 2, y + height / 2

    def words(self) -> str:
        """All that the panel says."""
        panel, told = self.find("class", "panel"), []
        pending = [panel]
        while pending:
            node = pending.pop(0)
            told += [node["nodeValue"]] if node["nodeType"] == 3 else []
            pairs = node.get("attributes", [])
            told += [pairs[pairs.index("data-words") + 1]] if "data-words" in pairs else []
            pending = [*node.get("children", ()), *pending]
        return " ".join(told)


class Shown:
    """A page with its panel."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.panel: Panel = panel_of(page)
        self.eye = Eye(page)

    def live(self, seconds: float = 0.6) -> None:
        """Let time pass as a run does: the panel is kept up."""
        for _ in range(max(1, round(seconds / 0.1))):
            self.page.wait_for_timeout(100)
            self.panel.point_at(None)

    def until(self, is_so: Callable[[], bool], *, within_s: float = 10) -> bool:
        for _ in range(round(within_s / 0.1)):
            self.live(0.1)  # first: what was so before is not what is asked
            if is_so():
                return True
        return False

    def press(self, button: str) -> None:
        self.page.mouse.click(*self.eye.middle("data-press", button))
        self.page.wait_for_timeout(50)

    def in_our_world(self, expression: str) -> None:
        """Evaluate `expression` where the panel's script runs."""
        session, world = self.panel._session, self.panel._world
        assert session is not None
        session.send("Runtime.evaluate", {"expression": expression, "contextId": world})

    def pressed(self) -> list[str]:
        return [press.id for press in self.panel.presses]


@pytest.fixture
def context(flow_browser: Browser) -> Iterator[BrowserContext]:
    made = flow_browser.new_context(permissions=[])
    yield made
    made.close()


@pytest.fixture
def shown(context: BrowserContext) -> Callable[..., Shown]:
    """``shown(html, card)``: a page with `html` as its body, and the panel in it."""

    def show(html: str, card: Card = ASK, *, head: str = "") -> Shown:
        page = context.new_page()
        made = Shown(page)
        page.route("http://page.test/**", lambda route: route.fulfill(
            content_type="text/html", body=f"<!doctype html><head>{head}<title>t</title></head><body>{html}"))  # fmt: skip
        page.goto("http://page.test/")
        made.panel.show(card)
        assert made.until(lambda: made.panel.is_ready)
        return made

    return show
