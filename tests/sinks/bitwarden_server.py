"""A small Bitwarden of our own: sync and items, over TLS on loopback; its account is in a file of its own.

It speaks what the real client sends, and has switches for what goes wrong. It is given ciphertext only; the keys that it
keeps beside are for the tests. Each route names the published source that it follows (bitwarden/server).
"""

import json
import re
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from tests.sinks.bitwarden_account import Account
from tests.sinks.faulty_server import Answer, Asked, Fault, serve

FIELD_MAX = 5_000
"""How long an encrypted password or field may be (bitwarden/server, src/Api/Vault/Models/CipherLoginModel.cs)."""
NAME_MAX = 1_000
OUT_OF_DATE = (
    "The cipher you are updating is out of date. Please save your work, sync your vault, and try again."
)


_INSTEAD: dict[Fault, Answer] = {
    Fault.DENIED: (403, None),
    Fault.UNAUTHORIZED: (401, None),
    Fault.NOT_FOUND: (404, {"message": "Resource not found.", "object": "error"}),
    Fault.TOO_MANY_REQUESTS: (429, {"message": "Slow down! Too many requests.", "object": "error"}),
    Fault.SERVER_ERROR: (500, {"message": "An unhandled server error has occurred.", "object": "error"}),
    Fault.MALFORMED: (400, {"message": "The model state is invalid.", "object": "error"}),
    Fault.NONSENSE: (200, {"ciphers": 3, "profile": [], "access_token": 5}),
}


