"""The checkout's own environments and its browser: made once, checked in a moment ever after.

The state file inside an environment holds one of two things: ``building`` while an installation is under way
(or was cut short), or the digest of all that the finished installation depended on.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BUILDING = "building"
_LOG_LINES_SHOWN = 15


class SetupError(Exception):
    """The checkout can't be set up; the message is for the person."""


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """The folders of one checkout."""

    root: Path

    @property
    def own(self) -> "Environment":
        """What the checkout itself and its development tools are installed into."""
        return Environment(
            checkout=self,
            name=".venv",
            declared_in="pyproject.toml",
            packages=("--editable", ".[dev]"),
            compiled=("tokenbroker", "demo_site"),
        )

    @property
    def peers(self) -> "Environment":
        """Third-party applications that flows are tested against; nothing of the checkout is in it."""
        pinned = "tests/peers/requirements.txt"
        return Environment(
            checkout=self, name=".venv-peers", declared_in=pinned, packages=("--requirement", pinned)
        )

    @property
    def state(self) -> Path:
        """Everything that running this checkout leaves behind (git-ignored)."""
        return self.root / ".tokenbroker"


@dataclass(frozen=True, kw_only=True)
class Environment:
    """A virtual environment in the checkout: the file that declares what is in it, and how pip is told so.

    Attributes:
        compiled: the checkout's own packages in it. pip compiles what it copies, not what it only points to.
    """

    checkout: Checkout
    name: str
    declared_in: str
    packages: tuple[str, ...]
    compiled: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        return self.checkout.root / self.name

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    @property
    def python(self) -> Path:
        return self.bin / "python"

    @property
    def setup_state(self) -> Path:
        return self.folder / ".tokenbroker-setup"


def digest(environment: Environment) -> str:
    """SHA-256 over what an installation depends on: what declares it, these scripts, Python, place."""
    told = hashlib.sha256()
    root = environment.checkout.root
    for path in (root / environment.declared_in, *sorted(Path(__file__).parent.glob("*.py"))):
        told.update(path.read_bytes())
    told.update(f"{sys.version}\0{root}".encode())
    return told.hexdigest()


def venv_complaint(find_module: object = importlib.util.find_spec) -> str:
    """One sentence when this Python can't make virtual environments (as Debian ships it), or ""."""
    assert callable(find_module)
    if find_module("venv") is not None and find_module("ensurepip") is not None:
        return ""
    exact = f"python3.{sys.version_info.minor}-venv"
    return (
        "this Python comes without venv; install it and run the same command again: "
        f"apt-get install python3-venv (Debian, Ubuntu; the package may be called {exact})"
    )


def ensure(environment: Environment) -> None:
    """Make `environment` hold what is declared for it; nothing to do is the usual case.

    Raises:
        SetupError: no venv in this Python, or pip could not install.
    """
    wanted = digest(environment)
    if _is_ready(environment, wanted):
        return
    with one_at_a_time(environment.checkout) as lock:
        if not _is_ready(environment, wanted):  # another call may have done it while this one waited
            _install(environment, wanted, lock)


def ensure_browser(checkout: Checkout, environ: Mapping[str, str]) -> None:
    """Have a browser: the recorded one if still there, else one found or installed.

    Raises:
        SetupError: there is none and none could be installed; the sentence has been printed by it.
    """
    record = checkout.state / "browser"
    recorded = environ.get("TOKENBROKER_BROWSER") or read(record)
    if recorded and os.access(recorded, os.X_OK):
        return
    with one_at_a_time(checkout) as lock:
        answer = subprocess.run(
            [checkout.own.python, "-m", "tokenbroker.run.chromium", "--ensure"],
            cwd=checkout.root,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
            pass_fds=(lock,),
        )
        if answer.returncode != 0:
            raise SetupError("no browser (see above)")
        record.write_text(answer.stdout.strip(), encoding="utf-8")


def _is_ready(environment: Environment, wanted: str) -> bool:
    return read(environment.setup_state) == wanted and os.access(environment.python, os.X_OK)


def read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def say(sentence: str) -> None:
    sys.stderr.write(f"set-up: {sentence}\n")
    sys.stderr.flush()


@contextmanager
def one_at_a_time(checkout: Checkout) -> Iterator[int]:
    """Yields the lock, for children: an orphan of a killed set-up that still writes keeps the next one waiting."""
    checkout.state.mkdir(mode=0o700, exist_ok=True)
    with (checkout.state / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another set-up of this checkout to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


def _install(environment: Environment, wanted: str, lock: int) -> None:
    name = environment.name
    if _can_be_kept(environment):
        say(f"bringing {name} up to date")
        if _fill(environment, lock):
            environment.setup_state.write_text(wanted, encoding="utf-8")
            return
        say(f"that failed; making {name} anew")
    complaint = venv_complaint()
    if complaint:
        raise SetupError(complaint)
    say(f"making {name} and installing into it (a minute or two, once)")
    shutil.rmtree(environment.folder, ignore_errors=True)
    # The base Python, not sys.executable: that one may stand in the .venv just removed.
    base_python = getattr(sys, "_base_executable", "") or sys.executable
    made = logged(environment.checkout, [base_python, "-m", "venv", str(environment.folder)], lock)
    if not made or not _fill(environment, lock):
        raise SetupError(why(environment.checkout))
    environment.setup_state.write_text(wanted, encoding="utf-8")


def _can_be_kept(environment: Environment) -> bool:
    """Whether it is whole, has pip, and was made here, by the very Python that runs this."""
    python = environment.python
    if read(environment.setup_state) == BUILDING or not os.access(python, os.X_OK):
        return False
    if str(python) not in read(environment.bin / "pip"):
        return False  # copied or moved: its programs still name the old place
    told = subprocess.run(
        [python, "-c", "import pip, sys; sys.stdout.write(sys.version)"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    return told.returncode == 0 and told.stdout == sys.version


def _fill(environment: Environment, lock: int) -> bool:
    environment.setup_state.write_text(BUILDING, encoding="utf-8")
    python = str(environment.python)
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install"]
    # venv brings old copies of these, some with known vulnerabilities; from 3.12 on it brings no setuptools.
    tools = ["pip", "setuptools"] if sys.version_info < (3, 12) else ["pip"]
    commands = [[*pip, "--upgrade", *tools], [*pip, *environment.packages]]
    if environment.compiled:
        commands.append([python, "-m", "compileall", "-q", *environment.compiled])
    return all(logged(environment.checkout, command, lock) for command in commands)


def _log_path(checkout: Checkout) -> Path:
    return checkout.state / "setup.log"


def logged(checkout: Checkout, command: list[str], lock: int) -> bool:
    with _log_path(checkout).open("w", encoding="utf-8") as log:
        done = subprocess.run(
            command, cwd=checkout.root, stdout=log, stderr=subprocess.STDOUT, check=False, pass_fds=(lock,)
        )
    return done.returncode == 0


def why(checkout: Checkout) -> str:
    lines = read(_log_path(checkout)).splitlines()[-_LOG_LINES_SHOWN:]
    return "\n".join(
        [
            "the installation failed; are the indexes within reach (pip config list, npm config list)? It ended with",
            *(f"    {line}" for line in lines),
            f"  the whole log: {_log_path(checkout)}",
        ]
    )
