"""One token takes another's place, in stages of which each is durable before the next begins.

At any moment the reference leads to a key that its site accepts: the new one is proven before the reference leads to
it, and the old one is revoked after that, once its grace is over. What is cut off goes on from where it was.
"""

import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from tokenbroker.clock import iso
from tokenbroker.errors import BrokerError, RunError
from tokenbroker.lifecycle.contention import give_up, give_way, is_changed, newest, rival, withdraw
from tokenbroker.lifecycle.in_place import require_new, require_not_put_back
from tokenbroker.lifecycle.naming import fresh_params
from tokenbroker.lifecycle.replacement import Bench, Replacement, RotationEnded, entry_of, grace_end, kept
from tokenbroker.lifecycle.standing import Accepts, asked, old_is_accepted, require_same
from tokenbroker.lifecycle.stop import clear_stop, name_of, own_lives, waiting, with_strangers_noted
from tokenbroker.lifecycle.told import life_of_new
from tokenbroker.lifecycle.ways import Ways
from tokenbroker.run.fault_points import reached
from tokenbroker.sinks.sink import Reference, StoredSecret
from tokenbroker.store.lives import Life, note_revoked, remember
from tokenbroker.store.rotations import Rotation, Stage, begin_rotation


def is_waiting_for_key(done: Replacement, bench: Bench) -> bool:
    """Whether there is no new key yet."""
    return done.rotation.state is Stage.BEGUN and waiting(done, bench) is None


def begin(ways: Ways, given: Mapping[str, str], bench: Bench) -> Replacement:
    """Decide to replace the token of `ways`; durable when this returns.

    Raises:
        UsageError: ``rotate.under_way`` or ``rotate.key_name``.
        RunError: ``rotate.changed_meanwhile``; the reference leads to another key already, and nothing is begun.
        SecretUnavailable, SecretTimeout, SecretAccessDenied: the store can't be written.
    """
    now = bench.clock()
    params = fresh_params(ways, given, now=now)
    rotation = Rotation(
        id=secrets.token_hex(8),
        sink=ways.life.sink,
        path=ways.life.path,
        old_version=ways.life.version,
        flow_id=ways.creator.id,
        key_name=params.get(ways.name_param, ways.life.key_name),
        state=Stage.BEGUN,
        begun_at=now,
    )
    done = Replacement(ways=ways, rotation=rotation, params=params)
    if is_changed(done, newest(done, bench)):
        raise RunError(
            f"somebody has stored another key at {ways.reference} just now, or removed it: nothing is begun",
            next_step=f"tokenbroker rotate {ways.reference}   replaces what is there now",
            code="rotate.changed_meanwhile",
        )
    require_same(done, bench)
    begin_rotation(bench.store, rotation, entry_of(rotation, bench))
    reached("rotation_begun")
    return with_strangers_noted(done, bench)


def resume(ways: Ways, rotation: Rotation, given: Mapping[str, str], bench: Bench) -> Replacement:
    """Go on with `rotation`, which has stopped.

    A key of its own that has come to its stop is used; where there is none, or its site refuses it, another is made.

    Raises:
        RotationEnded: ``rotate.changed_meanwhile``; the reference leads to another key by now, and no new one is made.
            ``rotate.not_accepted``; the new key was proven once, and its site refuses it by now.
    """
    named = {ways.name_param: rotation.key_name} if ways.name_param else {}
    done = Replacement(
        ways=ways, rotation=rotation, params=fresh_params(ways, {**given, **named}, now=bench.clock())
    )
    if rotation.state is Stage.PROVEN:
        _require_alive(done, bench)
    if rotation.state is not Stage.BEGUN:
        return done
    found = waiting(done, bench)
    if found is not None:
        if asked(ways, found.secret, bench) is not Accepts.NO:
            return done
        done = done.noting(
            f"the key '{found.name(done)}' waits at {done.stop}, and its site refuses it: another is made in its place"
        )
        clear_stop(done, bench)
    seen = newest(done, bench)
    if is_changed(done, seen):
        # Of one that its site refuses there is nothing to revoke.
        first = "" if found else _revoke_removed(done, seen, bench)
        raise give_up(
            done, bench, next_step=f"{first}tokenbroker rotate {ways.reference}   replaces what is there now"
        )
    done = with_strangers_noted(done, bench)
    # A key of that name may have been made and lost: the next one must be told from it.
    params = fresh_params(ways, given, now=bench.clock())
    return kept(replace(done, params=params), bench, key_name=params.get(ways.name_param, rotation.key_name))


