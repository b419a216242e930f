"""The life of tokens: when each ends, whose it is, and which flows replace and revoke it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from tokenbroker.clock import iso
from tokenbroker.store.engine import Store
from tokenbroker.store.models import TOKEN_LIVES

_KEY = ("sink", "path", "version")
_FORGET = delete(TOKEN_LIVES).where(*(TOKEN_LIVES.c[name] == bindparam(f"of_{name}") for name in _KEY))
_ADD = insert(TOKEN_LIVES)


@dataclass(frozen=True, kw_only=True, slots=True)
class Life:
    """What is known of one version of a token; "" and None for what nobody has said.

    Attributes:
        sink: the alias that it was put under.
        flow_id: the flow that captured it, ``site/flow`` or ``site/flow[case]``.
        run_id: that flow's run.
        created_at: not after the site created it.
        ends_at: from when on it does not work any more.
        rotates: the flow that gets another in its place.
        revokes: the flow that revokes it.
        fingerprint: of the secret that it is about, for an alias may lead elsewhere since; None where it was not noted.
        grace_s: seconds for which it goes on working after another has taken its place.
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


def remember(store: Store, life: Life) -> None:
    """Keep `life`, in the place of what was known of that version; durable when this returns.

    Raises:
        SecretUnavailable: the store can't be written.
    """
    row = {name: getattr(life, name) for name in Life.__dataclass_fields__}
    row |= {"created_at": iso(life.created_at), "ends_at": iso(life.ends_at) if life.ends_at else None}

    def work(connection: Connection) -> None:
        connection.execute(_FORGET, {f"of_{name}": row[name] for name in _KEY})
        connection.execute(_ADD, row)

    store.write(work)


def known_lives(store: Store, sinks: Iterable[str]) -> dict[tuple[str, str, int], Life]:
    """What is known of the tokens in `sinks`, by sink, path and version.

    Raises:
        SecretUnavailable: the store can't be read.
    """
    query = select(TOKEN_LIVES).where(TOKEN_LIVES.c.sink.in_([*sinks]))
    rows = store.read(lambda connection: connection.execute(query).mappings().all())
    lives = (Life(**{**row, **_moments(row["created_at"], row["ends_at"])}) for row in rows)
    return {(life.sink, life.path, life.version): life for life in lives}


def _moments(created_at: str, ends_at: str | None) -> dict[str, datetime | None]:
    ends = datetime.fromisoformat(ends_at) if ends_at else None
    return {"created_at": datetime.fromisoformat(created_at), "ends_at": ends}
