"""The person at the terminal that started the run: asked on ``/dev/tty``, without echo."""

import os
import select
import socket
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from tokenbroker.clock import Clock, system_clock
from tokenbroker.errors import HumanUnreachable
from tokenbroker.human.checkpoint import (
    MIN_CODE_CHARACTERS,
    Answer,
    Checkpoint,
    Kind,
    Outcome,
    PageSays,
    parked_in_words,
)
from tokenbroker.human.person import person_here
from tokenbroker.secret import Secret

POLL_S = 0.05  # somebody elsewhere who has answered waits for the run to go on
_MAX_ANSWER_BYTES = 256
_DENY = ("n", "no", "deny", "stop", "quit", "q", "abort", "cancel")
_YES = ("yes", "y")
_GO_ON = ("", "yes", "y", "ok", "done")
_PROMPTS = {
    Kind.OTP: "Type the code and press Enter (it is not shown; 'deny' stops the run): ",
    Kind.DEVICE: "Approve it on your device, then press Enter ('deny' stops the run): ",
    Kind.CONFIRM: "Press Enter to go on ('deny' stops the run): ",
    Kind.ACTION: "Do it in the browser, then press Enter ('deny' stops the run): ",
    Kind.APPROVAL: "Type 'yes' to let it begin; anything else stops it: ",
    Kind.RETRY: "Mend the page in the browser, then press Enter to do the step again ('deny' ends the run): ",
}


class TerminalChannel:
    """Asks on the controlling terminal, whatever pytest has captured; the answer is not echoed."""

    name = "terminal"

    def __init__(self, *, tty: str = "/dev/tty", clock: Clock = system_clock) -> None:
        self._tty = tty
        self._clock = clock

    def unreachable(self) -> str | None:
        """None when the process has a terminal that a person can answer at."""
        try:
            descriptor = os.open(self._tty, os.O_RDWR | os.O_NOCTTY)
        except OSError:
            return "this process has no terminal"
        try:
            # A background process that reads its terminal is stopped by the system (SIGTTIN).
            return "this process runs in the background" if _in_background(descriptor) else None
        finally:
            os.close(descriptor)

    def ask(self, checkpoint: Checkpoint, page_says: PageSays) -> Answer:
        """Prompt, and wait for a line, for the page's own word, or for the deadline.

        The end of input (Ctrl-D) is a no: a terminal that hung up must not count as a yes.

        Raises:
            HumanUnreachable: the terminal went away.
        """
        answered: tuple[Outcome, str] | None = None
        with suppress(OSError, termios.error):
            answered = self._converse(checkpoint, page_says)
        if answered is None:
            raise HumanUnreachable("the terminal went away", next_step="run it again at a terminal")
        outcome, line = answered
        denied = line.lower() in _DENY
        code = Secret(line) if checkpoint.kind is Kind.OTP and line and not denied else None
        if outcome is Outcome.DONE and (denied or not _means_yes(checkpoint.kind, line)):
            outcome = Outcome.DENIED
        return Answer(outcome=outcome, code=code, who=person_here(), channel=self.name, at=self._clock())

    def tell(self, sentence: str) -> None:
        """See `TellingChannel`."""
        with suppress(OSError):
            descriptor = os.open(self._tty, os.O_WRONLY | os.O_NOCTTY)
            try:
                os.write(descriptor, f"{_printable(sentence)}\n".encode())
            finally:
                os.close(descriptor)

    def _converse(self, checkpoint: Checkpoint, page_says: PageSays) -> tuple[Outcome, str]:
        descriptor = os.open(self._tty, os.O_RDWR | os.O_NOCTTY)
        try:
            patience = checkpoint.ends_at - self._clock()
            with _alone_at_the_terminal(patience, page_says) as settled:
                if settled is not None:
                    return settled, ""
                with _without_echo(descriptor):
                    os.write(descriptor, (self._head(checkpoint) + _PROMPTS[checkpoint.kind]).encode())
                    answered = self._wait(descriptor, checkpoint, page_says)
                    os.write(descriptor, b"\n")
        finally:
            os.close(descriptor)
        return answered

    def _head(self, checkpoint: Checkpoint) -> str:
        refused = "The code was not accepted. " if checkpoint.kind is Kind.OTP else "It is still there. "
        again = refused if checkpoint.attempt > 1 else ""
        return f"\n{again}{_printable(checkpoint.reason)}  ({checkpoint.flow_id}, at {checkpoint.origin})\n"

    def _wait(self, descriptor: int, checkpoint: Checkpoint, page_says: PageSays) -> tuple[Outcome, str]:
        # By the clock of the day, as the person was told it: a machine that slept must not wait for longer.
        is_told = False
        while (now := self._clock()) < checkpoint.ends_at:
            if not is_told and checkpoint.parked_at(now) is not None:
                is_told = True
                told = f"\n{parked_in_words(checkpoint)}\n{_PROMPTS[checkpoint.kind]}"
                os.write(descriptor, told.encode())
            ready, _, _ = select.select([descriptor], [], [], POLL_S)
            if ready:
                read = os.read(descriptor, _MAX_ANSWER_BYTES)
                if not read:
                    return Outcome.DENIED, ""
                line = read.decode(errors="replace").strip()
                why_not = _unclear(checkpoint.kind, line)
                if not why_not:
                    return Outcome.DONE, line
                os.write(descriptor, f"\n{why_not}".encode())
            elif (said := page_says()) is not None:
                os.write(descriptor, b"\nIt is settled: no answer is needed here any more.")
                return said, ""
        return Outcome.TIMED_OUT, ""


