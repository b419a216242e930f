"""``rotate``: every record of a store sealed anew under a fresh data key, in one transaction."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select, update

from tokenbroker.clock import Clock
from tokenbroker.errors import SecretAccessDenied, SecretUnavailable
from tokenbroker.sinks.custody import KeyCustody
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
_MOVE: Final = (
    update(TOKENS)
    .where(TOKENS.c.id == bindparam("row_id"))
    .values(key_id=bindparam("to_key"), nonce=bindparam("to_nonce"), sealed=bindparam("to_sealed"))
)
_LEFT: Final = select(func.count()).where(TOKENS.c.sealed.is_not(None), TOKENS.c.key_id != bindparam("key"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Rotation:
    """What a rotation did.

    Attributes:
        records: how many it sealed anew.
        key_id: of the key that seals them now.
        is_gone: whether what was sealed before is out of the database's files, too; a reader may have held it.
    """

    records: int
    key_id: str
    is_gone: bool


def rotate(store: Store, custody: KeyCustody, *, actor: str, clock: Clock) -> Rotation:
    """Seal every record of `store` anew under a fresh data key, and forget the one before.

    All or nothing, also where the process is killed: readers see the store as it was, or as it is afterwards. Others
    that write wait meanwhile, some seconds at most. An audit row (`rotate_key`) tells of it either way.

    Raises:
        SecretAccessDenied: a record doesn't open: it was changed, or sealed with another key. Nothing was changed.
        SecretUnavailable: the store can't be written.
    """

    def work(connection: Connection) -> tuple[int, str]:
        keys, now = custody.data_keys, clock()
        # The fresh key takes the place of the other ones: what they seal is read first.
        opened = {key_id: keys.of(connection, key_id) for key_id in _key_ids(connection)}
        fresh = keys.replace(connection, at=now)
        records = sum(_seal_anew(connection, batch, opened, fresh) for batch in _batches(connection))
        if connection.execute(_LEFT, {"key": fresh.key_id}).scalar_one():
            raise SecretUnavailable("Nothing was rotated: not every record could be found")
        append(connection, _entry(actor, fresh.key_id, records=records), at=now)
        return records, fresh.key_id

    refused: SecretAccessDenied | None = None
    try:
        records, key_id = store.write(work)
        return Rotation(records=records, key_id=key_id, is_gone=store.forget_what_was_overwritten())
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
    batch = list(connection.execute(_FIRST))
    while batch:
        yield batch
        batch = list(connection.execute(_NEXT, {"after": batch[-1][0]}))


def _seal_anew(
    connection: Connection, batch: list[Any], opened: dict[str, Sealer | None], fresh: Sealer
) -> int:
    rows = []
    nonces = os.urandom(NONCE_BYTES * len(batch))
    for start, (row_id, sink, path, version, put_id, key_id, nonce, sealed) in enumerate(batch):
        sealer = opened.get(key_id)
        fresh_nonce = nonces[start * NONCE_BYTES : (start + 1) * NONCE_BYTES]
        anew = sealer and sealer.handed_over(fresh, (sink, path, version, put_id), nonce, sealed, fresh_nonce)
        if anew is None:
            raise _not_opened(f"{sink}:{path}", version, is_changed=sealer is not None)
        rows.append((fresh.key_id, fresh_nonce, anew, row_id))
    # As the driver takes them: SQLAlchemy would look at every value, which takes longer than sealing it.
    compiled = _MOVE.compile(dialect=connection.dialect)
    assert compiled.positiontup == ["to_key", "to_nonce", "to_sealed", "row_id"]
    connection.exec_driver_sql(str(compiled), rows)
    return len(rows)


def _not_opened(reference: str, version: int, *, is_changed: bool) -> SecretAccessDenied:
    why = "was changed in the database and doesn't open" if is_changed else "was sealed with another key"
    return SecretAccessDenied(
        f"Nothing was rotated: the record {reference}@{version} {why}",
        next_step="put store.db back from its backup; or, if no version of it is needed any more: "
        f"tokenbroker secrets remove {reference}",
    )
