"""The project's own command, which is told that a reference leads to another key, for those who hold the old one."""

import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from tokenbroker.errors import RunError

Hook = Callable[[Mapping[str, object]], None]
"""Tells of a replacement; raises RunError where that fails."""

_ENVIRONMENT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")


def no_hook(_told: Mapping[str, object]) -> None:
    """Tells nobody."""


def hook_of(command: Sequence[str], *, folder: Path, timeout_s: float) -> Hook:
    """The hook that starts `command` in `folder`, without a shell, and hands it what it is told as JSON.

    It gets no secret and none of our variables, and what it prints is not shown: it may read a secret by itself. An
    exit code other than 0, and a silence of more than `timeout_s`, is a ``rotate.hook_failed``.
    """
    if not command:
        return no_hook

    def tell(told: Mapping[str, object]) -> None:
        why = ""
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        try:
            done = subprocess.run(
                [*command],
                input=json.dumps(told).encode(),
                cwd=folder,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=timeout_s,
                check=False,
            )
            why = f"ended with {done.returncode}" if done.returncode else ""
        except subprocess.TimeoutExpired:
            why = f"took more than {timeout_s:g} s"
        except OSError as error:
            why = f"could not be started ({type(error).__name__})"
        if why:
            raise RunError(
                f"the hook {command[0]} {why}, so the old key of {told['reference']} is kept",
                next_step="see what it says when it is started by hand; `tokenbroker rotate` calls it again",
                code="rotate.hook_failed",
            )

    return tell
