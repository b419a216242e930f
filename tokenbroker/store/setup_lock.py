"""One process at a time sets a store up."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tokenbroker.errors import SecretUnavailable

_POLL_S = 0.02


@contextmanager
def setup_lock(file: Path, *, wait_s: float = 30) -> Iterator[None]:
    """Hold the lock `file` (created 0600 if missing; it is left behind, empty).

    The kernel frees it when the process ends, however it ends.

    Raises:
        SecretUnavailable: the file can't be written, or another process held it for `wait_s`.
    """
    failure = ""
    descriptor = -1
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        failure = error.strerror or "it can't be opened"
    if failure:
        raise SecretUnavailable(
            f"the store's folder {file.parent} can't be written: {failure}",
            next_step="make the folder writable, or name another one with TOKENBROKER_HOME",
        )
    try:
        _wait_for(descriptor, file, wait_s)
        yield
    finally:
        os.close(descriptor)


def _wait_for(descriptor: int, file: Path, wait_s: float) -> None:
    deadline_s = time.monotonic() + wait_s
    while not _taken(descriptor):
        if time.monotonic() > deadline_s:
            raise SecretUnavailable(
                f"another process has been setting up the store in {file.parent} for {wait_s:.0f} s",
                next_step="end that process, then try again",
            )
        time.sleep(_POLL_S)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
