"""Bitwarden's password manager by the vendor's program `bw`.

Each secret is a login of its own, called by its path; its versions are kept in hidden fields
(:mod:`tokenbroker.sinks.items`).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar

from tokenbroker.errors import SettingsError
from tokenbroker.secret import Secret
from tokenbroker.settings import BITWARDEN_PREFIX, SinkSettings
from tokenbroker.sinks.bitwarden_client import BitwardenClient, BitwardenSession, find_command
from tokenbroker.sinks.bitwarden_process import VENDORS_ADDRESS, BitwardenAccount, BitwardenServer
from tokenbroker.sinks.bitwarden_vault import BitwardenVault
from tokenbroker.sinks.credentials import credential, nothing_given
from tokenbroker.sinks.items import ItemPlace
from tokenbroker.sinks.place import Place
from tokenbroker.sinks.remote import RemoteSink
from tokenbroker.sinks.sink import SinkInputs

_NAME_MAX = 600
"""How many bytes a name may have, so that it is short enough encrypted."""

OpenVault = Callable[[BitwardenSession], BitwardenVault]


def open_bitwarden_cli(alias: str, settings: SinkSettings, inputs: SinkInputs) -> "BitwardenSink":
    """The sink `alias` of kind ``bitwarden`` with ``client = "cli"``; nothing is started yet.

    Raises:
        SecretAccessDenied: the environment gave no credentials.
        SettingsError: there is no program `bw`, or no file of certificates.
    """
    if settings.ca_file is not None and not settings.ca_file.is_file():
        raise SettingsError(f"sinks.{alias}.ca_file names {settings.ca_file}, which is not a file")
    server = BitwardenServer(
        address=settings.address or VENDORS_ADDRESS,
        command=find_command(settings.command),
        ca_file=settings.ca_file,
        timeout_s=settings.timeout_s,
    )
    client = BitwardenClient(server, account_of(alias, inputs))
    return BitwardenSink(name=alias, client=client, settings=settings, inputs=inputs)


class BitwardenSink(RemoteSink):
    """Secrets in a vault of Bitwarden's."""

    vendor: ClassVar = "Bitwarden"
    path_rule: ClassVar = "no part of it empty, and not very long"
    own_field: ClassVar = "password"

    def __init__(
        self, *, name: str, client: BitwardenClient, settings: SinkSettings, inputs: SinkInputs
    ) -> None:
        parts = (client.server.address, settings.organization_id or "", settings.collection_id or "")
        server = f"Bitwarden at {client.server.address}"
        super().__init__(name=name, server=server, place="\n".join(parts), inputs=inputs)
        self.client = client
        self._settings = settings

    @contextmanager
    def _talk(self) -> Iterator[Place]:
        with self.client.talk() as session:
            yield ItemPlace(self._vault(session), clock=self._clock)

    def _takes(self, path: str) -> bool:
        return all(path.split("/")) and len(path.encode()) <= _NAME_MAX

    def _vault(self, session: BitwardenSession) -> BitwardenVault:
        return BitwardenVault(
            session,
            server=self.server,
            address=self.client.server.address,
            clock=self._clock,
            organization_id=self._settings.organization_id,
            collection_id=self._settings.collection_id,
        )


def account_of(alias: str, inputs: SinkInputs) -> BitwardenAccount:
    """How the sink `alias` signs in, with what the environment gave.

    Raises:
        SecretAccessDenied: something is missing.
    """
    given = {
        what: _given(what, alias, inputs, other)
        for what, other in (
            ("PASSWORD", "BW_PASSWORD"),
            ("CLIENT_ID", "BW_CLIENTID"),
            ("CLIENT_SECRET", "BW_CLIENTSECRET"),
            ("EMAIL", ""),
        )
    }
    wanted = ("CLIENT_ID", "CLIENT_SECRET") if given["EMAIL"] is None else ()
    missing = [what for what in ("PASSWORD", *wanted) if given[what] is None]
    password = given["PASSWORD"]
    if missing or password is None:
        raise nothing_given("Bitwarden", BITWARDEN_PREFIX, alias, missing)
    return BitwardenAccount(
        password=password,
        client_id=given["CLIENT_ID"],
        client_secret=given["CLIENT_SECRET"],
        email=given["EMAIL"],
    )


def _given(what: str, alias: str, inputs: SinkInputs, *others: str) -> Secret | None:
    found = credential(what, BITWARDEN_PREFIX, alias, inputs.variables, *filter(None, others))
    return found[1] if found else None
