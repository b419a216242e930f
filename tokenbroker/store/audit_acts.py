"""What the audit log tells: the acts that somebody asks about, the newest first."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, or_, select

from tokenbroker.clock import iso
from tokenbroker.store.engine import Store
from tokenbroker.store.models import AUDIT_LOG

_OF_A_KEY = ("@", "#", ".rotating")
"""What may stand behind a reference in the keys of its acts: a version, a field, the stop of its replacement."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """A row of the log, as it stands there; whether the chain holds is another question."""

    id: int
    at: datetime
    service_id: str
    action: str
    actor: str
    key: str
    result: str
    detail: Mapping[str, str | int | bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Which acts are asked about.

    Attributes:
        keys: those done to one of these, and to their versions; empty for whatever they were done to.
        action, actor: "" for any.
        since: None for the whole log.
        last: so many of the newest.
    """

    keys: tuple[str, ...] = ()
    action: str = ""
    actor: str = ""
    since: datetime | None = None
    last: int


def acts(store: Store, asked: Asked) -> list[Act]:
    """The newest of them first.

    Raises:
        SecretUnavailable: the store can't be read.
    """
    query = select(AUDIT_LOG).where(*_conditions(asked)).order_by(AUDIT_LOG.c.id.desc()).limit(asked.last)
    return [_act(row) for row in store.read(lambda c: c.execute(query).mappings().all())]


def actions(store: Store) -> set[str]:
    """The names of the acts that the log has.

    Raises:
        SecretUnavailable: the store can't be read.
    """

    def work(connection: Connection) -> set[str]:
        return {*connection.execute(select(AUDIT_LOG.c.action).distinct()).scalars()}

    return store.read(work)


def _conditions(asked: Asked) -> list[ColumnElement[bool]]:
    column = AUDIT_LOG.c
    found: list[ColumnElement[bool]] = []
    if asked.keys:
        longer = [f"{key}{sign}" for key in asked.keys for sign in _OF_A_KEY]
        prefixes = (column.key.startswith(each, autoescape=True) for each in longer)
        found.append(or_(column.key.in_(asked.keys), *prefixes))
    if asked.action:
        found.append(column.action == asked.action)
    if asked.actor:
        found.append(column.actor == asked.actor)
    if asked.since is not None:
        found.append(column.at >= iso(asked.since))
    return found


def _act(row: RowMapping) -> Act:
    told = {name: row[name] for name in Act.__dataclass_fields__}
    return Act(**{**told, "at": datetime.fromisoformat(row["at"]), "detail": json.loads(row["detail"])})
