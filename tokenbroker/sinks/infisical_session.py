"""One conversation with an Infisical server: signing in, asking, and asking again where that is safe."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Protocol

import certifi
import httpx2

from tokenbroker.clock import Clock
from tokenbroker.secret import Secret
from tokenbroker.settings import INFISICAL_PREFIX, SinkSettings
from tokenbroker.sinks.credentials import needed
from tokenbroker.sinks.infisical_failure import Failure, attempt, explain
from tokenbroker.sinks.sink import SinkInputs

LOGIN: Final = "/api/v1/auth/universal-auth/login"
_LOGIN_REFUSALS = frozenset(
    {Failure.DENIED, Failure.TOKEN_REFUSED, Failure.MALFORMED, Failure.NOT_FOUND, Failure.CONFLICT}
)
_EARLY: Final = timedelta(seconds=30)
"""How long before its end a token is not used any more."""


@dataclass(frozen=True, kw_only=True)
class InfisicalServer:
    """Where a server is.

    Attributes:
        address: its URL; plain http only on this machine.
        ca_file: the certificates that are trusted instead of the public ones.
        timeout_s: how long connecting, and each wait for the answer, may take.
    """

    address: str
    ca_file: Path | None
    timeout_s: float

    @cached_property
    def trust(self) -> ssl.SSLContext:
        """What its certificate is verified by; read from the disk once, which takes longer than a request."""
        if not self.address.startswith("https:"):
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody
        return ssl.create_default_context(cafile=str(self.ca_file or certifi.where()))


class SignIn(Protocol):
    """How a sink comes by the token that it shows to Infisical."""

    def token(self, client: httpx2.Client) -> Secret | Failure:
        """The token to show; `client` may ask for it."""

    def renews(self, refused: Secret) -> bool:
        """Whether :meth:`token` can get another than `refused`, which Infisical doesn't take any more."""


class TokenSignIn:
    """A token that somebody gave."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def token(self, client: httpx2.Client) -> Secret | Failure:
        return self._token

    def renews(self, refused: Secret) -> bool:
        return False


class UniversalSignIn:
    """The token of a login, kept until shortly before it expires or until it is refused; `learn` is told each.

    https://infisical.com/docs/api-reference/endpoints/universal-auth/login
    """

    def __init__(
        self, *, client_id: Secret, client_secret: Secret, learn: Callable[[Secret], None], clock: Clock
    ) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._learn = learn
        self._clock = clock
        self._kept: tuple[Secret, datetime] | None = None
        # Threads that start together sign in once; a client secret may be good for a number of logins only.
        self._one_at_a_time = threading.Lock()

    def token(self, client: httpx2.Client) -> Secret | Failure:
        with self._one_at_a_time:
            if self._kept is not None and self._clock() < self._kept[1]:
                return self._kept[0]
            answer = attempt(lambda: self._log_in(client))
            if isinstance(answer, Failure):
                return Failure.LOGIN_REFUSED if answer in _LOGIN_REFUSALS else answer
            token, expires_in = answer.get("accessToken"), answer.get("expiresIn")
            if not isinstance(token, str) or not token or not isinstance(expires_in, int | float):
                return Failure.NOT_UNDERSTOOD
            secret = Secret(token)
            self._learn(secret)
            self._kept = secret, self._clock() + timedelta(seconds=expires_in) - _EARLY
            return secret

    def renews(self, refused: Secret) -> bool:
        with self._one_at_a_time:
            # Another thread may have signed in anew meanwhile; its token is as good.
            if self._kept is not None and self._kept[0] is refused:
                self._kept = None
        return True

    def _log_in(self, client: httpx2.Client) -> httpx2.Response:
        body = {"clientId": self._client_id.reveal(), "clientSecret": self._client_secret.reveal()}
        return client.post(LOGIN, json=body)


class InfisicalSession:
    """An open conversation, of one thread. Made by :func:`talk`."""

    def __init__(self, client: httpx2.Client, sign_in: SignIn, address: str) -> None:
        self._client = client
        self._sign_in = sign_in
        self._address = address

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
    ) -> dict[str, Any] | Failure:
        """The JSON of the answer, or why there is none.

        A GET is made once more where its answer was cut off. What was refused for its token is made once more under a
        new one: it was not done.
        """
        token = self._sign_in.token(self._client)
        if isinstance(token, Failure):
            return token
        answer = self._send(token, method, path, query, body)
        if answer is Failure.CUT_OFF and method == "GET":
            answer = self._send(token, method, path, query, body)
        if answer is not Failure.TOKEN_REFUSED or not self._sign_in.renews(token):
            return answer
        renewed = self._sign_in.token(self._client)
        return renewed if isinstance(renewed, Failure) else self._send(renewed, method, path, query, body)

    def told(self, answer: dict[str, Any] | Failure) -> dict[str, Any]:
        """`answer`, if it is one.

        Raises:
            SecretAccessDenied, SecretTimeout, SecretUnavailable: it is a failure, of that class.
        """
        if isinstance(answer, Failure):
            raise explain(answer, self._address)
        return answer

    def _send(
        self,
        token: Secret,
        method: str,
        path: str,
        query: dict[str, str] | None,
        body: dict[str, Any] | None,
    ) -> dict[str, Any] | Failure:
        def call() -> httpx2.Response:
            shown = {"Authorization": f"Bearer {token.reveal()}"}
            return self._client.request(method, path, params=query, json=body, headers=shown)

        return attempt(call)


@contextmanager
def talk(server: InfisicalServer, sign_in: SignIn) -> Iterator[InfisicalSession]:
    """A conversation with `server`, whose connection is gone at the end."""
    with httpx2.Client(
        base_url=server.address,
        verify=server.trust,
        timeout=server.timeout_s,
        # Of the environment nothing counts: a proxy, another CA bundle or a .netrc would get what is secret.
        trust_env=False,
        # A redirect would carry the token to whatever host it names.
        follow_redirects=False,
    ) as client:
        yield InfisicalSession(client, sign_in, server.address)


def sign_in_of(alias: str, settings: SinkSettings, inputs: SinkInputs) -> SignIn:
    """How the sink `alias` signs in, with what the environment gave.

    Raises:
        SecretAccessDenied: it did not give all.
    """
    asked = ("Infisical", INFISICAL_PREFIX, alias, inputs.variables)
    if settings.auth == "token":
        return TokenSignIn(needed(*asked, TOKEN=["INFISICAL_API_KEY", "INFISICAL_TOKEN"])["TOKEN"])
    given = needed(
        *asked,
        CLIENT_ID=["INFISICAL_UNIVERSAL_AUTH_CLIENT_ID"],
        CLIENT_SECRET=["INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET"],
    )
    return UniversalSignIn(
        client_id=given["CLIENT_ID"],
        client_secret=given["CLIENT_SECRET"],
        learn=inputs.learn,
        clock=inputs.clock,
    )
