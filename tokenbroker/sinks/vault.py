"""Vault and OpenBao, by the KV engine of version 2, whose versions are ours.

A secret's data hold its value, the id of its put and its fingerprint. Writes are check-and-set, so that two writers
never take the same version; a write whose answer was lost is looked for before it is tried again.

Vault keeps the newest ten versions of a path, unless ``max_versions`` of the engine or the path says otherwise.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from tokenbroker.errors import SettingsError
from tokenbroker.settings import SinkSettings
from tokenbroker.sinks.place import NotWritten, PathVersions, Place, Put, Record, Version
from tokenbroker.sinks.remote import RemoteSink
from tokenbroker.sinks.sink import SinkInputs
from tokenbroker.sinks.vault_failure import UNCERTAIN, Failure, explain
from tokenbroker.sinks.vault_kv import VALUE, KvEngine, is_kv_path
from tokenbroker.sinks.vault_session import VaultServer, VaultSession, talk
from tokenbroker.sinks.vault_sign_in import SignIn, sign_in_of


def open_vault(alias: str, settings: SinkSettings, inputs: SinkInputs) -> "VaultSink":
    """The sink `alias` of kind ``vault``; no request is sent yet.

    Raises:
        SecretAccessDenied: the environment gave no credentials.
        SettingsError: the file of certificates is not there.
    """
    if settings.ca_file is not None and not settings.ca_file.is_file():
        raise SettingsError(f"sinks.{alias}.ca_file names {settings.ca_file}, which is not a file")
    server = VaultServer(
        address=settings.address or "",  # never empty: the settings were validated
        namespace=settings.namespace,
        ca_file=settings.ca_file,
        timeout_s=settings.timeout_s,
    )
    return VaultSink(
        name=alias,
        server=server,
        sign_in=sign_in_of(alias, settings, inputs),
        engine=KvEngine(mount=settings.mount, prefix=settings.path_prefix),
        inputs=inputs,
    )


class VaultSink(RemoteSink):
    """Secrets in Vault."""

    vendor: ClassVar = "Vault"
    path_rule: ClassVar = "no part of it empty, . or .."
    own_field: ClassVar = VALUE

    def __init__(
        self, *, name: str, server: VaultServer, sign_in: SignIn, engine: KvEngine, inputs: SinkInputs
    ) -> None:
        place = "\n".join((server.address, server.namespace or "", engine.mount, engine.prefix))
        super().__init__(name=name, server=f"Vault at {server.address}", place=place, inputs=inputs)
        self._server = server
        self._sign_in = sign_in
        self._engine = engine

    @contextmanager
    def _talk(self) -> Iterator[Place]:
        with talk(self._server, self._sign_in) as session:
            yield VaultPlace(session, self._engine, self._server.address)

    def _takes(self, path: str) -> bool:
        return is_kv_path(path)


class VaultPlace(Place):
    """The KV engine in one conversation."""

    def __init__(self, session: VaultSession, engine: KvEngine, address: str) -> None:
        self._session = session
        self._engine = engine
        self._address = address

    def look(self, path: str) -> PathVersions:
        return self._session.had(self._engine.look(self._session, path))

    def read(self, path: str, version: int | None = None, *, field: str = "") -> Record | None:
        answer = self._engine.read(self._session, path, version, field=field or VALUE)
        return None if answer is Failure.NOT_FOUND else self._session.had(answer)

    def peek(self, path: str, version: int) -> Record | None:
        answer = self._engine.read(self._session, path, version)
        return None if answer in (Failure.NOT_FOUND, Failure.DENIED) else self._session.had(answer)

    def write(self, put: Put, *, after: int) -> Record | NotWritten:
        about = {"put_id": put.put_id, "fingerprint": put.fingerprint}
        answer = self._engine.write(self._session, put.path, put.secret, after=after, about=about)
        if isinstance(answer, Version):
            return Record(version=answer.number, created=answer.created, secret=put.secret, put_id=put.put_id)
        if answer is Failure.CONFLICT or answer in UNCERTAIN:
            return NotWritten(error=explain(answer, self._address), raced=answer is Failure.CONFLICT)
        return self._session.had(answer)

    def destroy(self, path: str, versions: list[int]) -> None:
        self._session.had(self._engine.destroy(self._session, path, versions))

    def paths(self) -> Iterator[tuple[str, PathVersions]]:
        for answer in self._engine.paths(self._session):
            path = self._session.had(answer)
            looked = self._engine.look(self._session, path)
            if looked is not Failure.DENIED:
                yield path, self._session.had(looked)
