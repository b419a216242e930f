"""What is known of the life of a token once it is stored."""

from tokenbroker.flow.life import TokenLife
from tokenbroker.run.intent import UNKNOWN, Intent
from tokenbroker.sinks.sink import Reference
from tokenbroker.store.lives import Life


def life_told(intent: Intent, index: int, reference: Reference) -> Life | None:
    """What `intent` tells of the life of the token of its target `index`, at `reference` now; None: nothing."""
    said = intent.lives[index] if index < len(intent.lives) else {}
    if not said:
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
