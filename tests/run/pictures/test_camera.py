"""The camera keeps pixels only when it can prove them, and never fails a run."""

import struct
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.run.pictures.browsers import Site
from tokenbroker.run.pictures import Camera
from tokenbroker.run.pictures.target import Target

pytestmark = [pytest.mark.browser, pytest.mark.req("SECRET-7")]

RED = (
    "data:image/svg+xml,"
    "<svg xmlns='http://www.w3.org/2000/svg'><rect width='300' height='300' fill='red'/></svg>"
)
PIXEL = f'<img src="{RED}" width=60 height=60>'
IN_A_FRAME = f"srcdoc='<img src=\"{RED.replace(chr(39), '&#39;')}\">'"

HIDDEN = {
    "image": PIXEL,
    "image_input": f'<input type=image src="{RED}">',
    "inline_svg": "<svg><rect width=50 height=50 fill=red style='visibility:visible'/></svg>",
    "canvas": "<canvas id=c></canvas><script>const x=c.getContext('2d');"
    "x.fillStyle='red';x.fillRect(0,0,90,90)</script>",
    "background": f'<style>p{{background-image:url("{RED}")}}</style><p>text',
    "gradient": "<p style='background-image:linear-gradient(90deg,red 50%,white 50%)'>text",
    "gradient_around": "<p style='border:20px solid;border-image:repeating-conic-gradient(red 0 25%,white 0 50%) 9'>x",
    "generated_gradient": "<style>p::before{content:'';display:block;height:60px;background:radial-gradient(red,red)}</style><p>x",
    "generated": f'<style>p::before{{content:url("{RED}")}}</style><p>text',
    "bullet": f'<style>li{{list-style-image:url("{RED}")}}</style><li>text',
    "first_line": f'<style>p::first-line{{background-image:url("{RED}")}}</style><p>text',
    "slow_transition": f"<style>*{{transition:all 9s}}</style>{PIXEL}",
    "important_rule": f"<style>#i{{visibility:visible!important}}</style><div id=i>{PIXEL}</div>",
    "open_shadow_root": f"<p id=h><script>h.attachShadow({{mode:'open'}}).innerHTML=`<b></b>{PIXEL}`</script>",
    "frame": f"<iframe {IN_A_FRAME}></iframe>",
    "sandboxed_frame": f"<iframe sandbox {IN_A_FRAME}></iframe>",
    "clobbered_document": f"{PIXEL}<form name=fonts></form><form name=adoptedStyleSheets></form><form "
    "name=querySelectorAll></form><form id=tokenbrokerUncover><input name=shadowRoot></form>",
}
NOT_PROVEN = {
    "inline_important": f"<img src=\"{RED}\" style='visibility:visible!important'>",
    "closed_shadow_root": f"<p id=h><script>h.attachShadow({{mode:'closed'}}).innerHTML=`{PIXEL}`</script>",
}


def is_red_anywhere(png: bytes, page: Page) -> bool:
    """Whether the picture has a strongly red pixel; a page of the browser decodes it."""
    page.set_content("<canvas></canvas>")
    return bool(
        page.evaluate(
            """async (bytes) => {
                const image = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
                const canvas = new OffscreenCanvas(image.width, image.height);
                const context = canvas.getContext("2d");
                context.drawImage(image, 0, 0);
                const data = context.getImageData(0, 0, image.width, image.height).data;
                for (let i = 0; i < data.length; i += 4)
                    if (data[i] > 200 && data[i + 1] < 80 && data[i + 2] < 80) return true;
                return false;
            }""",
            list(png),
        )
    )


@pytest.fixture
def blank(plain_browser: Browser) -> Iterator[Page]:
    context = plain_browser.new_context()
    yield context.new_page()
    context.close()


def test_a_simple_page_gives_pixels_of_the_viewport(camera: Camera, page: Page) -> None:
    page.set_content("<h1>Keys</h1><button>Create</button>")
    picture = camera.shoot(page)
    assert (picture.kind, picture.media_type, picture.note) == ("pixels", "image/png", "")
    assert struct.unpack(">II", picture.data[16:24]) == (640, 400)


