"""A recorded flow comes to rest in its files: all of them, or none."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tokenbroker.errors import UsageError


def require_free(paths: Mapping[str, Path] | list[Path], *, may_replace: bool) -> None:
    """Stop before anything is recorded where a file of that name is there already.

    Raises:
        UsageError: `record.file_exists`.
    """
    for path in paths:
        if not may_replace and os.path.lexists(path):
            raise UsageError(
                f"{path} is there already",
                next_step="record under another name (--flow NAME), or write over it (--replace)",
                code="record.file_exists",
            )


def save(files: Mapping[Path, str], *, may_replace: bool) -> None:
    """Write each text into its file, making the folders; a file that was there is replaced whole, or not at all.

    Raises:
        UsageError: `record.file_exists` or `record.not_written`; nothing new is left then.
    """
    require_free([*files], may_replace=may_replace)
    fresh: dict[Path, Path] = {}
    reason = ""
    at = next(iter(files))
    try:
        for at, text in files.items():
            at.parent.mkdir(parents=True, exist_ok=True)
            fresh[at] = at.with_name(f".{at.name}.{os.getpid()}")
            with fresh[at].open("x", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        for at, written in fresh.items():
            written.replace(at)
    except OSError as error:
        reason = error.strerror or type(error).__name__
    finally:
        for each in fresh.values():
            with suppress(OSError):
                each.unlink()
    if reason:
        raise UsageError(f"{at} could not be written: {reason}", code="record.not_written")
