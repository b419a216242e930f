"""What stands in a run's folder under which name, and how a file gets there."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

RECORD: Final = "run.json"
ALLURE_RESULTS: Final = "allure-results"
ENDINGS: Final[Mapping[str, str]] = {
    "image/png": "png",
    "image/svg+xml": "svg",
    "application/json": "json",
}
"""How the name of a file of each media type ends, without the dot."""


def write_private(path: Path, data: bytes) -> None:
    """Write `data` to `path` whole, or leave nothing there; a file that this makes is its owner's alone (0600).

    Raises:
        OSError: the disk refuses, or `path` is a link, which is not followed.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
    except BaseException:
        path.unlink(missing_ok=True)  # half a file is no evidence
        raise