def _revoke_removed(done: Replacement, seen: StoredSecret | None, bench: Bench) -> str:
    """What to do first about the keys that were removed from their stop, and are not what the reference leads to."""
    return "".join(
        f"revoke the key '{name_of(life, done)}' at {done.ways.creator.site} unless it is in use; then: "
        for life in own_lives(done, bench)
        if seen is None or not life.is_of(seen.fingerprint)
    )


def _require_alive(done: Replacement, bench: Bench) -> None:
    """Give the rotation up where its key, proven in an earlier sitting and not in place, has died since."""
    found = waiting(done, bench)
    if found is None or _put_before(done, bench) or asked(done.ways, found.secret, bench) is not Accepts.NO:
        return
    clear_stop(done, bench)
    raise give_up(
        done,
        bench,
        why=f"the site refuses the new key '{done.rotation.key_name}' by now",
        next_step=f"tokenbroker rotate {done.rotation.reference}   makes another",
        code="rotate.not_accepted",
    )


def prove(done: Replacement, bench: Bench) -> Replacement:
    """Ask the site whether it accepts the new key, which has come to its stop; BEGUN becomes PROVEN.

    Raises:
        RunError: ``rotate.no_key``, there is none; ``rotate.not_accepted``, the site does not.
    """
    if done.rotation.state is not Stage.BEGUN:
        return done
    found = waiting(done, bench)
    if found is None:
        raise RunError(
            f"no new key has come to {done.stop}",
            next_step=f"see how the run of {done.rotation.flow_id} ended; if '{done.rotation.key_name}' is a key at "
            f"{done.ways.creator.site} now, revoke it",
            code="rotate.no_key",
        )
    accepts = asked(done.ways, found.secret, bench)
    if accepts is not Accepts.YES:
        raise RunError(
            f"the new key for {done.rotation.reference} is at {done.stop}, and {accepts.value}",
            next_step=f"try again: tokenbroker rotate {done.rotation.reference}   makes another, if it stays refused; "
            f"it is called '{found.name(done)}' at {done.ways.creator.site}",
            code="rotate.not_accepted",
        )
    return kept(done, bench, state=Stage.PROVEN, key_name=found.name(done))


def put_in_place(done: Replacement, bench: Bench) -> Replacement:
    """Let the reference lead to the new key; PROVEN becomes REPLACED, or SURPLUS where another one was there first.

    Raises:
        RotationEnded: ``rotate.no_key`` or ``rotate.changed_meanwhile``; it is given up.
        BrokerError: the sink's; the reference may lead to either key, and both work.
    """
    if done.rotation.state is not Stage.PROVEN:
        return done
    reference = _put_before(done, bench) or _put(done, bench)
    if reference is None:
        return withdraw(done, bench)
    first = rival(done, reference, bench)
    return give_way(done, first, reference, bench) if first else _in_place(done, reference, bench)


def _put(done: Replacement, bench: Bench) -> Reference | None:
    """Where the new key is in place now; None where it is not: another one is."""
    found = waiting(done, bench)
    if found is None:
        raise give_up(
            done,
            bench,
            why=f"somebody has removed the new key from {done.stop}",
            next_step=f"revoke the key '{done.rotation.key_name}' at {done.ways.creator.site}",
            code="rotate.no_key",
        )
    seen = newest(done, bench)
    if seen is None or (is_changed(done, seen) and not found.life.is_of(seen.fingerprint)):
        return None
    sink = bench.open_sink(done.rotation.sink)
    put_id = _put_id(done, found.life)
    return sink.put(done.rotation.path, found.secret, put_id=put_id, actor=bench.actor)


