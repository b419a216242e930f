"""The values that may stand nowhere, and how each is recognised in bytes that are decoded already.

Besides whole values pieces count: any run of 12 characters of a value's random part, for a value of which most
is left was not redacted.
"""

import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from tests.leak.decode import rewritings

Kind = Literal["email", "password", "otp", "token", "key", "name", "number", "session"]

_PIECE, _STEP, _PREFIX = 8, 4, 12  # so that every run of 11 characters holds a piece
_LETTERS = "bcdfghjkmnpqrstvwxz"
_DIGITS_OF_NUMBER = 10  # of a phone's number, those that are written with and without a country's code


@dataclass(frozen=True, kw_only=True, slots=True)
class Canary:
    """A value that may stand nowhere. It looks like test data; its first 12 characters tell nothing.

    One of kind ``key`` is a private key of a home: any bytes, each as the character of that number (Latin-1). A
    ``name`` is a person's, of two words, of which neither may stand anywhere; a ``number`` is a phone's or an account's,
    however its digits are grouped; a ``session`` is the number of one, hexadecimal.
    """

    kind: Kind
    value: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Canaries:
    """One value of each kind that a flow handles."""

    email: Canary
    password: Canary
    otp: Canary
    token: Canary

    def __iter__(self) -> Iterator[Canary]:
        return iter((self.email, self.password, self.otp, self.token))


def generate_canaries() -> Canaries:
    """New values that no file on earth holds; the password has characters that every encoding escapes."""
    return Canaries(
        email=Canary(kind="email", value=f"demo-canary-{secrets.token_hex(16)}@example.test"),
        password=Canary(kind="password", value=f"demo-only-p-{secrets.token_hex(16)}/+é \"'<&>\\%"),
        otp=Canary(kind="otp", value=_otp()),
        token=Canary(kind="token", value=f"demo-only-t-{secrets.token_urlsafe(32)}"),
    )


def generate_name() -> Canary:
    """Two words that no language has."""
    given, family = ("".join(secrets.choice(_LETTERS) for _ in range(9)) for _ in range(2))
    return Canary(kind="name", value=f"{given.capitalize()} {family.capitalize()}")


def generate_phone() -> Canary:
    """A valid one of a range that is kept for plays (Ofcom), if a random one."""
    return Canary(kind="number", value=f"+44 7700 900{secrets.randbelow(900) + 100}")


def generate_account() -> Canary:
    """Twelve digits in groups, as the big clouds number their accounts."""
    return Canary(kind="number", value="-".join(f"{secrets.randbelow(9000) + 1000}" for _ in range(3)))


def generate_session() -> Canary:
    """As sites number their sessions."""
    return Canary(kind="session", value=secrets.token_hex(16))


def _otp() -> str:
    """Six digits that nothing else writes: no time of day (names of runs hold some), no round number."""
    while len(set(code := f"{secrets.randbelow(700_000) + 300_000}")) < 4:
        pass
    return code


class Found(NamedTuple):
    """Where a value stands, and whether only a piece of it does."""

    offset: int
    piece: bool


Look = Callable[[bytes], Found | None]


def look_for(canary: Canary) -> Look:
    """What finds `canary` where it stands decoded."""
    match canary.kind:
        case "otp":
            return _look_for_code(canary.value)
        case "key":
            return _look_for_key(canary.value.encode("latin-1"))
        case "name":
            return _look_for_words(canary.value.split())
        case "number":
            return _look_for_number(re.sub("[^0-9]", "", canary.value)[-_DIGITS_OF_NUMBER:])
        case _:
            return _look_for_text(canary.value)


def _look_for_text(value: str) -> Look:
    raw = value.encode()
    # What undoing escapes and breaks does to a text, it does to the canary in it as well.
    whole = {rewritten for _, rewritten in rewritings(raw)}
    random = re.split(rb"[^A-Za-z0-9_-]", raw[_PREFIX:])[0]
    pieces = [random[at : at + _PIECE] for at in range(0, len(random) - _PIECE + 1, _STEP)]

    def look(data: bytes) -> Found | None:
        found = [at for piece in pieces if (at := data.find(piece)) >= 0]
        if not found:
            return None
        complete = [at for needle in whole if (at := data.find(needle)) >= 0]
        return Found(min(complete), piece=False) if complete else Found(min(found), piece=True)

    return look


def _look_for_key(key: bytes) -> Look:
    """A key is never redacted, so it is there whole or half; no other bytes are like a half."""
    halves = (key[: len(key) // 2], key[len(key) // 2 :])

    def look(data: bytes) -> Found | None:
        found = [at for half in halves if (at := data.find(half)) >= 0]
        return Found(min(found), piece=key not in data) if found else None

    return look


def _look_for_words(said: list[str]) -> Look:
    """Each of `said`, in capitals or not."""
    words = [word.lower().encode() for word in said]

    def look(data: bytes) -> Found | None:
        small = data.lower()
        found = [at for word in words if (at := small.find(word)) >= 0]
        return Found(min(found), piece=len(found) < len(words)) if found else None

    return look


_BREAK = (
    rb"(?:[ \t]*\r?\n[ \t]*|(?:</?[A-Za-z!][^<>]{0,200}>){1,4}|\xc2\xad|\xe2\x80[\x8b-\x8f]|\xe2\x81\xa0)"
)
_GAP = rb"(?:[ \t\r\n.,:;|-]{1,20}|\xc2\xa0|" + _BREAK + rb")"


def _look_for_code(code: str) -> Look:
    """Six digits are short, and files full of numbers: what counts is decided here.

    Counted: the digits in a row, not inside a longer number, not the fraction of one (``12.482913``: a
    time), not inside a hexadecimal digest or UUID of 20 characters or more; the same with a line break,
    tag or invisible character at any one place, a blank or hyphen in the middle, or gaps at all places.
    """
    digits = [digit.encode() for digit in code]
    tail = code[1:].encode()
    one_break = [tail[:at] + _BREAK + tail[at:] for at in range(len(tail))]
    middle = tail[:2] + rb"[ -]" + tail[2:]
    forms = b"|".join([tail, *one_break, middle, _GAP + _GAP.join(digits[1:])])
    first = digits[0]  # stated first, so that the search jumps from one to the next
    pattern = re.compile(
        first + rb"(?<![0-9]" + first + rb")(?<![0-9]\." + first + rb")(?:" + forms + rb")(?![0-9])"
    )

    def look(data: bytes) -> Found | None:
        for found in pattern.finditer(data):
            if not _in_digest(data, *found.span()):
                return Found(found.start(), piece=False)
        return None

    return look


def _look_for_number(digits: str) -> Look:
    """All of `digits`, with gaps at any places or none. They are too many to stand anywhere by chance."""
    pattern = re.compile((rb"(?:" + _GAP + rb")?").join(digit.encode() for digit in digits))

    def look(data: bytes) -> Found | None:
        found = pattern.search(data)
        return Found(found.start(), piece=False) if found else None

    return look


_DIGEST = re.compile(rb"[0-9A-Fa-f-]*")


def _in_digest(data: bytes, start: int, end: int) -> bool:
    after = _DIGEST.match(data[end : end + 64])
    before = _DIGEST.match(data[max(0, start - 64) : start][::-1])
    around = (before[0][::-1] if before else b"") + data[start:end] + (after[0] if after else b"")
    letters = re.search(rb"[A-Fa-f]", around)
    return letters is not None and len(around.strip(b"-")) >= 20
