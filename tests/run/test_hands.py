"""Who can act in the page of a run: a window's person, or a channel that can."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserType

from tests.screen import unseen_screen
from tokenbroker.errors import BrowserUnavailable
from tokenbroker.run.browser import launch_options
from tokenbroker.run.chromium import find_browser
from tokenbroker.run.hands import has_window

pytestmark = [pytest.mark.browser, pytest.mark.req("RUN-7", "HUMAN-2")]


@pytest.fixture
def display() -> Iterator[str]:
    """A screen that nobody looks at."""
    with unseen_screen() as name:
        yield name


@pytest.fixture
def headed_browser(display: str, browser_type: BrowserType, tmp_path: Path) -> Iterator[Browser]:
    try:
        found = find_browser(None, headed=True)
    except BrowserUnavailable:
        pytest.skip("there is no browser that shows a window")
    environ = {**os.environ, "DISPLAY": display}
    options: dict[str, Any] = launch_options(
        found.path, headed=True, folder=tmp_path, environ=environ, given={}
    )
    browser = browser_type.launch(**options)
    yield browser
    browser.close()


def test_a_headed_browser_has_a_window(headed_browser: Browser) -> None:
    assert has_window(headed_browser.new_page())


def test_a_headless_browser_has_none(flow_browser: Browser) -> None:
    page = flow_browser.new_page()
    assert not has_window(page)
    page.close()
