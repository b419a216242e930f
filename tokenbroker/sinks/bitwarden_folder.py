"""The folder that `bw` keeps its data in, which goes when it is left, or when whoever made it is gone.

In memory where the system has such a place, for `bw` writes the API key and the access token in clear. Three see to
its end: its maker, a sweeper that outlives a SIGKILL of its maker, and the next folder that is made.
"""

import fcntl
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from tokenbroker.sinks import bitwarden_sweep

_PREFIX: Final = "tokenbroker-bw-"
_LOCK: Final = "tokenbroker.lock"
_IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108  a folder of our own is made in it
_END_S: Final = 10.0


@dataclass(kw_only=True)
class BwFolder:
    """What `bw` keeps lies here; what runs for it here is started by :meth:`start`, one at a time.

    Attributes:
        held: our end of the sweeper's input, which gets the number of what runs; nobody else has it.
        lock: the file that says, while it is locked, that the folder is in use.
    """

    path: Path
    held: int
    lock: int
    sweeper: "subprocess.Popen[bytes]"
    inherited: Mapping[str, str]

    @classmethod
    def make(cls, command: Path, ca_file: Path | None) -> "BwFolder":
        """A new one for `command`; those that were left by others of this user are removed.

        Raises:
            OSError: it can't be made, and nothing of it is left.
        """
        place = _IN_MEMORY if os.access(_IN_MEMORY, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())
        _remove_abandoned(place)
        path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
        try:
            lock = _locked(path)
            sweeper, held = _sweeper_of(path)
        except OSError:
            shutil.rmtree(path, ignore_errors=True)
            raise
        inherited = environment_of(command, path, ca_file)
        return cls(path=path, held=held, lock=lock, sweeper=sweeper, inherited=inherited)

    def start(
        self,
        words: Sequence[str | Path],
        credentials: Mapping[str, str],
        *,
        fds: tuple[int, ...] = (),
        stderr: int | IO[bytes] = subprocess.DEVNULL,
    ) -> "subprocess.Popen[bytes]":
        """Start a program, with `credentials` in its environment; the sweeper ends it when we are gone.

        Raises:
            OSError: it can't be started.
        """
        child = subprocess.Popen(
            words,
            env={**self.inherited, **credentials},
            cwd=self.path,
            pass_fds=fds,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a login prints the key of its session
            stderr=stderr,
            # A Ctrl-C is for us: we end it, after what it is at.
            start_new_session=True,
        )
        self._tell(child.pid)
        if sys.platform == "linux":
            with suppress(OSError):
                resource.prlimit(child.pid, resource.RLIMIT_CORE, (0, 0))  # a dump would hold what it opens
        return child

    def ended(self) -> None:
        """What was started has ended: its number may be another's soon."""
        self._tell(0)

    def leave(self) -> None:
        """Remove it, with all that is in it; nothing runs in it any more."""
        os.close(self.held)
        with suppress(subprocess.TimeoutExpired):
            self.sweeper.wait(_END_S)
        shutil.rmtree(self.path, ignore_errors=True)  # the sweeper may have been ended by somebody
        os.close(self.lock)

    def _tell(self, pid: int) -> None:
        with suppress(OSError):  # it was ended by somebody
            os.write(self.held, b"%d\n" % pid)


def environment_of(command: Path, folder: Path, ca_file: Path | None = None) -> dict[str, str]:
    """All that `command` is told by its environment; of ours it gets the PATH."""
    told = {
        # The Node that lies beside the program comes first.
        "PATH": os.pathsep.join((str(command.parent), os.environ.get("PATH", os.defpath))),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "BITWARDENCLI_APPDATA_DIR": str(folder),
        "BW_NOINTERACTION": "true",
        # It lets a promise of a failed request go unheard, for which Node would end it.
        "NODE_OPTIONS": "--unhandled-rejections=warn",
    }
    return told if ca_file is None else {**told, "NODE_EXTRA_CA_CERTS": str(ca_file)}


def _sweeper_of(path: Path) -> tuple["subprocess.Popen[bytes]", int]:
    seen, held = os.pipe()
    words = [sys.executable, "-I", "-S", bitwarden_sweep.__file__, str(path)]
    try:
        sweeper = subprocess.Popen(
            words, stdin=seen, stdout=subprocess.DEVNULL, cwd="/", env={}, start_new_session=True
        )
    except OSError:
        os.close(held)
        raise
    finally:
        os.close(seen)
    return sweeper, held


def _locked(path: Path) -> int:
    unnamed = path / f"{_LOCK}.new"
    lock = os.open(unnamed, os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    unnamed.rename(path / _LOCK)  # locked first: under its name it is never seen free while it is in use
    return lock


def _remove_abandoned(place: Path) -> None:
    for path in place.glob(f"{_PREFIX}*"):
        if not path.is_symlink() and _is_abandoned(path):
            shutil.rmtree(path, ignore_errors=True)


def _is_abandoned(path: Path) -> bool:
    try:
        lock = os.open(path / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return False  # somebody else's, or just being made or removed
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.fstat(lock).st_uid == os.getuid() == path.lstat().st_uid
    except OSError:
        return False
    finally:
        os.close(lock)
