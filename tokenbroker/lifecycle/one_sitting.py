"""One sitting at a time in a home, and on a store that homes share: two that replace a token would each make a key."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tokenbroker.errors import UsageError
from tokenbroker.store.engine import Store

_FILE = "rotate-lock"


@contextmanager
def only_sitting(home: Path, store: Store) -> Iterator[None]:
    """Held while a sitting lasts; a process that ends, however it does, holds nothing any more.

    Raises:
        UsageError: ``rotate.under_way``; another process is at it, here or on another machine.
        SecretUnavailable, SecretTimeout, SecretAccessDenied: a shared store can't be asked.
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
        with store.sitting() as is_alone:
            if not is_alone:
                raise UsageError(
                    "another `tokenbroker rotate` is going on, on another machine that shares the store",
                    next_step="wait until it is done: tokenbroker due   shows what is under way",
                    code="rotate.under_way",
                )
            yield
    finally:
        os.close(descriptor)
