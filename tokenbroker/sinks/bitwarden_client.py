"""Conversations with Bitwarden by the program `bw`, which is started with the first and ended when none follows."""

import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

from tokenbroker.errors import SecretUnavailable, SettingsError
from tokenbroker.sinks.bitwarden_failure import Failure, explain
from tokenbroker.sinks.bitwarden_folder import environment_of
from tokenbroker.sinks.bitwarden_process import (
    BitwardenAccount,
    BitwardenServer,
    BwProcess,
    start,
)

IDLE_S: Final = 60.0
"""How long a vault stays unlocked in memory after its last use."""
OLDEST, UNTRIED = (2026, 9), (2027, 1)
"""The first version of `bw` that is used, and the first one that isn't any more."""
_HOW: Final = "install it: npm install -g @bitwarden/cli@2026.9.0 (it needs Node 22 or newer)"
_VERSION_S: Final = 60.0

_T = TypeVar("_T")


class BitwardenSession:
    """One conversation."""

    def __init__(self, process: BwProcess, server: BitwardenServer) -> None:
        self._process = process
        self._server = server
        self._lost = Failure.ENDED

    def ask(self, method: str, path: str, body: object = None) -> Any | Failure:
        """As the process says; once it is no more, the failure that it was ended for."""
        if self._is_over():
            return self._lost
        answer = self._process.ask(method, path, body, timeout_s=self._server.timeout_s)
        if isinstance(answer, Failure) and self._is_over():
            self._lost = answer
        return answer

    def _is_over(self) -> bool:
        return not self._process.is_up

    def held(self) -> dict[str, str] | None:
        """As the process says."""
        return self._process.held()

    def had(self, answer: _T | Failure) -> _T:
        """`answer`, if it is one.

        Raises:
            SecretNotFound, SecretAccessDenied, SecretTimeout, SecretUnavailable: it is a failure, of that class.
        """
        if isinstance(answer, Failure):
            raise explain(answer, self._server.address)
        return answer


class BitwardenClient:
    """Signs in when it is first needed.

    Threads may share it; one talks at a time, for `bw` has one copy of the items.
    """

    def __init__(self, server: BitwardenServer, account: BitwardenAccount, *, idle_s: float = IDLE_S) -> None:
        self.server = server
        self._account = account
        self._idle_s = idle_s
        self._lock = threading.RLock()
        self._process: BwProcess | None = None
        self._timer: threading.Timer | None = None

    @contextmanager
    def talk(self) -> Iterator[BitwardenSession]:
        """A conversation.

        Raises:
            SettingsError: there is no `bw`, or not one that can be used.
            SecretAccessDenied, SecretTimeout, SecretUnavailable: it can't sign in.
        """
        with self._lock:
            self._keep_up()
            try:
                yield BitwardenSession(self._started(), self.server)
            finally:
                self._end_when_idle()

    def close(self) -> None:
        """End what runs; a later conversation signs in again."""
        with self._lock:
            self._keep_up()
            if self._process is not None:
                self._process.close()
            self._process = None

    def process(self) -> BwProcess | None:
        """What runs now."""
        return self._process

    def _started(self) -> BwProcess:
        if self._process is None or not self._process.is_up:
            self.close()
            check_version(self.server.command)
            answer = start(self.server, self._account)
            if isinstance(answer, Failure):
                raise explain(answer, self.server.address)
            self._process = answer
        return self._process

    def _keep_up(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None

    def _end_when_idle(self) -> None:
        self._timer = threading.Timer(self._idle_s, self._end_if_still_idle)
        self._timer.daemon = True
        self._timer.start()

    def _end_if_still_idle(self) -> None:
        if self._timer is threading.current_thread():
            self.close()


def find_command(named: str | None) -> Path:
    """The program `bw`: the one that is `named`, or the one on the PATH.

    Raises:
        SettingsError: there is none.
    """
    found = shutil.which(named or "bw")
    if found is None:
        what = f"there is no program '{named}'" if named else "the program bw of Bitwarden is not on the PATH"
        raise SettingsError(what, next_step=f"{_HOW}, or name it by the sink's setting command")
    return Path(found).absolute()


def check_version(command: Path) -> str:
    """The version of `command`.

    Raises:
        SettingsError: it is too old, too new, or doesn't run.
        SecretUnavailable: it is gone.
    """
    try:
        changed = command.stat().st_mtime_ns
    except OSError:
        changed = None
    if changed is None:
        raise SecretUnavailable(f"the program {command} is gone", next_step=_HOW)
    said = _version_of(command, changed)
    version = re.fullmatch(r"(\d{4})\.(\d+)\.\d+", said)
    if version is None:
        raise SettingsError(f"the program {command} does not run, or is not Bitwarden's", next_step=_HOW)
    if not OLDEST <= (int(version[1]), int(version[2])) < UNTRIED:
        raise SettingsError(
            f"the program {command} has the version {said}, which is not one that was tried", next_step=_HOW
        )
    return said


@lru_cache(maxsize=8)
def _version_of(command: Path, _changed: int) -> str:
    with tempfile.TemporaryDirectory(prefix="tokenbroker-bw-") as folder:
        try:
            told = subprocess.run(
                [command, "--version"],
                env=environment_of(command, Path(folder)),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=_VERSION_S,
                check=False,
                text=True,
            )
        except (OSError, ValueError, subprocess.TimeoutExpired):
            return ""
    return told.stdout.strip() if told.returncode == 0 else ""
