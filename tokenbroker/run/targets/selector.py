"""What a selector says, before any page is looked at."""

import re


def bare_text(selector: str) -> str | None:
    """The text of a bare ``text=…`` selector; None for quoted text, regular expressions, chains, other engines."""
    if not selector.startswith("text="):
        return None
    text = selector.removeprefix("text=").strip()
    if not text or text[0] in "\"'/" or ">>" in text:
        return None
    return " ".join(text.split())


def exact_pattern(text: str) -> str:
    """A Playwright text regular expression that matches an element whose whole text is `text`."""
    escaped = re.sub(r"[.*+?^${}()|\[\]\\/]", r"\\\g<0>", text)
    # Playwright takes >> for the end of a selector, also within a pattern.
    return "/^\\s*" + re.sub(r"\s+", r"\\s+", escaped.replace(">", "\\x3e")) + "\\s*$/"
