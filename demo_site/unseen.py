"""Keys that were made and not shown yet: some consoles make a key in one answer and show it in the next."""

from datetime import datetime, timedelta

from demo_site.clock import Clock

LIFE = timedelta(minutes=5)


class UnseenKeys:
    """Keys on their way to the person who made them. In memory only; each can be taken once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: dict[tuple[int, str], tuple[str, datetime]] = {}

    def hold(self, account_id: int, key_id: str, key: str) -> None:
        """Keep `key` for its account until it is taken or five minutes have gone."""
        now = self._clock()
        self._held = {place: held for place, held in self._held.items() if held[1] > now}
        self._held[account_id, key_id] = key, now + LIFE

    def take(self, account_id: int, key_id: str) -> str | None:
        """The key, for the first and only time; None if it was taken, has lapsed, or never was."""
        key, expires_at = self._held.pop((account_id, key_id), ("", self._clock()))
        return key if key and expires_at > self._clock() else None
