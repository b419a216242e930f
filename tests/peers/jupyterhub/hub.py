"""JupyterHub in a process of its own, with its own sqlite, ports and secrets, all made for one run."""

import json
import os
import secrets
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from tests.ports import free_ports

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 15
REQUEST_TIMEOUT_S = 20
_PAUSE_S = 0.1
_CONFIG = Path(__file__).with_name("jupyterhub_config.py")
_LINES_TOLD = 15


class HubNotStarted(Exception):
    """JupyterHub did not come up; the message ends with its last words."""


class Answer(NamedTuple):
    """What the REST API says: the status, and what stands in the body (nothing where it was refused)."""

    status: int
    body: Any


@dataclass(frozen=True, kw_only=True)
class RunningHub:
    """A JupyterHub that answers.

    Attributes:
        url: its address, without a slash at its end.
        password: with it anybody signs in, under any name.
        version: as it tells itself.
    """

    url: str
    password: str = field(repr=False)
    version: str

    def ask(self, path: str, token: str) -> Answer:
        """What ``GET /hub/api/PATH`` answers to whoever shows `token`."""
        return _get(f"{self.url}/hub/api/{path}", {"Authorization": f"token {token}"})


@contextmanager
def running_hub(environment: Path, folder: Path) -> Iterator[RunningHub]:
    """JupyterHub from the virtual environment `environment`, with everything that it writes in `folder`.

    Its secrets are in files of `folder` that only their owner can read, and in no argument. It ends with the
    block, and with this process however that ends.

    Raises:
        HubNotStarted: it ended, or did not answer in time.
    """
    given = {
        **_free_addresses("url", "hub_url", "proxy_url"),
        "password": f"demo-only-{secrets.token_hex(16)}",
    }
    with os.fdopen(os.open(folder / "hub.json", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        json.dump(given, file)
    process = _spawn(environment, folder)
    try:
        version = _version_once_it_answers(process, given["url"], folder / "hub.log")
        yield RunningHub(url=given["url"], password=given["password"], version=version)
    finally:
        _end(process, folder)


def _free_addresses(*names: str) -> dict[str, str]:
    return {
        name: f"http://127.0.0.1:{port}" for name, port in zip(names, free_ports(len(names)), strict=True)
    }


def _spawn(environment: Path, folder: Path) -> "subprocess.Popen[bytes]":
    inherited = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    with (folder / "hub.log").open("wb") as log:
        return subprocess.Popen(
            [environment / "bin" / "python", "-m", "jupyterhub", "--config", _CONFIG],
            cwd=folder,
            env={**inherited, "HOME": str(folder), "TMPDIR": str(folder)},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            umask=0o077,
            start_new_session=True,
        )


def _version_once_it_answers(process: "subprocess.Popen[bytes]", url: str, log: Path) -> str:
    ends_at = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < ends_at:
        with suppress(OSError):  # nobody listens yet
            answer = _get(f"{url}/hub/api/", {})
            if answer.status == 200:
                return str(answer.body["version"])
        with suppress(subprocess.TimeoutExpired):
            process.wait(_PAUSE_S)
            break
    last_words = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LINES_TOLD:]
    raise HubNotStarted("\n".join(["JupyterHub did not come up. It ended with", *last_words]))


def _get(url: str, headers: dict[str, str]) -> Answer:
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=REQUEST_TIMEOUT_S) as answer:
            return Answer(answer.status, json.load(answer))
    except urllib.error.HTTPError as refused:
        refused.close()
        return Answer(refused.code, None)


def _end(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.close()  # what it waits for
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        # Its proxy has a session of its own, and was not told.
        with suppress(OSError, ValueError):
            os.kill(int((folder / "jupyterhub-proxy.pid").read_text()), signal.SIGKILL)
