"""The settings of sinks and of the store: where secrets rest."""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from tokenbroker.settings.contradictions import CLIENTS, UUID, contradictions
from tokenbroker.settings.origins import is_loopback, origin_of
from tokenbroker.settings.postgres_url import checked_postgres_url
from tokenbroker.settings.variables import SECRET_PREFIX

_Uuid = Annotated[str, Field(pattern=UUID), AfterValidator(str.lower)]
"""An id as servers spell it: it is compared with theirs to the letter."""
_SEGMENTS = r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*"


LONGEST_CACHE_S = 300.0
_DEFAULTS = {"infisical": {"address": "https://app.infisical.com", "auth": "universal"}}
"""What a kind has instead of the defaults below."""
_SPELT = {"1password": "onepassword"}


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
    return value.lower() if re.fullmatch(UUID, value) else value


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
        return of_its_kind(given)

    @model_validator(mode="after")
    def _does_not_contradict_itself(self) -> Self:
        if told := contradictions(self):
            raise ValueError("\n".join(told))
        return self


def of_its_kind(given: Any) -> Any:
    """`given`, one sink of the settings, with what its kind has instead of the defaults."""
    named = given.get("type") if isinstance(given, Mapping) else None
    if not isinstance(named, str):
        return given
    kind = _SPELT.get(named, named)
    client = {"client": CLIENTS[kind][0]} if kind in CLIENTS else {}
    return {**_DEFAULTS.get(kind, {}), **client, **given, "type": kind}


def hidden(given: Any, wrong: AbstractSet[str]) -> list[str]:
    """In what the sink `given` contradicts itself though its settings `wrong` are no good each: pydantic looks at what
    stands beside each other only where there are none of those."""
    if not isinstance(given, Mapping) or "type" in wrong:
        return []
    known = {name: value for name, value in of_its_kind(given).items() if name in SinkSettings.model_fields}
    return contradictions(SinkSettings.model_construct(**known), wrong)


class StoreSettings(Part):
    """Where the store of this home is, which holds jobs, the audit log and the sink ``local``."""

    url: Annotated[str | None, AfterValidator(checked_postgres_url)] = Field(
        default=None, description="a PostgreSQL database, without a password; default: a file in the home"
    )
    ca_file: Path | None = Field(default=None, description="certificates to trust instead")
    timeout_s: float = Field(default=10, gt=0, le=300, description="how long an answer may take")


def checked_sinks(value: dict[str, SinkSettings]) -> dict[str, SinkSettings]:
    if told := misnamed({name: sink.type for name, sink in value.items()}):
        raise ValueError("\n".join(told))
    return value


def misnamed(types: Mapping[str, object]) -> list[str]:
    """What is wrong with the names of sinks of these `types`, a sentence each."""
    told = [
        f"'{name}' is always of the type {name}; give the other sink a name of its own"
        for name in ("local", "env")
        if types.get(name, name) != name
    ]
    if types.get("store") == "postgres":
        told.append("'store' is the store's own name among the credentials; give the sink another one")
    return told
