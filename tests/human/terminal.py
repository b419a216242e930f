"""A terminal with a person at it: a process of its own session asks on a pseudo-terminal, the test answers.

As a program it is that process: it takes the terminal as its controlling one, asks one question, and tells
the outcome on a pipe. A code is told as its digest only, so that what the terminal shows can be searched.
"""

import hashlib
import json
import os
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from tokenbroker.clock import system_clock
from tokenbroker.errors import BrokerError
from tokenbroker.human.channels.terminal import TerminalChannel
from tokenbroker.human.checkpoint import Checkpoint, Kind, Outcome

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30


class Terminal:
    """The person's side of the pseudo-terminal."""

    def __init__(self, master: int, process: subprocess.Popen[bytes], page: int, told: int) -> None:
        self._master = master
        self._process = process
        self._page = page
        self._told = told
        self.shown = ""

    def wait_for(self, text: str) -> None:
        """Until the terminal has shown `text`."""
        ends_at = time.monotonic() + PATIENCE_S
        while text not in self.shown:
            ready, _, _ = select.select([self._master], [], [], max(0, ends_at - time.monotonic()))
            assert ready, f"not shown: {text!r}; shown: {self.shown!r}"
            self.shown += self._read()

    def type(self, text: str) -> None:
        """Type `text` at the keyboard."""
        os.write(self._master, text.encode())

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.type("\x03")

    def let_the_page_say(self, outcome: Outcome) -> None:
        """From now on the page proves that the person has acted, or that it was denied."""
        os.write(self._page, outcome.value.encode())

    def hang_up(self) -> None:
        """Close the terminal's window."""
        os.close(self._master)
        self._master = -1

    def outcome(self) -> dict[str, Any]:
        """What the process tells at its end; all that the terminal showed until then is in `shown`."""
        told = b""
        while block := os.read(self._told, 65536):
            told += block
        self._process.wait(PATIENCE_S)
        while self._master >= 0 and (more := self._read()):
            self.shown += more
        return json.loads(told) if told else {"exit": self._process.returncode}

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for descriptor in (self._master, self._page, self._told):
            if descriptor >= 0:
                os.close(descriptor)

    def _read(self) -> str:
        try:
            return os.read(self._master, 65536).decode(errors="replace")
        except OSError:  # Linux: nobody has the other side open any more
            return ""


@contextmanager
def asking(
    kind: Kind,
    *,
    attempt: int = 1,
    reason: str = "Enter 2FA",
    seconds: float = 60,
    parking: float = 0,
    act: str = "ask",
    typed_before: str = "",
) -> Iterator[Terminal]:
    """A process that asks on a terminal of its own; see `_main` for `act`."""
    master, slave = os.openpty()
    os.write(master, typed_before.encode())
    page, page_end = os.pipe()
    told_end, told = os.pipe()
    question = json.dumps(
        {
            "kind": kind.value,
            "attempt": attempt,
            "reason": reason,
            "seconds": seconds,
            "parking": parking,
            "act": act,
        }
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.human.terminal", str(slave), str(page), str(told), question],
        cwd=ROOT,
        pass_fds=(slave, page, told),
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for descriptor in (slave, page, told):
        os.close(descriptor)
    terminal = Terminal(master, process, page_end, told_end)
    try:
        yield terminal
    finally:
        terminal.close()


def _main(slave: int, page: int, told: int, question: dict[str, Any]) -> None:
    act = question["act"]
    if act == "ask without a terminal":
        os.close(slave)
    else:
        os.login_tty(slave)
    if act == "ask in the background":
        # The session's leader stays in the foreground; the one who asks is a background job of it.
        command = [sys.executable, "-m", "tests.human.terminal", "0", str(page), str(told)]
        question["act"] = "ask as a job"
        job = subprocess.Popen([*command, json.dumps(question)], process_group=0, pass_fds=(page, told))
        sys.exit(job.wait(PATIENCE_S))
    if act == "ask with hang-up ignored":
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _tell(told, _ask(page, question))


def _ask(page: int, question: dict[str, Any]) -> dict[str, Any]:
    channel = TerminalChannel()
    why_not = channel.unreachable()
    if why_not:
        return {"unreachable": why_not}
    deadline, parking = system_clock() + timedelta(seconds=question["seconds"]), question["parking"]
    checkpoint = Checkpoint(
        kind=Kind(question["kind"]),
        reason=question["reason"],
        flow_id="examplecloud/create_api_key",
        origin="http://127.0.0.1:8000",
        deadline=deadline,
        parked_until=deadline + timedelta(seconds=parking) if parking else None,
        attempt=question["attempt"],
    )
    try:
        answer = channel.ask(checkpoint, lambda: _page_says(page))
    except BrokerError as error:
        return {"error": error.code}
    except KeyboardInterrupt:
        return {"interrupted": True, "echo": _echoes()}
    digest = hashlib.sha256(answer.code.reveal().encode()).hexdigest() if answer.code else None
    return {
        "outcome": answer.outcome.value,
        "code": digest,
        "channel": answer.channel,
        "who": answer.who,
        "echo": _echoes(),
    }


def _page_says(page: int) -> Outcome | None:
    ready, _, _ = select.select([page], [], [], 0)
    return Outcome(os.read(page, 32).decode()) if ready else None


def _echoes() -> bool:
    return bool(termios.tcgetattr(0)[3] & termios.ECHO)


def _tell(told: int, outcome: dict[str, Any]) -> None:
    os.write(told, json.dumps(outcome).encode())


if __name__ == "__main__":
    slave_fd, page_fd, told_fd = map(int, sys.argv[1:4])
    asked = json.loads(sys.argv[4])
    if asked["act"] == "ask as a job":
        _tell(told_fd, _ask(page_fd, asked))
    else:
        _main(slave_fd, page_fd, told_fd, asked)
