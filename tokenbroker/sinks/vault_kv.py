"""The KV engine, version 2, as this sink uses it.

https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import hvac

from tokenbroker.errors import UsageError
from tokenbroker.secret import Secret
from tokenbroker.sinks.place import PathVersions, Record, Version
from tokenbroker.sinks.sink import checked_path
from tokenbroker.sinks.vault_failure import Failure
from tokenbroker.sinks.vault_session import VaultSession

VALUE = "value"
"""The field of a secret's data that holds the value; what others have put there can be read as well."""

_NO_CONTENT = 204


class KvEngine:
    """The engine at `mount`; every path lies below the folder `prefix`."""

    def __init__(self, *, mount: str, prefix: str) -> None:
        self.mount = mount
        self.prefix = prefix

    def read(
        self, session: VaultSession, path: str, version: int | None = None, *, field: str = VALUE
    ) -> Record | Failure:
        """The data of `version`, or of the newest one, with what stands in `field` as its secret."""

        def call(client: hvac.Client) -> Record:
            answer = client.secrets.kv.v2.read_secret_version(
                self._full(path), version=version, mount_point=self.mount, raise_on_deleted_version=True
            )
            return _record(answer["data"], field)

        return session.ask(call)

    def look(self, session: VaultSession, path: str) -> PathVersions | Failure:
        """What versions there are at `path`; reads no value."""

        def call(client: hvac.Client) -> PathVersions:
            answer = client.secrets.kv.v2.read_secret_metadata(self._full(path), mount_point=self.mount)
            return _path(answer["data"])

        found = session.ask(call)
        return PathVersions(current=0) if found is Failure.NOT_FOUND else found

    def write(
        self, session: VaultSession, path: str, secret: Secret, *, after: int, about: dict[str, str]
    ) -> Version | Failure:
        """Write `secret` as the version that follows on `after`; CONFLICT if another one has been written there."""

        def call(client: hvac.Client) -> Version:
            answer = client.secrets.kv.v2.create_or_update_secret(
                self._full(path),
                secret={VALUE: secret.reveal(), **about},
                cas=after,
                mount_point=self.mount,
            )
            return _version(int(answer["data"]["version"]), answer["data"])

        return session.ask(call, repeatable=False)

    def destroy(self, session: VaultSession, path: str, versions: list[int]) -> Failure | None:
        """Destroy `versions`; their numbers stay used. Doing it again changes nothing."""

        def call(client: hvac.Client) -> None:
            answer = client.secrets.kv.v2.destroy_secret_versions(
                self._full(path), versions=versions, mount_point=self.mount
            )
            if answer.status_code != _NO_CONTENT:
                raise ValueError("not the answer of a KV engine")

        return session.ask(call)

    def paths(self, session: VaultSession) -> Iterator[str | Failure]:
        """Every path below the prefix that a secret can be read from; folders that may not be listed are left out."""
        folders = [""]
        while folders:
            folder = folders.pop()
            keys = self._keys(session, folder)
            if isinstance(keys, Failure):
                if keys is Failure.DENIED and folder:
                    continue
                yield keys
                return
            folders += [f"{folder}{key}" for key in keys if key.endswith("/")]
            yield from (f"{folder}{key}" for key in keys if is_kv_path(f"{folder}{key}"))

    def _keys(self, session: VaultSession, folder: str) -> list[str] | Failure:
        def call(client: hvac.Client) -> list[str]:
            answer = client.secrets.kv.v2.list_secrets(self._full(folder), mount_point=self.mount)
            return [str(key) for key in answer["data"]["keys"]]

        keys = session.ask(call)
        return [] if keys is Failure.NOT_FOUND else keys

    def _full(self, path: str) -> str:
        return f"{self.prefix}/{path}" if self.prefix else path


def is_kv_path(path: str) -> bool:
    """Whether `path` names exactly one secret of the engine.

    Empty, ``.`` and ``..`` parts don't: on their way URLs are tidied, and the path would be another, or lie outside of
    the prefix.
    """
    try:
        checked_path(path)
    except UsageError:
        return False
    return not any(part in ("", ".", "..") for part in path.split("/"))


def _path(data: dict[str, Any]) -> PathVersions:
    found = sorted((_version(int(number), told) for number, told in data["versions"].items()), key=_number)
    return PathVersions(current=int(data["current_version"]), versions=tuple(found))


def _number(version: Version) -> int:
    return version.number


def _version(number: int, told: dict[str, Any]) -> Version:
    created, deleted = told["created_time"], told["deletion_time"]
    return Version(
        number=number,
        created=created,
        created_at=_moment(created),
        deleted=_moment(deleted) if deleted else None,
        destroyed=bool(told["destroyed"]),
    )


def _moment(text: str) -> datetime:
    """RFC 3339, which names its offset; the nanoseconds are cut to microseconds."""
    return datetime.fromisoformat(text).astimezone(UTC)


def _record(answer: dict[str, Any], field: str) -> Record:
    data, metadata = answer["data"], answer["metadata"]
    value = data.get(field)
    return Record(
        version=int(metadata["version"]),
        created=str(metadata["created_time"]),
        secret=Secret(value) if isinstance(value, str) and value else None,
        put_id=str(data.get("put_id", "")),
    )
