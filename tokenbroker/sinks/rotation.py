"""``rotate``: every record of a store sealed anew under a fresh data key, in one transaction."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select

from tokenbroker.clock import Clock
from tokenbroker.errors import SecretAccessDenied, SecretUnavailable
from tokenbroker.sinks.data_key import DataKeys
from tokenbroker.sinks.sealing import NONCE_BYTES, Sealer
from tokenbroker.store.audit_log import OK, AuditEntry, append, record
from tokenbroker.store.engine import Store
from tokenbroker.store.models import TOKENS

_BATCH: Final = 5_000
_FIRST: Final = (
    select(
        *(TOKENS.c[name] for name in ("id", "sink", "path", "version", "put_id", "key_id", "nonce", "sealed"))
    )
    .where(TOKENS.c.sealed.is_not(None))
    .order_by(TOKENS.c.id)
    .limit(_BATCH)
)
_NEXT: Final = _FIRST.where(TOKENS.c.id > bindparam("after"))
# As the drivers take them: SQLAlchemy would look at every value, which takes longer than sealing it.
_MOVE_IN_SQLITE: Final = "UPDATE tokens SET key_id = ?, nonce = ?, sealed = ? WHERE id = ?"
_MOVE_IN_POSTGRES: Final = (
    "UPDATE tokens SET key_id = %s, nonce = fresh.nonce, sealed = fresh.sealed "
    "FROM unnest(%s::bytea[], %s::bytea[], %s::int[]) AS fresh (nonce, sealed, id) WHERE tokens.id = fresh.id"
)
_LEFT: Final = select(func.count()).where(TOKENS.c.sealed.is_not(None), TOKENS.c.key_id != bindparam("key"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Rotation:
    """What a rotation did.

    Attributes:
        records: how many it sealed anew.
        key_id: of the key that seals them now.
        store: what was rotated, such as ``the store /home/me/store.db``.
        remains: where what was sealed before still is, in one sentence; "" if it is out of the database's files.
    """

    records: int
    key_id: str
    store: str
    remains: str


def rotate(store: Store, keys: DataKeys, *, actor: str, clock: Clock) -> Rotation:
    """Seal every record of `store` anew under a fresh data key, and forget the one before.

    All or nothing, also where the process is killed: readers see the store as it was, or as it is afterwards. Others
    that write wait meanwhile, some seconds at most. An audit row (`rotate_key`) tells of it either way.

    Raises:
        SecretAccessDenied: a record doesn't open: it was changed, or sealed with another key. Nothing was changed.
        SecretUnavailable: the store can't be written.
    """

    def work(connection: Connection) -> tuple[int, str]:
        now = clock()
        # The fresh key takes the place of the other ones: what they seal is read first.
        opened = {key_id: keys.of(connection, key_id) for key_id in _key_ids(connection)}
        fresh = keys.replace(connection, at=now)
        records = sum(_seal_anew(connection, batch, opened, fresh, store) for batch in _batches(connection))
        if connection.execute(_LEFT, {"key": fresh.key_id}).scalar_one():
            raise SecretUnavailable(
                f"Nothing was rotated in {store.described}: not every record could be found"
            )
        append(connection, _entry(actor, fresh.key_id, records=records), at=now)
        return records, fresh.key_id

    refused: SecretAccessDenied | None = None
    try:
        records, key_id = store.write(work)
        remains = store.forget_what_was_overwritten()
        return Rotation(records=records, key_id=key_id, store=store.described, remains=remains)
    except SecretAccessDenied as error:
        refused = error
    record(store, _entry(actor, "", result=refused.code), at=clock())
    raise refused


def _entry(actor: str, key_id: str, *, result: str = OK, **detail: int) -> AuditEntry:
    return AuditEntry(
        service_id="", action="rotate_key", actor=actor, key=key_id, result=result, detail=detail
    )


def _key_ids(connection: Connection) -> list[Any]:
    query = select(TOKENS.c.key_id).where(TOKENS.c.sealed.is_not(None)).distinct()
    return [key_id for key_id in connection.execute(query).scalars() if isinstance(key_id, str)]


def _batches(connection: Connection) -> Iterator[list[Any]]:
    batch = [*connection.execute(_FIRST).all()]
    while batch:
        yield batch
        batch = [*connection.execute(_NEXT, {"after": batch[-1][0]}).all()]


def _seal_anew(
    connection: Connection,
    batch: list[Any],
    opened: dict[str, Sealer | None],
    fresh: Sealer,
    store: Store,
) -> int:
    rows = []
    nonces = os.urandom(NONCE_BYTES * len(batch))
    for start, (row_id, sink, path, version, put_id, key_id, nonce, sealed) in enumerate(batch):
        sealer = opened.get(key_id)
        fresh_nonce = nonces[start * NONCE_BYTES : (start + 1) * NONCE_BYTES]
        anew = sealer and sealer.handed_over(fresh, sink, path, version, put_id, nonce, sealed, fresh_nonce)
        if anew is None:
            raise _not_opened(f"{sink}:{path}", version, store, is_changed=sealer is not None)
        rows.append((fresh.key_id, fresh_nonce, anew, row_id))
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_MOVE_IN_SQLITE, rows)
    else:
        _, *columns = zip(*rows, strict=True)
        connection.exec_driver_sql(_MOVE_IN_POSTGRES, (fresh.key_id, *map(list, columns)))
    return len(rows)


def _not_opened(reference: str, version: int, store: Store, *, is_changed: bool) -> SecretAccessDenied:
    why = "was changed in the database and doesn't open" if is_changed else "was sealed with another key"
    return SecretAccessDenied(
        f"Nothing was rotated in {store.described}: the record {reference}@{version} {why}",
        next_step=f"{store.restoring}; or, if no version of it is needed any more: "
        f"tokenbroker secrets remove {reference}",
    )
