"""Playwright Test from npm."""

from pathlib import Path

import pytest

from tests.peers.playwright_test.runner import PlaywrightTest
from tokenbroker.run.chromium import find_browser


@pytest.fixture(scope="session")
def playwright_test(peers: Path) -> PlaywrightTest:
    """Playwright Test, with the browser that tokenbroker has found."""
    packages = peers / "npm"
    return PlaywrightTest(
        node=packages / "node", modules=packages / "node_modules", browser=find_browser().path
    )
