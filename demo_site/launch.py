"""Start the site as a process of its own, for a demonstration or a test.

with start(database=folder / "site.sqlite", accounts=[generate_account()]) as site:
    print(site.url)
"""

import json
import os
import selectors
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TypedDict

from demo_site.presses import Press, read_presses
from demo_site.seed import Account, SeedKey, generate_account, to_line
from demo_site.sso.log import Call, SignIn, SignInEvent, read_calls, read_sign_ins
from demo_site.sso.service_keys import ServiceKey, read_service_keys
from demo_site.sso.services import SERVICES

__all__ = [
    "SERVICES",
    "Account",
    "Call",
    "DemoNotStarted",
    "LiveKey",
    "Press",
    "RunningDemo",
    "SeedKey",
    "ServiceKey",
    "SignIn",
    "SignInEvent",
    "generate_account",
    "start",
]

_STOP_TIMEOUT_S = 5.0
_REASON_LIMIT = 500


class _Ready(TypedDict):
    url: str
    keys_url: str
    sign_on_origins: dict[str, str]
    database: str
    phones: dict[str, str]


class DemoNotStarted(Exception):
    """The site did not come up; the message says why, without any value of an account."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveKey:
    """A key that is not revoked, as the site's database knows it."""

    account_email: str
    name: str
    key_sha256: str
    created_at: datetime


class RunningDemo:
    """A site that runs until :meth:`stop`, the end of the `with` block, or the end of this process.

    Attributes:
        url: the site's address, without a slash at its end.
        keys_url: the address of its second origin, which the frames of Payments come from; the same.
        sign_on_origins: where the origins of Example ID and of its services, as flows write them, are on this
            machine: `{"https://id.example.com": "http://127.0.0.1:…", "https://atlas.example.net": …}`.
        phones: the address of each account's phone page, by e-mail address.
        database: the site's SQLite file.
        pid: the site's process.
    """

    def __init__(
        self,
        process: subprocess.Popen[str],
        *,
        url: str,
        keys_url: str,
        sign_on_origins: Mapping[str, str],
        database: Path,
        phones: Mapping[str, str],
    ) -> None:
        self._process = process
        self.url = url
        self.keys_url = keys_url
        self.sign_on_origins = dict(sign_on_origins)
        self.database = database
        self.phones = dict(phones)
        self.pid = process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def live_keys(self) -> list[LiveKey]:
        """The keys that the site accepts now, oldest first; read past the site, from its file."""
        with self._file() as connection:
            rows = connection.execute("SELECT account_email, name, key_sha256, created_at FROM live_keys")
            return [
                LiveKey(
                    account_email=email,
                    name=name,
                    key_sha256=key_sha256,
                    created_at=datetime.fromisoformat(created_at),
                )
                for email, name, key_sha256, created_at in rows
            ]

    def presses(self, *, after: int = 0) -> list[Press]:
        """What was pressed, oldest first, leaving out numbers up to `after`; read past the site, from its file."""
        with self._file() as connection:
            return read_presses(connection, after=after)

    def sign_ins(self, *, after: int = 0) -> list[SignIn]:
        """What happened at Example ID, oldest first, leaving out numbers up to `after`; read as `presses` is."""
        with self._file() as connection:
            return read_sign_ins(connection, after=after)

    def calls(self, *, after: int = 0) -> list[Call]:
        """What the services' APIs were asked, and how they answered; the same."""
        with self._file() as connection:
            return read_calls(connection, after=after)

    def service_keys(self) -> list[ServiceKey]:
        """Every key of every service, oldest first; a revoked one has `revoked_at`."""
        with self._file() as connection:
            return read_service_keys(connection)

    def _file(self) -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(f"{self.database.as_uri()}?mode=ro", uri=True, timeout=5.0))

    def stop(self) -> None:
        """End the site; does nothing if it has ended."""
        _end(self._process)


def start(
    *,
    database: Path,
    accounts: Sequence[Account],
    port: int = 0,
    delay_ms: int = 300,
    timeout_s: float = 20,
) -> RunningDemo:
    """Start the site with these accounts and wait until it answers.

    Port 0 takes a free one, as the keys origin always does. The accounts go through a pipe: no value of
    theirs is in an argument or in the environment. The process has a session of its own, so a Ctrl-C at the
    terminal reaches the caller only, who then ends the site in good order.

    Raises:
        DemoNotStarted: the port is taken, the file can't be used, or `timeout_s` went by.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        process = _spawn(
            ["--port", str(port), "--database", str(database), "--delay-ms", str(delay_ms)], errors
        )
        try:
            ready = _hand_over(process, to_line(accounts), timeout_s)
        except BaseException:
            _end(process)
            raise
        if ready is None:
            timed_out = process.poll() is None
            _end(process)
            errors.seek(0)
            reason = errors.read(_REASON_LIMIT).strip() or f"exit code {process.returncode}"
            raise DemoNotStarted(f"no answer within {timeout_s:g} s" if timed_out else reason)
    return RunningDemo(
        process,
        url=ready["url"],
        keys_url=ready["keys_url"],
        sign_on_origins=ready["sign_on_origins"],
        database=Path(ready["database"]),
        phones=ready["phones"],
    )


def _spawn(options: Sequence[str], errors: IO[str]) -> subprocess.Popen[str]:
    # -P: a file of the current folder must not stand in for a module.
    command = [sys.executable, "-P", "-m", "demo_site", *options, "--control"]
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=_environment(),
            encoding="utf-8",
            start_new_session=True,
        )
    except OSError as error:
        raise DemoNotStarted(f"{sys.executable} can't be started: {error.strerror}") from error


def _environment() -> dict[str, str]:
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    package_parent = Path(__file__).resolve().parent.parent
    if package_parent.name not in ("site-packages", "dist-packages"):
        environment["PYTHONPATH"] = str(package_parent)  # a checkout that may not be installed
    return environment


def _hand_over(process: subprocess.Popen[str], line: str, timeout_s: float) -> _Ready | None:
    """Give the site its accounts and wait for its answer; None if none came."""
    assert process.stdin is not None
    assert process.stdout is not None
    # A site that ended has closed the pipe; its reason is on stderr.
    with suppress(BrokenPipeError):
        process.stdin.write(line)
        process.stdin.flush()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        if not selector.select(timeout_s):
            return None
    answer = process.stdout.readline()
    if not answer:
        process.wait(_STOP_TIMEOUT_S)
        return None
    ready: _Ready = json.loads(answer)
    return ready


def _end(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(BrokenPipeError):
        process.stdin.close()  # what the site waits for
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()
