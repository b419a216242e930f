"""The forms that one value takes when common encoders have written it.

Each encoder here is a whole, usual one. Mixtures (some characters escaped and others not, several
layers, breaks put in between) have no end: :mod:`tokenbroker.redact.squeeze` undoes those instead.
"""

import base64
import html
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.entities import codepoint2name
from urllib.parse import quote

SHORT = 4
"""Values of fewer characters are redacted as whole words only: they'd shred every text otherwise."""

HEAD, HEAD_FROM = 12, 16
"""That many first characters are redacted without the rest, of values at least that long."""

TAIL, TAIL_FROM = 16, 32
"""The same for last characters; more, for ends are less peculiar (think of ``@example.org``)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """One way to write a value.

    Attributes:
        body: the whole form.
        head_bytes: how much of its beginning is redacted even when the rest is missing.
        tail_bytes: the same for its end; 0 where only the whole or the beginning counts.
        spills_left: the character before also holds bits of the value (base64).
        spills_right: the character after does.
        whole_word: counts only where no letter or digit touches it.
    """

    body: bytes = field(repr=False)
    head_bytes: int
    tail_bytes: int = 0
    spills_left: bool = False
    spills_right: bool = False
    whole_word: bool = False


def forms_of(value: str) -> frozenset[Form]:
    """Every form of `value`, and of each long line of it, for logs are written by lines."""
    forms = set(_forms(value))
    for line in value.splitlines():
        # The dashes of a PEM file are not secret, and are in every PEM file.
        if HEAD_FROM <= len(line) < len(value) and not line.startswith("-----"):
            forms.update(_forms(line))
    return frozenset(forms)


def opaque_forms(value: str) -> frozenset[Form]:
    """The forms of `value` in which no letter of it can be made out: base64 and hexadecimal digits."""
    digits = _utf8(value).hex().encode()
    in_hex = (Form(body=body, head_bytes=len(body)) for body in (digits, digits.upper()))
    return frozenset((*in_hex, *_base64_forms(value)))


def _forms(value: str) -> Iterator[Form]:
    short = len(value) < SHORT
    for encode in _TEXT:
        body = encode(value)
        head = len(encode(value[:HEAD])) if len(value) >= HEAD_FROM else len(body)
        tail = len(encode(value[-TAIL:])) if len(value) >= TAIL_FROM else 0
        yield Form(
            body=body, head_bytes=min(head, len(body)), tail_bytes=min(tail, len(body)), whole_word=short
        )
    if not short:
        yield from _base64_forms(value)


def _base64_forms(value: str) -> Iterator[Form]:
    """Base64 at its three alignments: the characters that the value alone decides (RFC 4648, 4 and 5)."""
    raw = _utf8(value)
    for before in range(3):
        first = -(-8 * before // 6)  # characters that also hold bits of what stands before
        last = 8 * (before + len(raw)) // 6
        spills = {"spills_left": before != 0, "spills_right": (before + len(raw)) % 3 != 0}
        head = (8 * HEAD) // 6 - 1 if len(value) >= HEAD_FROM else last - first
        tail = (8 * TAIL) // 6 - 1 if len(value) >= TAIL_FROM else 0
        for alphabet in (base64.b64encode, base64.urlsafe_b64encode):
            body = alphabet(bytes(before) + raw)[first:last]
            yield Form(body=body, head_bytes=head, tail_bytes=tail, **spills)


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _plain(text: str) -> bytes:
    return _utf8(text)


def _per_byte(template: str, separator: str = "") -> Callable[[str], bytes]:
    of_byte = [template.format(byte) for byte in range(256)]
    return lambda text: separator.join(of_byte[byte] for byte in _utf8(text)).encode()


def _per_character(template: str) -> Callable[[str], bytes]:
    return lambda text: "".join(template.format(ord(char)) for char in text).encode()


def _per_utf16_unit(template: str) -> Callable[[str], bytes]:
    def encode(text: str) -> bytes:
        wide = text.encode("utf-16-be", "surrogatepass")
        units = (int.from_bytes(wide[at : at + 2], "big") for at in range(0, len(wide), 2))
        return "".join(template.format(unit) for unit in units).encode()

    return encode


def _url(safe: str, *, plus: bool = False, lower: bool = False) -> Callable[[str], bytes]:
    def encode(text: str) -> bytes:
        done = quote(_utf8(text), safe=safe + " " * plus)
        if plus:
            done = done.replace(" ", "+")
        if lower:
            done = re.sub("%..", lambda found: found[0].lower(), done)
        return done.encode()

    return encode


def _replaced(inner: Callable[[str], bytes], *pairs: tuple[bytes, bytes]) -> Callable[[str], bytes]:
    def encode(text: str) -> bytes:
        done = inner(text)
        for old, new in pairs:
            done = done.replace(old, new)
        return done

    return encode


def _json(*, ascii_only: bool) -> Callable[[str], bytes]:
    return lambda text: _utf8(json.dumps(text, ensure_ascii=ascii_only)[1:-1])


def _html_named(text: str) -> bytes:
    names = (codepoint2name.get(ord(char)) for char in text)
    return _utf8("".join(f"&{name};" if name else char for name, char in zip(names, text, strict=True)))


_HTML_SCRIPT = ((b"<", b"\\u003c"), (b">", b"\\u003e"), (b"&", b"\\u0026"), (b"'", b"\\u0027"))
_COMPONENT = "-_.!~*'()"  # what encodeURIComponent leaves as it is

_TEXT: tuple[Callable[[str], bytes], ...] = (
    _plain,
    # URL: everything, paths, forms, encodeURIComponent, encodeURI; every byte
    *(
        _url(safe, lower=lower)
        for safe in ("", "/", _COMPONENT, _COMPONENT + ";,/?:@&=+$#")
        for lower in (False, True)
    ),
    *(_url("", plus=True, lower=lower) for lower in (False, True)),
    _per_byte("%{:02X}"),
    _per_byte("%{:02x}"),
    # HTML and XML
    lambda text: _utf8(html.escape(text, quote=True)),
    lambda text: _utf8(html.escape(text, quote=False)),
    lambda text: _utf8(html.escape(text).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")),
    lambda text: _utf8(html.escape(text).replace("&#x27;", "&apos;")),
    _html_named,
    _per_character("&#{};"),
    _per_character("&#x{:x};"),
    _per_character("&#x{:X};"),
    # JSON and JavaScript
    *(_json(ascii_only=ascii_only) for ascii_only in (True, False)),
    *(_replaced(_json(ascii_only=ascii_only), (b"/", b"\\/")) for ascii_only in (True, False)),
    *(_replaced(_json(ascii_only=ascii_only), *_HTML_SCRIPT) for ascii_only in (True, False)),
    _per_utf16_unit("\\u{:04x}"),
    _per_utf16_unit("\\u{:04X}"),
    # Python's reprs; with both quotes escaped too, for a repr of more than the value alone may need it
    lambda text: _utf8(repr(text)[1:-1]),
    lambda text: _utf8(repr(text + "'\"")[1:-1].removesuffix("\\'\"")),
    lambda text: _utf8(repr(text + "'")[1:-1].removesuffix("'")),
    lambda text: ascii(text)[1:-1].encode(),
    lambda text: repr(_utf8(text))[2:-1].encode(),
    _per_byte("\\x{:02x}"),
    _per_byte("\\x{:02X}"),
    # Shell, SQL and CSV
    _replaced(_plain, (b"'", b"'\"'\"'")),
    _replaced(_plain, (b"'", b"''")),
    _replaced(_plain, (b'"', b'""')),
    # Hexadecimal digits
    *(
        _per_byte("{:02" + case + "}", separator)
        for case in "xX"
        for separator in ("", ":", " ", "-", ", 0x")
    ),
)
