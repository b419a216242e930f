"""The recorder at a terminal, somebody who uses its browser by hand, and all places where what is theirs may turn up."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pexpect

from tests.leak.child import Watch
from tests.leak.record_site import Identity, RecordSite
from tests.leak.search import Hit, find, search_tree
from tests.ports import free_port
from tests.project import TOKENBROKER, Project, Terminal
from tests.record.by_hand.conftest import maker
from tests.record.by_hand.journeys import FINISH, Act, fill, press, the_token
from tokenbroker.run.chromium import find_browser

PATIENCE_S = 60.0
SHARED_MEMORY = Path("/dev/shm")
_QUICK = [0.02]
_PAUSE_S = 0.02


def journey(who: Identity) -> list[Act]:
    """From the sign-in to the token, without the end."""
    return [
        fill("E-mail", who.email.value),
        fill("Password", who.password.value),
        press("Show password"),
        press("Sign in"),
        fill("Code", who.otp.value),
        press("Verify"),
        {**fill("Mobile number", who.phone.value), "how": "paste"},
        {**fill("Alternate e-mail", who.email.value), "how": "paste"},
        press("Save profile"),
        fill("Key name", "Nightly build"),
        press("Create key"),
        *the_token(who.token.value[:12]),
    ]


CANCEL: Act = {"do": "panel", "says": "Cancel", "ends": True}
SIGN_IN = 3
"""So many acts of the journey fill in the first page, and show the password in it."""


@dataclass(kw_only=True)
class Sitting:
    """One recording, watched from outside; `shown` is what stands at the terminal."""

    project: Project
    identity: Identity
    terminal: Terminal
    pid: int
    told: Callable[[], str]
    watch: Watch
    found: list[Hit] = field(default_factory=list)
    looks: int = 0
    looks_into_files: bool = True
    """Not where pages would have to wait for too long: a browser with a window has a large profile."""
    _shared_before: frozenset[Path] = field(default_factory=lambda: frozenset(SHARED_MEMORY.iterdir()))
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def look(self) -> None:
        """Look at all processes, and at all that lies in files at this moment, the browser's among them."""
        with self._turn:
            self.looks += 1
            self.watch.look(self.pid)
            self.found += self._search() if self.looks_into_files else []

    def hits(self) -> list[Hit]:
        """Every canary in what is there now, was there at a look, was shown, or stood in a process's arguments or
        environment."""
        with self._turn:
            wanted = self.identity.canaries
            shown = find(wanted, self.terminal.screen.encode())
            return [*self.found, *self._search(), *shown, *self.watch.hits(wanted)]

    def _search(self) -> list[Hit]:
        new = {*SHARED_MEMORY.iterdir()} - self._shared_before
        return search_tree(self.identity.canaries, self.project.folder, *filter(_is_ours, new))

    def wait_until_acted(self) -> None:
        """Until the person has done all that they were told to."""
        ends_at = time.monotonic() + PATIENCE_S
        while "done" not in self.told().split():
            assert time.monotonic() < ends_at, f"{self.told()}\n{self.terminal.screen}"
            time.sleep(_PAUSE_S)

    def review(self, *choices: str) -> None:
        """Give these answers, each when it is asked for."""
        for choice in choices:
            self.terminal.wait_for("> ")
            self.look()
            self.terminal.type(choice)

    def kill(self, number: int = signal.SIGKILL) -> None:
        os.kill(self.pid, number)

    def kill_all(self) -> None:
        """The recorder, its driver and the browser at one time, as where the machine runs out of memory."""
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for handle in self.watch.members.values():
                with suppress(ProcessLookupError):  # it has ended before
                    signal.pidfd_send_signal(handle, number)

    def ended(self) -> int:
        """The exit code, negative for a signal's; by then every process has ended."""
        child = self.terminal._child
        child.expect(pexpect.EOF)
        child.wait()
        assert self.watch.wait_until_all_ended() == []
        return int(child.exitstatus if child.exitstatus is not None else -child.signalstatus)


def _is_ours(path: Path) -> bool:
    try:
        return path.lstat().st_uid == os.getuid()
    except FileNotFoundError:
        return False


def make_recordable(project: Project, *, headed: bool = False) -> None:
    """Let the browser of `project` be used by somebody else, and its home directory be searched too."""
    port = free_port()
    project.write("port.json", json.dumps(port))
    program = project.folder / "browser-with-a-port"
    real = find_browser(None, headed=headed).path
    program.write_text(f'#!/bin/sh\nexec "{real}" "$@" --remote-debugging-port={port}\n')
    program.chmod(0o755)
    user = project.folder / "user"
    user.mkdir()
    project.variables |= {"TOKENBROKER_BROWSER": str(program), "HOME": str(user)}


@contextmanager
def recording(
    project: Project,
    site: RecordSite,
    acts: Sequence[Act],
    *options: str,
    log: Path,
    program: Sequence[str] = TOKENBROKER,
    headed: bool = False,
) -> Iterator[Sitting]:
    """A recording has begun, and somebody does `acts`; it is looked at whenever a page is asked for."""
    # The shell lets cores be written: what the product does about them must be its own doing.
    command = ("/bin/sh", "-c", 'ulimit -c unlimited; exec "$@"', "sh", *program)
    arguments = ["record", site.begins_at, "--site", "example", "--sink", "bitwarden", *options]
    arguments += [] if headed else ["--headless"]
    watch = Watch()
    try:
        with (
            maker(project, acts, log, pauses=_QUICK) as told,
            project.terminal(*arguments, command=command) as terminal,
        ):
            sitting = Sitting(
                project=project,
                identity=site.identity,
                terminal=terminal,
                pid=terminal._child.pid,
                told=told,
                watch=watch,
                looks_into_files=not headed,
            )
            with site.heard_by(sitting.look):
                yield sitting
    finally:
        watch.close()


def finishing(who: Identity, acts: int | None = None) -> list[Act]:
    """The first so many acts of the journey, or all, and the end of the recording."""
    return [*journey(who)[:acts], FINISH]


RAW = (sys.executable, str(Path(__file__).with_name("raw_recorder.py")))
"""The recorder without its sanitiser."""
