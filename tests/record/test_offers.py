"""The ways that the listener offers lead, in Playwright's own terms, to the element and to nothing else (REC-1)."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.record.conftest import page_of
from tokenbroker.flow.selector import Alternative, Family
from tokenbroker.record import listener
from tokenbroker.run.targets.engine import PARTS, Way, look
from tokenbroker.run.targets.sets import way_of

pytestmark = [pytest.mark.req("REC-1"), pytest.mark.browser]

OFFERS = (Path(listener.__file__).parent / "offers.js").read_text(encoding="utf-8")
FORM = """<form action=/x><label for=a>E-mail</label><input id=a name=email type=email placeholder="you@work">
<label>Password <input type=password name=pw></label><label>Password again<input type=password name=again></label>
<input aria-label="Search all" type=search><input placeholder="Search all"><span id=l>Key</span><input aria-labelledby=l>
<label>Colour <select><option>Red<option>Blue</select></label><textarea title=Notes></textarea><input type=checkbox id=c><label for=c>Keep me</label>
<input type=submit><input type=button value="  Save  it "><button>Save it</button></form>"""
BUTTONS = """<style>.i::before { content: "+ " } .h { display: none }</style><button class=i>Add</button><button>Add</button>
<button aria-label=Close>x</button><button><img alt=Close></button><button><svg width=9 height=9><title>Menu</title></svg></button>
<button>Two<div>lines</div></button><button>Two lines</button><a href=/a>Go<b> on</b></a><a>Go on</a><div role=button tabindex=0>Go on</div>
<button class=h>Hidden</button><button>Hidden</button><button aria-hidden=true>Ghost</button><button>Ghost</button>
<button title=Tip></button><button data-testid=make>Make</button><button data-testid=make-it>Make</button><summary>More</summary>
<h2>Make</h2><p>Tip</p><button>De<wbr>le\u00adte</button><button>  Space\n  d </button><label>Tick <button>inside</button></label>"""
SHADOW = """<div id=host></div><button>Out</button><script>
let root = document.getElementById("host").attachShadow({ mode: "open" });
root.innerHTML = "<button>In</button><button>Out</button><label>Deep <input name=deep></label><slot></slot><form><input type=password></form>";
</script>"""


@pytest.fixture
def page(flow_browser: Browser) -> Any:
    context = flow_browser.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("html", [FORM, BUTTONS, SHADOW], ids=["form", "buttons", "shadow"])
def test_what_is_offered_leads_there_and_nowhere_else(page: Page, html: str) -> None:
    page.set_content(page_of(html))
    offered = page.evaluate(
        "() => {"
        + PARTS
        + OFFERS
        + """
        const all = rootsOf(document).flatMap((root) => [...root.querySelectorAll("input, select, textarea, button, a, summary, [role], h2")]);
        all.forEach((each, number) => each.setAttribute("data-n", number));
        return all.map((each) => isHiddenFromAria(each) ? [] : offersOf(each));
      }"""
    )
    wrong = []
    for number, offers in enumerate(offered):
        ways = [
            Alternative(family=Family(family), value=value, name=name[0] if name else "")
            for family, value, *name in offers
        ]
        sight = look(
            page.main_frame,
            [
                Way(locator=page.locator(f"css=[data-n='{number}']")),
                *(way_of(page.main_frame, each) for each in ways),
            ],
            timeout_ms=5_000,
        )
        led = next((each.ways for each in sight.candidates if 0 in each.ways), frozenset())
        wrong += [
            (number, str(each))
            for way, each in enumerate(ways, 1)
            if way not in led or sight.counts[way] != 1
        ]
    assert wrong == []
    assert sum(map(len, offered)) > len(offered) * 0.6
