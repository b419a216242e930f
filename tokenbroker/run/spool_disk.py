"""Durable writes for the spool: what returned from here is on the disk, not in a buffer.

POSIX `fsync` is enough on Linux; on macOS only ``F_FULLFSYNC`` empties the drive's own cache.
"""

import errno
import fcntl
import os
from pathlib import Path

_FULL_SYNC: int | None = getattr(fcntl, "F_FULLFSYNC", None)
_NO_FALLOCATE = {errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS}


def sync(fd: int) -> None:
    """Flush a file's content, with what is needed to read it again."""
    if _FULL_SYNC is not None:
        fcntl.fcntl(fd, _FULL_SYNC)
    else:
        os.fdatasync(fd)  # with the file's size, if that changed


def sync_folder(folder: Path) -> None:
    """Flush a folder, so that the names made, changed or removed in it last."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def make_private_folder(folder: Path) -> None:
    """Make `folder` (0700) with its missing parents, durably; narrow one that others can enter."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)
        sync_folder(each.parent)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


def allocate(fd: int, size_bytes: int) -> None:
    """Take `size_bytes` of the disk now, so that later writes inside them need no free space."""
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(fd, 0, size_bytes)
        except OSError as error:
            if error.errno not in _NO_FALLOCATE:
                raise
        else:
            return
    write(fd, bytes(size_bytes), 0)


def write(fd: int, content: bytes, offset: int) -> None:
    """Write all of `content` at `offset`."""
    rest = memoryview(content)
    while rest:
        written = os.pwrite(fd, rest, offset)
        rest, offset = rest[written:], offset + written


def write_durably(fd: int, content: bytes, offset: int) -> None:
    """Write all of `content` at `offset`; it is on the disk on return."""
    write(fd, content, offset)
    sync(fd)


def read_all(fd: int) -> bytes:
    """The whole file, whatever the position of `fd` is."""
    parts: list[bytes] = []
    offset = 0
    while part := os.pread(fd, 1 << 20, offset):
        parts.append(part)
        offset += len(part)
    return b"".join(parts)


def create_locked(path: Path) -> int:
    """A new 0600 file, held by this process until the descriptor is closed.

    A lock of `flock` goes with the open file, so it ends with the process however that ends, and it
    travels with the file when that is renamed.
    """
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        fcntl.flock(fd, fcntl.LOCK_EX)
        if os.fstat(fd).st_nlink:
            return fd
        os.close(fd)  # between the two calls a recover took it for the remains of a dead run


def open_locked(path: Path) -> int | None:
    """The file at `path`, held by this process, or None if a live process holds it or it is gone."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    if not _is_still_at(path, fd):  # renamed or cleared by its holder just before we had the lock
        os.close(fd)
        return None
    return fd


def _is_still_at(path: Path, fd: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(fd))
    except FileNotFoundError:
        return False
