"""Bundles on their way to a reader: copied out with their signature, or opened into a folder."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from tokenbroker.errors import UsageError
from tokenbroker.evidence.bundle.archive import write_folder
from tokenbroker.evidence.bundle.place import signature_of


def copy_bundle(bundle: Path, to: Path) -> tuple[Path, Path]:
    """Copy `bundle` and its signature to `to`, a new file or a folder that is there; answers both copies.

    Raises:
        UsageError: `audit.not_writable`; also where a file is there already.
    """
    target = to / bundle.name if to.is_dir() else to
    pairs = {bundle: target, signature_of(bundle): signature_of(target)}
    made: list[Path] = []
    reason = ""
    try:
        for source, copy in pairs.items():
            with source.open("rb") as read, copy.open("xb") as written:
                made.append(copy)
                shutil.copyfileobj(read, written)
                written.flush()
                os.fsync(written.fileno())
    except OSError as error:
        for copy in made:
            copy.unlink(missing_ok=True)
        reason = f"{error.filename or target}: {error.strerror or type(error).__name__}"
    if reason:
        raise _not_writable(f"the bundle can't be copied to {reason}")
    return target, signature_of(target)


def write_opened(files: Mapping[str, bytes], folder: Path) -> None:
    """Write the files of a bundle into `folder`, made for this with mode 0700.

    Raises:
        UsageError: `audit.not_writable`; also where the folder is there already. Nothing is left of it then.
    """
    reason = ""
    try:
        folder.mkdir(mode=0o700, parents=True)
        try:
            write_folder(files, folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
    if reason:
        raise _not_writable(f"the bundle can't be opened into {folder}: {reason}")


def _not_writable(sentence: str) -> UsageError:
    return UsageError(
        sentence,
        next_step="name a place that is not there yet, on a disk with room",
        code="audit.not_writable",
    )
