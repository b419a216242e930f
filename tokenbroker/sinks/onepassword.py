"""1Password, by the vendor's SDK and a service account, or by a Connect server of one's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib.util import find_spec
from typing import ClassVar, Final

from tokenbroker.errors import SecretAccessDenied, SettingsError
from tokenbroker.secret import Secret
from tokenbroker.settings import ONEPASSWORD_PREFIX, SinkSettings
from tokenbroker.sinks.credentials import needed
from tokenbroker.sinks.items import ItemPlace
from tokenbroker.sinks.onepassword_connect import Client, ConnectClient
from tokenbroker.sinks.onepassword_failure import Gate
from tokenbroker.sinks.onepassword_items import CREDENTIAL
from tokenbroker.sinks.onepassword_sdk import SdkClient
from tokenbroker.sinks.onepassword_vault import OnePasswordVault, is_path
from tokenbroker.sinks.place import Place, Put, Record
from tokenbroker.sinks.remote import RemoteSink
from tokenbroker.sinks.sink import Reference, SinkInputs

ABSENT_S: Final = 30.0
"""How long a path that isn't there is not asked for again."""
_ABSENT_MAX: Final = 1024


def open_onepassword(alias: str, settings: SinkSettings, inputs: SinkInputs) -> "OnePasswordSink":
    """The sink `alias` of kind ``onepassword``; nothing is asked, and no process is started, yet.

    Raises:
        SecretAccessDenied: the environment gave no token.
        SettingsError: the SDK is not installed, or the file of certificates is not there.
    """
    if settings.ca_file is not None and not settings.ca_file.is_file():
        raise SettingsError(f"sinks.{alias}.ca_file names {settings.ca_file}, which is not a file")
    gate = Gate(clock=inputs.clock)
    client: Client
    if settings.client == "connect":
        client = ConnectClient(
            address=settings.address or "",  # never empty: the settings were validated
            token=_token(alias, inputs, "OP_CONNECT_TOKEN"),
            ca_file=settings.ca_file,
            timeout_s=settings.timeout_s,
            gate=gate,
        )
    else:
        if find_spec("onepassword") is None:
            raise SettingsError(
                f"the sink '{alias}' needs 1Password's SDK, which is not installed",
                next_step="pip install 'tokenbroker[onepassword]'",
            )
        client = SdkClient(
            token=_token(alias, inputs, "OP_SERVICE_ACCOUNT_TOKEN"), timeout_s=settings.timeout_s, gate=gate
        )
    return OnePasswordSink(name=alias, client=client, vault=settings.vault or "", inputs=inputs)


class OnePasswordSink(RemoteSink):
    """Secrets in one vault of 1Password; ``op://vault/item/[section/]field`` is read wherever it is."""

    vendor: ClassVar = "1Password"
    path_rule: ClassVar = "no space at its ends, and not a reference op://"
    own_field: ClassVar = CREDENTIAL

    def __init__(self, *, name: str, client: Client, vault: str, inputs: SinkInputs) -> None:
        self.vault = OnePasswordVault(client, vault)
        self._absent: dict[str, datetime] = {}
        super().__init__(
            name=name, server=client.server, place=f"1password\n{client.place}\n{vault}", inputs=inputs
        )

    @contextmanager
    def _talk(self) -> Iterator[Place]:
        yield ItemPlace(self.vault, clock=self._clock)

    def _takes(self, path: str) -> bool:
        return is_path(path)

    def _found(self, path: str, version: int | None) -> Record | None:
        since = self._absent.get(path)
        if since is not None and timedelta() <= self._clock() - since < timedelta(seconds=ABSENT_S):
            return None
        asked_at = self._clock()
        reference = parts_of(path)
        found = self._referred(reference, version) if reference else super()._found(path, version)
        # Only where there is nothing at all: a version or a field that is missing says nothing of the rest.
        if found is None and version is None:
            if len(self._absent) >= _ABSENT_MAX:
                self._absent.clear()
            self._absent[path] = asked_at
        return found

    def _referred(self, reference: tuple[str, str, str], version: int | None) -> Record | None:
        vault, title, field = reference
        item = self.vault.elsewhere(vault, title)
        if item is None or version is not None:
            return None
        if field in item.one_time:
            raise SecretAccessDenied(
                f"the field '{field}' of '{title}' in 1Password makes one-time codes",
                next_step="let the person answer for the code: a step wait_human asks for it",
            )
        return Record(version=1, created=item.revision, secret=item.fields.get(field), put_id="")

    def _put(self, put: Put, actor: str) -> Reference:
        try:
            return super()._put(put, actor)
        finally:
            self._absent.clear()


def parts_of(path: str) -> tuple[str, str, str] | None:
    """The vault, the item and the field of ``op://vault/item/[section/]field``, or None if `path` is something else.

    Its scheme may be missing: in a flow's ``op://…`` it is the name of the sink.
    https://developer.1password.com/docs/cli/secret-reference-syntax
    """
    if not path.startswith(("op://", "//")):
        return None
    parts = path.partition("//")[2].split("/")
    if len(parts) not in (3, 4) or not all(parts):
        return None
    return parts[0], parts[1], ".".join(parts[2:])


def _token(alias: str, inputs: SinkInputs, other: str) -> Secret:
    return needed("1Password", ONEPASSWORD_PREFIX, alias, inputs.variables, TOKEN=[other])["TOKEN"]
