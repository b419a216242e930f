"""A recorded flow comes to rest in its files: all of them, or none."""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tokenbroker.errors import UsageError


def require_free(paths: Iterable[Path], *, may_replace: bool) -> None:
    """Stop before anything is recorded where a file of that name is there already.

    Raises:
        UsageError: `record.file_exists`.
    """
    for path in paths:
        if not may_replace and os.path.lexists(path):
            raise _exists(path)


def require_writable(paths: Iterable[Path]) -> None:
    """Stop before anything is recorded where its files could not be written; nothing is made.

    Raises:
        UsageError: `record.not_written`.
    """
    for path in paths:
        folder = next(each for each in path.parents if os.path.lexists(each))
        if not folder.is_dir():
            raise _not_written(path, f"{folder} is no folder")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise _not_written(path, f"you may not write into {folder}")
        if path.is_dir():
            raise _not_written(path, "a folder has that name")


def save(files: Mapping[Path, str], *, may_replace: bool) -> None:
    """Write each text into its file, making the folders. A file that was there is replaced whole, or not at all, and
    only with `may_replace`.

    Raises:
        UsageError: `record.file_exists` or `record.not_written`; all is as it was then.
    """
    require_free(files, may_replace=may_replace)
    writing, at, trouble = _Writing(), next(iter(files)), None
    try:
        for at, text in files.items():
            writing.write_beside(at, text)
        for at in files:
            writing.put_in_place(at, may_replace=may_replace)
    except FileExistsError:
        trouble = (
            _exists(at) if os.path.lexists(at) else _not_written(at, "a file has the name of its folder")
        )
    except OSError as error:
        trouble = _not_written(at, error.strerror or type(error).__name__)
    finally:
        writing.end(is_done=trouble is None and writing.placed == list(files))
    if trouble is not None:
        raise trouble


@dataclass(kw_only=True)
class _Writing:
    """The act of writing some files, and what undoes it."""

    placed: list[Path] = field(default_factory=list)
    _fresh: dict[Path, Path] = field(default_factory=dict)
    _before: dict[Path, bytes] = field(default_factory=dict)
    _folders: list[Path] = field(default_factory=list)

    def write_beside(self, path: Path, text: str) -> None:
        for folder in reversed([each for each in path.parents if not each.exists()]):
            folder.mkdir(exist_ok=True)
            self._folders.append(folder)
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        with beside.open("x", encoding="utf-8") as file:
            self._fresh[path] = beside
            file.write(text)
            file.flush()
            os.fsync(file.fileno())

    def put_in_place(self, path: Path, *, may_replace: bool) -> None:
        if may_replace and path.exists():
            self._before[path] = path.read_bytes()
        if may_replace or not _linked(self._fresh[path], path):
            self._fresh[path].replace(path)
        self.placed.append(path)

    def end(self, *, is_done: bool) -> None:
        for beside in self._fresh.values():
            with suppress(OSError):
                beside.unlink()
        if is_done:
            return
        for path in self.placed:
            with suppress(OSError):
                if path in self._before:
                    path.write_bytes(self._before[path])
                else:
                    path.unlink()
        for folder in reversed(self._folders):
            with suppress(OSError):  # somebody else's file has come into it
                folder.rmdir()


def _linked(fresh: Path, path: Path) -> bool:
    """Give `fresh` that name too: unlike a rename this takes no other file's place. False where links can't be made."""
    try:
        os.link(fresh, path)
    except FileExistsError:
        raise
    except OSError:
        return False
    return True


def _exists(path: Path) -> UsageError:
    return UsageError(
        f"{path} is there already",
        next_step="choose another name (--flow NAME), or write over it (--replace)",
        code="record.file_exists",
    )


def _not_written(path: Path, reason: str) -> UsageError:
    return UsageError(
        f"{path} can't be written: {reason}",
        next_step="make that possible, or choose another name",
        code="record.not_written",
    )