def test_the_bytes_of_a_picture_are_not_in_its_repr(camera: Camera, page: Page) -> None:
    assert "PNG" not in repr(camera.shoot(page))


@pytest.mark.parametrize("body", HIDDEN.values(), ids=HIDDEN)
def test_media_is_hidden_and_comes_back(
    camera: Camera, page: Page, blank: Page, site: Site, body: str
) -> None:
    page.goto(site.serve("/", f"<!doctype html>{body}"))
    assert is_red_anywhere(page.screenshot(), blank)
    picture = camera.shoot(page)
    assert picture.kind == "pixels", picture.note
    assert not is_red_anywhere(picture.data, blank)
    sheets = "Document.prototype.__lookupGetter__('adoptedStyleSheets').call(document)"
    assert page.evaluate(f"{sheets}.length") == 0


@pytest.mark.parametrize("body", NOT_PROVEN.values(), ids=NOT_PROVEN)
def test_media_that_cannot_be_hidden_gives_a_wireframe(
    camera: Camera, page: Page, site: Site, body: str
) -> None:
    page.goto(site.serve("/", f"<!doctype html>{body}"))
    picture = camera.shoot(page)
    assert (picture.kind, picture.media_type) == ("wireframe", "image/svg+xml")
    assert "media" in picture.note


def test_a_plain_colour_is_no_media(camera: Camera, page: Page, blank: Page) -> None:
    page.set_content("<p style='background-color:red'>text")
    assert is_red_anywhere(camera.shoot(page).data, blank)


def test_a_strict_content_security_policy_does_not_matter(camera: Camera, page: Page, site: Site) -> None:
    csp = "default-src 'none'; img-src data:; require-trusted-types-for 'script'; trusted-types 'none'"
    page.goto(site.serve("/", f"<!doctype html>{PIXEL}", Content_Security_Policy=csp))
    assert camera.shoot(page).kind == "pixels"


def test_a_frame_of_another_process_is_covered_whole(
    camera: Camera, page: Page, blank: Page, site: Site
) -> None:
    site.serve("/inner", f"<!doctype html>{PIXEL}")
    page.goto(site.serve("/", f'<!doctype html><iframe src="{site.other_origin}/inner"></iframe>'))
    for _ in range(2):
        picture = camera.shoot(page)
        assert picture.kind == "pixels", picture.note
        assert not is_red_anywhere(picture.data, blank)


def test_a_font_made_by_script_fails_to_load_and_gives_pixels(camera: Camera, page: Page, site: Site) -> None:
    page.goto(site.serve("/", "<!doctype html><p>text"))
    outcome = page.evaluate(
        """async () => {
            const face = new FontFace("mine", new ArrayBuffer(8));
            document.fonts.add(face);
            const load = await face.load().then(() => "loaded", (error) => error.name);
            return [face instanceof FontFace, face.family, face.status, load, document.fonts.has(face)];
        }"""
    )
    assert outcome == [True, "mine", "error", "NetworkError", True]
    assert camera.shoot(page).kind == "pixels"


def test_a_font_that_escaped_the_guard_gives_a_wireframe(
    guarded_context: BrowserContext, site: Site, font_bytes: bytes
) -> None:
    """The page was open before the camera, so the guard isn't in it: the look at the fonts must see it."""
    page = guarded_context.new_page()
    page.goto(site.serve("/", "<!doctype html><p>text"))
    assert (
        page.evaluate(
            """async (bytes) => {
            const face = new FontFace("mine", new Uint8Array(bytes).buffer);
            document.fonts.add(face);
            await face.load();
            return face.status;
        }""",
            list(font_bytes),
        )
        == "loaded"
    )
    picture = Camera(guarded_context, block_font=True, proof=True).shoot(page)
    assert picture.kind == "wireframe"
    assert "font" in picture.note
    assert page.evaluate("document.fonts.size") == 1


