"""No picture tells two secrets of one length apart, whatever the page does; a plain browser's do."""

import re
import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, ViewportSize

from tests.leak.hostile_pages import HEADERS, NOT_PIXELS, PAGES
from tests.run.pictures import browsers
from tests.run.pictures.browsers import Site
from tokenbroker.run.pictures import Camera, prove_block_font

pytestmark = [pytest.mark.leak, pytest.mark.browser, pytest.mark.req("SECRET-7")]

VIEWPORT: ViewportSize = {"width": 640, "height": 400}
WAITS = re.compile("dataset.ready")
# Without ?place the secret is in another place in each frame; with it, it stands still there.
MOVING = """<!doctype html><p id=p style="position:absolute;font:20px monospace">SECRET</p><script>
const places = 6;
const stand = (place) => { p.style.transform = `translate(${place * 20}px, ${place * 10}px)`; };
const fixed = new URLSearchParams(location.search).get("place");
let step = 0;
const move = () => { stand(step++ % places); requestAnimationFrame(move); };
if (fixed === null) move(); else stand(Number(fixed));
</script>"""


@pytest.fixture(scope="session")
def guarded_browser(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsers.guarded_browser(playwright, tmp_path_factory.mktemp("fontconfig")) as browser:
        context = browser.new_context()
        assert prove_block_font(context)
        context.close()
        yield browser


@pytest.fixture(scope="session")
def plain_browser(playwright: Playwright) -> Iterator[Browser]:
    with browsers.plain_browser(playwright) as browser:
        yield browser


@pytest.fixture
def guarded(guarded_browser: Browser) -> Iterator[BrowserContext]:
    context = guarded_browser.new_context(viewport=VIEWPORT)
    yield context
    context.close()


@pytest.fixture
def plain(plain_browser: Browser) -> Iterator[BrowserContext]:
    context = plain_browser.new_context(viewport=VIEWPORT)
    yield context
    context.close()


@pytest.fixture
def site() -> Iterator[Site]:
    with browsers.site() as served:
        yield served


@pytest.fixture
def canaries() -> tuple[str, str]:
    """Two tokens of one length that begin alike and then differ in each place."""
    first = secrets.token_hex(12)
    second = "".join(f"{(int(digit, 16) + 5) % 16:x}" for digit in first)
    return f"demo-only-{first}", f"demo-only-{second}"


def opened(context: BrowserContext, site: Site, name: str, secret: str) -> Page:
    """The hostile page `name` with `secret` on it, loaded, with its fonts settled."""
    body = PAGES[name](site, secret)
    page = context.new_page()
    page.goto(site.serve("/", f"<!doctype html>{body}", **HEADERS.get(name, {})))
    if WAITS.search(body):
        page.wait_for_selector("[data-ready]", state="attached")
    return page


@pytest.mark.parametrize("name", PAGES)
def test_pictures_of_two_secrets_are_the_same_and_would_not_be_without_protection(
    guarded: BrowserContext, plain: BrowserContext, site: Site, canaries: tuple[str, str], name: str
) -> None:
    camera = Camera(guarded, block_font=True, proof=True)
    first, second = (camera.shoot(opened(guarded, site, name, secret)) for secret in canaries)
    assert first.kind == ("wireframe" if name in NOT_PIXELS else "pixels"), first.note
    assert first == second

    one, other = (opened(plain, site, name, secret).screenshot() for secret in canaries)
    assert one != other


def test_pictures_of_a_moving_page_show_no_more_than_its_places(
    guarded: BrowserContext, plain: BrowserContext, site: Site, canaries: tuple[str, str]
) -> None:
    """What moves with one secret is found, shot by shot, among the standing pictures of the other."""
    shown, other = canaries
    camera = Camera(guarded, block_font=True, proof=True)

    def standing(context: BrowserContext, place: int) -> Page:
        page = context.new_page()
        page.goto(site.serve(f"/?place={place}", MOVING.replace("SECRET", other)))
        return page

    def moving(context: BrowserContext) -> Page:
        page = context.new_page()
        page.goto(site.serve("/", MOVING.replace("SECRET", shown)))
        return page

    guarded_places = {camera.shoot(standing(guarded, place)).data for place in range(6)}
    plain_places = {standing(plain, place).screenshot() for place in range(6)}
    assert len(guarded_places) == len(plain_places) == 6

    page = moving(guarded)
    assert {camera.shoot(page).data for _ in range(10)} <= guarded_places
    page = moving(plain)
    assert not {page.screenshot() for _ in range(10)} & plain_places


def test_media_alone_would_be_seen_without_the_covers(
    guarded: BrowserContext, site: Site, canaries: tuple[str, str]
) -> None:
    """The block font can't help against a raster image: the covers do."""
    one, other = (opened(guarded, site, "image", secret).screenshot() for secret in canaries)
    assert one != other


def test_a_browser_that_draws_real_characters_gives_wireframes_only(
    plain: BrowserContext, site: Site, canaries: tuple[str, str]
) -> None:
    camera = Camera(plain, block_font=False, proof=False)
    first, second = (camera.shoot(opened(plain, site, "image", secret)) for secret in canaries)
    assert first.kind == "wireframe"
    assert first == second
