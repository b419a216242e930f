"""Settings of one sink that are fine each and can't be together: all of them at once."""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from tokenbroker.settings.variables import VAULT_ADDRESS

if TYPE_CHECKING:  # which is checked by what is here
    from tokenbroker.settings.sinks import SinkSettings

UUID = r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"
_WAYS = {"vault": ("token", "approle"), "infisical": ("universal", "token")}
CLIENTS = {"bitwarden": ("cli", "secrets_manager"), "onepassword": ("service_account", "connect")}
"""The clients of the kinds that have several; the first is the default."""
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


def contradictions(sink: "SinkSettings", wrong: AbstractSet[str] = frozenset()) -> list[str]:
    """In what the settings of `sink` contradict each other, a sentence each.

    Those called `wrong` are no good by themselves: nothing is said that only follows from them.
    """
    clashes = [(name, sentence) for name, sentence in _clashes(sink) if name not in wrong]
    unsure = {*wrong, *(name for name, _ in clashes)}
    strange = sorted(
        name
        for name in (sink.model_fields_set & _BELONGS.keys()) - wrong
        if not _may_have(sink, name, unsure)
    )
    told = "; ".join(f"{name} means nothing here, but to {_owners(name)}" for name in strange)
    return [*([told] if told else []), *(sentence for name, sentence in clashes if name not in strange)]


def _clashes(sink: "SinkSettings") -> Iterator[tuple[str, str]]:
    """What doesn't go together, each with the setting that it is about."""
    ways, clients = _WAYS.get(sink.type, ()), CLIENTS.get(sink.type, ())
    if ways and sink.auth not in ways:
        yield "auth", f"a sink of type {sink.type} signs in with auth = {' or '.join(ways)}"
    if clients and sink.client not in clients:
        yield "client", f"a sink of type {sink.type} has a client: {' or '.join(clients)}"
    if sink.type == "vault" and sink.address is None:
        yield "address", f"a sink of type vault needs an address (or the variable {VAULT_ADDRESS})"
    if sink.type == "infisical":
        for name in ("project_id", "environment"):
            if not getattr(sink, name):
                yield name, f"a sink of type infisical needs {'an' if name[0] == 'e' else 'a'} {name}"
    if sink.type == "onepassword" and sink.vault is None:
        yield "vault", "a sink of type onepassword needs a vault"
    if sink.type == "onepassword" and sink.client == "connect" and sink.address is None:
        yield "address", "a sink in 1Password Connect needs an address"
    if sink.collection_id is not None and sink.organization_id is None:
        yield "collection_id", "a collection_id needs the organization_id of its organization"
    if sink.type == "bitwarden":
        yield from _clashes_in_bitwarden(sink)


def _clashes_in_bitwarden(sink: "SinkSettings") -> Iterator[tuple[str, str]]:
    if str(sink.address).startswith("http:"):
        yield "address", "Bitwarden's clients speak https only"
    if sink.client == "secrets_manager":
        missing = [name for name in ("organization_id", "project_id") if getattr(sink, name) is None]
        if missing:
            yield missing[0], "a sink in Secrets Manager needs an organization_id and a project_id"
        if sink.project_id is not None and not re.fullmatch(UUID, str(sink.project_id)):
            yield "project_id", "the project_id of Secrets Manager is a UUID"


def _may_have(sink: "SinkSettings", name: str, unsure: AbstractSet[str]) -> bool:
    """Whether the setting `name` means something to `sink`, of which what is `unsure` may be meant otherwise."""
    if getattr(sink, name) is None:
        return True
    return any(
        all(key in unsure or getattr(sink, key) == value for key, value in owner.items())
        for owner in _BELONGS[name]
    )


def _owners(name: str) -> str:
    told = (" and ".join(f'{key} = "{value}"' for key, value in owner.items()) for owner in _BELONGS[name])
    return f"a sink with {', or '.join(told)}"
