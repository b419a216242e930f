"""The panel: seen, pressed, moved, heard, through whatever a page does in good faith (RUN-5)."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import BrowserContext

from tests.human.overlay.conftest import ASK, Shown
from tokenbroker.human.overlay import Button, Card, panel_mark
from tokenbroker.secret import Secret

pytestmark = [pytest.mark.req("RUN-5", "HUMAN-2"), pytest.mark.browser]
Show = Callable[..., Shown]
STRICT = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; require-trusted-types-for 'script'\">"


def test_a_press_by_mouse_is_told(shown: Show) -> None:
    there = shown("<h1>Page</h1>")
    assert there.panel.is_seen
    there.press("type")
    assert there.pressed() == ["type"]


def test_the_strictest_policies_of_a_page_change_nothing(shown: Show) -> None:
    there = shown("<h1>Page</h1>", head=STRICT)
    there.press("stop")
    assert there.pressed() == ["stop"]
    assert there.eye.box("class", "panel")[2] > 200  # its style sheet is there


def test_it_is_reached_and_pressed_by_keys_alone(shown: Show) -> None:
    there = shown("<button autofocus>page</button>")
    there.page.keyboard.press("Alt+Shift+G")
    there.page.keyboard.press("Enter")
    there.page.keyboard.press("Tab")
    there.page.keyboard.press("Space")
    there.page.wait_for_timeout(50)
    assert there.pressed() == ["type", "stop"]


def test_a_press_right_after_a_change_does_not_count(shown: Show) -> None:
    there = shown("")
    place = there.eye.middle("data-press", "type")
    other = replace(
        ASK, buttons=(Button(id="yes", label="Type it for me", is_primary=True), *ASK.buttons[1:])
    )
    there.panel.show(other)
    there.page.mouse.click(*place)
    there.page.wait_for_timeout(50)
    assert there.pressed() == []
    assert "press again" in there.eye.words()
    assert there.until(lambda: there.panel.is_ready)
    there.press("yes")
    assert there.pressed() == ["yes"]


def test_no_field_of_a_card_takes_a_secret() -> None:
    card = Card(heading="Look", literal=Secret("demo-only-value"), buttons=())  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        card.as_told(mark="m")


def test_a_button_that_can_not_be_pressed_says_why_and_tells_nothing(shown: Show) -> None:
    there = shown(
        "", Card(heading="Look", buttons=(Button(id="back", label="Back", why_not="the first step"),))
    )
    there.press("back")
    assert there.pressed() == []
    assert "the first step" in str(there.eye.find("data-press", "back")["attributes"])


def test_it_stays_through_navigations(shown: Show) -> None:
    there = shown("<h1>One</h1>")
    there.page.goto("http://page.test/two")
    assert there.until(lambda: there.panel.is_ready)
    there.press("type")
    assert there.pressed() == ["type"]


@pytest.mark.parametrize("depth", [0, 3])
def test_it_stays_usable_while_a_modal_dialog_is_open_and_afterwards(shown: Show, depth: int) -> None:
    there = shown(
        f"""<div id=host></div><script>
        let root = document.getElementById("host");
        for (let i = 0; i < {depth}; i += 1) {{
          root = root.attachShadow({{ mode: "open" }});
          root.innerHTML = "<section></section>";
          root = root.firstChild;
        }}
        const dialog = document.createElement("dialog");
        dialog.innerHTML = "<p>Are you sure?</p><input autofocus>";
        root.append(dialog);
        window.dialog = dialog;
        </script>"""
    )
    there.page.evaluate("dialog.showModal()")
    assert there.until(lambda: there.panel.is_ready)
    there.press("type")
    there.page.evaluate("dialog.close()")
    assert there.until(lambda: there.panel.is_ready)
    there.press("stop")
    assert there.pressed() == ["type", "stop"]


def test_it_keeps_clear_of_what_it_frames(shown: Show) -> None:
    there = shown("")
    size = there.page.viewport_size
    assert size is not None
    width, height = size["width"], size["height"]
    for target in (
        (width - 200.0, height - 100.0, 150.0, 40.0),
        (20.0, height - 100.0, 150.0, 40.0),
        (20.0, 20.0, 700.0, 90.0),
    ):
        there.panel.point_at(target)
        x, y, wide, high = there.eye.box("class", "panel")
        left, top, across, down = target
        assert x >= left + across or x + wide <= left or y >= top + down or y + high <= top


def test_it_is_moved_by_its_button_and_by_dragging_its_bar(shown: Show) -> None:
    there = shown("")
    before = there.eye.box("class", "panel")[:2]
    there.page.mouse.click(*there.eye.middle("class", "move"))
    moved = there.eye.box("class", "panel")[:2]
    assert moved != before
    x, y, *_ = there.eye.box("class", "panel")
    there.page.mouse.move(x + 30, y + 20)
    there.page.mouse.down()
    there.page.mouse.move(x + 130, y - 80, steps=4)
    there.page.mouse.up()
    dragged = there.eye.box("class", "panel")[:2]
    assert (round(dragged[0] - x), round(dragged[1] - y)) == (100, -100)
    assert there.until(lambda: there.panel.is_ready)
    there.press("type")
    assert there.pressed() == ["type"]


def test_it_changes_nothing_of_the_page_s_layout(shown: Show, context: BrowserContext) -> None:
    html = (
        "<div style='height:40px'>a</div><p id=p>b</p><footer style='position:absolute;bottom:0'>f</footer>"
    )
    there = shown(html)
    measure = """() => [document.documentElement.scrollHeight, document.documentElement.scrollWidth,
      ...[...document.querySelectorAll('body div, p, footer')].flatMap(e => { const r = e.getBoundingClientRect(); return [r.x, r.y, r.width, r.height]; })]"""
    with_it = there.page.evaluate("() => { const e = document.querySelectorAll('body *'); return e.length; }")
    shown_layout = there.page.evaluate(measure)
    there.panel.hide()
    assert there.page.evaluate("() => document.querySelectorAll('body *').length") == with_it
    assert there.page.evaluate(measure) == shown_layout


def test_what_the_person_does_in_the_page_is_heard_and_no_text_of_it(shown: Show) -> None:
    there = shown("<input id=i><button id=b>go</button>")
    there.page.mouse.click(*_middle(there, "#i"))
    there.page.keyboard.type("pass-Phrase 9")
    there.page.keyboard.press("Tab")
    there.page.keyboard.press("Control+a")
    there.page.keyboard.press("Enter")
    there.page.wait_for_timeout(50)
    told = [(act.kind, act.key) for act in there.panel.acts]
    assert told == [
        ("pointerdown", ""), ("click", ""), *[("keydown", "")] * len("pass-Phrase 9"), ("keydown", "Tab"),
        ("keydown", "Control+Control"), ("keydown", "Control+a"), ("keydown", "Enter"), ("click", ""),
    ]  # fmt: skip
    by_keys = there.panel.acts[-1]
    assert by_keys.at is None
    box = there.page.locator("#b").bounding_box()
    assert box is not None
    assert by_keys.path[0] == pytest.approx((box["x"], box["y"], box["width"], box["height"]), abs=1)


def test_acts_in_frames_are_heard_as_such(shown: Show) -> None:
    there = shown("<iframe srcdoc='<button>in</button>' style='border:0'></iframe>")
    there.page.frame_locator("iframe").get_by_role("button").wait_for()
    there.page.mouse.click(*_middle(there, "iframe >> internal:control=enter-frame >> button"))
    there.page.wait_for_timeout(50)
    assert {act.frame for act in there.panel.acts} == {"about:srcdoc"}


def test_the_mark_is_told_in_the_panel(shown: Show) -> None:
    there = shown("")
    assert panel_mark() in there.eye.words()
    assert len(panel_mark().split()) == 2


def _middle(there: Shown, selector: str) -> tuple[float, float]:
    box = there.page.locator(selector).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_in_a_small_window_it_may_begin_as_its_bar_alone_and_is_unfolded_by_a_press(shown: Show) -> None:
    many = tuple(Button(id=f"act-{number}", label=f"A long answer number {number}") for number in range(6))
    there = shown("<h1>Page</h1>")
    there.page.set_viewport_size({"width": 540, "height": 400})
    there.panel.show(Card(heading="Look", buttons=many, may_fold=True))
    assert there.until(lambda: there.eye.box("class", "panel")[3] < 80)
    assert there.until(lambda: there.panel.is_ready)
    there.page.mouse.click(*there.eye.middle("class", "fold"))
    assert there.until(lambda: there.eye.box("class", "panel")[3] > 150)
    assert there.until(lambda: there.panel.is_ready)
    there.press("act-0")
    assert there.pressed() == ["act-0"]


def test_where_there_is_room_nothing_is_folded_but_by_the_person(shown: Show) -> None:
    there = shown("<h1>Page</h1>", replace(ASK, may_fold=True))
    assert there.eye.box("class", "panel")[3] > 100
    there.page.mouse.click(*there.eye.middle("class", "fold"))
    assert there.until(lambda: there.eye.box("class", "panel")[3] < 80)
