"""The life of tokens: when each ends, whose it is, and which flows replace and revoke it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from tokenbroker.clock import iso
from tokenbroker.store.audit_log import AuditEntry, append
from tokenbroker.store.engine import Store
from tokenbroker.store.models import TOKEN_LIVES

_KEY = ("sink", "path", "version")
_FORGET = delete(TOKEN_LIVES).where(*(TOKEN_LIVES.c[name] == bindparam(f"of_{name}") for name in _KEY))
_ADD = insert(TOKEN_LIVES)
_MOMENTS: Final = ("created_at", "ends_at", "revoked_at")


@dataclass(frozen=True, kw_only=True, slots=True)
class Life:
    """What is known of one version of a token; "" and None for what nobody has said.

    Attributes:
        sink: the alias that it was put under.
        flow_id: the flow that captured it, or would: ``site/flow`` or ``site/flow[case]``; "" where none is known.
        run_id: that flow's run; "" for an adopted one.
        created_at: not after the site created it; of an adopted one of which nobody has said it, when it was adopted.
        ends_at: from when on it does not work any more.
        rotates: the flow that gets another in its place.
        revokes: the flow that revokes it.
        fingerprint: of the secret that it is about, for an alias may lead elsewhere since; None where it was not noted.
        grace_s: seconds for which it goes on working after another has taken its place.
        labels: words by which its owner finds it.
        key_name: its name at the site.
        params: what the flow was given, but for what is personal.
        revoke_at: the way to revoke it by hand: a page's address, or a flow.
        revoked_at: since when its site is known to refuse it; None while it may work.
    """

    sink: str
    path: str
    version: int
    flow_id: str
    run_id: str
    created_at: datetime
    ends_at: datetime | None
    rotates: str
    revokes: str
    grace_s: int | None
    owner: str
    fingerprint: str | None = None
    labels: tuple[str, ...] = ()
    key_name: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    revoke_at: str = ""
    revoked_at: datetime | None = None

    def is_of(self, fingerprint: str) -> bool:
        """Whether it tells of the secret with that fingerprint, and not of what its alias led to before."""
        return self.fingerprint in (None, fingerprint)


def remember(store: Store, life: Life) -> None:
    """Keep `life`, in the place of what was known of that version; durable when this returns.

    Raises:
        SecretUnavailable: the store can't be written.
    """
    store.write(lambda connection: _keep(connection, life))


def adopt_life(store: Store, life: Life, entry: AuditEntry, *, at: datetime) -> None:
    """As `remember`, with `entry` in the audit: both, or none.

    Raises:
        SecretUnavailable: the store can't be written.
    """

    def work(connection: Connection) -> None:
        _keep(connection, life)
        append(connection, entry, at=at)

    store.write(work)


def _keep(connection: Connection, life: Life) -> None:
    row = _row(life)
    connection.execute(_FORGET, {f"of_{name}": row[name] for name in _KEY})
    connection.execute(_ADD, row)


def _row(life: Life) -> dict[str, Any]:
    row = {name: getattr(life, name) for name in Life.__dataclass_fields__}
    row |= {name: iso(moment) if (moment := row[name]) else None for name in _MOMENTS}
    row |= {"labels": json.dumps(life.labels), "params": json.dumps(dict(life.params), sort_keys=True)}

    return row


def known_lives(store: Store, sinks: Iterable[str]) -> dict[tuple[str, str, int], Life]:
    """What is known of the tokens in `sinks`, by sink, path and version.

    Raises:
        SecretUnavailable: the store can't be read.
    """
    query = select(TOKEN_LIVES).where(TOKEN_LIVES.c.sink.in_([*sinks]))
    rows = store.read(lambda connection: connection.execute(query).mappings().all())
    lives = [_life(dict(row)) for row in rows]
    return {(life.sink, life.path, life.version): life for life in lives}


def note_revoked(store: Store, sink: str, path: str, version: int, *, at: datetime) -> None:
    """Keep that the site refuses that version since `at`; where nothing is known of its life, nothing is kept.

    Raises:
        SecretUnavailable: the store can't be written.
    """
    change = update(TOKEN_LIVES).where(
        TOKEN_LIVES.c.sink == sink, TOKEN_LIVES.c.path == path, TOKEN_LIVES.c.version == version
    )
    store.write(lambda connection: connection.execute(change.values(revoked_at=iso(at))))


def forget(store: Store, sink: str, path: str) -> None:
    """Forget what is known of every version of `path`; for one that was a stop on the way to another path.

    Raises:
        SecretUnavailable: the store can't be written.
    """
    gone = delete(TOKEN_LIVES).where(TOKEN_LIVES.c.sink == sink, TOKEN_LIVES.c.path == path)
    store.write(lambda connection: connection.execute(gone))


def _life(row: dict[str, Any]) -> Life:
    moments = {name: datetime.fromisoformat(row[name]) if row[name] else None for name in _MOMENTS}
    told = {"labels": tuple(json.loads(row["labels"] or "[]")), "params": json.loads(row["params"] or "{}")}
    # Rows of earlier releases have nothing there.
    texts = {name: row[name] or "" for name in ("key_name", "revoke_at")}
    return Life(**{**row, **moments, **told, **texts})
