"""Our side of the process that Bitwarden's SDK runs in: started when it is first needed, and ended with us."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tokenbroker.secret import Secret
from tokenbroker.sinks.sdk_process import START_S, Lost, SdkProcess
from tokenbroker.sinks.secrets_manager_failure import Failure

_SCRIPT: Final = Path(__file__).with_name("secrets_manager_process.py")


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
        self._running: SdkProcess | None = None

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
            ca_file = self._access.ca_file
            try:
                self._running = SdkProcess(_SCRIPT, {"SSL_CERT_FILE": str(ca_file)} if ca_file else {})
            except OSError:
                return Failure.ENDED
            if isinstance(self._running.told(self._start(), within_s=START_S), Lost):
                return Failure.ENDED
        told = self._running.told(question, within_s=self._access.timeout_s)
        if isinstance(told, Lost):
            return Failure(told.value)
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
