"""Foreign text in a TypeScript file: as a literal or in a comment, and nowhere else."""

import re
import unicodedata
import warnings
from collections.abc import Iterator
from typing import Final

_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}
_FLAGS: Final = {"i": "i", "m": "m", "s": "s", "u": "", "a": ""}
_LEADING_FLAGS: Final = re.compile(r"\(\?([aimsu]+)\)")
# What begins a group and means the same in both languages; `(?P<name>` is written otherwise.
_GROUPS: Final = re.compile(r"\(\?(?::|=|!|<=|<!)")
_NAMED_GROUP: Final = re.compile(r"\(\?P<([A-Za-z_]\w*)>")
_POSSESSIVE: Final = re.compile(r"(?:[*+?]|\{\d*,?\d*\})\+")
_SAME_ESCAPES: Final = frozenset("dDwWsSbBnrtfv0123456789")


def string(text: str) -> str:
    """`text` as a string literal, in the quotes that it has fewer of."""
    quote = '"' if text.count("'") > text.count('"') else "'"
    return quote + "".join(_in_literal(c, {quote}) for c in text) + quote


def template(constant: str, text: str) -> str:
    """A template literal: the value of `constant`, then `text`."""
    # Every dollar sign, so that none stands before a brace.
    return f"`${{{constant}}}" + "".join(_in_literal(c, {"`", "$"}) for c in text) + "`"


def comment(text: str) -> str:
    """`text` on one line, without anything that could end a comment or turn its words round."""
    shown = "".join(" " if _is_odd(c) else c for c in text)
    return " ".join(shown.replace("*/", "* /").split())


def css_string(text: str) -> str:
    """`text` as a string in a CSS selector."""
    escaped = "".join(f"\\{ord(c):x} " if _is_odd(c) else f"\\{c}" if c in '"\\' else c for c in text)
    return f'"{escaped}"'


def regular_expression(pattern: str, *, is_whole: bool = False) -> str | None:
    """A Python regular expression as a literal, for all of a text with `is_whole`.

    None where JavaScript has no expression that means the same.
    """
    if not _is_valid(pattern):
        return None
    flags = ""
    if leading := _LEADING_FLAGS.match(pattern):
        flags = "".join(sorted({_FLAGS[flag] for flag in leading[1]}))
        pattern = pattern[leading.end() :]
    try:
        body = "".join(_translated(pattern))
    except _NotPortable:
        return None
    if is_whole:
        body = f"^(?:{body})$" if "|" in body else f"^{body}$"
    return f"/{body or '(?:)'}/{flags}"


def _is_valid(pattern: str) -> bool:
    with warnings.catch_warnings(action="ignore"):  # of what a later Python might take for something else
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError):
            return False
    return True


class _NotPortable(Exception):
    """There is something in the pattern that JavaScript does not have, or takes for something else."""


def _translated(pattern: str) -> Iterator[str]:
    at, in_class = 0, False
    while at < len(pattern):
        rest, sign = pattern[at:], pattern[at]
        taken = 1
        if sign == "\\":
            taken = 2
            yield _escape(pattern[at + 1])
        elif in_class:
            in_class = sign != "]"
            yield "\\[" if sign == "[" else _in_literal(sign, {"/"})
        elif sign == "[":
            in_class = True
            opening = re.match(r"\[\^?\]?", rest)
            assert opening is not None
            taken = opening.end()
            yield opening[0].replace("]", "\\]")
        elif rest.startswith("(?"):
            text, taken = _group(rest)
            yield text
        elif possessive := _POSSESSIVE.match(rest):
            raise _NotPortable(possessive[0])
        elif rest.startswith("{,"):
            taken = 2
            yield "{0,"  # which Python lets one leave out
        else:
            yield _in_literal(sign, {"/"})
        at += taken


def _group(rest: str) -> tuple[str, int]:
    if named := _NAMED_GROUP.match(rest):
        return f"(?<{named[1]}>", named.end()
    if known := _GROUPS.match(rest):
        return known[0], known.end()
    raise _NotPortable(rest[:4])


def _escape(sign: str) -> str:
    """What a backslash and `sign` are in JavaScript."""
    if sign in _SAME_ESCAPES:
        return "\\" + sign
    if sign in "xu":
        return "\\" + sign  # as many digits follow as JavaScript wants
    if sign in "AZ":
        return "^" if sign == "A" else "$"
    if sign.isascii() and sign.isalpha():
        raise _NotPortable(sign)
    return "\\" + sign if sign.isascii() and sign.isprintable() and sign != " " else _in_literal(sign, set())


def _in_literal(character: str, quotes: set[str]) -> str:
    if character in quotes:
        return "\\" + character
    if character in _SHORT:
        return _SHORT[character]
    if not _is_odd(character):
        return character
    code = ord(character)
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    return "".join(f"\\u{half:04x}" for half in (0xD800 + (code - 0x10000 >> 10), 0xDC00 + (code & 0x3FF)))


def _is_odd(character: str) -> bool:
    """Whether it is not to be seen as what it is: controls, line separators, marks of direction, odd spaces."""
    return character != " " and unicodedata.category(character)[0] in "CZ"
