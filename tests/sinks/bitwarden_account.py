"""The one account of a small Bitwarden of our own: who signs in, and what the server tells of it.

Each route names the published source that it follows (bitwarden/server).
"""

import base64
import json
import secrets
import uuid
from datetime import UTC, datetime
from typing import Any

from tests.sinks.bitwarden_crypto import ITERATIONS, AccountKeys
from tests.sinks.faulty_server import Answer, FaultyServer


class Account(FaultyServer):
    """What signs in, and the tokens that were given out."""

    def __init__(self) -> None:
        super().__init__()
        self.email = f"demo-{secrets.token_hex(4)}@example.test"
        self.password = f"demo-only-{secrets.token_hex(12)}"
        self.client_id = f"user.{uuid.uuid4()}"
        self.client_secret = f"demo-only-{secrets.token_hex(12)}"
        self.keys = AccountKeys.of(self.email, self.password)
        self.user_id, self.stamp = str(uuid.uuid4()), str(uuid.uuid4())
        self.tokens: set[str] = set()
        self.devices: set[str] = set()
        self.user_key_id: str | None = None

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

    def keep_user_key_id(self, body: dict[str, str]) -> Answer:
        """src/Api/KeyManagement/Controllers/AccountsKeyManagementController.cs"""
        self.user_key_id = next(iter(body.values()))
        return 200, None

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
