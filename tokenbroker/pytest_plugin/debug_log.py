"""Playwright's debug log, silenced: it prints every message to the browser, and with it what is typed."""

import os
import re
from contextlib import suppress

from tokenbroker.errors import UsageError

_SEPARATOR = re.compile(r"[\s,]+")  # as the `debug` package of Node.js splits DEBUG


def silence_debug_log() -> None:
    """End the log in this process, and in those that it starts from now on; other names in DEBUG stay.

    Raises:
        UsageError: `run.unsafe_debug`; this version of Playwright can't be silenced any more.
    """
    names = [name for name in _SEPARATOR.split(os.environ.pop("DEBUG", "")) if name]
    os.environ.pop("DEBUGP", None)  # the Python client's own: it prints to stdout
    kept = [name for name in names if "*" not in name and not name.startswith("pw:")]
    if kept:
        os.environ["DEBUG"] = ",".join(kept)
    if not _client_is_silent():
        raise UsageError(
            "DEBUG makes Playwright print what it types", next_step="unset DEBUG", code="run.unsafe_debug"
        )


def _client_is_silent() -> bool:
    """Playwright's Python side has read DEBUG when it was imported, and has no public switch."""
    try:
        from playwright._impl.utils.debug_logger import debug_logger
    except ImportError:
        return True  # a version without a log of its own on this side
    with suppress(AttributeError):
        debug_logger._names.clear()
    return not (debug_logger.is_enabled("channel") or debug_logger.is_enabled("api"))
