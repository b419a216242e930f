"""Bitwarden Secrets Manager, by the vendor's SDK in a process of its own.

A secret's key is the path, its value the newest one; the note holds the history and the older values, encrypted like
the value. The server takes any update, so writers take turns (:mod:`tokenbroker.sinks.secrets_manager_claim`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import ClassVar

from tokenbroker.errors import SettingsError
from tokenbroker.settings import BITWARDEN_PREFIX, SinkSettings
from tokenbroker.sinks.credentials import needed
from tokenbroker.sinks.items import ItemPlace
from tokenbroker.sinks.place import Place
from tokenbroker.sinks.remote import RemoteSink
from tokenbroker.sinks.secrets_manager_sdk import Access
from tokenbroker.sinks.secrets_manager_vault import VALUE, SecretsManagerVault, is_path
from tokenbroker.sinks.sink import SinkInputs

CLOUD = "https://vault.bitwarden.com"


def open_secrets_manager(alias: str, settings: SinkSettings, inputs: SinkInputs) -> "SecretsManagerSink":
    """The sink `alias` in Secrets Manager; no process is started yet.

    Raises:
        SecretAccessDenied: the environment gave no access token.
        SettingsError: the SDK is not installed, or the file of certificates is not there.
    """
    if find_spec("bitwarden_sdk") is None:
        raise SettingsError(
            f"the sink '{alias}' needs Bitwarden's SDK, which is not installed",
            next_step="pip install 'tokenbroker[bitwarden]', after reading its licence",
        )
    if settings.ca_file is not None and not settings.ca_file.is_file():
        raise SettingsError(f"sinks.{alias}.ca_file names {settings.ca_file}, which is not a file")
    given = needed(
        "Bitwarden Secrets Manager",
        BITWARDEN_PREFIX,
        alias,
        inputs.variables,
        ACCESS_TOKEN=["BWS_ACCESS_TOKEN"],
    )
    access = Access(
        address=settings.address or CLOUD,
        organization_id=settings.organization_id or "",  # never empty: the settings were validated
        project_id=settings.project_id or "",
        token=given["ACCESS_TOKEN"],
        ca_file=settings.ca_file,
        timeout_s=settings.timeout_s,
    )
    return SecretsManagerSink(name=alias, access=access, inputs=inputs)


class SecretsManagerSink(RemoteSink):
    """Secrets in one project of Secrets Manager."""

    vendor: ClassVar = "Bitwarden Secrets Manager"
    path_rule: ClassVar = "no space at its ends"
    own_field: ClassVar = VALUE

    def __init__(self, *, name: str, access: Access, inputs: SinkInputs) -> None:
        self.vault = SecretsManagerVault(access, clock=inputs.clock)
        place = "\n".join((access.address, access.organization_id, access.project_id))
        super().__init__(name=name, server=self.vault.server, place=place, inputs=inputs)

    @contextmanager
    def _talk(self) -> Iterator[Place]:
        yield ItemPlace(self.vault, clock=self._clock)

    def _takes(self, path: str) -> bool:
        return is_path(path)
