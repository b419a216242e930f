"""Authorisation codes: what Example ID sends back through the browser, worth one use by one service (RFC 6749)."""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta

from demo_site.clock import Clock

LIFE = timedelta(minutes=1)
"""RFC 6749 section 4.1.2 has ten minutes as the most; the exchange follows at once."""


class CodeRefused(Exception):
    """The code is not ours, is another service's, was used before, or has expired; which is not told."""


class AuthorisationCodes:
    """Makes and redeems codes, signed (HMAC-SHA256) for one service and one redirect URI (RFC 6749 section 4.1.3)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._signing_key = secrets.token_bytes(32)
        self._used: dict[str, datetime] = {}

    def issue(self, account_id: int, *, client_id: str, redirect_uri: str) -> str:
        """A code of URL-safe characters that speaks for `account_id`, to that service at that address alone."""
        expires_at = int((self._clock() + LIFE).timestamp())
        claims = f"{account_id}.{expires_at}.{secrets.token_hex(8)}"
        return f"{claims}.{self._signature(claims, client_id, redirect_uri)}"

    def redeem(self, code: str, *, client_id: str, redirect_uri: str) -> int:
        """Use a code up; answers the account it speaks for.

        Raises:
            CodeRefused: see there.
        """
        claims, _, signature = code.rpartition(".")
        expected = self._signature(claims, client_id, redirect_uri)
        if not hmac.compare_digest(signature.encode(), expected.encode()):
            raise CodeRefused
        # What we have signed has this form.
        account_id, expires_s, nonce = claims.split(".")
        now, expires_at = self._clock(), datetime.fromtimestamp(int(expires_s), UTC)
        self._used = {seen: until for seen, until in self._used.items() if until > now}
        if expires_at <= now or nonce in self._used:
            raise CodeRefused
        self._used[nonce] = expires_at
        return int(account_id)

    def _signature(self, claims: str, client_id: str, redirect_uri: str) -> str:
        text = "\n".join((claims, client_id, redirect_uri)).encode()
        return hmac.new(self._signing_key, text, hashlib.sha256).hexdigest()
