"""Prove of a running browser that it draws every character as one block."""

import base64
from string import Template
from typing import Final

from playwright.sync_api import BrowserContext, Page
from playwright.sync_api import Error as PlaywrightError

from tokenbroker.run.pictures.block_font import BLOCK_FONT
from tokenbroker.run.pictures.target import CALL_TIMEOUT_MS, Target

# Texts of one length that differ in each character's class, width and script, and one that is longer.
_TEXTS: Final = ("abcdefghijklmnop", "0123456789ABCDEF", "WiMl.,WiMl.,WiMl", "\u4e2d\u6587\u65e5\u672c" * 4)
_LONGER: Final = _TEXTS[0] + "q"
_STYLES: Final = (
    "font:16px serif",
    "font:13px monospace",
    "font:italic 900 31px sans-serif",
    "font:20px emoji",
    "font:20px fantasy,cursive",
    "font:20px Arial,'DejaVu Sans','Noto Sans CJK JP'",
    "font:20px serif;font-variant:small-caps",
    "font:24px serif;-webkit-text-stroke:1px red;text-shadow:2px 2px blue",
    # If the browser loaded this font, letters would stand out from digits.
    "font:20px loaded,serif",
)
_PAGE: Final = Template(
    "<!doctype html><meta charset=utf-8><style>@font-face{font-family:loaded;unicode-range:U+61-7a;"
    "size-adjust:250%;src:url(data:font/ttf;base64,$font)}p{margin:2px;white-space:pre}</style>"
    "$lines<input value='$text'><svg width=300 height=30><text y=20>$text</text></svg>"
    "<canvas width=300 height=30></canvas><script>"
    "document.querySelector('canvas').getContext('2d').fillText('$text',0,20)</script>"
)


def prove_block_font(context: BrowserContext) -> bool:
    """Whether the browser of `context` draws texts of one length alike, whatever their characters.

    Draws several texts in many styles on a scratch page that asks the network for nothing, and compares
    the pixels. True only if all of one length are the same and a longer one isn't; False for any
    trouble. Once per browser process is enough: fonts are chosen when it starts.
    """
    try:
        page = context.new_page()
        try:
            return _draws_blocks(context, page)
        finally:
            page.close()
    except PlaywrightError:
        return False


def _draws_blocks(context: BrowserContext, page: Page) -> bool:
    camera = Target(context.new_cdp_session(page))
    font = base64.b64encode(BLOCK_FONT.read_bytes()).decode("ascii")
    shots = []
    for text in (*_TEXTS, _LONGER):
        lines = "".join(f'<p style="{style}">{text}</p>' for style in _STYLES)
        page.set_content(_PAGE.substitute(font=font, lines=lines, text=text), timeout=CALL_TIMEOUT_MS)
        shots.append(camera.shoot())
    *alike, longer = shots
    return len(set(alike)) == 1 and longer not in alike
