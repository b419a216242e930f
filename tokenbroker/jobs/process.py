"""One run in a process of its own: started, followed, and ended so that nothing of it is left.

The process leads a session and a process group of its own, so it has no terminal, and Playwright's driver is in its
group. The browser leads yet another session; it ends when its driver's pipe closes.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import replace
from io import FileIO
from pathlib import Path
from typing import Self

import anyio
from anyio import to_thread

from tokenbroker.jobs.events import Event, decode
from tokenbroker.jobs.order import GRACE_S, Order
from tokenbroker.jobs.temporary import make_folder, remove_folder

ENTRY = "tokenbroker.pytest_plugin.child"
_CHUNK = 65536
_OUTPUT_KEPT_BYTES = 4096


class RunProcess:
    """A process that waits for one order, runs it, and is gone after `end`.

    Attributes:
        pid: the process, which leads its group.
        interrupted: whether it had to be asked to end, or killed, before it ended by itself.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", control: FileIO, events: FileIO) -> None:
        self._process = process
        self._control = control
        self._events = events
        self._gone = False
        self._kept = b""
        self._printing = threading.Thread(target=self._keep_output, daemon=True)
        self._printing.start()
        self._temporary: Path | None = None
        self.pid = process.pid
        self.interrupted = False

    @classmethod
    def start(cls, *, root: Path, environ: Mapping[str, str]) -> Self:
        """Start a process in the folder `root` with `environ` as its whole environment; it holds no secret yet."""
        control_read, control_write = os.pipe()
        events_read, events_write = os.pipe()
        os.set_blocking(events_read, False)
        control = os.fdopen(control_write, "wb", buffering=0)
        events = os.fdopen(events_read, "rb", buffering=0)
        try:
            process = subprocess.Popen(
                # -P: a module of the project's folder must not stand in for one of ours.
                [sys.executable, "-P", "-m", ENTRY, str(control_read), str(events_write)],
                cwd=root,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(control_read, events_write),
                start_new_session=True,
            )
        except OSError:
            control.close()
            events.close()
            raise
        finally:
            os.close(control_read)
            os.close(events_write)
        return cls(process, control, events)

    @property
    def waits(self) -> bool:
        """Whether the process still waits for its order."""
        return self._events.read(1) != b""  # None: nothing to read yet

    @property
    def exit_code(self) -> int | None:
        """How the process ended, as Python's subprocess tells it; None before `end`."""
        return self._process.returncode

    @property
    def output(self) -> str:
        """The end of what strangers in the process printed: pytest before it begins, a conftest. Not redacted."""
        return self._kept.decode("utf-8", "replace")

    async def run(self, order: Order) -> AsyncIterator[Event]:
        """Give the order and answer each event; ends when the process has ended, whatever the reason."""
        self._temporary = make_folder()
        line = replace(order, temporary=self._temporary).to_line()
        with suppress(BrokenPipeError):
            await to_thread.run_sync(_write, self._control, line)
        buffer = b""
        while chunk := await self._read_events():
            *lines, buffer = (buffer + chunk).split(b"\n")
            for line in lines:
                with suppress(ValueError):  # a line that a dying process did not finish
                    yield decode(line)

    async def end(self) -> None:
        """End the process as Ctrl-C would, kill it if it takes too long, and remove its temporary folder.

        Returns once nothing is left; not to be cancelled. Does nothing the second time.
        """
        if self._process.returncode is not None:
            return
        with anyio.CancelScope(shield=True):
            self._control.close()
            if self._temporary is not None and not self._gone:  # one without an order has nothing to put away
                self.interrupted = True
                with anyio.move_on_after(GRACE_S):
                    while await self._read_events():
                        pass
            # Also when the leader has ended: its group may hold a driver that was cut off from it. Not yet waited
            # for, it keeps its number from going to another process.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            await to_thread.run_sync(self._process.wait)
            self._events.close()
            if self._temporary is not None:
                await to_thread.run_sync(remove_folder, self._temporary)
                self._temporary = None

    async def _read_events(self) -> bytes:
        """What came over the events' pipe; empty at its end, which is that of the process."""
        while not self._gone:
            await anyio.wait_readable(self._events)
            read: bytes | None = self._events.read(_CHUNK)
            if read is not None:
                self._gone = not read
                return read
        return b""

    def _keep_output(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            while chunk := os.read(output.fileno(), _CHUNK):
                self._kept = (self._kept + chunk)[-_OUTPUT_KEPT_BYTES:]


def _write(pipe: FileIO, data: bytes) -> None:
    while data:
        data = data[pipe.write(data) :]
