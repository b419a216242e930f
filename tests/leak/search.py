"""Looking for planted values in everything that a run left behind.

This finder shares no code with the redactor, and works the other way round: the redactor knows how
secrets are *encoded*, this one *decodes* whatever it finds (escapes, base64, hex, UTF-16, gzip, zip,
PNG, SQLite, in layers) and looks for the plain value. So the two can't share a hole.

Besides whole values it looks for pieces: any run of 12 characters of a value's random part counts, for a
value of which most is left was not redacted.
"""

import os
import re
import secrets
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Literal, NamedTuple

from tests.leak.decode import Part, parts, rewritings

Kind = Literal["email", "password", "otp", "token"]

_Origin = Callable[[int], int]  # from a position to the one that it came from

_PIECE, _STEP, _PREFIX = 8, 4, 12  # so that every run of 11 characters holds a piece
_DEPTH = 3  # decodings of decodings, such as hex in base64 in gzip; escapes in between don't count
_DECODED = ("", "escapes", "breaks", "breaks and escapes")  # the rewritings that are decoded further
_BETWEEN = b"\n\0\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Canary:
    """A value that may stand nowhere. It looks like test data; its first 12 characters tell nothing."""

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """A leak: what, written how, and where. It does not hold the value.

    `encoding` lists the layers from the outside, such as ``gzip/base64``, or is ``raw``; it ends in
    ``(piece)`` if only a part was found. `offset` counts bytes of the file (for a layer that only exists
    decoded: where that layer begins). `where` is the file, the file's name, or the process.
    """

    kind: Kind
    encoding: str
    offset: int
    where: str = ""


def generate_canaries() -> Canaries:
    """New values that no file on earth holds; the password has characters that every encoding escapes."""
    return Canaries(
        email=Canary(kind="email", value=f"demo-canary-{secrets.token_hex(16)}@example.test"),
        password=Canary(kind="password", value=f"demo-only-p-{secrets.token_hex(16)}/+é \"'<&>\\%"),
        otp=Canary(kind="otp", value=_otp()),
        token=Canary(kind="token", value=f"demo-only-t-{secrets.token_urlsafe(32)}"),
    )


def _otp() -> str:
    """Six digits that nothing else writes: no time of day (names of runs hold some), no round number."""
    while len(set(code := f"{secrets.randbelow(700_000) + 300_000}")) < 4:
        pass
    return code


def find(canaries: Canaries, data: bytes) -> list[Hit]:
    """Every canary in `data`, once for each way in which it is written there."""
    search = _Search(canaries)
    search.read(data, layers=(), depth=0, origin=lambda at: at)
    return sorted(
        search.hits.values(),
        key=lambda hit: (hit.kind, hit.encoding.count("/"), not hit.encoding.startswith("raw")),
    )


class _Search:
    def __init__(self, canaries: Canaries) -> None:
        self.hits: dict[tuple[Kind, str], Hit] = {}
        self._looks = {canary.kind: _look_for(canary) for canary in canaries}

    def read(self, data: bytes, *, layers: tuple[str, ...], depth: int, origin: _Origin) -> None:
        """Look at `data`, at its rewritings, and into what is encoded in them."""
        kinds = set(self._looks)
        for rewriting, text in rewritings(data):
            # A rewriting moves everything: then only the beginning of the layer is known.
            place = (lambda _: origin(0)) if rewriting else origin
            inside = (*layers, rewriting) if rewriting else layers
            # What stands there plainly stands in each rewriting too, and is told once.
            kinds -= self._look(text, kinds, inside, place)
            if depth < _DEPTH and rewriting in _DECODED:
                for decoding, inner in parts(text):
                    self._read_parts(inner, layers=(*inside, decoding), depth=depth + 1, origin=place)

    def _read_parts(self, inner: list[Part], *, layers: tuple[str, ...], depth: int, origin: _Origin) -> None:
        """Look at all parts, and into those that may hold more; joined, for they may be thousands."""
        every, promising = _joined(inner), _joined([part for part in inner if part.may_hold_more])
        self._look(every.data, set(self._looks), layers, lambda at: origin(every.origin(at)))
        if promising.data:
            self.read(
                promising.data, layers=layers, depth=depth, origin=lambda at: origin(promising.origin(at))
            )

    def _look(self, data: bytes, kinds: set[Kind], layers: tuple[str, ...], origin: _Origin) -> set[Kind]:
        """The kinds of which `data` holds a whole value."""
        whole: set[Kind] = set()
        for kind in kinds:
            if (found := self._looks[kind](data)) is not None:
                encoding = ("/".join(layers) or "raw") + " (piece)" * found.piece
                hit = Hit(kind=kind, encoding=encoding, offset=origin(found.offset))
                self.hits.setdefault((kind, encoding), hit)
                whole |= set() if found.piece else {kind}
        return whole


