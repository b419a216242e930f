"""Which versions of what took part in a run."""

import platform
from functools import cache
from importlib.metadata import version

from tokenbroker import __version__

_version_of = cache(version)  # which looks through folders


def versions(*, browser: str) -> dict[str, str]:
    """Versions by name; `browser` is what the browser says of itself, or "" where none was started.

    Nothing that names the machine or its user.
    """
    return {
        "tokenbroker": __version__,
        "python": platform.python_version(),
        "playwright": _version_of("playwright"),
        "browser": browser or "unknown",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }
