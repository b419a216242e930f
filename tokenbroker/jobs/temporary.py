"""The temporary folder of a run: gone at the end; that of a run which was killed goes with the next look.

In each lies a file that its maker holds locked for as long as it lives: the system lets go of it, however that ends.
"""

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

_PREFIX, _LOCK = "tokenbroker-run-", "lock"
_held: dict[Path, int] = {}
_REMOVALS, _REMOVAL_PAUSE_S = 50, 0.1


def make_folder() -> Path:
    """A new folder for a run's TMPDIR, for this user only; those of runs that were killed are removed."""
    remove_abandoned()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    unnamed = folder / f"{_LOCK}.new"
    _held[folder] = os.open(unnamed, os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(_held[folder], fcntl.LOCK_EX)
    unnamed.rename(folder / _LOCK)  # locked first: under its name it is never seen free while its run lives
    return folder


def remove_abandoned() -> None:
    """Remove the folders whose makers were killed before they could."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if not folder.is_symlink() and _is_abandoned(folder):
            remove_folder(folder)


def _is_abandoned(folder: Path) -> bool:
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return False  # somebody else's, or just being made or removed
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.fstat(lock).st_uid == os.getuid() == folder.lstat().st_uid
    except OSError:
        return False
    finally:
        os.close(lock)


def remove_folder(folder: Path) -> bool:
    """Remove `folder` with all that is in it, and answer whether it is gone; takes 5 s at most.

    A browser whose driver was cut off ends a moment later, and writes into its profile until then.
    """
    if folder in _held:
        with suppress(OSError):
            os.close(_held.pop(folder))
    for _ in range(_REMOVALS):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.lexists(folder):
            return True
        time.sleep(_REMOVAL_PAUSE_S)
    return False
