"""Who did what to which secret: rows that are only ever added, each holding the hash of the one before.

``hash`` is the SHA-256, in hex, of the canonical JSON (keys sorted, no spaces, UTF-8) of the row's other
columns, ``prev_hash`` among them; the first row's ``prev_hash`` is 64 zeros. ``store_meta.audit_head`` holds
the last row's id and hash, so that rows cut off at the end are missed as well. Whoever can write the file
and recomputes every hash is found only by comparing with a head that was noted elsewhere.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from tokenbroker.clock import iso
from tokenbroker.errors import SecretUnavailable
from tokenbroker.store.engine import Store
from tokenbroker.store.models import AUDIT_LOG, STORE_META

OK = "ok"
FIRST_PREV_HASH = "0" * 64

_HEAD = "audit_head"
_CODE = re.compile(r"[A-Za-z0-9._:/+@-]{0,128}")
_BATCH_ROWS = 1000
# Built once: each act of a run appends, and building a statement takes longer than SQLite takes to do it.
_ADD = insert(AUDIT_LOG)
_MOVE_HEAD = update(STORE_META).where(STORE_META.c.name == _HEAD).values(value=bindparam("head"))
_FIND_HEAD = select(STORE_META.c.value).where(STORE_META.c.name == _HEAD)


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditEntry:
    """One act.

    Attributes:
        service_id: the service whose secret it is, such as ``example``; "" for the store itself.
        action: ``get_token``, ``set_token``, ``delete_token``, ``run_flow`` …
        actor: who did it: an e-mail address or the operator's name.
        key: the path of what it was done to; never a value.
        result: ``ok``, or the code of the error that it ended with.
        detail: codes, numbers and truth values only.
    """

    service_id: str
    action: str
    actor: str
    key: str
    result: str = OK
    detail: Mapping[str, str | int | bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in self.detail.items():
            if isinstance(value, str) and not _CODE.fullmatch(value):
                raise ValueError(f"the audit detail '{name}' is not a code")


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokenLink:
    """The first row at which the chain doesn't hold.

    Attributes:
        row_id: that row's id.
        code: ``audit.row_missing``, ``audit.row_changed`` or ``audit.row_unlinked`` (its ``prev_hash`` is not
            the hash of the row before: rows were reordered, replaced or put in).
    """

    row_id: int
    code: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ChainCheck:
    """What :func:`verify_chain` found: how many rows hold, and the first that doesn't."""

    rows: int
    broken: BrokenLink | None


def append(connection: Connection, entry: AuditEntry, *, at: datetime) -> int:
    """Add `entry` in the caller's transaction (of :meth:`Store.write`), and return the row's id."""
    head_id, head_hash = _head(connection)
    row: dict[str, Any] = {
        "id": head_id + 1,
        "at": iso(at),
        "service_id": entry.service_id,
        "action": entry.action,
        "actor": entry.actor,
        "key": entry.key,
        "result": entry.result,
        "detail": _canonical(dict(entry.detail)),
        "prev_hash": head_hash,
    }
    row["hash"] = _hash(row)
    connection.execute(_ADD, row)
    connection.execute(_MOVE_HEAD, {"head": _canonical({"id": row["id"], "hash": row["hash"]})})
    return head_id + 1


def record(store: Store, entry: AuditEntry, *, at: datetime) -> int:
    """Add `entry` in a transaction of its own, and return the row's id once it is on the disk.

    Raises:
        SecretUnavailable: the store can't be written.
    """
    return store.write(lambda connection: append(connection, entry, at=at))


def verify_chain(store: Store) -> ChainCheck:
    """Walk the whole log and name the first row that was changed, removed, reordered or put in.

    Raises:
        SecretUnavailable: the store can't be read.
    """
    return store.read(_verify)


def _verify(connection: Connection) -> ChainCheck:
    head_id, head_hash = _head(connection)
    last_id, last_hash = 0, FIRST_PREV_HASH
    rows = connection.execution_options(yield_per=_BATCH_ROWS).execute(
        select(AUDIT_LOG).order_by(AUDIT_LOG.c.id)
    )
    with closing(rows):
        for found in rows.mappings():
            row = dict(found)
            code = _fault(row, last_id, last_hash)
            if code:
                row_id = last_id + 1 if code == "audit.row_missing" else row["id"]
                return ChainCheck(rows=last_id, broken=BrokenLink(row_id=row_id, code=code))
            last_id, last_hash = row["id"], row["hash"]
    if last_id < head_id:
        return ChainCheck(rows=last_id, broken=BrokenLink(row_id=last_id + 1, code="audit.row_missing"))
    if (last_id, last_hash) != (head_id, head_hash):
        return ChainCheck(rows=head_id, broken=BrokenLink(row_id=last_id, code="audit.row_unlinked"))
    return ChainCheck(rows=last_id, broken=None)


def _fault(row: dict[str, Any], last_id: int, last_hash: str) -> str:
    if row["id"] > last_id + 1:
        return "audit.row_missing"
    if row.pop("hash", None) != (expected := _hash(row)):
        return "audit.row_changed"
    row["hash"] = expected
    if row["prev_hash"] != last_hash or row["id"] != last_id + 1:
        return "audit.row_unlinked"
    return ""


def _head(connection: Connection) -> tuple[int, str]:
    value = connection.execute(_FIND_HEAD).scalar()
    if value is None:
        raise SecretUnavailable(
            "the audit log's head is missing from the store", next_step="restore the store from a backup"
        )
    head = json.loads(value)
    return int(head["id"]), str(head["hash"])


def _hash(row: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical(row).encode()).hexdigest()


def _canonical(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
