"""Infisical, by its REST API; see :mod:`tokenbroker.sinks.infisical_place` for what lies there.

A read is answered from memory for up to five minutes, and still leaves its audit row.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Final

from tokenbroker.errors import SettingsError
from tokenbroker.settings import SinkSettings
from tokenbroker.settings.sinks import LONGEST_CACHE_S
from tokenbroker.sinks.infisical_names import folders_of, is_infisical_path
from tokenbroker.sinks.infisical_place import InfisicalPlace
from tokenbroker.sinks.infisical_project import Project
from tokenbroker.sinks.infisical_session import InfisicalServer, SignIn, sign_in_of, talk
from tokenbroker.sinks.place import Put, Record
from tokenbroker.sinks.read_cache import ReadCache
from tokenbroker.sinks.remote import RemoteSink
from tokenbroker.sinks.sink import Reference, SinkInputs

ABSENT_S: Final = 30.0
"""How long a path that isn't there is not asked for again."""


def open_infisical(alias: str, settings: SinkSettings, inputs: SinkInputs) -> "InfisicalSink":
    """The sink `alias` of kind ``infisical``; no request is sent yet.

    Raises:
        SecretAccessDenied: the environment gave no credentials.
        SettingsError: the file of certificates is not there.
    """
    if settings.ca_file is not None and not settings.ca_file.is_file():
        raise SettingsError(f"sinks.{alias}.ca_file names {settings.ca_file}, which is not a file")
    server = InfisicalServer(
        address=settings.address or "",  # never empty: the settings were validated
        ca_file=settings.ca_file,
        timeout_s=settings.timeout_s,
    )
    return InfisicalSink(
        name=alias,
        server=server,
        sign_in=sign_in_of(alias, settings, inputs),
        settings=settings,
        inputs=inputs,
    )


class InfisicalSink(RemoteSink):
    """Secrets in one environment of an Infisical project."""

    vendor: ClassVar = "Infisical"
    path_rule: ClassVar = "no part of it empty, . or .., or too long"

    def __init__(
        self,
        *,
        name: str,
        server: InfisicalServer,
        sign_in: SignIn,
        settings: SinkSettings,
        inputs: SinkInputs,
    ) -> None:
        self._project_id, self._environment = settings.project_id or "", settings.environment or ""
        self._prefix = folders_of(settings.path_prefix)
        place = "\n".join((server.address, self._project_id, self._environment, *self._prefix))
        super().__init__(name=name, server=f"Infisical at {server.address}", place=place, inputs=inputs)
        # Whatever ours is: another home may keep what it has read as long as any may.
        self.stale_s = LONGEST_CACHE_S
        self._server = server
        self._sign_in = sign_in
        self._cache: ReadCache[tuple[str, int | None], Record] = ReadCache(
            inputs.clock, keep_s=settings.cache_s, absent_s=ABSENT_S
        )

    @contextmanager
    def _talk(self) -> Iterator[InfisicalPlace]:
        with talk(self._server, self._sign_in) as session:
            yield InfisicalPlace(
                Project(
                    session,
                    address=self._server.address,
                    project_id=self._project_id,
                    environment=self._environment,
                    prefix=self._prefix,
                )
            )

    def _takes(self, path: str) -> bool:
        return is_infisical_path(path)

    def _found(self, path: str, version: int | None) -> Record | None:
        find = super()._found
        return self._cache.get((path, version), lambda: find(path, version))

    def _put(self, put: Put, actor: str) -> Reference:
        try:
            return super()._put(put, actor)
        finally:
            self._cache.clear()

    def _remove(self, path: str, actor: str) -> int:
        try:
            return super()._remove(path, actor)
        finally:
            self._cache.clear()