def _printable(text: str) -> str:
    """`text` of others, such as a flow's, which must not move the cursor or paint over the question."""
    return "".join(each if each.isprintable() else " " for each in text)


def _in_background(descriptor: int) -> bool:
    try:
        return os.tcgetpgrp(descriptor) != os.getpgrp()
    except OSError:
        return False  # not the controlling terminal: no job control, and nothing that would stop the read


def _unclear(kind: Kind, line: str) -> str:
    """Why `line` is no answer to a question of that kind, with the question anew; "" where it is one."""
    if line.lower() in _DENY or kind is Kind.APPROVAL:
        return ""
    if kind is Kind.OTP:
        return "" if len(line) >= MIN_CODE_CHARACTERS else "That is too short for a code. Type the code: "
    return "" if line.lower() in _GO_ON else f"That is neither yes nor no. {_PROMPTS[kind]}"


def _means_yes(kind: Kind, line: str) -> bool:
    """An approval takes a word: a stray Enter is none."""
    return kind is not Kind.APPROVAL or line.lower() in _YES


@contextmanager
def _alone_at_the_terminal(patience: timedelta, settled: PageSays) -> Iterator[Outcome | None]:
    """One question at a time: an answer must not go to another run's question, as those of a session's workers.

    Answers None once no other asks, what `settled` says once it says something, and that the time is over after
    `patience`. Linux only: elsewhere nobody is waited for.
    """
    ends_at = time.monotonic() + patience.total_seconds()
    # A name without a file, gone with its process; the processes of one terminal are of one session.
    name = f"\0tokenbroker terminal {os.getuid()} {os.getsid(0)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as lock:
        while sys.platform == "linux":
            try:
                lock.bind(name)
                break
            except OSError:
                said = settled() or (Outcome.TIMED_OUT if time.monotonic() >= ends_at else None)
                if said is not None:
                    yield said
                    return
                time.sleep(POLL_S)
        yield None


@contextmanager
def _without_echo(descriptor: int) -> Iterator[None]:
    before = termios.tcgetattr(descriptor)
    silent = termios.tcgetattr(descriptor)
    silent[3] &= ~termios.ECHO
    # Flushed: what was typed before the question is no answer to it.
    termios.tcsetattr(descriptor, termios.TCSAFLUSH, silent)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)
        sys.stdout.flush()
