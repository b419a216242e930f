"""The log of a sitting as it grows: a page that never rests does not fill it, and what a person does has room."""

from collections import deque
from dataclasses import replace
from typing import Final

from tokenbroker.record.observed import Acted, CameUp, Entry, Followed, Marked, Moved, Picked

MAX_ENTRIES: Final = 50_000
MAX_BY_PAGES: Final = 20_000
"""So many that are no acts of a person; the rest is kept for those."""
MAX_PER_S: Final = 200
"""So many that tell of what no person did may come from one window in a second."""
MAX_IDLE: Final = 60
"""So many entries one after the other may tell of what no person did."""


class Log:
    """What came, in order.

    Attributes:
        entries: all of them; the list stays the same one.
        version: another number after every change.
    """

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.version = 0
        self._by_pages = 0
        self._came: dict[int, deque[float]] = {}

    @property
    def is_full(self) -> bool:
        """Whether anything that comes may be left out from now on."""
        return len(self.entries) >= MAX_ENTRIES or self._by_pages >= MAX_BY_PAGES

    def add(self, entry: Entry, *, now_s: float) -> None:
        """Add `entry`. Of a field that is typed into its last content is kept, of what a page does for ever the first
        and the last."""
        last = self.entries[-1] if self.entries else None
        if isinstance(entry, Acted) and isinstance(last, Acted) and _are_one(last, entry):
            self.entries[-1] = _as_one(last, entry)
            self.version += 1
            return
        if not isinstance(entry, CameUp | Followed | Moved) or not _is_idle(entry):
            self._append(entry)
            return
        if entry != last and self._is_slow(entry.window, now_s) and self._has_changed(entry):
            self._append(entry)

    def _append(self, entry: Entry) -> None:
        is_person = isinstance(entry, Acted | Picked | Marked)
        if len(self.entries) >= MAX_ENTRIES or (not is_person and self._by_pages >= MAX_BY_PAGES):
            return
        self.entries.append(entry)
        self._by_pages += not is_person
        self.version += 1

    def _is_slow(self, window: int, now_s: float) -> bool:
        came = self._came.setdefault(window, deque(maxlen=MAX_PER_S))
        if len(came) == MAX_PER_S and now_s - came[0] < 1:
            return False
        came.append(now_s)
        return True

    def _has_changed(self, entry: CameUp | Followed | Moved) -> bool:
        """Whether `entry` says anything after a long run of such; an address takes the place of its window's last."""
        latest = self.entries[-MAX_IDLE:]
        if len(latest) < MAX_IDLE or not all(map(_is_idle, latest)):
            return True
        if isinstance(entry, Moved):
            back = next((n for n, each in enumerate(reversed(latest), start=1)
                         if isinstance(each, Moved) and each.window == entry.window), 0)  # fmt: skip
            if back:
                del self.entries[-back]
                self._by_pages -= 1
            return True
        return isinstance(entry, Followed) and entry not in latest


def _is_idle(entry: Entry) -> bool:
    return isinstance(entry, CameUp | Followed) or (isinstance(entry, Moved) and not entry.how)


def _are_one(last: Acted, act: Acted) -> bool:
    return last.kind == act.kind == "input" and (last.seen.window, last.seen.key) == (
        act.seen.window,
        act.seen.key,
    )


def _as_one(last: Acted, act: Acted) -> Acted:
    # How a content came is not told by what was taken away of it.
    how = last.how if act.how.startswith("delete") else act.how
    return replace(act, seen=last.seen, before=last.before, how=how)
