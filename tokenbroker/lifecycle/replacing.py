"""One token takes another's place, in stages of which each is durable before the next begins.

At any moment the reference leads to a key that its site accepts: the new one is proven before the reference leads to
it, and the old one is revoked after that, once its grace is over. What is cut off goes on from where it was.
"""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from tokenbroker.clock import iso
from tokenbroker.errors import RunError
from tokenbroker.lifecycle.naming import fresh_params
from tokenbroker.lifecycle.replacement import Bench, Replacement, entry_of, kept
from tokenbroker.lifecycle.standing import Accepts, accepted, asked, old_is_accepted
from tokenbroker.lifecycle.stop import clear_stop, waiting, with_strangers_noted
from tokenbroker.lifecycle.told import life_of_new
from tokenbroker.lifecycle.ways import Ways
from tokenbroker.run.fault_points import reached
from tokenbroker.secret import Secret
from tokenbroker.store.lives import note_revoked, remember
from tokenbroker.store.rotations import Rotation, Stage, begin_rotation


def is_waiting_for_key(done: Replacement, bench: Bench) -> bool:
    """Whether there is no new key yet."""
    return done.rotation.state is Stage.BEGUN and waiting(done, bench) is None


def begin(ways: Ways, given: Mapping[str, str], bench: Bench) -> Replacement:
    """Decide to replace the token of `ways`; durable when this returns.

    Raises:
        UsageError: ``rotate.under_way`` or ``rotate.key_name``.
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
    begin_rotation(bench.store, rotation, entry_of(rotation, bench))
    reached("rotation_begun")
    return with_strangers_noted(Replacement(ways=ways, rotation=rotation, params=params), bench)


def resume(ways: Ways, rotation: Rotation, given: Mapping[str, str], bench: Bench) -> Replacement:
    """Go on with `rotation`, which has stopped.

    A key of its own that has come to its stop is used; where there is none, or its site refuses it, another is made.
    """
    named = {ways.name_param: rotation.key_name} if ways.name_param else {}
    done = Replacement(
        ways=ways, rotation=rotation, params=fresh_params(ways, {**given, **named}, now=bench.clock())
    )
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
    done = with_strangers_noted(done, bench)
    # A key of that name may have been made and lost: the next one must be told from it.
    params = fresh_params(ways, given, now=bench.clock())
    return kept(replace(done, params=params), bench, key_name=params.get(ways.name_param, rotation.key_name))


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
            next_step=f"see how the run of {done.rotation.flow_id} ended",
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
    """Let the reference lead to the new key; PROVEN becomes REPLACED.

    Raises:
        BrokerError: the sink's; the reference may lead to either key, and both work.
    """
    if done.rotation.state is not Stage.PROVEN:
        return done
    found = waiting(done, bench)
    sink = bench.open_sink(done.rotation.sink)
    put_id = f"rotation-{done.rotation.id}"
    reference = sink.find(put_id)  # it was put, and that was not heard of any more
    if found is None and reference is None:
        raise RunError(
            f"the new key for {done.rotation.reference} is no longer at {done.stop}",
            next_step=f"somebody has removed it; revoke the key '{done.rotation.key_name}' at its site",
            code="rotate.no_key",
        )
    if reference is None and found is not None:
        _require_unchanged(done, found.secret, bench)
        reference = sink.put(done.rotation.path, found.secret, put_id=put_id, actor=bench.actor)
    assert reference is not None  # one of the two is there
    remember(bench.store, life_of_new(done, reference, bench.store))
    now = bench.clock()
    # Who reads through a cache may have the old key that long.
    grace = timedelta(seconds=max(done.ways.life.grace_s or 0, sink.stale_s))
    return kept(done, bench, state=Stage.REPLACED, new_version=reference.version, revoke_after=now + grace)


def _require_unchanged(done: Replacement, new: Secret, bench: Bench) -> None:
    """Refuse to put the new key over one that somebody has put there meanwhile, and give the rotation up.

    Raises:
        RunError: ``rotate.changed_meanwhile``.
    """
    sink, rotation = bench.open_sink(done.rotation.sink), done.rotation
    current = sink.get(rotation.path, actor=bench.actor)
    bench.learn(current)
    if current in (new, sink.get(rotation.path, version=rotation.old_version, actor=bench.actor)):
        return
    kept(done, bench, state=Stage.GIVEN_UP, code="rotate.changed_meanwhile")
    raise RunError(
        f"somebody has stored another key at {rotation.reference} since the rotation began: it is left as it is, "
        "and the rotation is given up",
        next_step=f"revoke the key '{rotation.key_name}' at {done.ways.creator.site}, which waits at {done.stop}; "
        f"then: tokenbroker secrets remove {done.stop}",
        code="rotate.changed_meanwhile",
    )


def tell(done: Replacement, bench: Bench) -> Replacement:
    """Call the hook; REPLACED becomes TOLD.

    Raises:
        RunError: ``rotate.hook_failed``.
    """
    if done.rotation.state is not Stage.REPLACED:
        return done
    clear_stop(done, bench)
    rotation, life = done.rotation, done.ways.life
    # Those who are told now have the whole of the grace from now on.
    grace_s = max(life.grace_s or 0, bench.open_sink(rotation.sink).stale_s)
    revoke_after = bench.clock() + timedelta(seconds=grace_s)
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
    return kept(done, bench, state=Stage.TOLD, revoke_after=revoke_after)


def prove_dead(done: Replacement, bench: Bench) -> Replacement:
    """Ask the site whether it refuses the old key; TOLD becomes REVOKED.

    Raises:
        RunError: ``rotate.still_accepted``, or ``rotate.not_told``: the site gave no clear answer.
    """
    require_new(done, bench)
    accepts = old_is_accepted(done, bench)
    rotation = done.rotation
    if accepts is not Accepts.NO:
        is_alive = accepts is Accepts.YES
        raise RunError(
            f"the old key {done.old} was to be revoked, and {accepts.value}",
            next_step=f"revoke it at {done.ways.life.revoke_at or done.ways.creator.site}, then: "
            f"tokenbroker rotate {rotation.reference}",
            code="rotate.still_accepted" if is_alive else "rotate.not_told",
        )
    note_revoked(bench.store, rotation.sink, rotation.path, rotation.old_version, at=bench.clock())
    return kept(done, bench, state=Stage.REVOKED)


def require_new(done: Replacement, bench: Bench) -> None:
    """Refuse to go on where the site does not accept the new key: the old one may be the only one that works.

    Raises:
        RunError: ``rotate.new_refused``, or ``rotate.not_told``: the site gave no clear answer.
    """
    version = done.rotation.new_version
    accepts = Accepts.UNKNOWN if version is None else accepted(done, version, bench)
    if accepts is Accepts.YES:
        return
    raise RunError(
        f"of the new key {done.rotation.reference}@{version}: {accepts.value}; nothing more is done to the old one",
        next_step=f"see what has become of the key '{done.rotation.key_name}' at {done.ways.creator.site}",
        code="rotate.new_refused" if accepts is Accepts.NO else "rotate.not_told",
    )
