"""Reading a file of a folder that somebody else may have filled: what it holds, never what it leads to."""

import os
import stat
from pathlib import Path


def read_plain(path: Path, *, limit_bytes: int) -> bytes | None:
    """At most `limit_bytes` of the file `path`; None if it is a link, a named pipe, a device or a folder.

    Of `path` only the last part is looked at: the folder that the file lies in is the caller's business.

    Raises:
        OSError: it can't be read.
    """
    if path.is_symlink():
        return None
    # NOFOLLOW: a link that was put there since. NONBLOCK: a named pipe must not hold the caller up.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(limit_bytes)
    finally:
        os.close(descriptor)
