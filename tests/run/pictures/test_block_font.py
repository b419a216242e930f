"""The font, its configuration, and the proof that a browser uses them."""

import runpy
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from playwright.sync_api import Browser, BrowserContext, Playwright

from tests.run.pictures import browsers
from tokenbroker.run.pictures import CHROMIUM_ARGUMENTS, prove_block_font, write_fontconfig
from tokenbroker.run.pictures.block_font import BLOCK_FONT

GENERATOR = Path(__file__).with_name("make_block_font.py")
pytestmark = pytest.mark.req("SECRET-7")


@contextmanager
def context_of(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    try:
        yield context
    finally:
        context.close()


def test_the_checked_in_font_is_what_the_generator_makes() -> None:
    assert runpy.run_path(str(GENERATOR))["block_font"]() == BLOCK_FONT.read_bytes()


def test_every_code_point_is_one_glyph() -> None:
    with TTFont(BLOCK_FONT) as font:
        table = font.reader["cmap"]
    header, subtable = struct.unpack_from(">HHHHI", table), struct.unpack_from(">HHIIIIII", table, 12)
    assert header == (0, 1, 3, 10, 12)  # one subtable, for all of Unicode
    assert subtable == (13, 0, 28, 0, 1, 0, 0x10FFFF, 1)  # one group: all of it is glyph 1


def test_the_configuration_names_only_its_own_folder(tmp_path: Path) -> None:
    environment = write_fontconfig(tmp_path / "a <folder> & more")
    configuration = Path(environment["FONTCONFIG_FILE"])
    text = configuration.read_text()
    assert "a &lt;folder&gt; &amp; more" in text
    assert "include" not in text
    assert text.count("<dir>") == 1
    assert stat.S_IMODE((configuration.parent / "fonts").stat().st_mode) == 0o700


def test_no_two_browsers_share_the_name_of_the_font(tmp_path: Path) -> None:
    names = set()
    for folder in (tmp_path / "one", tmp_path / "two"):
        write_fontconfig(folder)
        with TTFont(folder / "fonts" / "block.ttf") as font:
            names |= {str(record) for record in font["name"].names if record.nameID in {1, 4, 6}}
    assert len(names) == 2


@pytest.mark.browser
def test_a_guarded_browser_passes_the_proof(guarded_browser: Browser) -> None:
    with context_of(guarded_browser) as context:
        assert prove_block_font(context)
        assert context.pages == []


@pytest.mark.browser
def test_a_plain_browser_fails_the_proof(plain_browser: Browser) -> None:
    with context_of(plain_browser) as context:
        assert not prove_block_font(context)


@pytest.mark.browser
def test_the_fonts_alone_fail_the_proof(
    playwright: Playwright, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the argument a page can bring a font of its own."""
    assert CHROMIUM_ARGUMENTS
    monkeypatch.setattr(browsers, "CHROMIUM_ARGUMENTS", ())
    with browsers.guarded_browser(playwright, tmp_path) as browser, context_of(browser) as context:
        assert not prove_block_font(context)


@pytest.mark.browser
def test_a_context_that_is_gone_fails_the_proof(guarded_browser: Browser) -> None:
    context = guarded_browser.new_context()
    context.close()
    assert not prove_block_font(context)
