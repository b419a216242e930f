"""One conversation with a Vault server: signing in, asking, and asking again where that is safe."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import hvac
import requests

from tokenbroker.secret import Secret
from tokenbroker.sinks.vault_failure import Failure, attempt, explain
from tokenbroker.sinks.vault_sign_in import SignIn

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True, slots=True)
class VaultServer:
    """Where a server is.

    Attributes:
        address: its URL; plain http only on this machine.
        ca_file: the certificates that are trusted instead of the public ones.
        timeout_s: how long connecting, and each wait for the answer, may take.
    """

    address: str
    namespace: str | None
    ca_file: Path | None
    timeout_s: float


class VaultSession:
    """An open conversation, of one thread. Made by :func:`talk`."""

    def __init__(self, client: hvac.Client, sign_in: SignIn, address: str) -> None:
        self._client = client
        self._address = address
        self._sign_in = sign_in
        self._shown: Secret | None = None

    def ask(self, call: Callable[[hvac.Client], _T], *, repeatable: bool = True) -> _T | Failure:
        """What `call` makes of the answer, or why there is none.

        A call that is `repeatable` is made once more where the answer was cut off. One that Vault refused for an
        expired token is made once more under a new one: it was not done.
        """
        refused = self._show_token()
        if refused is not None:
            return refused
        answer = attempt(call, self._client)
        if answer is Failure.CUT_OFF and repeatable:
            answer = attempt(call, self._client)
        return self._ask_anew(call) if answer is Failure.DENIED else answer

    def had(self, answer: _T | Failure) -> _T:
        """`answer`, if it is one.

        Raises:
            SecretNotFound, SecretAccessDenied, SecretTimeout, SecretUnavailable: it is a failure, of that class.
        """
        if isinstance(answer, Failure):
            raise explain(answer, self._address)
        return answer

    def _ask_anew(self, call: Callable[[hvac.Client], _T]) -> _T | Failure:
        if self._token_is_known() or self._shown is None:
            return Failure.DENIED
        if not self._sign_in.renews(self._shown):
            return Failure.TOKEN_REFUSED
        self._shown = None
        refused = self._show_token()
        return attempt(call, self._client) if refused is None else refused

    def _token_is_known(self) -> bool:
        """Whether the token still is one: Vault gives 403 for a dead token and for a narrow policy alike.

        https://developer.hashicorp.com/vault/api-docs/auth/token#lookup-a-token-self
        """
        return attempt(lambda client: client.auth.token.lookup_self(), self._client) is not Failure.DENIED

    def _show_token(self) -> Failure | None:
        if self._shown is not None:
            return None
        self._client.token = ""
        token = self._sign_in.token(self._client)
        if isinstance(token, Failure):
            return token
        self._client.token = token.reveal()
        self._shown = token
        return None


@contextmanager
def talk(server: VaultServer, sign_in: SignIn) -> Iterator[VaultSession]:
    """A conversation with `server`, whose connection and clear token are gone at the end."""
    with requests.Session() as http:
        # Of the environment nothing counts: a proxy, another CA bundle or a .netrc would get what is secret.
        http.trust_env = False
        http.verify = str(server.ca_file) if server.ca_file else True
        client = hvac.Client(
            url=server.address,
            token="",
            timeout=server.timeout_s,
            session=http,
            namespace=server.namespace,
            # A redirect would carry the token to whatever host it names.
            allow_redirects=False,
            # Not None, for which hvac would take a key from variables of the environment.
            cert=(),
        )
        try:
            yield VaultSession(client, sign_in, server.address)
        finally:
            client.token = ""