class Bitwarden(Account):
    """What the server holds of its one account, and its switches.

    Attributes:
        ciphers: the items by their ids, as they were sent.
        tolerance_s: how old an edit's revision may be; the server's own is a second.
        before_write: called before each write of an item, for whoever wants to be faster.
    """

    instead = _INSTEAD
    json_type = "application/json; charset=utf-8"

    def __init__(self) -> None:
        super().__init__()
        self.organization_id, self.collection_id = str(uuid.uuid4()), str(uuid.uuid4())
        self.ciphers: dict[str, dict[str, Any]] = {}
        self.folders: dict[str, str] = {}
        self.tolerance_s = 0.0
        self.before_write: Callable[[], None] = lambda: None
        self._last = datetime.now(UTC)

    def wipe(self) -> None:
        """No item, no folder and no fault any more; who is signed in stays so."""
        with self.lock:
            self.recover()
            self.ciphers.clear()
            self.folders.clear()
            self.asked.clear()
            self.tolerance_s = 0.0
            self.before_write = lambda: None
            self._now()

    def answered(self, asked: Asked) -> Answer:
        is_form = "x-www-form-urlencoded" in asked.headers.get("Content-Type", "")
        method, path, body = (
            asked.method,
            asked.path,
            parse_qs(asked.raw.decode()) if is_form else asked.said(),
        )
        token = asked.headers.get("Authorization", "").removeprefix("Bearer ")
        match method, path:
            case "GET", "/api/config":
                return self.config()
            case "POST", "/identity/accounts/prelogin/password":
                return self.prelogin()
            case "POST", "/identity/connect/token":
                return self.log_in(body)
        if token not in self.tokens:
            return 401, None
        if path.startswith("/api/ciphers"):
            if method in ("POST", "PUT"):
                self.before_write()
            with self.lock:
                return self._of_ciphers(method, path.removeprefix("/api/ciphers").strip("/"), body)
        match method, path:
            case "GET", "/api/sync":
                return self.sync()
            case "GET", "/api/accounts/revision-date":
                return self.revision_date()
            case "POST", "/api/accounts/key-management/user-key-id":
                return self.keep_user_key_id(body)
        return 404, None

    def _of_ciphers(self, method: str, rest: str, body: Any) -> Answer:
        match method, rest:
            case "POST", "":
                return self.create(body)
            case "POST", "create":
                return self.create(body["cipher"], body["collectionIds"])
            case "PUT", _:
                return self.update(rest, body)
            case "DELETE", _:
                return self.delete(rest)
        return 404, None

    def config(self) -> Answer:
        """src/Api/Controllers/ConfigController.cs"""
        told = {"object": "config", "version": "2026.9.0", "gitHash": "", "server": None, "featureStates": {}}
        places = {"vault": "", "api": "/api", "identity": "/identity", "notifications": "/notifications"}
        return 200, {**told, "environment": {name: self.url + path for name, path in places.items()}}

    def sync(self) -> Answer:
        """src/Api/Vault/Controllers/SyncController.cs, Get"""
        return 200, {
            "object": "sync",
            "profile": self._profile(),
            "folders": [
                {"id": id_, "name": name, "revisionDate": _text(self._last), "object": "folder"}
                for id_, name in self.folders.items()
            ],
            "collections": [
                {
                    "id": self.collection_id,
                    "organizationId": self.organization_id,
                    "name": self.keys.organization.sealed("demo"),
                    "readOnly": False,
                    "manage": True,
                    "object": "collectionDetails",
                }
            ],
            "ciphers": [*self.ciphers.values()],
            "domains": None,
            "policies": [],
            "sends": [],
            "userDecryption": {"masterPasswordUnlock": self._unlock(), "userKeyId": self.user_key_id},
        }

    def revision_date(self) -> Answer:
        """src/Api/Auth/Controllers/AccountsController.cs, GetAccountRevisionDate"""
        return 200, int(self._last.timestamp() * 1000)

    def create(self, cipher: dict[str, Any], collections: list[str] | None = None) -> Answer:
        """src/Api/Vault/Controllers/CiphersController.cs, Post and PostCreate"""
        return self._checked(cipher) or (200, self.add(cipher, collections or []))

    def update(self, id_: str, cipher: dict[str, Any]) -> Answer:
        """The same, Put; src/Core/Vault/Services/Implementations/CipherService.cs: ValidateCipherLastKnownRevisionDate."""
        old = self.ciphers.get(id_)
        if old is None:
            return 404, {"message": "Resource not found.", "object": "error"}
        known = datetime.fromisoformat(cipher["lastKnownRevisionDate"])
        age = abs(datetime.fromisoformat(old["revisionDate"]) - known)
        if age > timedelta(seconds=self.tolerance_s):
            return 400, {"message": OUT_OF_DATE, "object": "error"}
        refused = self._checked(cipher)
        if refused is None:
            self.ciphers[id_] = {**old, **_kept(cipher), "revisionDate": _text(self._now())}
        return refused or (200, self.ciphers[id_])

    def delete(self, id_: str) -> Answer:
        """The same, Delete: for good."""
        if self.ciphers.pop(id_, None) is None:
            return 404, {"message": "Resource not found.", "object": "error"}
        self._now()
        return 200, None

    def add(self, cipher: dict[str, Any], collections: list[str]) -> dict[str, Any]:
        """Hold `cipher`, as somebody has sent it; answers what is told of it."""
        with self.lock:
            id_, now = str(uuid.uuid4()), _text(self._now())
            self.ciphers[id_] = {
                **_kept(cipher),
                "id": id_,
                "creationDate": now,
                "revisionDate": now,
                "deletedDate": None,
                "collectionIds": collections,
                "edit": True,
                "viewPassword": True,
                "permissions": {"delete": True, "restore": True},
                "organizationUseTotp": False,
                "attachments": None,
                "object": "cipherDetails",
            }
            return self.ciphers[id_]

    def hold(
        self, name: str, *, folder: str = "", fields: dict[str, str] | None = None, **texts: str
    ) -> None:
        """Hold an item that a person has made: a note if it has only `notes`, else a login."""
        seal, login = self.keys.user.sealed, {key: self.keys.user.sealed(text) for key, text in texts.items()}
        notes = login.pop("notes", None)
        folder_id = str(uuid.uuid4()) if folder else None
        if folder_id is not None:
            self.folders[folder_id] = seal(folder)
        kind = {"type": 1, "login": login} if login else {"type": 2, "secureNote": {"type": 0}}
        told = [{"name": seal(key), "value": seal(text), "type": 0} for key, text in (fields or {}).items()]
        item = {"name": seal(name), "notes": notes, "folderId": folder_id, "fields": told, "favorite": False}
        self.add({**item, **kind, "reprompt": 0}, [])

    def touch(self, id_: str) -> None:
        """Somebody else edits the item, once."""
        self.before_write = lambda: None
        self.ciphers[id_] = {**self.ciphers[id_], "revisionDate": _text(self._now())}

    def set_by_hand(self, id_: str, password: str) -> None:
        """A person gives the item that another has made this password."""
        login = {**self.ciphers[id_]["login"], "password": self.keys.user.sealed(password)}
        self.ciphers[id_] = {**self.ciphers[id_], "login": login, "revisionDate": _text(self._now())}

    def opened(self) -> str:
        """Every text of every item, in clear."""
        texts = re.findall(r'"(2\.[^"]+)"', json.dumps([*self.ciphers.values()]))
        return "\n".join(self.keys.user.opened(text) for text in texts)

    def _checked(self, cipher: dict[str, Any]) -> Answer | None:
        login = cipher.get("login") or {}
        texts = [login.get("password"), *(each["value"] for each in cipher.get("fields") or ())]
        if any(len(text or "") > FIELD_MAX for text in texts) or len(cipher["name"]) > NAME_MAX:
            why = f"The field Password exceeds the maximum encrypted value length of {FIELD_MAX} characters."
            told = {"message": "The model state is invalid.", "validationErrors": {"Login.Password": [why]}}
            return 400, {**told, "object": "error"}
        return None

    def _now(self) -> datetime:
        """Now; no moment comes twice."""
        self._last = max(datetime.now(UTC), self._last + timedelta(milliseconds=1))
        return self._last


def _kept(cipher: dict[str, Any]) -> dict[str, Any]:
    about = {"encryptedFor", "encryptedByKeyId", "lastKnownRevisionDate", "attachments", "attachments2"}
    return {name: value for name, value in cipher.items() if name not in about}


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def serve_bitwarden(certificate: Path) -> AbstractContextManager[Bitwarden]:
    """As :func:`tests.sinks.faulty_server.serve` does, a fresh one."""
    return serve(Bitwarden(), certificate)
