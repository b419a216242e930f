"""1Password Connect, by its REST API, which those who run it have on their own machines.

https://developer.1password.com/docs/connect/api-reference
"""

import ssl
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import certifi
import httpx2

from tokenbroker.secret import Secret
from tokenbroker.sinks.onepassword_failure import Failure, Gate, attempt

Document = dict[str, Any]
"""An item as Connect's API has it (its schema ``FullItem``)."""


class Client(Protocol):
    """How the items of vaults are asked for; each answer may be a :class:`Failure`. Threads may share it."""

    @property
    def server(self) -> str:
        """What it is called in a sentence."""

    @property
    def place(self) -> str:
        """Where it leads, without a credential."""

    def vaults(self) -> list[Document] | Failure:
        """Those that the token may use, each with ``id`` and ``name``."""

    def items(self, vault: str, title: str | None = None) -> list[Document] | Failure:
        """The items of a vault in short; with a `title` those that have it, and perhaps others."""

    def read(self, vault: str, item: str) -> Document | Failure:
        """One item, whole."""

    def create(self, vault: str, document: Document) -> Document | Failure:
        """A new item, as it is stored."""

    def replace(self, vault: str, document: Document) -> Document | Failure:
        """The item after it was replaced; CONFLICT where its ``version`` is not the newest, and that is noticed."""

    def delete(self, vault: str, item: str) -> Document | Failure:
        """Nothing, or why the item was not deleted."""


@dataclass(kw_only=True)
class ConnectClient:
    """One Connect server.

    Attributes:
        address: its URL; plain http only on this machine.
        ca_file: the certificates that are trusted instead of the public ones.
        timeout_s: how long connecting, and each wait for the answer, may take.
    """

    address: str
    token: Secret
    ca_file: Path | None
    timeout_s: float
    gate: Gate

    @property
    def server(self) -> str:
        return f"1Password Connect at {self.address}"

    @property
    def place(self) -> str:
        return self.address

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        """Read from the disk once, which takes longer than a request."""
        if not self.address.startswith("https:"):
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody
        return ssl.create_default_context(cafile=str(self.ca_file or certifi.where()))

    def vaults(self) -> list[Document] | Failure:
        return _listed(self._ask("GET", "/v1/vaults"), "name")

    def items(self, vault: str, title: str | None = None) -> list[Document] | Failure:
        # How a quote in a filter is written is not published: then all of them come.
        plain = title is not None and not set('"\\') & set(title)
        query = {"filter": f'title eq "{title}"'} if plain else None
        return _listed(self._ask("GET", f"/v1/vaults/{vault}/items", query=query), "title")

    def read(self, vault: str, item: str) -> Document | Failure:
        return _item(self._ask("GET", f"/v1/vaults/{vault}/items/{item}"))

    def create(self, vault: str, document: Document) -> Document | Failure:
        body = {**document, "vault": {"id": vault}}
        return _item(self._ask("POST", f"/v1/vaults/{vault}/items", body=body))

    def replace(self, vault: str, document: Document) -> Document | Failure:
        return _item(self._ask("PUT", f"/v1/vaults/{vault}/items/{document['id']}", body=document))

    def delete(self, vault: str, item: str) -> Document | Failure:
        answer = self._ask("DELETE", f"/v1/vaults/{vault}/items/{item}")
        return answer if isinstance(answer, Failure) else {}

    def _ask(
        self, method: str, path: str, *, query: dict[str, str] | None = None, body: Document | None = None
    ) -> Any:
        """A GET is made once more where its answer was cut off."""
        answer = self._send(method, path, query, body)
        if answer is Failure.CUT_OFF and method == "GET":
            answer = self._send(method, path, query, body)
        return answer

    def _send(self, method: str, path: str, query: dict[str, str] | None, body: Document | None) -> Any:
        if self.gate.is_shut():
            return Failure.TOO_MANY_REQUESTS

        def call() -> httpx2.Response:
            shown = {"Authorization": f"Bearer {self.token.reveal()}"}
            with httpx2.Client(
                base_url=self.address,
                verify=self._trust,
                timeout=self.timeout_s,
                # Of the environment nothing counts: a proxy, another CA bundle or a .netrc would get what is secret.
                trust_env=False,
                # A redirect would carry the token to whatever host it names.
                follow_redirects=False,
            ) as client:
                return client.request(method, path, params=query, json=body, headers=shown)

        answer, wait = attempt(call)
        if answer is Failure.TOO_MANY_REQUESTS:
            self.gate.shut(wait)
        return answer


def _listed(answer: Any, name: str) -> list[Document] | Failure:
    if isinstance(answer, Failure):
        return answer
    sound = isinstance(answer, list) and all(
        isinstance(each, dict) and isinstance(each.get("id"), str) and isinstance(each.get(name), str)
        for each in answer
    )
    return answer if sound else Failure.NOT_UNDERSTOOD


def _are_objects(told: Any) -> bool:
    return isinstance(told, list) and all(isinstance(each, dict) for each in told)


def _item(answer: Any) -> Document | Failure:
    if isinstance(answer, Failure):
        return answer
    if not isinstance(answer, dict) or not isinstance(answer.get("id"), str):
        return Failure.NOT_UNDERSTOOD
    fields, sections = answer.get("fields") or [], answer.get("sections") or []
    sound = (
        isinstance(answer.get("title"), str)
        and isinstance(answer.get("version"), int)
        and _are_objects(fields)
        and _are_objects(sections)
        and _are_objects([each["section"] for each in fields if each.get("section")])
    )
    return answer if sound else Failure.NOT_UNDERSTOOD
