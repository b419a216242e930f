from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from tests.run.pictures import browsers
from tests.run.pictures.telling_font import telling_font
from tokenbroker.run.pictures import Camera


@pytest.fixture(scope="session")
def guarded_browser(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsers.guarded_browser(playwright, tmp_path_factory.mktemp("fontconfig")) as browser:
        yield browser


@pytest.fixture(scope="session")
def plain_browser(playwright: Playwright) -> Iterator[Browser]:
    with browsers.plain_browser(playwright) as browser:
        yield browser


@pytest.fixture
def guarded_context(guarded_browser: Browser) -> Iterator[BrowserContext]:
    context = guarded_browser.new_context(viewport={"width": 640, "height": 400})
    yield context
    context.close()


@pytest.fixture
def camera(guarded_context: BrowserContext) -> Camera:
    return Camera(guarded_context, block_font=True, proof=True)


@pytest.fixture
def page(guarded_context: BrowserContext, camera: Camera) -> Page:
    """A page that was opened after the camera."""
    return guarded_context.new_page()


@pytest.fixture
def site() -> Iterator[browsers.Site]:
    with browsers.site() as served:
        yield served


@pytest.fixture(scope="session")
def font_bytes() -> bytes:
    """A usable font that is not the block font's own file."""
    return telling_font()
