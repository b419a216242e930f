"""The session at an identity provider, lent from one run to the next where a person has agreed to it.

Each run has a fresh context of its own, as ever: nothing passes between two but the cookies that the browser would send
to the provider. They are in this process's memory only, and :meth:`SignOn.forget` ends that.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from playwright.sync_api import BrowserContext
from playwright.sync_api import Error as PlaywrightError


class SignOn:
    """What a provider at `origin` (as the browser dials it) has given to a person's browser; it never prints."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._cookies: Sequence[Any] = ()

    def __repr__(self) -> str:
        return f"SignOn({self._origin})"

    def __reduce__(self) -> str:
        raise TypeError("a session at a provider is not for pickling")

    def enter(self, context: BrowserContext) -> None:
        """Let the provider know the person in `context`, if it has met them."""
        if self._cookies:
            with suppress(PlaywrightError):  # a browser that is gone is told by the run's first step
                context.add_cookies([*self._cookies])

    def keep(self, context: BrowserContext) -> None:
        """Take over what the provider has given to the browser in `context` by now."""
        with suppress(PlaywrightError):
            self._cookies = context.cookies(self._origin)

    def forget(self) -> None:
        """Nothing is left of it here; at the provider the session ends when that says so."""
        self._cookies = ()
