"""Where a label belongs: at the step's own element, as it stands after the step."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, Playwright

from tests.flow.texts import flow_from
from tests.run.pictures import browsers
from tokenbroker.flow.model import Step
from tokenbroker.run.pictures import Camera
from tokenbroker.run.pictures.label import Label, labels_of
from tokenbroker.run.targets.engine import acted, acting

pytestmark = [pytest.mark.req("AUDIT-2"), pytest.mark.browser]

HEAD = 'version: 1\nsite: s\nflow: f\nallowed_automation: semi_auto\nsteps:\n  - navigate: "https://c.example.com/"\n'
PAGE = """<!doctype html><style>* { margin: 0 } input, button, iframe { position: absolute; border: 0; padding: 0 }</style>
<button style="left:10px;top:20px;width:100px;height:30px">Create</button>
<label for=name>Key name</label><input id=name style="left:200px;top:60px;width:150px;height:24px">
<iframe style="left:300px;top:200px;width:200px;height:100px" srcdoc='<style>* { margin: 0; padding: 0; border: 0 }
</style><input id=inner style="position:absolute;left:5px;top:6px;width:70px;height:20px">'></iframe>
<p hidden id=hidden>x</p>"""


FORGED = """<script>
  Element.prototype.getBoundingClientRect = () => ({ x: "forged", y: 1, width: 9, height: 9 });
  Document.prototype.querySelectorAll = () => { throw new Error("forged") };
</script>"""


@pytest.fixture(scope="module")
def camera_and_page(playwright: Playwright) -> Iterator[tuple[Camera, Page]]:
    with browsers.plain_browser(playwright) as browser:
        context = browser.new_context()
        camera = Camera(context, block_font=False, proof=False)
        yield camera, context.new_page()
        context.close()


@pytest.fixture
def page(camera_and_page: tuple[Camera, Page]) -> Page:
    shown = camera_and_page[1]
    shown.goto("about:blank")  # away with what another test's page did to its world
    return shown


@pytest.fixture
def ask(camera_and_page: tuple[Camera, Page]) -> Callable[[str], object]:
    camera, page = camera_and_page
    return lambda expression: camera.ask(page, expression)


def a_step(yaml: str) -> Step:
    return flow_from(f"{HEAD}  - {yaml}\n", "flows/f.yaml").steps[1]


@pytest.mark.parametrize(
    ("yaml", "label"),
    [
        ('wait_for: "button"', Label(text="button", box=(10, 20, 100, 30))),
        ('type: { selector: "text=Key name", value: "A" }', Label(text="A", box=(200, 60, 150, 24))),
        (
            'type: { selector: "#name", value_ref: "secrets:x" }',
            Label(text="secrets:x", box=(200, 60, 150, 24)),
        ),
    ],
)
def test_it_stands_at_the_element_and_for_a_field_s_name_at_the_field(page, ask, yaml, label):
    page.set_content(PAGE)
    assert labels_of(a_step(yaml), page.main_frame, None, ask) == (label,)


def test_in_a_frame_it_counts_from_the_page_s_corner(page, ask):
    page.set_content(PAGE)
    page.frame_locator("iframe").locator("#inner").wait_for()
    step, frame = a_step('type: { selector: "#inner", value: "B" }'), page.frames[1]
    expected = (Label(text="B", box=(305, 206, 70, 20)),)
    assert labels_of(step, frame, None, ask) == expected
    assert labels_of(step, frame, frame.locator("#inner"), ask) == expected


@pytest.mark.parametrize("selector", ["#no-such", "#hidden", "css=]["])
def test_what_can_not_be_seen_has_none(page, ask, selector):
    page.set_content(PAGE)
    assert labels_of(a_step(f'wait_for: "{selector}"'), page.main_frame, None, ask) == ()


def test_what_has_gone_with_its_page_has_none(page, ask):
    page.set_content(PAGE)
    pressed = acting(page.main_frame, page.locator("button"))[0]
    pressed.click()
    page.evaluate("document.querySelector('button').remove()")
    assert labels_of(a_step('click: "text=Create"'), page.main_frame, acted(page.main_frame), ask) == ()


def test_a_step_without_an_element_has_none(page, ask):
    page.set_content(PAGE)
    assert labels_of(a_step("press: Enter"), page.main_frame, None, ask) == ()


def test_a_page_can_not_forge_the_place_nor_get_a_text_through(page, ask):
    page.set_content(FORGED + PAGE)
    by_css = labels_of(a_step('wait_for: "button"'), page.main_frame, None, ask)
    assert by_css == (Label(text="button", box=(10, 20, 100, 30)),)
    (by_text,) = labels_of(a_step('wait_for: "text=Key name"'), page.main_frame, None, ask)
    real = page.locator("label").bounding_box()
    assert by_text == Label(text="Key name", box=(real["x"], real["y"], real["width"], real["height"]))


def test_an_element_in_a_shadow_root_is_found(page, ask):
    page.set_content("<div id=host></div>")
    page.evaluate("""() => { document.getElementById('host').attachShadow({ mode: 'open' }).innerHTML =
      '<input style="position:fixed;left:7px;top:8px;width:90px;height:20px;border:0;padding:0">'; }""")
    found = labels_of(a_step('type: { selector: "input", value: "C" }'), page.main_frame, None, ask)
    assert found == (Label(text="C", box=(7, 8, 90, 20)),)