@pytest.mark.parametrize(("block_font", "proof"), [(False, True), (True, False)])
def test_without_font_or_proof_there_are_no_pixels(
    guarded_context: BrowserContext, block_font: bool, proof: bool
) -> None:
    page = guarded_context.new_page()
    picture = Camera(guarded_context, block_font=block_font, proof=proof).shoot(page)
    assert picture.kind == "wireframe"
    assert picture.note


def test_pictures_go_on_after_a_navigation(camera: Camera, page: Page, site: Site) -> None:
    for path in ("/one", "/two"):
        page.goto(site.serve(path, f"<!doctype html>{PIXEL}"))
        assert camera.shoot(page).kind == "pixels"


@pytest.mark.parametrize(("refusals", "kind"), [(1, "pixels"), (99, "wireframe")])
def test_a_shot_that_the_browser_refuses_is_taken_again(
    camera: Camera, page: Page, site: Site, monkeypatch: pytest.MonkeyPatch, refusals: int, kind: str
) -> None:
    shots: list[Target] = []
    shoot = Target.shoot

    def refused_at_first(target: Target) -> bytes:
        shots.append(target)
        if len(shots) <= refusals:
            target._send("Page.captureScreenshot", {"format": "none"})  # which the browser refuses
        return shoot(target)

    monkeypatch.setattr(Target, "shoot", refused_at_first)
    page.goto(site.serve("/", f"<!doctype html>{PIXEL}"))
    picture = camera.shoot(page)
    assert (picture.kind, bool(picture.note)) == (kind, kind == "wireframe")
    assert 1 < len(shots) < refusals + 2


def close(page: Page) -> None:
    page.close()


def hang(page: Page) -> None:
    page.evaluate("setTimeout(() => { for (;;); }, 0); 0")


@pytest.mark.parametrize("trouble", [close, hang])
@pytest.mark.parametrize("known", [True, False])
def test_a_page_in_trouble_gives_no_picture_and_no_error(
    guarded_context: BrowserContext, trouble: Callable[[Page], None], known: bool
) -> None:
    camera = Camera(guarded_context, block_font=True, proof=True, timeout_ms=300)
    page = guarded_context.new_page()
    if known:
        camera.shoot(page)
    trouble(page)
    picture = camera.shoot(page)
    assert (picture.kind, picture.data) == ("none", b"")
    assert picture.note


LOOKS_THE_SAME = (
    "<h1>Keys</h1><style>p::before { content: 'x' }</style><p>text<input id=f value=a><svg></svg>"
)


def test_a_page_that_looks_the_same_has_the_same_picture(camera: Camera, page: Page, site: Site) -> None:
    page.goto(site.serve("/same", LOOKS_THE_SAME))
    first = camera.shoot(page)
    assert camera.shoot(page, may_be_unchanged=True) is first
    assert camera.shoot(page) is not first


@pytest.mark.parametrize(
    "change",
    [
        "document.querySelector('h1').textContent = 'Kegs'",
        "document.querySelector('h1').style.color = 'red'",
        "document.querySelector('p').style.backgroundColor = 'red'",
        "document.querySelector('p').style.opacity = '0.5'",
        "document.querySelector('h1').style.marginTop = '40px'",
        "document.getElementById('f').value = 'b'",
        "document.body.append(document.createElement('hr'))",
        "document.body.append(document.createElement('canvas'))",
        "document.write('<h1>Keys</h1>')",
    ],
)
def test_a_page_that_may_look_different_has_a_picture_of_its_own(
    camera: Camera, page: Page, site: Site, change: str
) -> None:
    page.goto(site.serve("/same", LOOKS_THE_SAME))
    first = camera.shoot(page)
    page.evaluate(f"() => {{ {change} }}")
    second = camera.shoot(page, may_be_unchanged=True)
    assert second is not first
    assert second.kind == "pixels"


def test_the_media_of_a_page_that_is_compared_come_back(camera: Camera, page: Page, site: Site) -> None:
    page.goto(site.serve("/same", PIXEL))
    assert camera.shoot(page) is camera.shoot(page, may_be_unchanged=True)
    assert page.evaluate("getComputedStyle(document.images[0]).visibility") == "visible"
