"""Looking for planted values in everything that a run left behind.

This finder shares no code with the redactor, and works the other way round: the redactor knows how
secrets are *encoded*, this one *decodes* whatever it finds (escapes, base64, hex, UTF-16, gzip, zip,
PNG, SQLite, in layers) and looks for the plain value. So the two can't share a hole.
"""

import hashlib
import os
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path

from tests.leak.canary import Canaries, Canary, Kind, Look, generate_canaries, look_for
from tests.leak.decode import Part, parts, rewritings

__all__ = [
    "Canaries",
    "Canary",
    "Hit",
    "Kind",
    "Wanted",
    "find",
    "find_in_process",
    "generate_canaries",
    "process_tree",
    "search_data",
    "search_parts",
    "search_tree",
]

Wanted = Canaries | tuple[Canary, ...]
"""What is looked for."""

_Origin = Callable[[int], int]  # from a position to the one that it came from

_DEPTH = 3  # decodings of decodings, such as hex in base64 in gzip; escapes in between don't count
_DECODED = ("", "escapes", "breaks", "breaks and escapes")  # the rewritings that are decoded further
_BETWEEN = b"\n\0\n"
_LARGE = 1024  # from here on it is quicker to look whether it was searched than to search it


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


def find(canaries: Wanted, data: bytes) -> list[Hit]:
    """Every canary in `data`, once for each way in which it is written there."""
    search = _Search(canaries)
    search.read(data, layers=(), depth=0, origin=lambda at: at)
    return sorted(
        search.hits.values(),
        key=lambda hit: (hit.kind, hit.encoding.count("/"), not hit.encoding.startswith("raw")),
    )


class _Search:
    def __init__(self, canaries: Wanted) -> None:
        self.hits: dict[tuple[Kind, str], Hit] = {}
        self._canaries = canaries
        self._looks = [(canary.kind, look_for(canary)) for canary in canaries]

    def read(self, data: bytes, *, layers: tuple[str, ...], depth: int, origin: _Origin) -> None:
        """Look at `data`, at its rewritings, and into what is encoded in them."""
        looks = self._looks
        for rewriting, text in rewritings(data):
            # A rewriting moves everything: then only the beginning of the layer is known.
            place = (lambda _: origin(0)) if rewriting else origin
            inside = (*layers, rewriting) if rewriting else layers
            # What stands there plainly stands in each rewriting too, and is told once.
            looks = self._look(text, looks, inside, place)
            if depth < _DEPTH and rewriting in _DECODED:
                for decoding, inner in parts(text):
                    self._read_parts(inner, layers=(*inside, decoding), depth=depth + 1, origin=place)

    def _read_parts(self, inner: list[Part], *, layers: tuple[str, ...], depth: int, origin: _Origin) -> None:
        """Look at all parts, and into those that may hold more; joined, for they may be thousands."""
        deeper = [part for part in inner if part.may_hold_more and not _is_clean(self._canaries, part.data)]
        every, promising = _joined(inner), _joined(deeper)
        self._look(every.data, self._looks, layers, lambda at: origin(every.origin(at)))
        if promising.data:
            self.read(
                promising.data, layers=layers, depth=depth, origin=lambda at: origin(promising.origin(at))
            )

    def _look(
        self, data: bytes, looks: list[tuple[Kind, Look]], layers: tuple[str, ...], origin: _Origin
    ) -> list[tuple[Kind, Look]]:
        """Those of `looks` that find no whole value in `data`."""
        left = []
        for kind, look in looks:
            if (found := look(data)) is not None:
                encoding = ("/".join(layers) or "raw") + " (piece)" * found.piece
                hit = Hit(kind=kind, encoding=encoding, offset=origin(found.offset))
                self.hits.setdefault((kind, encoding), hit)
            if found is None or found.piece:
                left.append((kind, look))
        return left


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


def search_tree(canaries: Wanted, *paths: Path) -> list[Hit]:
    """Every canary in the files under `paths`, in their names, and in the targets of links.

    A file that vanishes meanwhile is passed over; one that can't be read raises ``PermissionError``: a
    search that skips is no proof. Sockets, pipes and devices hold no bytes.
    """
    hits: list[Hit] = []
    # What a large file holds inside may be a smaller one, and is then known.
    for path in sorted(_everything(paths), key=_size):
        hits += _placed(find(canaries, path.name.encode("utf-8", "surrogateescape")), f"name of {path}")
        try:
            if path.is_symlink():
                target = str(path.readlink()).encode("utf-8", "surrogateescape")
                hits += _placed(find(canaries, target), f"target of {path}")
            elif path.is_file():
                hits += search_data(canaries, path.read_bytes(), where=str(path))
        except FileNotFoundError:
            continue
    return hits


_searched: dict[tuple[Wanted, bytes], list[Hit]] = {}


def search_data(canaries: Wanted, data: bytes, *, where: str) -> list[Hit]:
    """Every canary in `data`; equal data is searched once, for runs leave each picture in several places."""
    key = (canaries, hashlib.sha256(data).digest())
    if key not in _searched:
        _searched[key] = find(canaries, data)
    return _placed(_searched[key], where)


def _is_clean(canaries: Wanted, data: bytes) -> bool:
    """Whether `data` was searched already, on its own and thus deeper than as a part of something, and held nothing."""
    return len(data) >= _LARGE and _searched.get((canaries, hashlib.sha256(data).digest())) == []


def search_parts(canaries: Wanted, taken_out: Iterable[tuple[str, bytes]], *, where: str) -> list[Hit]:
    """Every canary in the names and the contents of what was taken out of the file `where`."""
    hits: list[Hit] = []
    names = []
    for name, data in taken_out:
        names.append(name.encode())
        hits += search_data(canaries, data, where=f"{where}: {name}")
    return [*hits, *_placed(find(canaries, b"\n\n".join(names)), f"names in {where}")]


def _everything(paths: tuple[Path, ...]) -> Iterator[Path]:
    for path in paths:
        yield path
        if path.is_dir() and not path.is_symlink():
            for folder, folders, files in os.walk(path, onerror=_unless_vanished):
                yield from (Path(folder) / name for name in sorted(folders + files))


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return 0


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
    return [replace(hit, where=where) for hit in hits]
