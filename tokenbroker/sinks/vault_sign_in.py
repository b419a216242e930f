"""How a sink comes by the token that it shows to Vault."""

from collections.abc import Callable
from typing import Protocol

import hvac

from tokenbroker.secret import Secret
from tokenbroker.settings import VAULT_PREFIX, SinkSettings
from tokenbroker.sinks.credentials import needed
from tokenbroker.sinks.sink import SinkInputs
from tokenbroker.sinks.vault_failure import Failure, attempt

_LOGIN_REFUSALS = frozenset({Failure.DENIED, Failure.MALFORMED, Failure.NOT_FOUND, Failure.NO_ENGINE})


class SignIn(Protocol):
    """How a sink comes by the token that it shows to Vault."""

    def token(self, client: hvac.Client) -> Secret | Failure:
        """The token to show; `client` shows none, and may ask for it."""

    def renews(self, refused: Secret) -> bool:
        """Whether :meth:`token` can get another than `refused`, which Vault doesn't know any more."""


class TokenSignIn:
    """A token that somebody gave."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def token(self, client: hvac.Client) -> Secret | Failure:
        return self._token

    def renews(self, refused: Secret) -> bool:
        return False


class AppRoleSignIn:
    """The token of a login, kept until Vault refuses it; `learn` is told each.

    https://developer.hashicorp.com/vault/api-docs/auth/approle#login-with-approle
    """

    def __init__(
        self, *, mount: str, role_id: Secret, secret_id: Secret, learn: Callable[[Secret], None]
    ) -> None:
        self._mount = mount
        self._role_id = role_id
        self._secret_id = secret_id
        self._learn = learn
        self._token: Secret | None = None

    def token(self, client: hvac.Client) -> Secret | Failure:
        if self._token is not None:
            return self._token
        answer = attempt(self._log_in, client)
        if isinstance(answer, Failure):
            return Failure.LOGIN_REFUSED if answer in _LOGIN_REFUSALS else answer
        self._learn(answer)
        self._token = answer
        return answer

    def renews(self, refused: Secret) -> bool:
        # Another thread may have signed in anew meanwhile; its token is as good.
        if self._token is refused:
            self._token = None
        return True

    def _log_in(self, client: hvac.Client) -> Secret:
        answer = client.auth.approle.login(
            role_id=self._role_id.reveal(),
            secret_id=self._secret_id.reveal(),
            use_token=False,
            mount_point=self._mount,
        )
        return Secret(answer["auth"]["client_token"])


def sign_in_of(alias: str, settings: SinkSettings, inputs: SinkInputs) -> SignIn:
    """How the sink `alias` signs in, with what the environment gave.

    Raises:
        SecretAccessDenied: it did not give all.
    """
    asked = ("Vault", VAULT_PREFIX, alias, inputs.variables)
    if settings.auth == "token":
        return TokenSignIn(needed(*asked, TOKEN=["VAULT_TOKEN"])["TOKEN"])
    given = needed(*asked, ROLE_ID=[], SECRET_ID=[])
    return AppRoleSignIn(
        mount=settings.auth_mount,
        role_id=given["ROLE_ID"],
        secret_id=given["SECRET_ID"],
        learn=inputs.learn,
    )
