"""Two that change one reference at once: the first that is in place wins, and the other one takes its own key back.

The home's lock keeps sittings of one home apart, and a shared store those of several machines. Homes that share nothing
but a sink are kept apart by the versions there: whoever finds another's key in place has come second.
"""

from tokenbroker.errors import RunError
from tokenbroker.lifecycle.due import newest_of
from tokenbroker.lifecycle.replacement import Bench, Replacement, RotationEnded, grace_end, kept
from tokenbroker.lifecycle.standing import Accepts, told
from tokenbroker.lifecycle.stop import clear_stop, own_lives, waiting
from tokenbroker.secret import Secret
from tokenbroker.sinks.sink import Reference, StoredSecret
from tokenbroker.store.rotations import Stage


def newest(done: Replacement, bench: Bench) -> StoredSecret | None:
    """What the reference leads to; None where it leads to nothing."""
    return newest_of(done.rotation.path, bench.open_sink(done.rotation.sink).list())


def is_changed(done: Replacement, seen: StoredSecret | None) -> bool:
    """Whether `seen`, which the reference leads to, is another key than the one that is to be replaced.

    It may be the same in a later version, and the version that it was may be gone: some stores keep only so many.
    """
    if seen is None:
        return True
    life = done.ways.life
    if life.fingerprint is None:
        return seen.version != done.rotation.old_version
    return not life.is_of(seen.fingerprint)


def rival(done: Replacement, ours: Reference, bench: Bench) -> Secret | None:
    """The key, which its site accepts, that somebody has put in the place of the old one before `ours`.

    Raises:
        RunError: ``rotate.not_told``; one was put there, and the site gave no clear answer.
    """
    sink, life = bench.open_sink(done.rotation.sink), done.ways.life
    before = [stored for stored in _versions(done, bench) if stored.version < ours.version]
    seen = max((each.version for each in before if life.is_of(each.fingerprint)), default=life.version)
    for stored in before:
        if stored.version > seen and stored.fingerprint != ours.fingerprint:
            secret = sink.get(stored.path, version=stored.version, actor=bench.actor)
            bench.learn(secret)
            accepts = told(done, secret, bench)
            if accepts is Accepts.YES:
                return secret
            if accepts is not Accepts.NO:
                raise RunError(
                    f"somebody has put another key at {done.rotation.reference}, @{stored.version}, before the new "
                    f"one, and {accepts.value}",
                    next_step=f"once the site answers: tokenbroker rotate {done.rotation.reference}   goes on; with "
                    "--give-up it ends",
                    code="rotate.not_told",
                )
    return None


def give_way(done: Replacement, to: Secret, ours: Reference, bench: Bench) -> Replacement:
    """Let the reference lead `to` the key that was there first again; PROVEN becomes SURPLUS.

    Raises:
        RotationEnded: ``rotate.changed_meanwhile``, where no flow revokes.
    """
    sink = bench.open_sink(done.rotation.sink)
    seen = newest(done, bench)
    if seen is not None and seen.version == ours.version:
        sink.put(done.rotation.path, to, put_id=f"rotation-{done.rotation.id}-back", actor=bench.actor)
    # Our key was in place for a moment: whoever has read it has the time that any old key has.
    return withdraw(done, bench, new_version=ours.version, revoke_after=grace_end(done, bench))


def withdraw(done: Replacement, bench: Bench, **changes: object) -> Replacement:
    """The new key is not needed: PROVEN becomes SURPLUS, or where no flow revokes, GIVEN_UP.

    Raises:
        RotationEnded: ``rotate.changed_meanwhile``, where no flow revokes.
    """
    if done.ways.revoker is not None:
        return kept(done, bench, state=Stage.SURPLUS, **changes).noting(
            f"somebody has stored another key there since the rotation began: that one stays, and the new key "
            f"'{done.rotation.key_name}' is revoked again"
        )
    raise give_up(
        done,
        bench,
        next_step=f"revoke the key '{done.rotation.key_name}' at {done.ways.creator.site}, which waits at {done.stop}; "
        f"then: tokenbroker secrets remove {done.stop}",
    )


def give_up(
    done: Replacement, bench: Bench, *, next_step: str, why: str = "", code: str = "rotate.changed_meanwhile"
) -> RotationEnded:
    """The error of a rotation that ends here without a new key; that it has ended is durable when this returns."""
    done = kept(done, bench, state=Stage.GIVEN_UP, code=code)
    reference = done.rotation.reference
    why = why or f"somebody has stored another key at {reference} since the rotation began, or removed it"
    return RotationEnded(
        f"{why}: {reference} is left as it is, and the rotation is given up", done=done, next_step=next_step
    )


def unneeded_is_accepted(done: Replacement, bench: Bench) -> Accepts:
    """Whether the site accepts the new key, which is not needed; asks it.

    Raises:
        RotationEnded: ``rotate.changed_meanwhile``; somebody has put that very key in place, so nobody may revoke it.
    """
    seen = newest(done, bench)
    # By the lives, which outlast what waits: it may have been moved from the stop into place.
    if seen is not None and any(life.is_of(seen.fingerprint) for life in own_lives(done, bench)):
        raise give_up(
            done,
            bench,
            why=f"somebody has put the new key '{done.rotation.key_name}' in place by hand",
            next_step=f"revoke the old key, {done.old}, at {done.ways.life.revoke_at or done.ways.creator.site}",
        )
    found = waiting(done, bench)
    return Accepts.GONE if found is None else told(done, found.secret, bench)


def prove_withdrawn(done: Replacement, bench: Bench) -> Replacement:
    """Ask the site whether it refuses the new key, which was to be revoked; SURPLUS becomes GIVEN_UP.

    Raises:
        RotationEnded: ``rotate.changed_meanwhile``; it is over.
        RunError: ``rotate.still_accepted`` or ``rotate.not_told``; it is not.
    """
    accepts, rotation = unneeded_is_accepted(done, bench), done.rotation
    if accepts not in (Accepts.NO, Accepts.GONE):
        raise RunError(
            f"the new key '{rotation.key_name}' for {rotation.reference}, which is not needed, was to be revoked, "
            f"and {accepts.value}",
            next_step=f"revoke it at {done.ways.life.revoke_at or done.ways.creator.site}, then: "
            f"tokenbroker rotate {rotation.reference}",
            code="rotate.still_accepted" if accepts is Accepts.YES else "rotate.not_told",
        )
    clear_stop(done, bench)
    raise give_up(
        done,
        bench,
        next_step=f"nothing, the new key '{rotation.key_name}' is revoked; see who has stored the other one",
    )


def _versions(done: Replacement, bench: Bench) -> list[StoredSecret]:
    listed = bench.open_sink(done.rotation.sink).list()
    return [stored for stored in listed if stored.path == done.rotation.path]
