"""A replacement that a person ends before its end, wherever it has stopped: nothing is revoked, no site is asked."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from tokenbroker.lifecycle.due import Lives
from tokenbroker.lifecycle.replacement import entry_by, stop_of
from tokenbroker.store.engine import Store
from tokenbroker.store.rotations import Rotation, Stage, keep_rotation


def end_by_hand(rotation: Rotation, *, store: Store, actor: str, at: datetime) -> Rotation:
    """`rotation` as it is given up, which is durable, and in the audit, when this returns.

    Raises:
        RunError: ``rotate.taken_over``; another process has gone on with it.
        SecretUnavailable: the store can't be written.
    """
    ended = replace(rotation, state=Stage.GIVEN_UP, code="")
    keep_rotation(store, ended, entry_by(ended, actor), after=rotation, at=at)
    return ended


def keys_left(rotation: Rotation, lives: Lives) -> Iterator[str]:
    """A sentence for the old key and one for the new: what it is called, where it is, and what a person has to do."""
    old = lives.get((rotation.sink, rotation.path, rotation.old_version))
    site = (old.revoke_at if old else "") or rotation.flow_id.partition("/")[0]
    called = f" '{old.key_name}'" if old and old.key_name else ""
    yield f"the old key{called}, {rotation.reference}@{rotation.old_version}: revoke it at {site} once nobody uses it"
    stop = stop_of(rotation.reference)
    new = f"the new key '{rotation.key_name}'"
    if rotation.state in (Stage.REPLACED, Stage.TOLD):
        yield f"{new}, {rotation.reference}@{rotation.new_version}: revoke it at {site} if nobody uses it"
    else:
        made = ", if a run has made it" if rotation.state is Stage.BEGUN else ""
        yield (
            f"{new}{made}: revoke it at {site} if nobody uses it; what waits at {stop} then goes by: "
            f"tokenbroker secrets remove {stop}"
        )