@dataclass(frozen=True, kw_only=True, slots=True)
class _Joined:
    data: bytes = field(repr=False)
    starts: list[int]
    offsets: list[int]

    def origin(self, at: int) -> int:
        """The offset of the part that stands at `at`."""
        return self.offsets[bisect_right(self.starts, at) - 1]


def _joined(inner: list[Part]) -> _Joined:
    starts = list(accumulate((len(part.data) + len(_BETWEEN) for part in inner), initial=0))[:-1]
    data = _BETWEEN.join(part.data for part in inner)
    return _Joined(data=data, starts=starts, offsets=[part.offset for part in inner])


class _Found(NamedTuple):
    offset: int
    piece: bool


_Look = Callable[[bytes], _Found | None]


def _look_for(canary: Canary) -> _Look:
    return _look_for_code(canary.value) if canary.kind == "otp" else _look_for_text(canary.value)


def _look_for_text(value: str) -> _Look:
    raw = value.encode()
    # What undoing escapes and breaks does to a text, it does to the canary in it as well.
    whole = {rewritten for _, rewritten in rewritings(raw)}
    random = re.split(rb"[^A-Za-z0-9_-]", raw[_PREFIX:])[0]
    pieces = [random[at : at + _PIECE] for at in range(0, len(random) - _PIECE + 1, _STEP)]

    def look(data: bytes) -> _Found | None:
        found = [at for piece in pieces if (at := data.find(piece)) >= 0]
        if not found:
            return None
        complete = [at for needle in whole if (at := data.find(needle)) >= 0]
        return _Found(min(complete), piece=False) if complete else _Found(min(found), piece=True)

    return look


_BREAK = (
    rb"(?:[ \t]*\r?\n[ \t]*|(?:</?[A-Za-z!][^<>]{0,200}>){1,4}|\xc2\xad|\xe2\x80[\x8b-\x8f]|\xe2\x81\xa0)"
)
_GAP = rb"(?:[ \t\r\n.,:;|-]{1,20}|\xc2\xa0|" + _BREAK + rb")"


def _look_for_code(code: str) -> _Look:
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

    def look(data: bytes) -> _Found | None:
        for found in pattern.finditer(data):
            if not _in_digest(data, *found.span()):
                return _Found(found.start(), piece=False)
        return None

    return look


_DIGEST = re.compile(rb"[0-9A-Fa-f-]*")


def _in_digest(data: bytes, start: int, end: int) -> bool:
    after = _DIGEST.match(data[end : end + 64])
    before = _DIGEST.match(data[max(0, start - 64) : start][::-1])
    around = (before[0][::-1] if before else b"") + data[start:end] + (after[0] if after else b"")
    letters = re.search(rb"[A-Fa-f]", around)
    return letters is not None and len(around.strip(b"-")) >= 20


def search_tree(canaries: Canaries, *paths: Path) -> list[Hit]:
    """Every canary in the files under `paths`, in their names, and in the targets of links.

    A file that vanishes meanwhile is passed over; one that can't be read raises ``PermissionError``: a
    search that skips is no proof. Sockets, pipes and devices hold no bytes.
    """
    hits: list[Hit] = []
    for path in _everything(paths):
        hits += _placed(find(canaries, path.name.encode("utf-8", "surrogateescape")), f"name of {path}")
        try:
            if path.is_symlink():
                target = str(path.readlink()).encode("utf-8", "surrogateescape")
                hits += _placed(find(canaries, target), f"target of {path}")
            elif path.is_file():
                hits += _placed(find(canaries, path.read_bytes()), str(path))
        except FileNotFoundError:
            continue
    return hits


def _everything(paths: tuple[Path, ...]) -> Iterator[Path]:
    for path in paths:
        yield path
        if path.is_dir() and not path.is_symlink():
            for folder, folders, files in os.walk(path, onerror=_unless_vanished):
                yield from (Path(folder) / name for name in sorted(folders + files))


def _unless_vanished(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def find_in_process(canaries: Canaries, pid: int) -> list[Hit]:
    """Every canary in the arguments and environments of the process `pid` and all its descendants, now."""
    hits: list[Hit] = []
    for member in process_tree(pid):
        for name in ("cmdline", "environ"):
            path = Path("/proc") / str(member) / name
            try:
                hits += _placed(find(canaries, path.read_bytes()), str(path))
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended meanwhile
    return hits


def process_tree(pid: int) -> list[int]:
    """`pid` and its descendants, from ``/proc``."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        parent = int(text.rpartition(")")[2].split()[1])
        children.setdefault(parent, []).append(int(stat.parent.name))
    tree = [pid]
    for member in tree:
        tree += children.get(member, [])
    return tree


def _placed(hits: list[Hit], where: str) -> list[Hit]:
    return [Hit(kind=hit.kind, encoding=hit.encoding, offset=hit.offset, where=where) for hit in hits]
