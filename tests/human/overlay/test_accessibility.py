"""axe-core finds nothing in the panel, in either colour scheme, with and without its field (RUN-5)."""

import json
from importlib import resources

import pytest
from playwright.sync_api import BrowserContext

from tests.human.overlay.conftest import ASK, CODE
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("card", [GUIDED, CODE], ids=["guided", "code"])
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
    assert {"button-name", "label" if card.asks_code else "color-contrast"} <= {
        *passes
    }  # it has looked inside


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
