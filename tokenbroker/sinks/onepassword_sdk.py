"""Our side of the process that 1Password's SDK runs in: started when it is first needed, and ended with us."""

import threading
from pathlib import Path
from typing import Any, Final

from tokenbroker.secret import Secret
from tokenbroker.sinks.onepassword_connect import Document
from tokenbroker.sinks.onepassword_failure import Failure, Gate
from tokenbroker.sinks.sdk_process import START_S, Lost, SdkProcess

_SCRIPT: Final = Path(__file__).with_name("onepassword_process.py")


class SdkClient:
    """A service account's way to 1Password; threads may share it, and take turns."""

    server: Final = "1Password"
    place: Final = "service account"

    def __init__(self, *, token: Secret, timeout_s: float, gate: Gate) -> None:
        self._token = token
        self._timeout_s = timeout_s
        self._gate = gate
        self._turn = threading.Lock()
        self._running: SdkProcess | None = None

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
            try:
                self._running = SdkProcess(_SCRIPT, {})
            except OSError:
                return Failure.ENDED
            start = {"token": self._token.reveal(), "timeout_s": self._timeout_s}
            if isinstance(self._running.told(start, within_s=START_S), Lost):
                return Failure.ENDED
        told = self._running.told(question, within_s=self._timeout_s)
        if isinstance(told, Lost):
            return Failure(told.value)
        return Failure(told["failure"]) if "failure" in told else told["answer"]

    def _end(self) -> None:
        if self._running is not None:
            self._running.end()
            self._running = None
