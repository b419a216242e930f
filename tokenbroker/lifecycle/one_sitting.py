"""One sitting at a time in a home: two that replace the same token would each make a key."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tokenbroker.errors import UsageError

_FILE = "rotate-lock"


@contextmanager
def only_sitting(home: Path) -> Iterator[None]:
    """Held while a sitting lasts; a process that ends, however it does, holds nothing any more.

    Raises:
        UsageError: ``rotate.under_way``; another process is at it.
    """
    descriptor = os.open(home / _FILE, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        is_free = True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            is_free = False
        if not is_free:
            raise UsageError(
                "another `tokenbroker rotate` of this home is going on",
                next_step="wait until it is done: tokenbroker due   shows what is under way",
                code="rotate.under_way",
            )
        yield
    finally:
        os.close(descriptor)
