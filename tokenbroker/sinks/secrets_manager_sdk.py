"""Our side of the process that Bitwarden's SDK runs in: started when it is first needed, and ended with us."""

import json
import socket
import subprocess
import sys
import threading
import time
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tokenbroker.secret import Secret
from tokenbroker.sinks.secrets_manager_failure import Failure

_SCRIPT: Final = Path(__file__).with_name("secrets_manager_process.py")
_START_S: Final = 30.0
"""How long a machine under load may take to start Python; nothing is asked of the server meanwhile."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """Who signs in, and where.

    Attributes:
        address: the server's URL; the SDK is told the paths ``/api`` and ``/identity`` below it.
        token: the access token of a machine account.
        ca_file: the certificates that are trusted instead of the system's.
        timeout_s: how long each answer may take; a process that is silent for longer is ended.
    """

    address: str
    organization_id: str
    project_id: str
    token: Secret
    ca_file: Path | None
    timeout_s: float


class Sdk:
    """The SDK; threads may share it, and take turns."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._turn = threading.Lock()
        self._running: _Running | None = None

    def ask(self, do: str, **fields: Any) -> Any:
        """What the SDK answers, or the :class:`Failure`; after TIMEOUT and ENDED the next one starts it anew."""
        with self._turn:
            answer = self._asked({"do": do, **fields})
            if answer in (Failure.TIMEOUT, Failure.ENDED):
                self._end()
            return answer

    def end(self) -> None:
        """End the process, if there is one; the next question starts another."""
        with self._turn:
            self._end()

    @property
    def pid(self) -> int | None:
        """The process, if one runs."""
        return self._running.process.pid if self._running else None

    def _asked(self, question: dict[str, Any]) -> Any:
        if self._running is None:
            self._running = _Running(self._access.ca_file)
            if isinstance(self._running.told(self._start(), within_s=_START_S), Failure):
                return Failure.ENDED
        told = self._running.told(question, within_s=self._access.timeout_s)
        if isinstance(told, Failure):
            return told
        return Failure(told["failure"]) if "failure" in told else told["answer"]

    def _start(self) -> dict[str, Any]:
        return {
            "api_url": f"{self._access.address}/api",
            "identity_url": f"{self._access.address}/identity",
            "organization": self._access.organization_id,
            "project": self._access.project_id,
            "timeout_s": self._access.timeout_s,
            "token": self._access.token.reveal(),
        }

    def _end(self) -> None:
        if self._running is not None:
            self._running.end()
            self._running = None


class _Running:
    """One process, and the socket to it."""

    def __init__(self, ca_file: Path | None) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                # Isolated: neither variables nor the folder that we are in change what it imports.
                [sys.executable, "-I", str(_SCRIPT), str(theirs.fileno())],
                env={"SSL_CERT_FILE": str(ca_file)} if ca_file else {},
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,  # Ctrl-C is for us
            )
        self._channel = ours
        self.end = weakref.finalize(self, _end, self.process, ours)

    def told(self, line: dict[str, Any], *, within_s: float) -> dict[str, Any] | Failure:
        """Its answer to `line`."""
        deadline = time.monotonic() + within_s
        try:
            self._channel.settimeout(within_s)
            self._channel.sendall(json.dumps(line).encode() + b"\n")
            parts = [b""]
            while not parts[-1].endswith(b"\n"):
                self._channel.settimeout(max(deadline - time.monotonic(), 0.001))
                parts.append(self._channel.recv(65536))
                if not parts[-1]:
                    return Failure.ENDED
        except TimeoutError:
            return Failure.TIMEOUT
        except OSError:
            return Failure.ENDED
        told: dict[str, Any] = json.loads(b"".join(parts))
        return told


def _end(process: "subprocess.Popen[bytes]", channel: socket.socket) -> None:
    channel.close()
    process.kill()
    process.wait()
