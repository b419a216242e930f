"""Removes a folder once nobody holds the other end of standard input: a program of its own, which outlives a SIGKILL.

It is run by its path, without site packages: it starts in a few hundredths of a second.
"""

import shutil
import sys

if __name__ == "__main__":
    sys.stdin.buffer.read()
    shutil.rmtree(sys.argv[1], ignore_errors=True)
