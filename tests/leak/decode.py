"""The decodings that the leak finder tries: each turns bytes into what they may say."""

import binascii
import html
import re
import sqlite3
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

_LIMIT = 256 * 1024 * 1024  # of one decompressed part


class Part(NamedTuple):
    """What was decoded from the bytes at `offset`."""

    offset: int
    data: bytes

    @property
    def may_hold_more(self) -> bool:
        """Whether this is mostly text, or compressed: a wrong base64 alignment gives neither."""
        if len(self.data) < _SMALLEST:
            return False
        sample = self.data[:4096]
        plain = len(sample.translate(None, _UNPRINTABLE))
        return plain > 0.8 * len(sample) or _PACKED.search(self.data) is not None


_SMALLEST = 8  # six digits in base64
_UNPRINTABLE = bytes(byte for byte in range(256) if not (32 <= byte < 127 or byte in b"\t\r\n\0"))
_PACKED = re.compile(rb"\x1f\x8b\x08|PK\x03\x04|SQLite format 3\0|\x89PNG\r\n\x1a\n")
_Parts = Iterator[Part]


def rewritings(data: bytes) -> Iterator[tuple[str, bytes]]:
    """`data`, then `data` with escapes or breaks undone, by name; no two alike."""
    seen = set()
    for name, steps in _REWRITINGS.items():
        done = data
        for step in steps:
            done = step(done)
        if done not in seen:
            seen.add(done)
            yield name, done


def parts(data: bytes) -> Iterator[tuple[str, list[Part]]]:
    """What can be decoded from places in `data`, by the name of the decoding."""
    for name, decode in _DECODINGS.items():
        if found := list(decode(data)):
            yield name, found


# Escapes. All kinds at once, for one text may mix them; several times, for they may be layered.

_ESCAPE = re.compile(
    rb"[%&\\](?:(?<=%)(?P<percent>[0-9A-Fa-f]{2})"
    rb"|(?<=&)(?P<entity>#[0-9]+|#[xX][0-9A-Fa-f]+|[A-Za-z]{1,30}[0-9]{0,3});"
    rb"|(?<=[%\\])(?P<units>u[0-9A-Fa-f]{4}(?:[%\\]u[0-9A-Fa-f]{4})*)"
    rb"|(?<=\\)(?:x(?P<byte>[0-9A-Fa-f]{2})|(?P<octal>[0-3][0-7]{2})|(?P<char>[^\s0-9xuU])))"
)
_CONTROL = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def _unescaped(data: bytes) -> bytes:
    def plain(found: re.Match[bytes]) -> bytes:
        match found.lastgroup:
            case "percent":
                return unquote_to_bytes(found[0])
            case "entity":
                return html.unescape(found[0].decode("ascii")).encode("utf-8", "surrogatepass")
            case "units":
                units = bytes.fromhex(re.sub(rb"[\\%]?u", b"", found["units"]).decode("ascii"))
                return units.decode("utf-16-be", "surrogatepass").encode("utf-8", "surrogatepass")
            case "byte":
                return bytes.fromhex(found["byte"].decode("ascii"))
            case "octal":
                return bytes([int(found["octal"], 8)])
            case _:
                return _CONTROL.get(found["char"], found["char"])

    return _ESCAPE.sub(plain, data)


def _plus_as_blank(data: bytes) -> bytes:
    return _unescaped(data.replace(b"+", b" ")) if b"+" in data and b"%" in data else data


# Breaks that were put in

_WHITE = b" \t\r\n\f\v"
_CONTINUED = re.compile(rb"=\r?\n|(['\"])[ \t]*\r?\n[ \t]*b?\1")
_COLOUR = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
_INVISIBLE = re.compile(
    rb"[\xc2\xe2\xef](?:(?<=\xc2)[\xa0\xad]|(?<=\xe2)(?:\x80[\x80-\x8f\xa8-\xaf]|\x81[\xa0-\xaf]|\x94\x82)"
    rb"|(?<=\xef)\xbb\xbf)"
)
_TAGS = re.compile(rb"<[/!A-Za-z][^<>]*>")


def _without_breaks(data: bytes) -> bytes:
    for pattern in (_CONTINUED, _COLOUR, _INVISIBLE):
        data = pattern.sub(b"", data)
    return data.translate(None, _WHITE)


def _without_tags(data: bytes) -> bytes:
    return _TAGS.sub(b"", data)


def _utf16(endian: str, run: re.Pattern[bytes]) -> Callable[[bytes], _Parts]:
    def decode(data: bytes) -> _Parts:
        for found in run.finditer(data):
            yield Part(offset=found.start(), data=found[0].decode(f"utf-16-{endian}").encode())

    return decode


# Alphabets

