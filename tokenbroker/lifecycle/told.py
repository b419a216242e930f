"""What is known of the life of a token once it is stored."""

from tokenbroker.flow.life import TokenLife
from tokenbroker.lifecycle.due import STOP
from tokenbroker.lifecycle.replacement import Replacement
from tokenbroker.run.intent import UNKNOWN, Intent
from tokenbroker.sinks.sink import Reference
from tokenbroker.store.engine import Store
from tokenbroker.store.lives import Life, known_lives


def life_told(intent: Intent, index: int, reference: Reference) -> Life | None:
    """What `intent` tells of the life of the token of its target `index`, at `reference` now; None: nothing.

    Of one at the stop of a rotation something is always told: by that the rotation knows its own.
    """
    said = intent.lives[index] if index < len(intent.lives) else {}
    if not said and not reference.path.endswith(STOP):
        return None
    life = TokenLife.of(said)
    return Life(
        sink=reference.sink,
        path=reference.path,
        version=reference.version,
        fingerprint=reference.fingerprint,
        flow_id=intent.flow_id,
        run_id=intent.run_id,
        created_at=intent.created_at,
        ends_at=life.ends(intent.created_at),
        rotates=life.rotates,
        revokes=life.revokes,
        grace_s=int(life.grace.total_seconds()) if life.grace is not None else None,
        owner=life.owner,
        labels=life.labels,
        key_name="" if intent.key_name == UNKNOWN else intent.key_name,
        params=intent.params,
        revoke_at=intent.revoke,
    )


def life_of_new(done: Replacement, reference: Reference, store: Store) -> Life:
    """What its flow has told of the new key, and of the old one what that leaves open."""
    old, rotation = done.ways.life, done.rotation
    lives = list(known_lives(store, [rotation.sink]).values())
    told = [
        life for life in lives if life.path == f"{rotation.path}{STOP}" and life.is_of(reference.fingerprint)
    ]
    new = max(told, key=lambda life: life.version, default=None)
    named = {done.ways.name_param: rotation.key_name} if done.ways.name_param else {}
    params = {**old.params, **done.params, **(new.params if new else {}), **named}
    created_at = new.created_at if new else rotation.begun_at
    span = old.ends_at - old.created_at if old.ends_at else None
    return Life(
        sink=reference.sink,
        path=reference.path,
        version=reference.version,
        fingerprint=reference.fingerprint,
        flow_id=rotation.flow_id,
        run_id=new.run_id if new else "",
        created_at=created_at,
        ends_at=(new.ends_at if new else None) or (created_at + span if span else None),
        rotates=(new.rotates if new else "") or old.rotates,
        revokes=(new.revokes if new else "") or old.revokes,
        grace_s=new.grace_s if new and new.grace_s is not None else old.grace_s,
        owner=old.owner or (new.owner if new else ""),
        labels=old.labels or (new.labels if new else ()),
        key_name=rotation.key_name,
        params=params,
        revoke_at=(new.revoke_at if new else "") or old.revoke_at,
    )
