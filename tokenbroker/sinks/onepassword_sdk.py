"""Our side of the process that 1Password's SDK runs in: started when it is first needed, and ended with us."""

import json
import socket
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path
from typing import Any, Final

from tokenbroker.secret import Secret
from tokenbroker.sinks.onepassword_connect import Document
from tokenbroker.sinks.onepassword_failure import Failure, Gate

_SCRIPT: Final = Path(__file__).with_name("onepassword_process.py")
_START_S: Final = 30.0
"""How long a machine under load may take to start Python; nothing is asked of the service meanwhile."""


class SdkClient:
    """A service account's way to 1Password; threads may share it, and take turns."""

    server: Final = "1Password"
    place: Final = "service account"

    def __init__(self, *, token: Secret, timeout_s: float, gate: Gate) -> None:
        self._token = token
        self._timeout_s = timeout_s
        self._gate = gate
        self._turn = threading.Lock()
        self._running: _Running | None = None

    def vaults(self) -> list[Document] | Failure:
        return self._ask("vaults")  # type: ignore[no-any-return]  # the process answers in these shapes

    def items(self, vault: str, title: str | None = None) -> list[Document] | Failure:
        return self._ask("items", vault=vault)  # type: ignore[no-any-return]

    def read(self, vault: str, item: str) -> Document | Failure:
        return self._ask("read", vault=vault, item=item)  # type: ignore[no-any-return]

    def create(self, vault: str, document: Document) -> Document | Failure:
        return self._ask("create", vault=vault, document=document)  # type: ignore[no-any-return]

    def replace(self, vault: str, document: Document) -> Document | Failure:
        return self._ask("replace", vault=vault, document=document)  # type: ignore[no-any-return]

    def delete(self, vault: str, item: str) -> Document | Failure:
        return self._ask("delete", vault=vault, item=item)  # type: ignore[no-any-return]

    def end(self) -> None:
        """End the process, if there is one; the next question starts another."""
        with self._turn:
            self._end()

    @property
    def pid(self) -> int | None:
        """The process, if one runs."""
        return self._running.process.pid if self._running else None

    def _ask(self, do: str, **fields: Any) -> Any:
        with self._turn:
            if self._gate.is_shut():
                return Failure.TOO_MANY_REQUESTS
            answer = self._asked({"do": do, **fields})
            if answer in (Failure.TIMEOUT, Failure.ENDED):
                self._end()
            if answer is Failure.TOO_MANY_REQUESTS:
                self._gate.shut()
            return answer

    def _asked(self, question: dict[str, Any]) -> Any:
        if self._running is None:
            self._running = _Running()
            start = {"token": self._token.reveal(), "timeout_s": self._timeout_s}
            if isinstance(self._running.told(start, within_s=_START_S), Failure):
                return Failure.ENDED
        told = self._running.told(question, within_s=self._timeout_s)
        if isinstance(told, Failure):
            return told
        return Failure(told["failure"]) if "failure" in told else told["answer"]

    def _end(self) -> None:
        if self._running is not None:
            self._running.end()
            self._running = None


class _Running:
    """One process, and the socket to it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                # Isolated: neither variables nor the folder that we are in change what it imports.
                [sys.executable, "-I", str(_SCRIPT), str(theirs.fileno())],
                env={},
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
