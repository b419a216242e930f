"""Pages that work against the panel: none presses it, reads it, or makes it press (RUN-5, HUMAN-3)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.human.overlay.conftest import ASK, Shown
from tests.run.steps.conftest import PageSite, site
from tokenbroker.human.overlay import panel_mark
from tokenbroker.run.by_hand import Place, is_the_act

__all__ = ["site"]

pytestmark = [pytest.mark.req("RUN-5", "HUMAN-3"), pytest.mark.browser]
Show = Callable[..., Shown]
LISTENS = """<input id=thief><script>
window.seen = [];
for (const name of ["keydown", "keypress", "keyup", "beforeinput", "input", "change", "paste", "click", "pointerdown", "focusin", "compositionend"])
  for (const place of [window, document]) place.addEventListener(name, (event) => seen.push([name, event.key ?? event.data ?? "", String(event.target?.value ?? "")]), true);
</script>"""


def test_a_page_can_not_call_what_the_panel_tells_with(shown: Show) -> None:
    there = shown("")
    found = there.page.evaluate(
        "() => [typeof tokenbrokerGuide, typeof tokenbrokerSay, Object.getOwnPropertyNames(window).filter(n => /tokenbroker/i.test(n)).length]"
    )
    assert found == ["undefined", "undefined", 0]


def test_a_done_that_a_script_forges_is_none(shown: Show) -> None:
    there = shown("")
    x, y = there.eye.middle("data-press", "type")
    there.page.evaluate(
        """([x, y]) => {
          const host = document.documentElement.lastElementChild;
          const told = { bubbles: true, composed: true, clientX: x, clientY: y, detail: 1, key: "Enter" };
          for (const target of [host, document.elementFromPoint(x, y), window, document.body]) {
            for (const name of ["pointerdown", "mousedown", "pointerup", "mouseup", "click"]) target.dispatchEvent(new PointerEvent(name, told));
            target.dispatchEvent(new KeyboardEvent("keydown", told));
          }
          host.click();
          host.focus();
          for (const name of ["tokenbrokerSay", "tokenbrokerGuide"]) window[name] = () => {};
        }""",
        [x, y],
    )
    there.live(0.3)
    assert there.pressed() == []
    assert list(there.panel.acts) == []


def test_the_panel_can_not_be_read(shown: Show) -> None:
    there = shown("<p>page</p>")
    told = there.page.evaluate(
        """() => {
          const host = document.documentElement.lastElementChild;
          getSelection().selectAllChildren(document.documentElement);
          const parts = [document.documentElement.outerHTML, document.documentElement.innerText, String(host.shadowRoot), String(getSelection()), String(window.find("Type it"))];
          try { parts.push(String(host.attachInternals().shadowRoot)); } catch (error) { parts.push(error.name); }
          try { parts.push(host.attachShadow({ mode: "open" }).innerHTML); } catch (error) { parts.push(error.name); }
          try { parts.push(host.getHTML({ serializableShadowRoots: true, shadowRoots: [] })); } catch (error) { parts.push(error.name); }
          return parts.join("\\n");
        }"""
    )
    assert "Type it for me" not in told
    assert panel_mark() not in told


def test_keys_that_are_pressed_in_the_panel_do_not_reach_the_page(shown: Show) -> None:
    there = shown(LISTENS)
    there.page.keyboard.press("Alt+Shift+G")
    there.live(0.2)
    before = there.page.evaluate("seen.length")  # the way into the panel begins outside of it
    there.page.keyboard.press("Tab")
    there.page.keyboard.type("abc")
    there.page.keyboard.press("Enter")
    there.live(0.3)
    assert there.pressed() == ["stop"]
    assert there.page.evaluate("seen.length") == before


def test_the_same_page_reads_keys_that_are_typed_into_itself(shown: Show) -> None:
    there = shown(LISTENS)  # the control: its listeners work
    there.page.locator("#thief").click()
    there.page.keyboard.type("49")
    assert ["keydown", "4", ""] in there.page.evaluate("seen")


def test_nothing_is_typed_into_the_panel(shown: Show) -> None:
    there = shown("")
    for tag in ("input", "textarea", "select"):
        with pytest.raises(LookupError):
            there.eye.find_tag(tag)


@pytest.mark.parametrize(
    "cover",
    [
        "q.popover = 'manual'; q.style.cssText = 'position:fixed;inset:0;width:auto;height:auto;background:red;pointer-events:none'; document.body.append(q); q.showPopover();",
        "q.popover = 'manual'; q.style.cssText = 'position:fixed;inset:0;width:auto;height:auto;background:red'; document.body.append(q); q.showPopover();",
    ],
    ids=["for the eye", "for the pointer"],
)
def test_a_press_does_not_count_while_something_lies_over_the_panel_which_then_comes_to_the_front(
    shown: Show, cover: str
) -> None:
    there = shown("")
    there.page.evaluate("() => { const q = document.createElement('div'); " + cover + " }")
    place = there.eye.middle("data-press", "type")
    there.page.wait_for_timeout(250)  # nobody has kept it up meanwhile
    there.page.mouse.click(*place)
    there.page.wait_for_timeout(50)
    assert there.pressed() == []
    assert there.until(lambda: there.panel.is_ready)
    there.press("type")
    assert there.pressed() == ["type"]


FIGHTS = {
    "covers it ever again": """const q = document.createElement('div'); q.popover = 'manual';
        q.style.cssText = 'position:fixed;inset:0;width:auto;height:auto;background:red;pointer-events:none'; document.body.append(q);
        const over = () => { if (q.matches(':popover-open')) q.hidePopover(); q.showPopover(); requestAnimationFrame(over); }; over();""",
    "removes it ever again": """new MutationObserver(() => { for (const each of document.documentElement.children)
        if (!['HEAD', 'BODY'].includes(each.tagName)) each.remove(); }).observe(document, { childList: true, subtree: true });
        document.documentElement.lastElementChild.remove();""",
    "makes all inert": "document.documentElement.inert = true; document.documentElement.style.visibility = 'hidden';",
    "takes the document away": "document.documentElement.style.display = 'none';",
    "opens dialogs for ever": """setInterval(() => { const d = document.createElement('dialog'); document.body.append(d); d.showModal(); }, 20);""",
}


@pytest.mark.parametrize("how", [*FIGHTS])
def test_a_page_that_goes_on_fighting_gets_no_press(shown: Show, how: str) -> None:
    there = shown("")
    place = there.eye.middle("data-press", "type")
    there.page.evaluate("() => {" + FIGHTS[how] + "}")
    for _ in range(6):
        there.live(0.2)
        if not there.panel.is_seen:
            there.page.mouse.click(*place)
            there.page.wait_for_timeout(20)
            assert there.pressed() == []
    assert there.page.evaluate("1 + 1") == 2  # and neither side hangs


ONCE = {
    "removed": "host.remove();",
    "hidden": "host.hidden = true; host.style.setProperty('display', 'none', 'important');",
    "inert": "host.inert = true;",
    "restyled": "host.style.cssText = 'opacity: 0 !important; transform: scale(0) !important; filter: blur(9px)';",
    "closed": "host.hidePopover();",
    "by a style sheet": "document.head.insertAdjacentHTML('beforeend', '<style>html > *, body *, *::before { display: none !important; opacity: 0 !important; pointer-events: none !important }</style>'); host.className = 'x';",
    "without timers": "for (let i = 0; i < 100000; i += 1) { clearTimeout(i); clearInterval(i); cancelAnimationFrame(i); } host.remove();",
    "moved": "document.body.prepend(host);",
    "with its body replaced": "document.body.replaceWith(document.createElement('body')); host.remove();",
}


@pytest.mark.parametrize("how", [*ONCE])
def test_it_comes_back_from_what_a_page_does_to_it(shown: Show, how: str) -> None:
    there = shown("<p>page</p>")
    there.page.evaluate("() => { const host = document.documentElement.lastElementChild; " + ONCE[how] + " }")
    assert there.until(lambda: there.panel.is_ready)
    there.press("type")
    assert there.pressed() == ["type"]


def test_a_panel_that_a_page_has_drawn_presses_nothing_and_does_not_know_the_words(shown: Show) -> None:
    there = shown(
        """<div style="position:fixed;left:20px;top:20px;width:300px;height:200px;background:#fff;border:1px solid" aria-label="tokenbroker guide">
        <b>tokenbroker</b> amber falcon <h2>Type into the framed field</h2><button id=fake data-press=type>Type it for me</button></div>"""
    )
    there.page.locator("#fake").click()
    there.live(0.3)
    assert there.pressed() == []
    assert panel_mark() not in there.page.content()


def test_a_page_that_replaces_its_document_has_its_panel_all_the_same(shown: Show) -> None:
    there = shown("")
    there.page.evaluate(
        "html => { document.open(); document.write(html); document.close(); }", f"<body>{LISTENS}</body>"
    )
    assert there.until(lambda: there.panel.is_ready)
    there.press("type")
    assert there.pressed() == ["type"]


def test_the_words_of_the_panel_are_not_found_by_a_page_s_own_search(shown: Show) -> None:
    there = shown("<p>page</p>")
    found = there.page.evaluate(
        "words => words.map((each) => window.find(each))", [*panel_mark().split(), panel_mark(), "page"]
    )
    assert found == [False, False, False, True]


@pytest.mark.parametrize("zoom", ["0.02", "0.3", "20"])
def test_a_page_s_zoom_does_not_make_the_panel_a_dot(shown: Show, zoom: str) -> None:
    there = shown("<p>page</p>")
    there.page.evaluate("zoom => document.documentElement.style.setProperty('zoom', zoom)", zoom)
    there.live()
    _, _, width, height = there.eye.box("class", "panel")
    assert (width > 200 and height > 80) or not there.panel.is_ready


def test_an_element_of_a_page_that_has_the_panel_s_name_does_not_keep_it_away(shown: Show) -> None:
    there = shown("<p>page</p>")
    with there.page.expect_popup() as opened:
        there.page.evaluate(
            "() => { const w = open('about:blank'); w.document.write('<div id=tokenbrokerGuide></div><button id=b>Go</button>'); w.document.close(); }"
        )
    other = Shown(opened.value)
    other.panel.show(ASK)
    assert other.until(lambda: other.panel.is_ready)
    other.page.click("#b")
    other.page.wait_for_timeout(50)
    assert "click" in [act.kind for act in other.panel.acts]


def test_a_press_right_after_the_window_got_the_focus_back_does_not_count(shown: Show) -> None:
    there = shown("")
    place = there.eye.middle("data-press", "type")
    # A browser without a window has the focus at all times: our world is told otherwise, as when something lies over it.
    there.in_our_world("document.hasFocus = () => false")
    there.live(0.3)
    assert not there.panel.is_ready
    there.in_our_world("delete document.hasFocus")
    there.page.mouse.click(*place)
    there.page.wait_for_timeout(50)
    assert there.pressed() == []
    assert there.until(lambda: there.panel.is_ready)


def test_a_page_that_is_busy_for_long_does_not_hold_the_run(shown: Show) -> None:
    there = shown("")
    there.page.evaluate("setTimeout(() => { for (const ends = Date.now() + 4000; Date.now() < ends;); }, 20)")
    there.page.wait_for_timeout(100)
    there.panel.point_at(None)
    assert not there.panel.is_seen


def test_a_press_of_an_earlier_card_answers_no_later_one(shown: Show) -> None:
    there = shown("")
    there.press("type")
    assert there.pressed() == ["type"]
    there.panel.show(replace(ASK, heading="Another question"))
    assert there.pressed() == []


def test_a_click_in_another_frame_is_not_one_on_the_target(shown: Show, site: PageSite) -> None:
    for name in "ab":
        site.pages[f"/{name}"] = "<body style='margin:0'><button style='width:100px;height:50px'>Go</button>"
    frame = "<iframe name={0} src='{2}/{0}' style='position:absolute;left:50px;top:{1}px;width:200px;height:100px'></iframe>"
    site.pages["/"] = frame.format("a", 50, site.origin) + frame.format("b", 300, site.origin)
    there = shown("")
    there.page.goto(f"{site.origin}/")
    target = there.page.frame(name="a")
    assert target is not None
    target.locator("button").wait_for()
    box = target.locator("button").bounding_box()
    assert box is not None
    where = (box["x"], box["y"], box["width"], box["height"])
    for y, is_it in ((320, False), (70, True)):
        there.panel.acts.clear()
        there.page.mouse.click(80, y)
        there.page.wait_for_timeout(100)
        (act,) = [each for each in there.panel.acts if each.kind == "click"]
        assert is_the_act(act, Place.of(where, target, there.page)) is is_it
