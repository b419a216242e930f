"""Secrets that were given by environment variables; read only.

The rule of names: the prefix, then the path in capitals, with each character that is not a letter A to Z or
a digit as ``_``. So ``example.password`` and ``example/password`` are both
``TOKENBROKER_SECRET_EXAMPLE_PASSWORD``.
"""

import builtins
import re
from collections.abc import Mapping, MutableMapping
from typing import NoReturn

from tokenbroker.clock import Clock, system_clock
from tokenbroker.errors import SecretAccessDenied, SecretNotFound
from tokenbroker.secret import Secret
from tokenbroker.settings import SECRET_PREFIX, SinkSettings
from tokenbroker.sinks.sink import Reference, Sink, SinkInputs, StoredSecret, fingerprint, service_of
from tokenbroker.store.audit_log import OK, AuditEntry, record
from tokenbroker.store.engine import Store

_OTHER = re.compile(r"[^A-Z0-9]")


def take_environment(environ: MutableMapping[str, str], prefix: str = SECRET_PREFIX) -> dict[str, Secret]:
    """Remove the variables that begin with `prefix` from `environ`, so that no child inherits them.

    Returns them by their whole names; empty ones are dropped.
    """
    taken = {name: environ.pop(name) for name in [*environ] if name.startswith(prefix)}
    return {name: Secret(value) for name, value in taken.items() if value}


def variable_for(path: str, prefix: str = SECRET_PREFIX) -> str:
    """The variable that holds the secret at `path`."""
    return prefix + _OTHER.sub("_", path.upper())


def open_env(alias: str, settings: SinkSettings, inputs: SinkInputs) -> "EnvSink":
    """The sink `alias` of kind ``env``, over the variables that begin with the settings' prefix."""
    return EnvSink(
        inputs.variables,
        name=alias,
        prefix=settings.prefix,
        store=inputs.store,
        fingerprint_key=inputs.custody.master_key.derive("fingerprint"),
        clock=inputs.clock,
    )


class EnvSink(Sink):
    """Secrets by variable name, as :func:`take_environment` returns them. Each has the version 1 only.

    `store` takes the audit rows; `fingerprint_key` is that of the other sinks: equal secrets then look equal.
    """

    writable = False

    def __init__(
        self,
        variables: Mapping[str, Secret],
        *,
        store: Store,
        fingerprint_key: bytes,
        name: str = "env",
        prefix: str = SECRET_PREFIX,
        clock: Clock = system_clock,
    ) -> None:
        self.name = name
        self._prefix = prefix
        self._variables = {key: value for key, value in variables.items() if key.startswith(prefix)}
        self._store = store
        self._fingerprint_key = fingerprint_key
        self._clock = clock

    def probe(self) -> None:
        self._refuse()

    def put(self, path: str, secret: Secret, *, put_id: str, actor: str) -> Reference:
        self._audit("set_token", path, actor, SecretAccessDenied.code)
        self._refuse()

    def get(self, path: str, *, version: int | None = None, actor: str) -> Secret:
        variable = variable_for(path, self._prefix)
        secret = self._variables.get(variable) if version in (None, 1) else None
        self._audit("get_token", path, actor, SecretNotFound.code if secret is None else OK)
        if secret is None:
            raise SecretNotFound(
                f"there is no secret at {self.name}:{path}", next_step=f"set the variable {variable}"
            )
        return secret

    def find(self, put_id: str) -> Reference | None:
        return None

    def list(self) -> builtins.list[StoredSecret]:
        """One entry a variable, under a path that leads to it: the name's end in small letters."""
        return [
            StoredSecret(
                path=name.removeprefix(self._prefix).lower(),
                version=1,
                fingerprint=fingerprint(self._fingerprint_key, secret),
                created_at=None,
            )
            for name, secret in sorted(self._variables.items())
        ]

    def remove(self, path: str, *, actor: str) -> int:
        self._audit("delete_token", path, actor, SecretAccessDenied.code)
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise SecretAccessDenied(
            f"the sink '{self.name}' is read only: its secrets are environment variables",
            next_step='let the settings name a sink that can be written, such as type = "local"',
        )

    def _audit(self, action: str, path: str, actor: str, result: str) -> None:
        entry = AuditEntry(
            service_id=service_of(path), action=action, actor=actor, key=f"{self.name}:{path}", result=result
        )
        record(self._store, entry, at=self._clock())
