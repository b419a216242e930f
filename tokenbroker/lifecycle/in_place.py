"""What the reference leads to once the new key has its place: a person may have put another one there by hand."""

from dataclasses import replace

from tokenbroker.errors import RunError
from tokenbroker.lifecycle.contention import give_up, is_changed, newest
from tokenbroker.lifecycle.replacement import Bench, Replacement
from tokenbroker.lifecycle.standing import Accepts, accepted
from tokenbroker.sinks.sink import StoredSecret
from tokenbroker.store.lives import known_lives, remember


def require_new(done: Replacement, bench: Bench) -> Replacement:
    """Refuse to go on where the site does not accept what the reference leads to: the old key may be all that works.

    That is the new key, or one that somebody has put in its place since: then with a note for the person.

    Raises:
        RunError: ``rotate.new_refused``, or ``rotate.not_told``: the site gave no clear answer.
        RotationEnded: ``rotate.changed_meanwhile``; it is the old key, which somebody has put back.
    """
    seen = newest(done, bench)
    require_not_put_back(done, seen, bench)
    # By its number: whatever comes there from now on is not what was looked at.
    accepts = accepted(done, seen.version, bench) if seen is not None else Accepts.GONE
    rotation, site = done.rotation, done.ways.creator.site
    if accepts is not Accepts.YES:
        raise RunError(
            f"of the key that {rotation.reference} leads to: {accepts.value}; nothing more is done to the old one",
            next_step=f"see what has become of the key '{rotation.key_name}' at {site}; put one that works at "
            f"{rotation.reference}, then: tokenbroker rotate {rotation.reference}   goes on; with --give-up it ends",
            code="rotate.new_refused" if accepts is Accepts.NO else "rotate.not_told",
        )
    if seen is None or _is_new(done, seen, bench):
        return done
    return done.noting(
        f"{rotation.reference} leads to a key that somebody has put there since: revoke '{rotation.key_name}', which "
        f"was new, at {site} if nobody needs it"
    )


def require_not_put_back(done: Replacement, seen: StoredSecret | None, bench: Bench) -> None:
    """End it where `seen`, which the reference leads to, is the old key again: who uses it needs it.

    Raises:
        RotationEnded: ``rotate.changed_meanwhile``.
    """
    if seen is None or is_changed(done, seen):
        return
    rotation = done.rotation
    # It ends when it always did, in whichever version it is.
    remember(bench.store, replace(done.ways.life, version=seen.version))
    raise give_up(
        done,
        bench,
        why=f"somebody has put the old key back, and {accepted(done, seen.version, bench).value}",
        next_step=f"revoke the new key '{rotation.key_name}', {rotation.reference}@{rotation.new_version}, at "
        f"{done.ways.creator.site} if nobody uses it",
    )


def _is_new(done: Replacement, seen: StoredSecret, bench: Bench) -> bool:
    """Whether `seen` is the new key, as far as its life is known."""
    rotation = done.rotation
    lives = known_lives(bench.store, [rotation.sink])
    new = lives.get((rotation.sink, rotation.path, rotation.new_version or 0))
    return seen.version == rotation.new_version or (new is not None and new.is_of(seen.fingerprint))
