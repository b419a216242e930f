"""Handles: how the console tells the keys origin for whom it opens a frame, without a cookie between the two.

A handle stands in an address, so it is worth little: one use, one purpose, one minute.
"""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta
from enum import Enum

from demo_site.clock import Clock


class Purpose(Enum):
    """What a handle may be used for; the value is its life."""

    OPEN_FRAME = timedelta(minutes=1)
    SEND_FORM = timedelta(minutes=10)


class HandleRefused(Exception):
    """The handle is not ours, is for something else, was used before, or has expired; which is not told."""


class Handles:
    """Makes and redeems handles, signed with a key (HMAC-SHA256) that lives as long as the process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._signing_key = secrets.token_bytes(32)
        self._used: dict[str, datetime] = {}

    def issue(self, account_id: int, purpose: Purpose) -> str:
        """A handle of URL-safe characters that speaks for `account_id`, for `purpose` alone."""
        expires_at = int((self._clock() + purpose.value).timestamp())
        claims = f"{account_id}.{expires_at}.{secrets.token_hex(8)}"
        return f"{claims}.{self._signature(claims, purpose)}"

    def redeem(self, handle: str, purpose: Purpose) -> int:
        """Use a handle up; answers the account it speaks for.

        Raises:
            HandleRefused: see there.
        """
        claims, _, signature = handle.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(claims, purpose).encode()):
            raise HandleRefused
        # What we have signed has this form.
        account_id, expires_s, nonce = claims.split(".")
        now, expires_at = self._clock(), datetime.fromtimestamp(int(expires_s), UTC)
        self._used = {seen: until for seen, until in self._used.items() if until > now}
        if expires_at <= now or nonce in self._used:
            raise HandleRefused
        self._used[nonce] = expires_at
        return int(account_id)

    def _signature(self, claims: str, purpose: Purpose) -> str:
        text = f"{purpose.name}.{claims}".encode()
        return hmac.new(self._signing_key, text, hashlib.sha256).hexdigest()
