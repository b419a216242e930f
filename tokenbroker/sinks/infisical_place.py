"""What a path is in Infisical: a secret with the newest value, and a folder with one secret for each version.

Infisical counts versions of a secret itself; but it has no check-and-set, gives those of a deleted secret out where its
name is asked for, and begins with 1 again. So each version is a secret ``vN`` of its own below ``_versions``, which
is made with its value and never gets another: that a name can be made only once is what decides a race. One that was
removed stays, says so and holds no value: that is all that can be written to it, however late. None is deleted but
where later ones are there, so the highest name tells which numbers were used.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from tokenbroker.sinks.infisical_failure import UNCERTAIN, Failure, explain, understood
from tokenbroker.sinks.infisical_names import joined, path_of_versions, split, versions_of, written
from tokenbroker.sinks.infisical_project import Kept, Project
from tokenbroker.sinks.item_history import KEPT
from tokenbroker.sinks.place import REMOVED, NotWritten, PathVersions, Place, Put, Record, Version
from tokenbroker.sinks.remote import PROBE_PATH

_NAME: Final = re.compile(r"v([1-9][0-9]{0,8})")


@dataclass(kw_only=True)
class Seen:
    """What there is at a path: the `versions` that have a value, and the numbers of those that were `removed`."""

    head: Kept | None = None
    versions: dict[int, Kept] = field(default_factory=dict)
    removed: set[int] = field(default_factory=set)

    def add_version(self, kept: Kept) -> None:
        """Take a secret of the folder of versions in."""
        name = _NAME.fullmatch(kept.name)
        if name is None:
            return
        number = int(name[1])
        if kept.removed or number in self.removed:
            self.removed.add(number)
            self.versions.pop(number, None)
            return
        # Two that were made in the same moment: the first one has the number, and the other's writer knows it.
        first = min(self.versions.get(number, kept), kept, key=lambda each: (each.created, each.handle))
        self.versions[number] = first

    @property
    def last(self) -> int:
        """The highest number that was ever used for a version of ours."""
        return max((*self.versions, *self.removed), default=0)

    @property
    def outdated(self) -> bool:
        """Whether the head shows a version of ours that is no more: a write that came late has put it there."""
        return bool(self.head and 0 < self.head.version <= self.last) and self._shown is None

    @property
    def _shown(self) -> Kept | None:
        return self.versions.get(self.head.version) if self.head else None

    @property
    def theirs(self) -> Kept | None:
        """The value that somebody else has set, which is a version of its own though there is no ``vN`` of it."""
        if self.head is None or not self.head.text or self.outdated:
            return None
        ours = self._shown
        is_ours = ours is not None and (ours.text, ours.how) == (self.head.text, self.head.how)
        return None if is_ours or self._has_version(self.head) else self.head

    def _has_version(self, theirs: Kept) -> bool:
        """Whether a put has made a version of it already, and was cut off before it has shown its own."""
        return any(
            (kept.set_at, kept.text) == (theirs.updated, theirs.text) for kept in self.versions.values()
        )

    @property
    def current(self) -> int:
        return self.last + (self.theirs is not None)

    def record(self, number: int | None) -> Record | Failure | None:
        """The version `number`, or the newest one."""
        wanted = self.current if number is None else number
        if self.theirs is not None and wanted == self.current:
            return self.theirs.record(wanted, as_it_is=True)
        kept = self.versions.get(wanted)
        return kept.record(wanted) if kept else None

    def told(self) -> PathVersions:
        """The same without a value."""
        found = [(number, kept.created) for number, kept in sorted(self.versions.items())]
        if self.theirs is not None:
            found.append((self.current, self.theirs.updated))
        versions = tuple(
            Version(
                number=number, created=created, created_at=datetime.fromisoformat(created).astimezone(UTC)
            )
            for number, created in found
        )
        return PathVersions(current=self.current, versions=versions)


class InfisicalPlace(Place):
    """A project's environment in one conversation."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._seen: dict[str, Seen] = {}

    def look(self, path: str) -> PathVersions:
        self._seen.pop(path, None)
        return self._project.had(understood(self._at(path).told))

    def read(self, path: str, version: int | None = None, *, field: str = "") -> Record | None:
        """As a place does; the `field` of an item is the secret of that name in the folder that is called like it."""
        record = self._at(f"{path}/{field}" if field else path).record(version)
        return self._project.had(record) if record is not None else None

    def write(self, put: Put, *, after: int) -> Record | NotWritten:
        seen = self._at(put.path)
        if seen.current != after:
            return self._not_written(Failure.CONFLICT)
        if seen.theirs is not None:
            about = {"set-at": seen.theirs.updated}
            kept = self._make(put.path, after, (seen.theirs.text, ""), about)
            if isinstance(kept, Failure):
                return self._not_written(kept)
        about = {"put": put.put_id, "fingerprint": put.fingerprint}
        made = self._make(put.path, after + 1, written(put.secret), about)
        if isinstance(made, Failure):
            return self._not_written(made)
        newest = self._shown(put.path)
        if after + 1 in newest.removed or newest.versions.get(after + 1, made).put_id != put.put_id:
            return self._not_written(Failure.CONFLICT)
        self._thin_out(put.path, newest)
        return Record(version=after + 1, created=made.created, secret=put.secret, put_id=put.put_id)

    def show_newest(self, path: str) -> None:
        """As a place does; a value that somebody else has set since is newer, and stays."""
        self._seen.pop(path, None)
        if self._at(path).theirs is None:
            self._shown(path)

    def destroy(self, path: str, versions: list[int]) -> None:
        """As a place does; Infisical itself keeps what was deleted in its history."""
        seen = self._at(path)
        is_shown = seen.theirs is None or seen.current in versions
        for number in sorted(versions, reverse=True):
            # What somebody else has set has no secret of its own yet: then it is made, for its number was given out.
            self._project.set(versions_of(path), f"v{number}", (REMOVED, ""), {"removed": "yes"})
            if is_shown:  # once the highest number is kept
                self._project.delete(*split(path))
                is_shown = False
        self._shown(path)

    def paths(self) -> Iterator[tuple[str, PathVersions]]:
        for kept in self._project.everything():
            inside = kept.folders[:1] == versions_of("")[:1]
            path = path_of_versions(kept.folders[1:]) if inside else joined(kept.folders, kept.name)
            if path is not None:
                seen = self._seen.setdefault(path, Seen())
                if inside:
                    seen.add_version(kept)
                else:
                    seen.head = kept
        for path, seen in self._seen.items():
            yield path, self._project.had(understood(seen.told))

    def _at(self, path: str) -> Seen:
        if path not in self._seen:
            folders, name = split(path)
            seen = self._versions(path)
            seen.head = self._project.one(folders, name)
            self._seen[path] = seen
        return self._seen[path]

    def _versions(self, path: str) -> Seen:
        seen = Seen()
        for kept in self._project.inside(versions_of(path)):
            seen.add_version(kept)
        return seen

    def _make(
        self, path: str, number: int, value: tuple[str, str], about: Mapping[str, str]
    ) -> Kept | Failure:
        self._seen.pop(path, None)
        return self._project.make(versions_of(path), f"v{number}", value, about)

    def _shown(self, path: str) -> Seen:
        """The versions as they are now, once the secret itself shows the newest or is gone."""
        self._seen.pop(path, None)
        seen, done = self._versions(path), (0, False)
        # Looked at again behind each change: what another writer has shown meanwhile may just have been undone by it.
        while path != PROBE_PATH and (newest := (seen.last, seen.last in seen.versions)) != done:
            # Read here and not before: another writer may have made it anew, with metadata of somebody else's.
            seen.head = self._project.one(*split(path))
            if seen.last in seen.versions:
                self._show(path, seen)
            elif seen.outdated:
                self._project.delete(*split(path))
            seen, done = self._versions(path), newest
        return seen

    def _show(self, path: str, seen: Seen) -> None:
        kept = seen.versions[seen.last]
        about = {"version": str(seen.last), "put": kept.put_id, "fingerprint": kept.fingerprint}
        others = seen.head.others if seen.head else ()
        self._project.set(*split(path), (kept.text, kept.how), about, others=others)

    def _thin_out(self, path: str, seen: Seen) -> None:
        for number in sorted((*seen.versions, *seen.removed))[:-KEPT]:
            self._project.delete(versions_of(path), f"v{number}")

    def _not_written(self, failure: Failure) -> NotWritten:
        error = explain(failure, self._project.address)
        if failure is Failure.CONFLICT or failure in UNCERTAIN:
            return NotWritten(error=error, raced=failure is Failure.CONFLICT)
        raise error
