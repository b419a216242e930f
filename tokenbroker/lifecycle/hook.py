"""The project's own command, which is told that a reference leads to another key, for those who hold the old one."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Final

from tokenbroker.errors import RunError, SettingsError

Hook = Callable[[Mapping[str, object]], None]
"""Tells of a replacement; raises RunError where that fails."""
Redact = Callable[[str, Mapping[str, object]], str]
"""The text that a hook has written, made safe, given what the hook was told."""

_ENVIRONMENT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")
_PATIENCE_S: Final = 2.0
_KEPT_BYTES: Final = 65_536
_LINES: Final = 5
_LINE_LENGTH: Final = 200


def no_hook(_told: Mapping[str, object]) -> None:
    """Tells nobody."""


def require_hook(command: Sequence[str], *, folder: Path) -> None:
    """Refuse a hook that could not be started, before a key is made that nobody would be told of.

    Raises:
        SettingsError: ``rotate.no_hook``; its program is not there, or may not be executed.
    """
    if not command:
        return
    program = command[0]
    # As the child resolves it: a name with a slash counts from its folder, any other is looked for in its PATH.
    path = folder / program
    if "/" in program:
        why = (
            "is not there" if not path.is_file() else "" if os.access(path, os.X_OK) else "is not executable"
        )
    else:
        why = "" if program and shutil.which(program) else "is in no folder of PATH"
    if why:
        shown = path if "/" in program else f"'{program}'"
        raise SettingsError(
            f"the hook of rotations can't be called: {shown} {why}",
            next_step=f"chmod +x {path}"
            if "executable" in why
            else 'mend the setting: [rotation] hook = ["./reload"]',
            code="rotate.no_hook",
        )


def hook_of(command: Sequence[str], *, folder: Path, timeout_s: float, redact: Redact) -> Hook:
    """The hook that starts `command` in `folder`, without a shell, and hands it what it is told as JSON.

    It gets no secret, none of our variables and no terminal: it may read a secret by itself. An exit code other than
    0, and a silence of more than `timeout_s`, is a ``rotate.hook_failed``, with the last lines of its standard error,
    redacted. It is ended with whoever waits for it: by SIGTERM, and two seconds later by SIGKILL.
    """
    if not command:
        return no_hook

    def tell(told: Mapping[str, object]) -> None:
        why, said = _called(command, told, folder=folder, timeout_s=timeout_s)
        if why:
            # Both: a colour within a secret is seen through as it is, and what only we take out once it is gone.
            lines = _last_lines(redact(_plain(redact(said, told)), told)) if said else []
            quoted = "".join(f"\n    | {line}" for line in lines)
            raise RunError(
                f"the hook {command[0]} {why}, so the old key of {told['reference']} is kept"
                + (f"; it said last:{quoted}" if quoted else ""),
                next_step="see what it says when it is started by hand; `tokenbroker rotate` calls it again",
                code="rotate.hook_failed",
            )

    return tell


def _called(
    command: Sequence[str], told: Mapping[str, object], *, folder: Path, timeout_s: float
) -> tuple[str, str]:
    """Why the call failed, "" where it did not, and what was written to standard error."""
    process: subprocess.Popen[bytes] | None = None
    listener: _Listener | None = None
    why = ""
    try:
        with _interrupt_waits():  # one in the moment of the start would leave it running
            process = _started(command, folder)
        listener = _Listener(process)
        assert process.stdin is not None
        with suppress(BrokenPipeError), process.stdin as pipe:  # it may not care what it is told
            pipe.write(json.dumps(told).encode())
        code = process.wait(timeout_s)
        why = f"ended with {code}" if code else ""
    except subprocess.TimeoutExpired:
        why = f"took more than {timeout_s:g} s"
    except OSError as error:
        why = f"could not be started ({error.strerror or type(error).__name__})"
    finally:
        if process is not None and process.returncode is None:
            _end(process)
    return why, listener.text() if why and listener is not None else ""


def _started(command: Sequence[str], folder: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [*command],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=folder,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        # Its own group, so that what it has started ends with it; a Ctrl-C reaches us, and we end it.
        start_new_session=True,
    )


@contextmanager
def _interrupt_waits() -> Iterator[None]:
    """A Ctrl-C comes once this is over."""
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.default_int_handler)
    if came:
        raise KeyboardInterrupt


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End `process` and its group, and wait for it."""
    try:
        _signal(process, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE_S)
    finally:
        _signal(process, signal.SIGKILL)
        process.wait()


def _signal(process: "subprocess.Popen[bytes]", number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


class _Listener:
    """Reads what a process writes to its standard error, and keeps the end of it."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stderr is not None
        self._stream = process.stderr
        self._kept, self._is_cut = b"", False
        # What it leaves in the background may hold the stream for ever: nobody waits for this thread.
        self._thread = Thread(target=self._listen, daemon=True)
        self._thread.start()

    def text(self) -> str:
        """What was written, or its last whole lines, once the process is gone."""
        self._thread.join(_PATIENCE_S)
        # Half a secret, which a cut may leave, can't be looked for.
        kept = self._kept.partition(b"\n")[2] if self._is_cut else self._kept
        return kept.decode("utf-8", "replace")

    def _listen(self) -> None:
        with self._stream as stream:
            while chunk := os.read(stream.fileno(), _KEPT_BYTES):
                self._is_cut = self._is_cut or len(self._kept) + len(chunk) > _KEPT_BYTES
                self._kept = (self._kept + chunk)[-_KEPT_BYTES:]


def _plain(text: str) -> str:
    """`text` without what could steer the terminal, or stand unseen within a secret."""
    return "\n".join("".join(filter(str.isprintable, line)) for line in text.splitlines())


def _last_lines(text: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [line[:_LINE_LENGTH] for line in lines[-_LINES:]]