_BASE64_RUN = re.compile(rb"[A-Za-z0-9+/_-]{8,}")
_HEX_RUN = re.compile(rb"(?:[0-9A-Fa-f]{2}[\s:,-]{0,2}(?:0x|\\x)?){6,}")
_NOT_DIGITS = re.compile(rb"0x|\\x|[^0-9A-Fa-f]")
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")


def _base64(data: bytes) -> _Parts:
    """Every run of the alphabet at all four alignments: what stands before a value may run into it."""
    for found in _BASE64_RUN.finditer(data):
        digits = found[0].translate(_TO_STANDARD)
        for shift in range(4):
            yield Part(offset=found.start(), data=binascii.a2b_base64(_padded(digits[shift:])))


def _padded(run: bytes) -> bytes:
    whole = len(run) - (len(run) % 4 == 1)
    return run[:whole] + b"=" * (-whole % 4)


def _hex(data: bytes) -> _Parts:
    for found in _HEX_RUN.finditer(data):
        digits = _NOT_DIGITS.sub(b"", found[0])
        for shift in (0, 1):
            part = digits[shift : len(digits) - (len(digits) - shift) % 2]
            yield Part(offset=found.start(), data=binascii.unhexlify(part))


# Containers


def _inflated(data: memoryview, window_bits: int) -> bytes:
    """As much as can be decompressed: what a killed run left may be cut off."""
    engine, done, fed = zlib.decompressobj(window_bits), bytearray(), 0
    try:
        while fed < len(data) and not engine.eof and len(done) < _LIMIT:
            done += engine.decompress(data[fed : fed + 4096])
            fed += 4096
        done += engine.flush()
    except zlib.error:
        pass
    return bytes(done)


def _gzip(data: bytes) -> _Parts:
    for found in re.finditer(rb"\x1f\x8b\x08", data):
        yield Part(offset=found.start(), data=_inflated(memoryview(data)[found.start() :], 31))


def _zlib(data: bytes) -> _Parts:
    for found in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", data):
        if len(part := _inflated(memoryview(data)[found.start() :], 15)) >= 6:
            yield Part(offset=found.start(), data=part)


def _zip(data: bytes) -> _Parts:
    """Members by their local headers, so that neither a missing directory nor a cut end hides one."""
    for found in re.finditer(rb"PK\x03\x04", data):
        header = data[found.start() : found.start() + 30]
        if len(header) == 30:
            method, name_bytes, extra_bytes = (struct.unpack_from("<H", header, at)[0] for at in (8, 26, 28))
            body = memoryview(data)[found.start() + 30 + name_bytes + extra_bytes :]
            if method == 8:
                yield Part(offset=found.start(), data=_inflated(body, -15))


def _sqlite(data: bytes) -> _Parts:
    """Every cell of every table. The raw bytes, with free pages, were searched already."""
    at = data.find(b"SQLite format 3\0")
    if at < 0:
        return
    image = bytearray(data[at:])
    image[18:20] = b"\1\1"  # a database in WAL mode opens only beside its log
    with closing(sqlite3.connect(":memory:")) as database:
        database.text_factory = bytes
        try:
            database.deserialize(bytes(image))
            names = [
                row[0].decode()
                for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
        except sqlite3.Error:
            return
        for name in names:
            yield Part(offset=at, data=_cells(database, name))


def _cells(database: sqlite3.Connection, table: str) -> bytes:
    quoted = table.replace('"', '""')
    cells = bytearray()
    try:
        for row in database.execute(f'SELECT * FROM "{quoted}"'):
            cells += (
                b"\n".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in row) + b"\n"
            )
    except sqlite3.Error:
        pass  # a damaged or virtual table: what could be read is searched
    return bytes(cells)


_REWRITINGS: dict[str, tuple[Callable[[bytes], bytes], ...]] = {
    "": (),
    "escapes": (_unescaped,) * 3,
    "breaks": (_without_breaks,),
    "breaks and escapes": (_unescaped, _unescaped, _without_breaks, _unescaped),
    "tags": (_without_tags,),
    "tags and escapes": (_without_tags, _unescaped, _without_tags, _without_breaks),
    # Fewer layers, for a value that looks like an escape itself must not be undone
    "one escape": (_unescaped,),
    "two escapes": (_unescaped,) * 2,
    "url form": (_plus_as_blank,),
}
_DECODINGS: dict[str, Callable[[bytes], _Parts]] = {
    "base64": _base64,
    "hex": _hex,
    # Of Latin letters: six or more, each with a zero byte on one side
    "utf-16-le": _utf16("le", re.compile(rb"(?:[^\0]\0){6,}")),
    "utf-16-be": _utf16("be", re.compile(rb"(?:\0[^\0]){6,}")),
    "gzip": _gzip,
    "zlib": _zlib,
    "zip": _zip,
    "sqlite": _sqlite,
}
