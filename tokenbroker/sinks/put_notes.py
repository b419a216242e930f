"""What this home's store remembers of puts into a sink that rests elsewhere.

A note is written before the other side is asked to write, and again once that is known to be done. So a crash in
between leaves a note without a version, which says where to look; and a put that was done stays known after its secret
was removed.
"""

import json
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, select

from tokenbroker.sinks.sink import Reference
from tokenbroker.store.engine import Store
from tokenbroker.store.meta import read_meta, write_meta
from tokenbroker.store.models import STORE_META


@dataclass(frozen=True, kw_only=True, slots=True)
class PutNote:
    """One put. No value.

    Attributes:
        since: the lowest version that it can have got.
        version: the one that it got, or 0 while that is not known.
        created: when that was written, as the other side says it, or "".
    """

    path: str
    fingerprint: str
    since: int
    version: int = 0
    created: str = ""

    def reference(self, sink: str) -> Reference | None:
        """Where the secret was put, or None while that is not known."""
        if not self.version:
            return None
        return Reference(sink=sink, path=self.path, version=self.version, fingerprint=self.fingerprint)


class PutNotes:
    """The notes of the sink `alias`, as long as it stands for the same `place`.

    `place` is the sink's own short name of where it leads: an alias that leads elsewhere now has no notes yet.
    """

    def __init__(self, store: Store, *, alias: str, place: str) -> None:
        self._store = store
        self._prefix = f"put:{alias}:{place}:"

    def read(self, put_id: str) -> PutNote | None:
        """The note of that put, or None."""
        text = self._store.read(lambda connection: read_meta(connection, self._prefix + put_id))
        return PutNote(**json.loads(text)) if text else None

    def write(self, connection: Connection, put_id: str, note: PutNote) -> None:
        """Set the note of that put, in the caller's transaction."""
        write_meta(connection, self._prefix + put_id, json.dumps(asdict(note)))

    def all(self) -> dict[str, PutNote]:
        """Every note, by the put's id."""
        query = select(STORE_META.c.name, STORE_META.c.value).where(
            STORE_META.c.name.startswith(self._prefix, autoescape=True)
        )
        rows = self._store.read(lambda connection: connection.execute(query).all())
        return {name.removeprefix(self._prefix): PutNote(**json.loads(value)) for name, value in rows}
