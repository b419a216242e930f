"""How far the replacement of each token has come, so that one that was cut off goes on from there."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, insert, select, update

from tokenbroker.clock import iso
from tokenbroker.errors import RunError, UsageError
from tokenbroker.store.audit_log import AuditEntry, append
from tokenbroker.store.engine import Store
from tokenbroker.store.models import ROTATIONS

TAKEN_OVER: Final = "rotate.taken_over"


class Stage(StrEnum):
    """What a rotation has done last; each is durable before the next begins."""

    BEGUN = "begun"
    """It is decided; the flow that gets another key may be running."""
    PROVEN = "proven"
    """The new key lies beside the old one, and its site accepts it."""
    REPLACED = "replaced"
    """The reference leads to the new key."""
    TOLD = "told"
    """Those who use it were told: the hook has run, or there is none."""
    SURPLUS = "surplus"
    """The reference leads to a key of somebody else: its own new key is not needed, and is to be revoked."""
    REVOKED = "revoked"
    """The old key was revoked, and its site refuses it. The end."""
    UNPROVEN = "unproven"
    """The new key is in place; of the old one nobody can ask any more, for its store has dropped it. The end."""
    GIVEN_UP = "given_up"
    """It ended before its end; what the reference leads to stays, and no old key was proven dead. The end."""


ENDED = frozenset({Stage.REVOKED, Stage.UNPROVEN, Stage.GIVEN_UP})


@dataclass(frozen=True, kw_only=True, slots=True)
class Rotation:
    """The replacement of one version of a token by another.

    Attributes:
        sink: the alias that the token was put under.
        flow_id: the flow that gets another, ``site/flow``.
        key_name: that of the new key at its site.
        code: of the error that stopped it, or "" while nothing has.
        new_version: None until the reference leads to it.
        revoke_after: when the grace of the old one ends; None until it is replaced.
    """

    id: str
    sink: str
    path: str
    old_version: int
    flow_id: str
    key_name: str
    state: Stage
    begun_at: datetime
    code: str = ""
    new_version: int | None = None
    revoke_after: datetime | None = None

    @property
    def reference(self) -> str:
        """The reference that is rotated, without a version."""
        return f"{self.sink}:{self.path}"

    @property
    def is_under_way(self) -> bool:
        return self.state not in ENDED


def begin_rotation(store: Store, rotation: Rotation, entry: AuditEntry) -> None:
    """Keep a new one, with `entry` in the audit: both, or none; durable when this returns.

    Raises:
        UsageError: ``rotate.under_way``; one of the same token is.
        SecretUnavailable: the store can't be written.
    """

    def work(connection: Connection) -> bool:
        others = select(ROTATIONS.c.id).where(
            ROTATIONS.c.sink == rotation.sink,
            ROTATIONS.c.path == rotation.path,
            ROTATIONS.c.state.not_in([*ENDED]),
        )
        if connection.execute(others).first() is not None:
            return False
        connection.execute(insert(ROTATIONS).values(_row(rotation, rotation.begun_at)))
        append(connection, entry, at=rotation.begun_at)
        return True

    if not store.write(work):
        raise UsageError(f"{rotation.reference} is being rotated by another run", code="rotate.under_way")


def keep_rotation(
    store: Store, rotation: Rotation, entry: AuditEntry, *, after: Rotation, at: datetime
) -> None:
    """Keep how far it is now, with `entry` in the audit: both, or none; durable when this returns.

    `after` is how this process knows it: where another one has gone on with it since, nothing is changed.

    Raises:
        RunError: ``rotate.taken_over``; another one has.
        SecretUnavailable: the store can't be written.
    """

    def work(connection: Connection) -> bool:
        # One UPDATE decides: two that go on with it at once must not both believe that it is theirs.
        known = (
            ROTATIONS.c.id == rotation.id,
            ROTATIONS.c.state == after.state.value,
            ROTATIONS.c.key_name == after.key_name,
        )
        if not connection.execute(update(ROTATIONS).where(*known).values(_row(rotation, at))).rowcount:
            return False
        append(connection, entry, at=at)
        return True

    if not store.write(work):
        raise RunError(
            f"another `tokenbroker rotate` has gone on with the replacement of {rotation.reference}: nothing more is "
            "done here",
            next_step=f"tokenbroker due   shows how far it is; a key '{after.key_name}' that is not in use then is to "
            "be revoked at its site",
            code=TAKEN_OVER,
        )


def note_stop(store: Store, rotation_id: str, code: str, entry: AuditEntry, *, at: datetime) -> None:
    """Keep why a rotation could not go on, with `entry` in the audit; how far it has come stays as the store has it.

    Raises:
        SecretUnavailable: the store can't be written.
    """
    change = update(ROTATIONS).where(ROTATIONS.c.id == rotation_id, ROTATIONS.c.state.not_in([*ENDED]))

    def work(connection: Connection) -> None:
        connection.execute(change.values(code=code, updated_at=iso(at)))
        append(connection, entry, at=at)

    store.write(work)


def rotations_under_way(store: Store, sinks: Iterable[str]) -> list[Rotation]:
    """Those of the tokens in `sinks` that have not come to an end, the oldest first.

    Raises:
        SecretUnavailable: the store can't be read.
    """
    query = (
        select(ROTATIONS)
        .where(ROTATIONS.c.sink.in_([*sinks]), ROTATIONS.c.state.not_in([*ENDED]))
        .order_by(ROTATIONS.c.begun_at, ROTATIONS.c.id)
    )
    rows = store.read(lambda connection: connection.execute(query).mappings().all())
    names = [name for name in Rotation.__dataclass_fields__ if name in ROTATIONS.c]
    return [_rotation({name: row[name] for name in names}) for row in rows]


def _rotation(row: dict[str, str | int | None]) -> Rotation:
    after = row["revoke_after"]
    moments = {
        "begun_at": datetime.fromisoformat(str(row["begun_at"])),
        "revoke_after": datetime.fromisoformat(str(after)) if after else None,
    }
    return Rotation(**{**row, **moments, "state": Stage(str(row["state"]))})  # type: ignore[arg-type]  # by their names


def _row(rotation: Rotation, at: datetime) -> dict[str, str | int | None]:
    return {
        **{name: getattr(rotation, name) for name in Rotation.__dataclass_fields__},
        "state": rotation.state.value,
        "begun_at": iso(rotation.begun_at),
        "revoke_after": iso(rotation.revoke_after) if rotation.revoke_after else None,
        "updated_at": iso(at),
    }
