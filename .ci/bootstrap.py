"""Set this checkout up, then run a target: ``python3 .ci/bootstrap.py TARGET [arguments]``.

Only the standard library is used. This file keeps to a syntax that old Pythons can read, for it is
what tells a person that theirs is too old.
"""

import os
import sys

OLDEST = (3, 11)


def python_complaint(version: "tuple[int, ...]") -> str:
    """One sentence for a person whose Python is older than :data:`OLDEST`, or ""."""
    if tuple(version[:2]) >= OLDEST:
        return ""
    return (
        "tokenbroker needs Python 3.11 or newer, and this is Python {}.{}; install a newer one and name it, "
        "for example: make PYTHON=python3.11 flows".format(*version[:2])
    )


def main(arguments: "list[str]") -> int:
    """Run one target; answers the exit code for the shell."""
    complaint = python_complaint(sys.version_info[:2])
    if complaint:
        sys.stderr.write(complaint + "\n")
        return 2
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    import targets

    try:
        return targets.run(arguments)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
