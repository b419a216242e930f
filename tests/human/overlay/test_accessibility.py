"""axe-core finds nothing in the panel, in either colour scheme, with and without its field (RUN-5)."""

import json
from importlib import resources

import pytest
from playwright.sync_api import BrowserContext

from tests.human.overlay.conftest import ASK
from tokenbroker.human.overlay import Button, Card
from tokenbroker.human.overlay.panel import SCRIPT

pytestmark = [pytest.mark.req("RUN-5"), pytest.mark.browser]
AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
OPEN = SCRIPT.replace('mode: "closed"', 'mode: "open"')
"""axe looks into open shadow roots only."""
GUIDED = Card(
    count="Step 3 of 11", share=0.3, heading="Type into the framed field", detail="The value is kept as secrets:a.b.",
    literal="Agent", hint="The panel was covered.",
    buttons=(*ASK.buttons, Button(id="back", label="Back", is_quiet=True, why_not="this is the first step")),
)  # fmt: skip
PAGE = "<!doctype html><html lang=en><head><title>Page</title></head><body><main><h1>Page</h1></main></body></html>"
RUN = """async () => {
  const host = document.documentElement.lastElementChild;
  const found = await axe.run(host);
  return [found.violations.map((each) => [each.id, each.nodes.map((node) => node.html)]), found.passes.map((each) => each.id)];
}"""


CONTRASTS = """() => {
  const panel = document.documentElement.lastElementChild.shadowRoot.querySelector(".panel");
  const light = (color) => { const [r, g, b] = color.match(/[\\d.]+/g).map((each) => { const c = each / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = (each) => { const own = getComputedStyle(each).backgroundColor; return /, 0\\)/.test(own) ? ground(each.parentElement) : own; };
  const shown = [...panel.querySelectorAll("*")].filter((each) => each.checkVisibility() && (each.dataset.words || [...each.childNodes].some((one) => one.nodeType === 3)));
  return shown.map((each) => { const [one, other] = [light(getComputedStyle(each).color), light(ground(each))].sort((a, b) => b - a);
    return [each.className || each.tagName, (one + 0.05) / (other + 0.05)]; });
}"""
"""The contrast of each text with what it stands on (WCAG 2.2, 1.4.3), which axe leaves open in a top layer."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_of_the_panel_stands_out(context: BrowserContext, scheme: str) -> None:
    page = context.new_page()
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # a literal above
    page.set_content(PAGE)
    page.evaluate(OPEN)
    page.evaluate(f"tokenbrokerGuide.show({json.dumps(GUIDED.as_told(mark='amber falcon'))}, null)")
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) >= 8
    assert [each for each in contrasts if each[1] < 4.5] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("card", [GUIDED, ASK], ids=["guided", "plain"])
@pytest.mark.parametrize("width", [1280, 420])
def test_axe_finds_nothing_in_the_panel(context: BrowserContext, card: Card, scheme: str, width: int) -> None:
    assert OPEN != SCRIPT
    page = context.new_page()
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # a literal above
    page.set_viewport_size({"width": width, "height": 700})
    page.set_content(PAGE)
    page.evaluate(OPEN)
    page.evaluate(
        f"tokenbrokerGuide.show({json.dumps(card.as_told(mark='amber falcon'))}, [20, 600, 380, 60])"
    )
    page.evaluate(AXE)
    violations, passes = page.evaluate(RUN)
    assert violations == []
    assert "button-name" in passes  # it has looked inside


def test_axe_would_find_what_is_wrong_in_it(context: BrowserContext) -> None:
    page = context.new_page()
    page.set_content(PAGE)
    page.evaluate(
        OPEN.replace('"aria-label": "Move this panel to another corner",', "")
        .replace("\\\\u2725", "")
        .replace("title: ", "lang: ")
    )
    page.evaluate(f"tokenbrokerGuide.show({json.dumps(GUIDED.as_told(mark='amber falcon'))}, null)")
    page.evaluate(AXE)
    violations, _ = page.evaluate(RUN)
    assert violations != []
