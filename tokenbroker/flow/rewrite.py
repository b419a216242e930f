"""A flow's file gets another text whole, or stays as it is."""

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from tokenbroker.errors import UsageError


def rewrite(path: Path, *, before: bytes, after: bytes) -> None:
    """Let the file `path` hold `after`, if it still holds `before`.

    A link stays one: the file that it leads to is changed, and keeps its mode and its owner.

    Raises:
        UsageError: `heal.changed_meanwhile` or `heal.not_written`; the file is then as it was.
    """
    reason = ""
    try:
        _replace(path.resolve(strict=True), before, after)
    except OSError as error:
        reason = error.strerror or type(error).__name__
    if reason:
        raise UsageError(
            f"{path} could not be written, and is as it was: {reason}",
            next_step="see to the file and its folder; or apply the patch that is shown without --apply yourself",
            code="heal.not_written",
        )


def _replace(path: Path, before: bytes, after: bytes) -> None:
    info = path.stat()
    # Beside the file: only within one file system is it a single step.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    fresh = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(after)
            file.flush()
            made = os.fstat(file.fileno())
            if (made.st_uid, made.st_gid) != (info.st_uid, info.st_gid):
                os.fchown(file.fileno(), info.st_uid, info.st_gid)
            os.fchmod(file.fileno(), stat.S_IMODE(info.st_mode))
            os.fsync(file.fileno())
        _require_unchanged(path, before)
        fresh.replace(path)
    except BaseException:
        with suppress(OSError):
            fresh.unlink()
        raise
    _sync_folder(path.parent)


def _require_unchanged(path: Path, before: bytes) -> None:
    if path.read_bytes() != before:
        raise UsageError(
            f"{path} was changed meanwhile, so that it was left as it is",
            next_step="run the flow as it is now, then `tokenbroker heal` again",
            code="heal.changed_meanwhile",
        )


def _sync_folder(folder: Path) -> None:
    """Let the new name last, too; the text itself does already."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
