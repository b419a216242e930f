"""A write to a store elsewhere that is done once: looked for before it is tried again."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from tokenbroker.sinks.place import PathVersions, Place, Put, Record

_LOST_RACES_MAX: Final = 20
_LOST_ANSWERS_MAX: Final = 1


def write_once(place: Place, put: Put, *, after: int, now: datetime) -> Record:
    """Do `put`, where `after` is the number of the path's newest version.

    Where another writer was faster it is tried again, and once where the answer was lost; each time only after a look
    has shown that it was not done. A write that was lost on its way and arrives late finds its version taken.

    Raises:
        SecretAccessDenied, SecretTimeout, SecretUnavailable: it may have been done in the case of the last two.
    """
    since, left = after + 1, {True: _LOST_RACES_MAX, False: _LOST_ANSWERS_MAX}
    while True:
        answer = place.write(put, after=after)
        if isinstance(answer, Record):
            return answer
        after, done = look_for(place, put.path, put.put_id, since=since, now=now)
        if done is not None:
            place.show_newest(put.path)
            return done
        left[answer.raced] -= 1
        if left[answer.raced] < 0:
            raise answer.error


def look_for(place: Place, path: str, put_id: str, *, since: int, now: datetime) -> tuple[int, Record | None]:
    """The number of the newest version at `path`, and what the put with `put_id` wrote there, not below `since`.

    Raises:
        SecretAccessDenied, SecretTimeout, SecretUnavailable: it could not be looked for.
    """
    found = place.look(path)
    records = _records(place, path, found, since=since, now=now)
    return found.current, next((record for record in records if record.put_id == put_id), None)


def _records(place: Place, path: str, found: PathVersions, *, since: int, now: datetime) -> Iterator[Record]:
    """Those that can be read, newest first."""
    for version in reversed(found.versions):
        if version.number >= since and version.readable(now):
            record = place.read(path, version.number)
            if record is not None:  # None: removed since the look
                yield record