def _put_before(done: Replacement, bench: Bench) -> Reference | None:
    """Where the new key is in place already: it was put, and that was not heard of any more."""
    sink = bench.open_sink(done.rotation.sink)
    found = (sink.find(_put_id(done, life)) for life in own_lives(done, bench))
    return next((reference for reference in found if reference is not None), None)


def _put_id(done: Replacement, life: Life) -> str:
    # Of the rotation and the key: one put never stands for two keys, whatever comes to the stop.
    return f"rotation-{done.rotation.id}-{life.version}"


def _in_place(done: Replacement, reference: Reference, bench: Bench) -> Replacement:
    remember(bench.store, life_of_new(done, reference, bench.store))
    after = grace_end(done, bench)
    return kept(done, bench, state=Stage.REPLACED, new_version=reference.version, revoke_after=after)


def tell(done: Replacement, bench: Bench) -> Replacement:
    """Call the hook; REPLACED becomes TOLD.

    Raises:
        RunError: ``rotate.hook_failed``.
        RotationEnded: ``rotate.changed_meanwhile``; somebody has put the old key back.
    """
    if done.rotation.state is not Stage.REPLACED:
        return done
    clear_stop(done, bench)
    require_not_put_back(done, newest(done, bench), bench)
    rotation, life = done.rotation, done.ways.life
    revoke_after = grace_end(done, bench)
    bench.hook(
        {
            "reference": f"{rotation.reference}@{rotation.new_version}",
            "replaced": done.old,
            "revoked_after": iso(revoke_after),
            "flow": rotation.flow_id,
            "owner": life.owner,
            "labels": list(life.labels),
        }
    )
    # Whoever was told at the hook's end has the whole of the grace from then on; what was promised stays.
    return kept(done, bench, state=Stage.TOLD, revoke_after=max(revoke_after, grace_end(done, bench)))


def prove_dead(done: Replacement, bench: Bench) -> Replacement:
    """Ask the site whether it refuses the old key, which was to be revoked; TOLD becomes REVOKED.

    Where the store has dropped the old one, the flow that has revoked it is believed; a person is told: UNPROVEN.

    Raises:
        RunError: ``rotate.still_accepted``, or ``rotate.not_told``: the site gave no clear answer.
        RotationEnded: ``rotate.old_gone``; nobody can ask any more. ``rotate.changed_meanwhile``, as `require_new`.
    """
    done = require_new(done, bench)
    accepts = old_is_accepted(done, bench)
    rotation, where = done.rotation, done.ways.life.revoke_at or done.ways.creator.site
    if accepts is Accepts.GONE and done.ways.revoker is None:
        raise RotationEnded(
            f"{rotation.reference} leads to the new key; of the old one, {done.old}: {accepts.value}",
            done=kept(done, bench, state=Stage.UNPROVEN, code="rotate.old_gone"),
            next_step=f"see at {where} that the key '{done.ways.life.key_name}' is revoked",
        )
    if accepts not in (Accepts.NO, Accepts.GONE):
        raise RunError(
            f"the old key {done.old} was to be revoked, and {accepts.value}",
            next_step=f"revoke it at {where}, then: tokenbroker rotate {rotation.reference}",
            code="rotate.still_accepted" if accepts is Accepts.YES else "rotate.not_told",
        )
    note_revoked(bench.store, rotation.sink, rotation.path, rotation.old_version, at=bench.clock())
    if accepts is Accepts.GONE and done.ways.revoker is not None:
        done = done.noting(f"{done.ways.revoker.id} has revoked {done.old}; {accepts.value}")
    with suppress(BrokerError):  # then the next rotation clears it
        clear_stop(done, bench)
    return kept(done, bench, state=Stage.REVOKED)
