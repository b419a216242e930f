"""A wireframe shows where things are, and nothing of what they say."""

import secrets
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.run.pictures.browsers import Site
from tokenbroker.run.pictures import Camera
from tokenbroker.run.pictures.wireframe import GRID_PX

pytestmark = [pytest.mark.browser, pytest.mark.req("SECRET-7")]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def context(plain_browser: Browser) -> Iterator[BrowserContext]:
    context = plain_browser.new_context(viewport={"width": 640, "height": 400})
    yield context
    context.close()


def wireframe_of(context: BrowserContext, body: str) -> bytes:
    page = context.new_page()
    page.set_content(f"<!doctype html><style>body{{margin:0}}</style>{body}")
    picture = Camera(context, block_font=False, proof=False).shoot(page)
    assert picture.kind == "wireframe"
    page.close()
    return picture.data


def test_nothing_that_the_page_says_is_in_the_drawing(context: BrowserContext) -> None:
    secret = f"demo-only-{secrets.token_hex(12)}"
    body = (
        f"<title>{secret}</title><h1 id={secret} class={secret}>{secret}</h1><input value={secret}>"
        f"<a href=/{secret} title={secret}>x</a><button role={secret} aria-label={secret}>{secret}</button>"
        f"<img alt={secret}><svg><text>{secret}</text></svg><p style='color:#123456'>{secret}"
    )
    drawing = wireframe_of(context, body)
    ET.fromstring(drawing)
    assert secret.encode() not in drawing
    assert b"123456" not in drawing


def test_texts_of_one_width_give_the_same_drawing(context: BrowserContext) -> None:
    first, second = (f"demo-only-{secrets.token_hex(12)}" for _ in range(2))
    body = "<pre>{0}</pre><button style='font:16px monospace'>{0}</button><input value={0}>"
    assert wireframe_of(context, body.format(first)) == wireframe_of(context, body.format(second))


def test_small_differences_of_width_vanish_in_the_grid(context: BrowserContext) -> None:
    drawings = {
        wireframe_of(context, f"<div style='width:300px'><button style='width:{width}px'></button></div>")
        for width in (70, 75, 80, 90)
    }
    assert len(drawings) == 1


def test_roles_look_different(context: BrowserContext) -> None:
    box = "style='display:block;width:200px;height:40px'"
    names = ("button", "input", "h1", "img", "nav")
    assert len({wireframe_of(context, f"<{name} {box}>") for name in names}) == len(names)


def test_boxes_stand_on_the_grid_and_inside_the_viewport(context: BrowserContext) -> None:
    body = "<div style='position:absolute;left:13px;top:21px'><img style='width:101px;height:47px'></div>"
    drawing = ET.fromstring(wireframe_of(context, body + "<nav style='width:4000px;height:4000px'></nav>"))
    for shape in drawing.findall(f"{SVG}rect")[1:]:
        left, top = int(shape.attrib["x"]) - 1, int(shape.attrib["y"]) - 1
        assert left % GRID_PX == top % GRID_PX == 0
        assert left + 2 + int(shape.attrib["width"]) <= 640
        assert top + 2 + int(shape.attrib["height"]) <= 400


def test_a_frame_is_drawn_where_it_stands_and_scrolled_as_it_is(context: BrowserContext, site: Site) -> None:
    inner = site.serve("/inner", "<body style='margin:0'><img style='display:block;width:64px;height:64px'>")
    plain = wireframe_of(
        context, "<img style='position:absolute;left:64px;top:128px;width:64px;height:64px'>"
    )
    page = context.new_page()
    page.goto(
        site.serve(
            "/",
            f"<body style='margin:0;height:2000px'><iframe src='{inner}' frameborder=0 "
            "style='position:absolute;left:64px;top:228px;width:96px;height:96px'></iframe>",
        )
    )
    page.evaluate("scrollTo(0, 100)")
    drawing = Camera(context, block_font=False, proof=False).shoot(page).data
    image = next(line for line in plain.splitlines() if b"#ece4f5" in line)
    assert image in drawing.splitlines()
