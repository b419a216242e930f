"""A vendor's SDK in a process of its own, which is asked and answers in lines of JSON over a pair of sockets.

The process has nothing of our environment, and ends with us: its end of the pair is closed then.
"""

import json
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

START_S: Final = 30.0
"""How long a machine under load may take to start Python; nothing is asked of a server meanwhile."""


class Lost(StrEnum):
    """Why there is no answer; each kind has a failure of that name."""

    TIMEOUT = "timeout"
    ENDED = "ended"


class SdkProcess:
    """One process that runs `script`, with `environ` and no other variables.

    Raises:
        OSError: it could not be started.
    """

    def __init__(self, script: Path, environ: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair()
        self._channel = ours
        try:
            with theirs:
                self.process = subprocess.Popen(
                    # Isolated: neither variables nor the folder that we are in change what it imports.
                    [sys.executable, "-I", str(script), str(theirs.fileno())],
                    env={**environ},
                    pass_fds=(theirs.fileno(),),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd="/",
                    start_new_session=True,  # Ctrl-C is for us
                )
        except OSError:
            ours.close()
            raise
        self.end = weakref.finalize(self, _end, self.process, ours)

    def told(self, line: Mapping[str, Any], *, within_s: float) -> dict[str, Any] | Lost:
        """Its answer to `line`."""
        deadline = time.monotonic() + within_s
        try:
            self._channel.settimeout(within_s)
            self._channel.sendall(json.dumps(line).encode() + b"\n")
            parts = [b""]
            while not parts[-1].endswith(b"\n"):
                self._channel.settimeout(max(deadline - time.monotonic(), 0.001))
                parts.append(self._channel.recv(65536))
                if not parts[-1]:
                    return Lost.ENDED
        except TimeoutError:
            return Lost.TIMEOUT
        except OSError:
            return Lost.ENDED
        told: dict[str, Any] = json.loads(b"".join(parts))
        return told


def _end(process: "subprocess.Popen[bytes]", channel: socket.socket) -> None:
    channel.close()
    process.kill()
    process.wait()
