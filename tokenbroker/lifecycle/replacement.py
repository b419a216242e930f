"""A token that is being replaced, and how far that has come: each stage is durable before the next begins."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tokenbroker.clock import Clock
from tokenbroker.errors import RunError
from tokenbroker.lifecycle.due import STOP
from tokenbroker.lifecycle.hook import Hook
from tokenbroker.lifecycle.ways import Ways
from tokenbroker.run.fault_points import ROTATION_POINTS, reached
from tokenbroker.secret import Secret
from tokenbroker.sinks.sink import Sink
from tokenbroker.store.audit_log import OK, AuditEntry
from tokenbroker.store.engine import Store
from tokenbroker.store.rotations import Rotation, Stage, keep_rotation, note_stop


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What the stages work with.

    Attributes:
        address_of: an address as it is dialled, after the origin map.
        learn: is told each secret that is read, so that it is redacted from then on.
    """

    store: Store
    open_sink: Callable[[str], Sink]
    actor: str
    clock: Clock
    address_of: Callable[[str], str]
    hook: Hook
    learn: Callable[[Secret], None]
    timeout_s: float


@dataclass(frozen=True, kw_only=True)
class Replacement:
    """A token that is being replaced, as far as it has come.

    Attributes:
        params: what the flow that gets the new key is given.
        notes: sentences for the person, of what was met on the way.
    """

    ways: Ways
    rotation: Rotation
    params: Mapping[str, str]
    notes: tuple[str, ...] = ()

    @property
    def stop(self) -> str:
        """The reference at which the new key waits until it is proven."""
        return stop_of(self.rotation.reference)

    @property
    def old(self) -> str:
        return f"{self.rotation.reference}@{self.rotation.old_version}"

    def noting(self, sentence: str) -> "Replacement":
        """The same, with a sentence more."""
        return replace(self, notes=(*self.notes, sentence))


class RotationEnded(RunError):
    """It has ended, and not as it was meant to; that is durable.

    Attributes:
        done: how it has ended.
    """

    def __init__(self, sentence: str, *, done: Replacement, next_step: str) -> None:
        super().__init__(sentence, next_step=next_step, code=done.rotation.code)
        self.done = done


def stop_of(reference: str) -> str:
    """Where the key that is to replace that of `reference` waits until it is proven."""
    return f"{reference}{STOP}"


def grace_end(done: Replacement, bench: Bench) -> datetime:
    """When the grace of a key ends that was in place until now."""
    # Who reads through a cache may have it that long.
    grace_s = max(done.ways.life.grace_s or 0, bench.open_sink(done.rotation.sink).stale_s)
    return bench.clock() + timedelta(seconds=grace_s)


def is_over(rotation: Rotation, now: datetime) -> bool:
    """Whether a key is to be revoked now: the old one, of which those who use it were told, or a new one not needed."""
    after = rotation.revoke_after
    if rotation.state is Stage.SURPLUS:
        return after is None or after <= now
    return rotation.state is Stage.TOLD and after is not None and after <= now


def kept(done: Replacement, bench: Bench, **changes: object) -> Replacement:
    """`done` with these changes of its rotation; durable when this returns.

    Raises:
        RunError: ``rotate.taken_over``; another process has gone on with it.
    """
    rotation = replace(done.rotation, **{"code": "", **changes})  # type: ignore[arg-type]  # by their names
    keep_rotation(bench.store, rotation, entry_of(rotation, bench), after=done.rotation, at=bench.clock())
    point = f"rotation_{rotation.state.value}"
    if "state" in changes and point in ROTATION_POINTS:
        reached(point)
    return replace(done, rotation=rotation)


def stopped(done: Replacement, code: str, bench: Bench) -> Replacement:
    """Keep why it could not go on; what has been reached stays, also where that was not heard of here."""
    rotation = replace(done.rotation, code=code)
    note_stop(bench.store, rotation.id, code, entry_of(rotation, bench), at=bench.clock())
    return replace(done, rotation=rotation)


def entry_of(rotation: Rotation, bench: Bench) -> AuditEntry:
    """What the audit says of how far it is."""
    return entry_by(rotation, bench.actor)


def entry_by(rotation: Rotation, actor: str) -> AuditEntry:
    """The same, where no stage is at work."""
    return AuditEntry(
        service_id=rotation.flow_id.partition("/")[0],
        action="rotate_token",
        actor=actor,
        key=rotation.reference,
        result=rotation.code or OK,
        detail={
            "rotation": rotation.id,
            "state": rotation.state.value,
            "old_version": rotation.old_version,
            "new_version": rotation.new_version or 0,
        },
    )
