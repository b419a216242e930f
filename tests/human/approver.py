"""Somebody at a terminal who answers by `tokenbroker approve`, quickly: each command is a fork of a process that waits.

As a program it is that process: it takes the terminal as its controlling one, reads ids of questions from a pipe, runs the
command for each in a process of its own, and tells its exit code on another pipe.
"""

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.project import TIME_LIMIT_S, Project

ROOT = Path(__file__).parents[2]


class Approver:
    """The person's side."""

    def __init__(self, master: int, ids: int, codes: int) -> None:
        self._master = master
        self._ids = ids
        self._codes = codes
        self.shown = ""

    def begin(self, question_id: str) -> None:
        """Type the command; what was shown before is forgotten."""
        self.shown = ""
        os.write(self._ids, f"{question_id}\n".encode())

    def wait_for(self, text: str) -> None:
        """Until the terminal has shown `text`."""
        ends_at = time.monotonic() + TIME_LIMIT_S
        while text not in self.shown:
            ready, _, _ = select.select([self._master], [], [], max(0, ends_at - time.monotonic()))
            assert ready, self.shown
            self.shown += os.read(self._master, 65536).decode(errors="replace")

    def type_at_once(self, line: str) -> None:
        os.write(self._master, f"{line}\n".encode())

    def end(self) -> int:
        """The command's exit code; all that it has shown is in `shown` then."""
        ready, _, _ = select.select([self._codes], [], [], TIME_LIMIT_S)
        assert ready, self.shown
        code = int(os.read(self._codes, 16))
        while select.select([self._master], [], [], 0)[0]:
            self.shown += os.read(self._master, 65536).decode(errors="replace")
        return code


@contextmanager
def approver(project: Project) -> Iterator[Approver]:
    """Somebody at a terminal of their own, in the folder of `project`."""
    master, slave = os.openpty()
    ids, ids_end = os.pipe()
    codes_end, codes = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.human.approver", str(slave), str(ids), str(codes), str(project.folder)],
        cwd=ROOT,
        env=project.environment({"TERM": "xterm"}),
        pass_fds=(slave, ids, codes),
        start_new_session=True,
    )
    for descriptor in (slave, ids, codes):
        os.close(descriptor)
    try:
        yield Approver(master, ids_end, codes_end)
    finally:
        os.close(ids_end)  # it ends then
        process.wait(TIME_LIMIT_S)
        os.close(master)
        os.close(codes_end)


def _main(slave: int, ids: int, codes: int, folder: str) -> None:
    import tokenbroker.cli.approve
    import tokenbroker.store.sqlite  # noqa: F401
    from tokenbroker.cli import main

    os.login_tty(slave)
    os.chdir(folder)
    with os.fdopen(ids, encoding="ascii") as lines:
        for line in lines:
            child = os.fork()
            if child == 0:
                sys.argv = ["tokenbroker", "approve", line.strip()]
                code = 70
                try:
                    main()
                except SystemExit as ended:
                    code = int(ended.code or 0)
                finally:
                    sys.stdout.flush()
                    sys.stderr.flush()
                    os._exit(code)
            _, status = os.waitpid(child, 0)
            os.write(codes, str(os.waitstatus_to_exitcode(status)).encode())


if __name__ == "__main__":
    _main(*map(int, sys.argv[1:4]), folder=sys.argv[4])
