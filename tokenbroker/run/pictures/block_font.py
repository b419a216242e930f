"""Start Chromium so that it can draw no character but one block.

The browser gets a font configuration of its own whose only font, ``block.ttf``, maps every code point
to one glyph, and is told to load no remote font. Two texts of one length then give the same pixels,
whatever the page does with them: style, shadow, stroke, SVG, canvas, shadow root or frame. Lengths,
and the places where a line may break, stay visible. Linux only: elsewhere Chromium doesn't ask fontconfig.
"""

import secrets
import sys
from html import escape
from pathlib import Path
from typing import Final

BLOCK_FONT: Final = Path(__file__).with_name("block.ttf")
"""The font: a `cmap` of format 13 alone (OpenType 1.9, "many-to-one range mappings")."""

CHROMIUM_ARGUMENTS: Final = ("--disable-remote-fonts",)
"""What the command line needs besides the environment; the first covers ``data:`` and ``blob:`` fonts too."""

_CONFIGURATION = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <cachedir>{cache}</cachedir>
</fontconfig>
"""


def works_here() -> bool:
    """Whether Chromium on this system takes its fonts from fontconfig."""
    return sys.platform.startswith("linux")


def write_fontconfig(folder: Path) -> dict[str, str]:
    """Write a font configuration into `folder` and answer the environment that makes a browser use it.

    The configuration knows one font folder and one cache, both inside `folder`, and includes no other
    file. `folder` is made if needed and must stay as long as the browser runs. Use one for each browser.

    Raises:
        OSError: `folder` can't be written.
    """
    fonts = folder / "fonts"
    cache = folder / "cache"
    for needed in (fonts, cache):
        needed.mkdir(mode=0o700, parents=True, exist_ok=True)
    (fonts / BLOCK_FONT.name).write_bytes(_with_a_name_by_lot(BLOCK_FONT.read_bytes()))
    configuration = folder / "fonts.conf"
    configuration.write_text(
        _CONFIGURATION.format(fonts=escape(str(fonts), quote=False), cache=escape(str(cache), quote=False)),
        encoding="utf-8",
    )
    return {"FONTCONFIG_FILE": str(configuration)}


def _with_a_name_by_lot(font: bytes) -> bytes:
    """`font` under a name that no page can guess.

    A page that knew the name could say ``@font-face {src: local("Block"); unicode-range: U+61;
    size-adjust: 250%}`` and so draw one character larger than the others.
    """
    placeholder = "00000000".encode("utf-16-be")
    return font.replace(placeholder, secrets.token_hex(4).encode("utf-16-be"))
