"""A small Bitwarden of our own: identity, sync and items, over TLS on loopback.

It speaks what the real client sends, and has switches for what goes wrong. It is given ciphertext only; the keys that it
keeps beside are for the tests. Each route names the published source that it follows (bitwarden/server).
"""

import base64
import json
import re
import secrets
import ssl
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.sinks.bitwarden_crypto import ITERATIONS, AccountKeys

Answer = tuple[int, Any]
FIELD_MAX = 5_000
"""How long an encrypted password or field may be (bitwarden/server, src/Api/Vault/Models/CipherLoginModel.cs)."""
NAME_MAX = 1_000
OUT_OF_DATE = (
    "The cipher you are updating is out of date. Please save your work, sync your vault, and try again."
)


class Fault(StrEnum):
    """What can go wrong with a request."""

    DENIED = "denied"
    UNAUTHORIZED = "unauthorized"
    NOT_FOUND = "not_found"
    TOO_MANY_REQUESTS = "too_many_requests"
    SERVER_ERROR = "server_error"
    MALFORMED = "malformed"
    SILENT = "silent"
    CUT_OFF = "cut_off"
    """The request is done, and the connection ends in the middle of its answer."""
    HUNG_UP = "hung_up"
    """The request is not done, and the connection ends without an answer."""
    NONSENSE = "nonsense"
    WEB_PAGE = "web_page"


_INSTEAD: dict[Fault, Answer] = {
    Fault.DENIED: (403, None),
    Fault.UNAUTHORIZED: (401, None),
    Fault.NOT_FOUND: (404, {"message": "Resource not found.", "object": "error"}),
    Fault.TOO_MANY_REQUESTS: (429, {"message": "Slow down! Too many requests.", "object": "error"}),
    Fault.SERVER_ERROR: (500, {"message": "An unhandled server error has occurred.", "object": "error"}),
    Fault.MALFORMED: (400, {"message": "The model state is invalid.", "object": "error"}),
    Fault.NONSENSE: (200, {"ciphers": 3, "profile": [], "access_token": 5}),
}


class Bitwarden:
    """What the server holds of its one account, and its switches.

    Attributes:
        ciphers: the items by their ids, as they were sent.
        asked: method and path of each request so far.
        tolerance_s: how old an edit's revision may be; the server's own is a second.
        before_write: called before each write of an item, for whoever wants to be faster.
    """

    def __init__(self) -> None:
        self.email = f"demo-{secrets.token_hex(4)}@example.test"
        self.password = f"demo-only-{secrets.token_hex(12)}"
        self.client_id = f"user.{uuid.uuid4()}"
        self.client_secret = f"demo-only-{secrets.token_hex(12)}"
        self.keys = AccountKeys.of(self.email, self.password)
        self.user_id, self.stamp = str(uuid.uuid4()), str(uuid.uuid4())
        self.organization_id, self.collection_id = str(uuid.uuid4()), str(uuid.uuid4())
        self.ciphers: dict[str, dict[str, Any]] = {}
        self.folders: dict[str, str] = {}
        self.tokens: set[str] = set()
        self.devices: set[str] = set()
        self.asked: list[str] = []
        self.tolerance_s = 0.0
        self.before_write: Callable[[], None] = lambda: None
        self.user_key_id: str | None = None
        self.url = ""
        self.lock = threading.RLock()
        self.ended = threading.Event()
        self._faults: list[tuple[Fault, str, int]] = []
        self._last = datetime.now(UTC)

    def go_wrong(self, fault: Fault, on: str = "", *, after: int = 0) -> None:
        """Let every request whose method and path hold `on` meet `fault`, the first `after` of them excepted."""
        self._faults.append((fault, on, after))

    def recover(self) -> None:
        """No fault any more, and whoever waits for an answer is let go."""
        self._faults.clear()
        self.ended.set()
        self.ended = threading.Event()

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

    def fault_of(self, request: str) -> Fault | None:
        with self.lock:
            self.asked.append(request)
            for index, (fault, on, after) in enumerate(self._faults):
                if on in request:
                    self._faults[index] = (fault, on, after - 1)
                    return fault if after <= 0 else None
        return None

    def answer(self, method: str, path: str, token: str, body: Any) -> Answer:
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

    def prelogin(self) -> Answer:
        """src/Identity/Controllers/AccountsController.cs, PostPasswordPrelogin"""
        kdf = {"kdfType": 0, "iterations": ITERATIONS, "memory": None, "parallelism": None}
        return 200, {"kdf": 0, "kdfIterations": ITERATIONS, "kdfSettings": kdf, "salt": self.email}

    def log_in(self, body: dict[str, list[str]]) -> Answer:
        """src/Identity/IdentityServer: ResourceOwnerPasswordValidator, CustomTokenRequestValidator (client_credentials)"""
        said = {name: values[0] for name, values in body.items()}
        match said["grant_type"]:
            case "client_credentials":
                if (said["client_id"], said["client_secret"]) != (self.client_id, self.client_secret):
                    return 400, {"error": "invalid_client"}
            case "password":
                if (said["username"], said["password"]) != (self.email, self.keys.password_hash):
                    wrong = {"Message": "Username or password is incorrect. Try again.", "Object": "error"}
                    return 400, {"error": "invalid_grant", "ErrorModel": wrong}
            case _:
                if said["refresh_token"] not in self.tokens:
                    return 400, {"error": "invalid_grant"}
        self.devices.add(said.get("deviceIdentifier", ""))
        return 200, {
            "access_token": self._new_token(),
            **(
                {} if said["grant_type"] == "client_credentials" else {"refresh_token": self._refresh_token()}
            ),
            "expires_in": 3600,
            "token_type": "Bearer",
            "scope": "api",
            "Key": self.keys.protected_user_key,
            "PrivateKey": self.keys.protected_private_key,
            "AccountKeys": self._account_keys(),
            "Kdf": 0,
            "KdfIterations": ITERATIONS,
            "ResetMasterPassword": False,
            "ForcePasswordReset": False,
            "UserDecryptionOptions": {
                "HasMasterPassword": True,
                "MasterPasswordUnlock": self._unlock(),
                "Object": "userDecryptionOptions",
            },
        }

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

    def keep_user_key_id(self, body: dict[str, str]) -> Answer:
        """src/Api/KeyManagement/Controllers/AccountsKeyManagementController.cs"""
        self.user_key_id = next(iter(body.values()))
        return 200, None

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

    def _profile(self) -> dict[str, Any]:
        return {
            "id": self.user_id,
            "email": self.email,
            "name": "demo",
            "emailVerified": True,
            "premium": False,
            "premiumFromOrganization": False,
            "culture": "en-US",
            "twoFactorEnabled": False,
            "key": self.keys.protected_user_key,
            "privateKey": self.keys.protected_private_key,
            "accountKeys": self._account_keys(),
            "securityStamp": self.stamp,
            "forcePasswordReset": False,
            "usesKeyConnector": False,
            "creationDate": "2026-01-01T00:00:00.000Z",
            "organizations": [],
            "providers": [],
            "providerOrganizations": [],
            "object": "profile",
        }

    def _account_keys(self) -> dict[str, Any]:
        pair = {"wrappedPrivateKey": self.keys.protected_private_key, "publicKey": self.keys.public_key}
        return {"publicKeyEncryptionKeyPair": {**pair, "object": "publicKeyEncryptionKeyPair"}}

    def _unlock(self) -> dict[str, Any]:
        kdf = {"KdfType": 0, "Iterations": ITERATIONS, "Memory": None, "Parallelism": None}
        return {
            "Kdf": kdf,
            "MasterKeyEncryptedUserKey": self.keys.protected_user_key,
            "Salt": self.email,
        }

    def _new_token(self) -> str:
        """A token that says what the clients read of one; nobody checks its signature."""
        now = int(datetime.now(UTC).timestamp())
        said = {
            **{"sub": self.user_id, "email": self.email, "email_verified": True, "name": "demo"},
            **{"iss": self.url, "nbf": now, "exp": now + 3600, "premium": False, "sstamp": self.stamp},
            **{"jti": secrets.token_hex(8), "amr": ["Application"], "scope": ["api"], "device": "demo"},
        }
        parts = [json.dumps(part).encode() for part in ({"alg": "RS256", "typ": "at+jwt"}, said)]
        token = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, b"demo"))
        self.tokens.add(token)
        return token

    def _refresh_token(self) -> str:
        token = secrets.token_hex(32)
        self.tokens.add(token)
        return token

    def _now(self) -> datetime:
        """Now; no moment comes twice."""
        self._last = max(datetime.now(UTC), self._last + timedelta(milliseconds=1))
        return self._last


