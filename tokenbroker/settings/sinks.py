"""The settings of sinks and of the store: where secrets rest."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from tokenbroker.settings.origins import is_loopback, origin_of
from tokenbroker.settings.postgres_url import checked_postgres_url
from tokenbroker.settings.variables import SECRET_PREFIX, VAULT_ADDRESS

_UUID = r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"
_Uuid = Annotated[str, Field(pattern=_UUID), AfterValidator(str.lower)]
"""An id as servers spell it: it is compared with theirs to the letter."""
_SEGMENTS = r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*"


LONGEST_CACHE_S = 300.0
_WAYS = {"vault": ("token", "approle"), "infisical": ("universal", "token")}
_DEFAULTS = {"infisical": {"address": "https://app.infisical.com", "auth": "universal"}}
"""What a kind has instead of the defaults below."""
_CLIENTS = {"bitwarden": ("cli", "secrets_manager"), "onepassword": ("service_account", "connect")}
"""The clients of the kinds that have several; the first is the default."""
_SPELT = {"1password": "onepassword"}
_VAULT, _INFISICAL = {"type": "vault"}, {"type": "infisical"}
_BITWARDEN, _ONEPASSWORD = {"type": "bitwarden"}, {"type": "onepassword"}
_CLI = {**_BITWARDEN, "client": "cli"}
_SECRETS_MANAGER = {**_BITWARDEN, "client": "secrets_manager"}
_CONNECT = {**_ONEPASSWORD, "client": "connect"}
_POSTGRES = {"type": "postgres"}
_BELONGS: dict[str, tuple[dict[str, str], ...]] = {
    "prefix": ({"type": "env"},),
    "address": (_VAULT, _BITWARDEN, _INFISICAL, _CONNECT),
    "url": (_POSTGRES,),
    "mount": (_VAULT,),
    "namespace": (_VAULT,),
    "path_prefix": (_VAULT, _INFISICAL),
    "auth": (_VAULT, _INFISICAL),
    "auth_mount": ({**_VAULT, "auth": "approle"},),
    "client": (_BITWARDEN, _ONEPASSWORD),
    "vault": (_ONEPASSWORD,),
    "command": (_CLI,),
    "organization_id": (_BITWARDEN,),
    "collection_id": (_CLI,),
    "ca_file": (_POSTGRES, _VAULT, _BITWARDEN, _INFISICAL, _CONNECT),
    "timeout_s": (_POSTGRES, _VAULT, _BITWARDEN, _INFISICAL, _ONEPASSWORD),
    "project_id": (_SECRETS_MANAGER, _INFISICAL),
    "environment": (_INFISICAL,),
    "cache_s": (_INFISICAL,),
}
"""To which sinks a setting means something, by what those have set."""


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _server(value: str | None) -> str | None:
    if value is None:
        return None
    if any(sign in value for sign in "@?#"):
        raise ValueError("an address holds no user, query or fragment: credentials come by environment")
    try:
        origin = origin_of(value)
    except ValueError:
        raise ValueError("an address is a URL such as https://vault.example.com:8200") from None
    if origin.startswith("http:") and not is_loopback(origin):
        raise ValueError("plain http would show secrets to the network; use https")
    return value.rstrip("/")


def _id(value: str) -> str:
    return value.lower() if re.fullmatch(_UUID, value) else value


class SinkSettings(Part):
    """One alias under ``[sinks.NAME]``: which kind of store stands behind the name."""

    type: Literal["local", "env", "postgres", "vault", "bitwarden", "infisical", "onepassword"]
    prefix: str = Field(
        default=SECRET_PREFIX,
        # All variables that begin with it leave the environment: a short one would take PATH and HOME along.
        pattern=r"^[A-Z][A-Z0-9_]{2,}$",
        description="env only: what its variables' names begin with",
    )
    address: Annotated[str | None, AfterValidator(_server)] = Field(
        default=None, description="vault, bitwarden, infisical and onepassword: the server's URL"
    )
    url: Annotated[str | None, AfterValidator(checked_postgres_url)] = Field(
        default=None, description="postgres only: the database, without a password"
    )
    mount: str = Field(
        default="secret", pattern=f"^{_SEGMENTS}$", description="vault only: where the KV engine is mounted"
    )
    namespace: str | None = Field(default=None, pattern=f"^{_SEGMENTS}$", description="vault only")
    path_prefix: str = Field(
        default="tokenbroker",
        pattern=f"^({_SEGMENTS})?$",
        description="vault and infisical: the folder below which all paths lie",
    )
    auth: Literal["token", "approle", "universal"] = Field(
        default="token", description="vault and infisical: how to sign in"
    )
    auth_mount: str = Field(
        default="approle", pattern=f"^{_SEGMENTS}$", description="vault only: where AppRole is mounted"
    )
    client: str | None = Field(
        default=None,
        description="bitwarden: cli or secrets_manager; onepassword: service_account or connect",
    )
    vault: str | None = Field(
        default=None, min_length=1, max_length=255, description="onepassword only: the vault, by name or id"
    )
    command: str | None = Field(
        default=None, description="bitwarden only, with client = cli: the program bw; default: on the PATH"
    )
    organization_id: _Uuid | None = Field(
        default=None, description="bitwarden only: whose items are used; default: one's own"
    )
    collection_id: _Uuid | None = Field(
        default=None, description="bitwarden only: the collection of the organization"
    )
    ca_file: Path | None = Field(
        default=None, description="all but local and env: certificates to trust instead"
    )
    timeout_s: float = Field(
        default=10, gt=0, le=300, description="all but local and env: how long an answer may take"
    )

    project_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$"), AfterValidator(_id)] | None = Field(
        default=None,
        description="infisical, and bitwarden in Secrets Manager: the project that all secrets lie in",
    )
    environment: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9][a-z0-9-]{0,63}$",
        description="infisical only: its slug, such as prod",
    )
    cache_s: float = Field(
        default=LONGEST_CACHE_S,
        ge=0,
        le=LONGEST_CACHE_S,
        description="infisical only: how long a read is answered from memory; 0: never",
    )

    @model_validator(mode="before")
    @classmethod
    def _of_its_kind(cls, given: Any) -> Any:
        named = given.get("type") if isinstance(given, Mapping) else None
        if not isinstance(named, str):
            return given
        kind = _SPELT.get(named, named)
        client = {"client": _CLIENTS[kind][0]} if kind in _CLIENTS else {}
        return {**_DEFAULTS.get(kind, {}), **client, **given, "type": kind}

    @model_validator(mode="after")
    def _signs_in_as_its_kind_does(self) -> Self:
        ways = _WAYS.get(self.type, ())
        if ways and self.auth not in ways:
            raise ValueError(f"a sink of type {self.type} signs in with auth = {' or '.join(ways)}")
        missing = [name for name in ("project_id", "environment") if not getattr(self, name)]
        if self.type == "infisical" and missing:
            raise ValueError(f"a sink of type infisical needs {' and '.join(missing)}")
        return self

    @model_validator(mode="after")
    def _has_a_client(self) -> Self:
        clients = _CLIENTS.get(self.type, ())
        if clients and self.client not in clients:
            raise ValueError(f"a sink of type {self.type} has a client: {' or '.join(clients)}")
        if self.type == "onepassword" and self.vault is None:
            raise ValueError("a sink of type onepassword needs a vault")
        if self.type == "onepassword" and self.client == "connect" and self.address is None:
            raise ValueError("a sink in 1Password Connect needs an address")
        return self

    @model_validator(mode="after")
    def _has_nothing_that_is_anothers(self) -> Self:
        strange = [name for name in self.model_fields_set & _BELONGS.keys() if not self._may_have(name)]
        if strange:
            raise ValueError(
                "; ".join(f"{name} means nothing here, but to {_owners(name)}" for name in sorted(strange))
            )
        return self

    def _may_have(self, name: str) -> bool:
        if getattr(self, name) is None:
            return True
        owners = _BELONGS[name]
        return any(all(getattr(self, key) == value for key, value in owner.items()) for owner in owners)

    @model_validator(mode="after")
    def _has_a_server(self) -> Self:
        if self.type == "vault" and self.address is None:
            raise ValueError(f"a sink of type vault needs an address (or the variable {VAULT_ADDRESS})")
        if self.type == "bitwarden" and (self.address or "https:").startswith("http:"):
            raise ValueError("Bitwarden's clients speak https only")
        if self.collection_id is not None and self.organization_id is None:
            raise ValueError("a collection_id needs the organization_id of its organization")
        if self.type == "bitwarden" and self.client == "secrets_manager":
            if self.organization_id is None or self.project_id is None:
                raise ValueError("a sink in Secrets Manager needs an organization_id and a project_id")
            if not re.fullmatch(_UUID, self.project_id):
                raise ValueError("the project_id of Secrets Manager is a UUID")
        return self


def _owners(name: str) -> str:
    told = (" and ".join(f'{key} = "{value}"' for key, value in owner.items()) for owner in _BELONGS[name])
    return f"a sink with {', or '.join(told)}"


class StoreSettings(Part):
    """Where the store of this home is, which holds jobs, the audit log and the sink ``local``."""

    url: Annotated[str | None, AfterValidator(checked_postgres_url)] = Field(
        default=None, description="a PostgreSQL database, without a password; default: a file in the home"
    )
    ca_file: Path | None = Field(default=None, description="certificates to trust instead")
    timeout_s: float = Field(default=10, gt=0, le=300, description="how long an answer may take")


def checked_sinks(value: dict[str, SinkSettings]) -> dict[str, SinkSettings]:
    for name in ("local", "env"):
        if name in value and value[name].type != name:
            raise ValueError(f"'{name}' is always of the type {name}; give the other sink a name of its own")
    if "store" in value and value["store"].type == "postgres":
        raise ValueError("'store' is the store's own name among the credentials; give the sink another one")
    return value
