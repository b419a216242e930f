"""The files of a run as one tar, and back: the same files give the same bytes, and a hostile tar gives nothing.

POSIX.1-1988 ustar with regular files only, sorted by name. ``tarfile`` writes and reads the headers; its own reader
of whole archives is not used, for it follows extensions (sparse files, chains of pax headers) that we never write.
"""

import os
import re
import tarfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath

from tokenbroker.evidence.bundle.failure import BundleError, Fault, refusal
from tokenbroker.evidence.plain_file import read_plain

MAX_FILES = 5_000
MAX_BYTES = 256 * 1024 * 1024
"""Of one bundle; all of it is held in memory while it is sealed or opened."""

_PART = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
_NAME = re.compile(rf"(?:{_PART}/){{0,3}}{_PART}")
_NAME_MAX = 150  # ustar has room for any name of this length whose parts have 100 characters at most
_BLOCK = tarfile.BLOCKSIZE


class _Names:
    """The names of an archive so far; refuses one that could not lie beside the others on any system."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def add(self, name: str) -> None:
        if not _NAME.fullmatch(name) or len(name) > _NAME_MAX:
            raise refusal(Fault.UNSAFE, f"a file's name is not a plain one: {_shown(name)}")
        if len(self._files) >= MAX_FILES:
            raise _too_large(name)
        # Some systems take a.txt and A.TXT for one file: the second would replace the first unseen.
        folded = name.casefold()
        above = {folder.as_posix() for folder in PurePosixPath(folded).parents} - {"."}
        if folded in self._files or folded in self._folders or above & self._files:
            raise refusal(Fault.UNSAFE, f"two files want the place {name}")
        self._files.add(folded)
        self._folders |= above


def read_folder(folder: Path) -> dict[str, bytes]:
    """Every file below `folder`, by its name relative to it with slashes.

    Raises:
        BundleError: `bundle.unsafe` (a link, a device, a name that other systems can't take) or `bundle.too_large`.
        OSError: a file can't be read.
    """
    files: dict[str, bytes] = {}
    names, left = _Names(), MAX_BYTES
    for path in _files_below(folder):
        name = path.relative_to(folder).as_posix()
        names.add(name)
        files[name] = _read_regular(path, left)
        left -= len(files[name])
    return files


def read_bounded(path: Path) -> bytes:
    """What is in `path`, at most :data:`MAX_BYTES`.

    Raises:
        BundleError: `bundle.too_large`.
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise _too_large(path.name)
    return data


def pack(files: Mapping[str, bytes], *, at: datetime) -> bytes:
    """The tar of `files`, each dated `at` and readable by its owner only."""
    blocks = []
    for name, data in sorted(files.items()):
        header = tarfile.TarInfo(name)
        header.size, header.mode, header.mtime = len(data), 0o600, int(at.timestamp())
        blocks += [header.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict"), data, bytes(-len(data) % _BLOCK)]
    return b"".join([*blocks, bytes(2 * _BLOCK)])


def unpack(tar: bytes) -> dict[str, bytes]:
    """The files of a tar that :func:`pack` made, by name.

    Raises:
        BundleError: `bundle.unsafe`; something in it is no plain file with a plain name, or stands there twice.
            `bundle.unreadable`; it is no tar, or cut off.
    """
    files: dict[str, bytes] = {}
    names, start = _Names(), 0
    while (block := tar[start : start + _BLOCK]) != bytes(_BLOCK):
        header = _header(block)
        start += _BLOCK
        if header.type != tarfile.REGTYPE or header.linkname:
            raise refusal(Fault.UNSAFE, f"it holds something that is no plain file: {_shown(header.name)}")
        names.add(header.name)
        if not 0 <= header.size <= len(tar) - start:
            raise refusal(Fault.UNREADABLE, f"it is cut off in {header.name}")
        files[header.name] = tar[start : start + header.size]
        start += header.size + -header.size % _BLOCK
    if tar[start:].strip(b"\0"):
        raise refusal(Fault.UNSAFE, "something follows the end of its files")
    return files


def write_folder(files: Mapping[str, bytes], folder: Path) -> None:
    """Write `files` into the empty `folder`: folders 0700, files 0600.

    Raises:
        OSError: a file is there already, or the disk refuses.
    """
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)


def _files_below(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            yield from _files_below(entry)
        else:
            yield entry


def _read_regular(path: Path, limit_bytes: int) -> bytes:
    data = read_plain(path, limit_bytes=limit_bytes + 1)
    if data is None:
        raise refusal(Fault.UNSAFE, f"{_shown(path.name)} is no plain file")
    if len(data) > limit_bytes:
        raise _too_large(path.name)
    return data


def _header(block: bytes) -> tarfile.TarInfo:
    try:
        return tarfile.TarInfo.frombuf(block, "ascii", "strict")
    except (tarfile.HeaderError, ValueError):  # ValueError: a field that is not ASCII
        pass
    raise refusal(Fault.UNREADABLE, "it holds no tar, or one that is cut off")


def _too_large(name: str) -> BundleError:
    return refusal(
        Fault.TOO_LARGE,
        f"it is larger than {MAX_BYTES // 1024 // 1024} MiB or {MAX_FILES} files (at {_shown(name)})",
    )


def _shown(name: str) -> str:
    return ascii(name[:80])