def _kept(cipher: dict[str, Any]) -> dict[str, Any]:
    about = {"encryptedFor", "encryptedByKeyId", "lastKnownRevisionDate", "attachments", "attachments2"}
    return {name: value for name, value in cipher.items() if name not in about}


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer
    server: "_Server"

    def do_GET(self) -> None:
        bitwarden = self.server.bitwarden
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = bitwarden.fault_of(f"{self.command} {self.path}")
        if fault is Fault.SILENT:
            bitwarden.ended.wait()
        if fault in (Fault.SILENT, Fault.HUNG_UP):
            self.close_connection = True
        elif fault is Fault.WEB_PAGE:
            self._send(200, b"<!doctype html><title>Welcome</title>", "text/html")
        else:
            is_form = "x-www-form-urlencoded" in self.headers.get("Content-Type", "")
            body: Any = parse_qs(raw.decode()) if is_form else json.loads(raw or b"{}")
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            status, told = _INSTEAD.get(fault) or bitwarden.answer(  # type: ignore[arg-type]
                self.command, urlsplit(self.path).path, token, body
            )
            answer = b"" if told is None else json.dumps(told).encode()
            self._send(status, answer, "application/json; charset=utf-8", cut=fault is Fault.CUT_OFF)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815  http.server's names

    def _send(self, status: int, raw: bytes, kind: str, *, cut: bool = False) -> None:
        self.send_response(status)
        if raw:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw[: len(raw) // 2] if cut else raw)
        self.close_connection = cut

    def log_message(self, *_: object) -> None:
        """Nothing: what was asked stands in `Bitwarden.asked`."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    bitwarden: Bitwarden

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: clients that give up are what the faults are for."""


@contextmanager
def serve_bitwarden(certificate: Path) -> Iterator[Bitwarden]:
    """A fresh server on a free port of loopback; the file of the `certificate` holds its key too."""
    bitwarden = Bitwarden()
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.bitwarden = bitwarden
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        # Not at accept: a client that is slow with its handshake must not keep the others waiting.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        bitwarden.url = f"https://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield bitwarden
        finally:
            bitwarden.ended.set()
            server.shutdown()
            thread.join()
