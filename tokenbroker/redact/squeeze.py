"""Undoing what hides a value without changing it: escapes in any mixture and depth, and breaks put in.

Two ways to the same result: :func:`squeeze` is quick, :func:`trace` also tells where each byte came
from. Needles and haystacks are squeezed by the same function, so it need not be exact, only the same
for both: an escape that stands in the value itself is undone in the needle as well.
"""

import html
import re
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import compress
from urllib.parse import unquote_to_bytes

_ROUNDS = 4  # layers of escapes, such as JSON in JSON in a URL


def _from_utf16(units: bytes) -> bytes:
    wide = b"".join(bytes.fromhex(unit.decode()) for unit in re.findall(rb"[0-9A-Fa-f]{4}", units))
    # Through UTF-16, so that two halves become one character.
    return wide.decode("utf-16-be", "surrogatepass").encode("utf-8", "surrogatepass")


def _unescape_backslash(found: re.Match[bytes]) -> bytes:
    token = found[0]
    kind = token[1:2]
    if kind == b"u" and len(token) > 2 and token[2:3] != b"{":
        return _from_utf16(token)
    if kind == b"x" and len(token) > 2:
        return bytes.fromhex(token.replace(b"\\x", b"").decode())
    if kind in b"uU" and len(token) > 2:
        code = int(token[2:].strip(b"{}"), 16)
        return chr(code).encode("utf-8", "surrogatepass") if code <= 0x10FFFF else b""
    if len(token) == 4:
        return bytes([int(token[1:], 8)])
    return b"" if kind in b"nrtbfva0\r\n" else kind


def _unescape_percent(found: re.Match[bytes]) -> bytes:
    return _from_utf16(found[0]) if found[0][1:2] == b"u" else unquote_to_bytes(found[0])


def _unescape_entity(found: re.Match[bytes]) -> bytes:
    return html.unescape(found[0].decode("ascii")).encode("utf-8", "surrogatepass")


def _nothing(_: re.Match[bytes]) -> bytes:
    return b""


@dataclass(frozen=True, slots=True)
class _Step:
    trigger: bytes
    pattern: re.Pattern[bytes]
    plain: Callable[[re.Match[bytes]], bytes]


_STEPS = (
    _Step(
        b"\\",
        re.compile(
            rb"\\(?:u[0-9A-Fa-f]{4}(?:\\u[0-9A-Fa-f]{4})*|u\{[0-9A-Fa-f]{1,6}\}|U[0-9A-Fa-f]{8}"
            rb"|x[0-9A-Fa-f]{2}(?:\\x[0-9A-Fa-f]{2})*|[0-3][0-7]{2}|\r?\n|[!-~])"
        ),
        _unescape_backslash,
    ),
    _Step(
        b"%",
        re.compile(rb"%(?:[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2})*|u[0-9A-Fa-f]{4}(?:%u[0-9A-Fa-f]{4})*)"),
        _unescape_percent,
    ),
    _Step(
        b"&",
        re.compile(rb"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"),
        _unescape_entity,
    ),
    # Colours, which pytest's highlighter puts between the parts of a word
    _Step(b"\x1b", re.compile(rb"\x1b\[[0-9;?]*[ -/]*[@-~]"), _nothing),
    # A string that goes on in the next line: pprint, quoted-printable
    _Step(b'"\n', re.compile(rb'"\r?\n[ \t]*b?"'), _nothing),
    _Step(b"'\n", re.compile(rb"'\r?\n[ \t]*b?'"), _nothing),
    _Step(b"=\n", re.compile(rb"=\n"), _nothing),
    _Step(b"=\r\n", re.compile(rb"=\r\n"), _nothing),
)

_BLANKS = bytes(range(0x21)) + b"\x7f"  # white space and controls; NUL turns UTF-16 of ASCII into ASCII
_IS_KEPT = bytes(code not in _BLANKS for code in range(256))
# No-break space, soft hyphen, the widths and directions of U+2000-206F, the frame │ of rich, U+3000, U+FEFF
_INVISIBLE = re.compile(
    rb"\xc2[\xa0\xad]|\xe2(?:\x80[\x80-\x8f\xa8-\xaf]|\x81[\x9f-\xaf]|\x94\x82)|\xe3\x80\x80|\xef\xbb\xbf"
)
_TAG = re.compile(rb"<[^<>]{0,1000}>")


def squeeze(raw: bytes) -> bytes:
    """`raw` without escapes, white space, controls and invisible characters."""
    for _ in range(_ROUNDS):
        before = raw
        for step in _STEPS:
            if step.trigger in raw:
                raw = step.pattern.sub(step.plain, raw)
        raw = raw.translate(None, _BLANKS)
        if not raw.isascii():
            raw = _INVISIBLE.sub(b"", raw)
        if raw == before or (b"\\" not in raw and b"%" not in raw and b"&" not in raw):
            break
    return raw


def without_tags(squeezed: bytes) -> bytes:
    """`squeezed` without HTML tags and comments: text that was split over DOM nodes is joined."""
    return _TAG.sub(b"", squeezed) if b"<" in squeezed else squeezed


@dataclass(frozen=True, slots=True)
class Traced:
    """Bytes, each with the range of the original that it came from."""

    data: bytes = field(repr=False)
    starts: Sequence[int]
    ends: Sequence[int]


def trace(raw: bytes) -> Traced:
    """What :func:`squeeze` answers, with the origin of each byte."""
    now = Traced(raw, range(len(raw)), range(1, len(raw) + 1))
    for _ in range(_ROUNDS):
        before = now.data
        for step in _STEPS:
            if step.trigger in now.data:
                now = _rewritten(now, step.pattern, step.plain)
        now = _without_blanks(now)
        if not now.data.isascii():
            now = _rewritten(now, _INVISIBLE, _nothing)
        if now.data == before or (b"\\" not in now.data and b"%" not in now.data and b"&" not in now.data):
            break
    return now


def trace_without_tags(squeezed: Traced) -> Traced:
    """What :func:`without_tags` answers, with the origin of each byte."""
    return _rewritten(squeezed, _TAG, _nothing)


def _without_blanks(now: Traced) -> Traced:
    kept = now.data.translate(_IS_KEPT)
    return Traced(
        now.data.translate(None, _BLANKS),
        array("Q", compress(now.starts, kept)),
        array("Q", compress(now.ends, kept)),
    )


def _rewritten(now: Traced, pattern: re.Pattern[bytes], plain: Callable[[re.Match[bytes]], bytes]) -> Traced:
    data, starts, ends, done = bytearray(), array("Q"), array("Q"), 0
    for found in pattern.finditer(now.data):
        at, end = found.span()
        new = plain(found)
        data += now.data[done:at] + new
        starts.extend(now.starts[done:at])
        ends.extend(now.ends[done:at])
        starts.extend([now.starts[at]] * len(new))
        ends.extend([now.ends[end - 1]] * len(new))
        done = end
    data += now.data[done:]
    starts.extend(now.starts[done:])
    ends.extend(now.ends[done:])
    return Traced(bytes(data), starts, ends)
