"""The temporary folder of a run: gone at the end, whatever became of the run."""

import os
import shutil
import tempfile
import time
from pathlib import Path

_REMOVALS, _REMOVAL_PAUSE_S = 50, 0.1


def make_folder() -> Path:
    """A new empty folder for a run's TMPDIR, for this user only."""
    return Path(tempfile.mkdtemp(prefix="tokenbroker-run-"))


def remove_folder(folder: Path) -> bool:
    """Remove `folder` with all that is in it, and answer whether it is gone; takes 5 s at most.

    A browser whose driver was cut off ends a moment later, and writes into its profile until then.
    """
    for _ in range(_REMOVALS):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.lexists(folder):
            return True
        time.sleep(_REMOVAL_PAUSE_S)
    return False
