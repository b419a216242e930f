"""Ends a process and removes a folder once nobody holds the other end of standard input: it outlives a SIGKILL.

Each line of its input is the number of the process group that runs now; 0 is none. What would end it is not heard: it
has work to do just when everybody is told to end. It is run by its path, without site packages: it starts in a few
hundredths of a second.
"""

import signal
import sys

if __name__ == "__main__":
    for ending in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(ending, signal.SIG_IGN)

import os
import shutil
import time
from contextlib import suppress

_TRIES, _PAUSE_S = 200, 0.02


def _sweep(folder: str) -> None:
    running = 0
    for line in sys.stdin.buffer:
        running = int(line)
    with suppress(OSError):  # until none is left; at first, if it has ended by itself
        for _ in range(_TRIES if running else 0):
            os.killpg(running, signal.SIGKILL)
            time.sleep(_PAUSE_S)
    for _ in range(_TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.lexists(folder):
            return
        time.sleep(_PAUSE_S)  # what was ended just now may still write


if __name__ == "__main__":
    _sweep(sys.argv[1])
