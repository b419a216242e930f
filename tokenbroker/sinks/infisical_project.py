"""One environment of an Infisical project, by version 4 of its secrets API and version 2 of its folders API.

https://infisical.com/docs/api-reference/endpoints/secrets/list
https://infisical.com/docs/api-reference/endpoints/folders/create
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from tokenbroker.secret import Secret
from tokenbroker.sinks.infisical_failure import ABSENT, Failure, explain, understood
from tokenbroker.sinks.infisical_names import read_back
from tokenbroker.sinks.infisical_session import InfisicalSession
from tokenbroker.sinks.place import Record

SECRETS: Final = "/api/v4/secrets"
FOLDERS: Final = "/api/v2/folders"
_MARK: Final = "tokenbroker-"
"""What the keys of our metadata begin with."""
# What is written beside a value is in quotes, since its ends would be trimmed.
_HOW = f"{_MARK}encoding"

Metadatum = dict[str, Any]
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Kept:
    """One secret as Infisical has it.

    Attributes:
        folders: where it lies, below the prefix.
        handle: Infisical's id.
        value: as it is written there; None for a secret without one.
        how: how ours is written, or "".
        version: of which version of ours it has the value, or 0.
        removed: it is a version of ours whose value was removed.
        set_at: of a version that was made of somebody else's value: when they had set that, or "".
        others: the metadata that aren't ours.
    """

    folders: tuple[str, ...]
    name: str
    handle: str
    created: str
    updated: str
    value: Secret | None
    how: str = ""
    put_id: str = ""
    fingerprint: str = ""
    version: int = 0
    removed: bool = False
    set_at: str = ""
    others: tuple[Metadatum, ...] = ()

    @property
    def text(self) -> str:
        """The value, or "" for none."""
        return self.value.reveal() if self.value is not None else ""

    def record(self, number: int, *, as_it_is: bool = False) -> Record | Failure:
        """It as the version `number`; what somebody else has set is taken `as_it_is`."""

        def read() -> Record:
            as_written = as_it_is or not self.how or self.value is None
            value = self.value if as_written else read_back(self.text, self.how)
            return Record(
                version=number,
                created=self.updated if as_it_is else self.created,
                secret=value,
                put_id="" if as_it_is else self.put_id,
            )

        return understood(read)


class Project:
    """What one conversation asks of an environment; `prefix` are the folders below which everything lies.

    Its methods raise SecretAccessDenied, SecretTimeout and SecretUnavailable, but where they return a failure.
    """

    def __init__(
        self,
        session: InfisicalSession,
        *,
        address: str,
        project_id: str,
        environment: str,
        prefix: tuple[str, ...],
    ) -> None:
        self.address = address
        self._session = session
        self._where = {"projectId": project_id, "environment": environment}
        self._prefix = prefix

    def had(self, answer: _T | Failure) -> _T:
        """`answer`, if it is none of the failures."""
        if isinstance(answer, Failure):
            raise explain(answer, self.address)
        return answer

    def one(self, folders: tuple[str, ...], name: str) -> Kept | None:
        """The secret `name`, or None if it isn't there."""
        query = {"viewSecretValue": "true", "expandSecretReferences": "false", "include_imports": "false"}
        answer = self._ask("GET", f"{SECRETS}/{name}", {**self._at(folders), **query})
        if answer is Failure.NO_FOLDER:
            self._require_environment(name)
        if answer in ABSENT:
            return None
        return self.had(self._kept(self._session.told(answer).get("secret"), folders))

    def _require_environment(self, name: str) -> None:
        """Tell a folder that isn't there from an environment that isn't: the first folder is in every one.

        Whatever else is answered, such as that nothing may be read there, comes from one that is there.
        """
        answer = self._ask("GET", f"{SECRETS}/{name}", {"secretPath": "/", **self._where})
        if answer is Failure.NO_FOLDER:
            raise explain(Failure.NO_ENVIRONMENT, self.address)

    def inside(self, folders: tuple[str, ...]) -> list[Kept]:
        """The secrets that lie in a folder; none where there is no such folder."""
        return self._listed(folders, recursive=False)

    def everything(self) -> list[Kept]:
        """Every secret below the prefix, in whatever folder."""
        return self._listed((), recursive=True)

    def make(
        self, folders: tuple[str, ...], name: str, value: tuple[str, str], about: Mapping[str, str]
    ) -> Kept | Failure:
        """Make a secret that wasn't there, and the folders that lead to it; CONFLICT if it was."""
        answer = self._write("POST", folders, name, value, about)
        if answer in ABSENT:
            self._make_folders(self._prefix + folders)
            answer = self._write("POST", folders, name, value, about)
        if isinstance(answer, Failure):
            return answer
        secret = answer.get("secret")
        if not isinstance(secret, dict):
            return Failure.NOT_UNDERSTOOD
        # An identity that may write and not read gets a mask in place of the value.
        ours = {
            "secretValue": value[0],
            "secretValueHidden": False,
            "secretMetadata": _metadata(value[1], about),
        }
        return self._kept({**secret, **ours}, folders)

    def set(
        self,
        folders: tuple[str, ...],
        name: str,
        value: tuple[str, str],
        about: Mapping[str, str],
        *,
        others: tuple[Metadatum, ...] = (),
    ) -> None:
        """Give the secret `name` another value, or make it; of its metadata the `others` stay."""
        answer = self._write("PATCH", folders, name, value, about, others)
        if answer in ABSENT:
            made = self.make(folders, name, value, about)
            if made is not Failure.CONFLICT:
                self.had(made)
                return
            # Somebody has made it meanwhile.
            answer = self._write("PATCH", folders, name, value, about, others)
        self.had(answer)

    def delete(self, folders: tuple[str, ...], name: str) -> None:
        """Delete the secret `name`, if it is there."""
        answer = self._ask("DELETE", f"{SECRETS}/{name}", None, self._at(folders))
        if answer not in ABSENT:
            self.had(answer)

    def _write(
        self,
        method: str,
        folders: tuple[str, ...],
        name: str,
        value: tuple[str, str],
        about: Mapping[str, str],
        others: tuple[Metadatum, ...] = (),
    ) -> dict[str, Any] | Failure:
        body = {
            **self._at(folders),
            "secretValue": value[0],
            "secretMetadata": [*_metadata(value[1], about), *others],
        }
        return self._ask(method, f"{SECRETS}/{name}", None, body)

    def _make_folders(self, folders: tuple[str, ...]) -> None:
        if not folders:
            raise explain(Failure.NOT_FOUND, self.address)
        body = {**self._where, "name": folders[-1], "path": f"/{'/'.join(folders[:-1])}"}
        answer = self._ask("POST", FOLDERS, None, body)
        if answer in ABSENT:
            self._make_folders(folders[:-1])
            answer = self._ask("POST", FOLDERS, None, body)
        if answer is not Failure.CONFLICT:
            self.had(answer)

    def _listed(self, folders: tuple[str, ...], *, recursive: bool) -> list[Kept]:
        query = {"viewSecretValue": "true", "expandSecretReferences": "false", "include_imports": "false"}
        told = {"recursive": "true"} if recursive else {}
        answer = self._ask("GET", SECRETS, {**self._at(folders), **query, **told})
        if answer in ABSENT:
            return []
        secrets = self._session.told(answer).get("secrets")
        if not isinstance(secrets, list):
            raise explain(Failure.NOT_UNDERSTOOD, self.address)
        return [self.had(self._kept(each, None if recursive else folders)) for each in secrets]

    def _kept(self, told: Any, folders: tuple[str, ...] | None) -> Kept | Failure:
        if isinstance(told, dict) and told.get("secretValueHidden"):
            return Failure.DENIED
        return understood(lambda: _kept(told, self._below(told) if folders is None else folders))

    def _below(self, told: Any) -> tuple[str, ...]:
        return tuple(each for each in told["secretPath"].split("/") if each)[len(self._prefix) :]

    def _at(self, folders: tuple[str, ...]) -> dict[str, str]:
        return {**self._where, "secretPath": f"/{'/'.join(self._prefix + folders)}"}

    def _ask(
        self, method: str, path: str, query: dict[str, str] | None, body: dict[str, Any] | None = None
    ) -> dict[str, Any] | Failure:
        return self._session.ask(method, path, query=query, body=body)


def _metadata(how: str, about: Mapping[str, str]) -> list[Metadatum]:
    told = {_HOW: how} if how else {}
    told |= {f"{_MARK}{key}": json.dumps(value) for key, value in about.items()}
    return [{"key": key, "value": value} for key, value in told.items()]


def _kept(told: dict[str, Any], folders: tuple[str, ...]) -> Kept:
    given = told.get("secretMetadata") or ()
    about = {str(each["key"]): str(each["value"]) for each in given}
    return Kept(
        folders=folders,
        name=str(told["secretKey"]),
        handle=str(told["id"]),
        created=str(told["createdAt"]),
        updated=str(told["updatedAt"]),
        value=Secret(text) if (text := _text(told["secretValue"])) else None,
        how=about.get(_HOW, ""),
        put_id=_said(about, "put"),
        fingerprint=_said(about, "fingerprint"),
        version=int(_said(about, "version") or 0),
        removed=bool(_said(about, "removed")),
        set_at=_said(about, "set-at"),
        others=tuple(each for each in given if not str(each["key"]).startswith(_MARK)),
    )


def _said(about: Mapping[str, str], key: str) -> str:
    return str(json.loads(about.get(f"{_MARK}{key}", '""')))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
