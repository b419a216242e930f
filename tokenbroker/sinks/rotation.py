"""``rotate``: every record of a store sealed anew under a fresh data key, in one transaction."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, CursorResult, bindparam, func, select, update

from tokenbroker.clock import Clock
from tokenbroker.errors import SecretAccessDenied
from tokenbroker.sinks.custody import KeyCustody
from tokenbroker.sinks.sealing import NONCE_BYTES, Sealer, associated_data
from tokenbroker.store.audit_log import AuditEntry, append
from tokenbroker.store.engine import Store
from tokenbroker.store.models import TOKENS

_BATCH: Final = 5_000
_FIND: Final = (
    select(
        *(TOKENS.c[name] for name in ("id", "sink", "path", "version", "put_id", "key_id", "nonce", "sealed"))
    )
    .where(TOKENS.c.id > bindparam("after"), TOKENS.c.id <= bindparam("until"), TOKENS.c.sealed.is_not(None))
    .order_by(TOKENS.c.id)
)
_MOVE: Final = (
    update(TOKENS)
    .where(TOKENS.c.id == bindparam("row_id"))
    .values(key_id=bindparam("to_key"), nonce=bindparam("to_nonce"), sealed=bindparam("to_sealed"))
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rotation:
    """What a rotation did: how many records it sealed anew, and the id of the key that seals them now."""

    records: int
    key_id: str


def rotate(store: Store, custody: KeyCustody, *, actor: str, clock: Clock) -> Rotation:
    """Seal every record of `store` anew under a fresh data key, and forget the one before.

    All or nothing, also where the process is killed: readers see the store as it was, or as it is afterwards. Others
    that write wait meanwhile. An audit row (`rotate_key`) is written in the same transaction.

    Raises:
        SecretAccessDenied: a record doesn't open: it was changed, or sealed with another key. Nothing was changed.
        SecretUnavailable: the store can't be written.
    """

    def work(connection: Connection) -> Rotation:
        keys, now = custody.data_keys, clock()
        # The fresh key takes the place of the other ones: what they seal is read first.
        opened = {key_id: keys.of(connection, key_id) for key_id in _key_ids(connection)}
        fresh = keys.replace(connection, at=now)
        records = sum(_seal_anew(connection, batch, opened, fresh) for batch in _batches(connection))
        entry = AuditEntry(
            service_id="", action="rotate_key", actor=actor, key=fresh.key_id, detail={"records": records}
        )
        append(connection, entry, at=now)
        return Rotation(records=records, key_id=fresh.key_id)

    done = store.write(work)
    store.forget_what_was_overwritten()
    return done


def _key_ids(connection: Connection) -> list[str]:
    query = select(TOKENS.c.key_id).where(TOKENS.c.sealed.is_not(None)).distinct()
    return [str(key_id) for key_id in connection.execute(query).scalars()]


def _batches(connection: Connection) -> Iterator[list[Any]]:
    last = connection.execute(select(func.max(TOKENS.c.id))).scalar() or 0
    for after in range(0, last, _BATCH):
        if batch := _handed_on(connection, _FIND, (after, after + _BATCH)).all():
            yield list(batch)


def _seal_anew(
    connection: Connection, batch: list[Any], opened: dict[str, Sealer | None], fresh: Sealer
) -> int:
    rows = []
    nonces = os.urandom(NONCE_BYTES * len(batch))
    for start, (row_id, sink, path, version, put_id, key_id, nonce, sealed) in enumerate(batch):
        sealer = opened[key_id]
        fresh_nonce = nonces[start * NONCE_BYTES : (start + 1) * NONCE_BYTES]
        was = associated_data(sink, path, version, put_id, key_id)
        becomes = associated_data(sink, path, version, put_id, fresh.key_id)
        anew = sealer and sealer.handed_over(fresh, nonce, sealed, fresh_nonce, was, becomes)
        if anew is None:
            raise _not_opened(f"{sink}:{path}", version, is_changed=sealer is not None)
        rows.append((fresh.key_id, fresh_nonce, anew, row_id))
    _handed_on(connection, _MOVE, rows)
    return len(rows)


def _handed_on(
    connection: Connection, statement: Any, values: tuple[Any, ...] | list[tuple[Any, ...]]
) -> CursorResult[Any]:
    """`statement` with `values`, or with each of them, in the order of its parameters and as the driver takes them.

    SQLAlchemy would look at every value on its way there and back, which takes longer than sealing it.
    """
    compiled = statement.compile(dialect=connection.dialect)
    names = () if compiled.positional else tuple(compiled.params)
    return connection.exec_driver_sql(str(compiled), _named(names, values) if names else values)


def _named(names: tuple[str, ...], values: tuple[Any, ...] | list[tuple[Any, ...]]) -> Any:
    if isinstance(values, list):
        return [dict(zip(names, each, strict=True)) for each in values]
    return dict(zip(names, values, strict=True))


def _not_opened(reference: str, version: int, *, is_changed: bool) -> SecretAccessDenied:
    why = "was changed in the database and doesn't open" if is_changed else "was sealed with another key"
    return SecretAccessDenied(
        f"Nothing was rotated: the record {reference}@{version} {why}",
        next_step=f"put store.db back from its backup, or remove the record: tokenbroker secrets remove {reference}",
    )
