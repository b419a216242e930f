"""One token takes another's place, in stages of which each is durable before the next begins.

At any moment the reference leads to a key that its site accepts: the new one is proven before the reference leads to
it, and the old one is revoked after that, once its grace is over. What is cut off goes on from where it was.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from tokenbroker.clock import Clock, iso
from tokenbroker.errors import BrokerError, RunError, SecretNotFound
from tokenbroker.lifecycle.due import STOP
from tokenbroker.lifecycle.hook import Hook
from tokenbroker.lifecycle.naming import fresh_params
from tokenbroker.lifecycle.ways import Ways
from tokenbroker.policy.approve import origins_of
from tokenbroker.run.fault_points import reached
from tokenbroker.run.site_status import NoStatus, Question, ask_site
from tokenbroker.secret import Secret
from tokenbroker.settings import is_loopback, origin_of
from tokenbroker.sinks.sink import Reference, Sink
from tokenbroker.store.audit_log import OK, AuditEntry, record
from tokenbroker.store.engine import Store
from tokenbroker.store.lives import Life, forget, known_lives, note_revoked, remember
from tokenbroker.store.rotations import Rotation, Stage, begin_rotation, keep_rotation, note_stop

_DEAD = frozenset({401, 403})


class Accepts(StrEnum):
    """Whether a site accepts a key."""

    YES = "its site accepts it"
    NO = "its site refuses it"
    UNKNOWN = "whether its site accepts it can't be told now"


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
    """

    ways: Ways
    rotation: Rotation
    params: Mapping[str, str]

    @property
    def stop(self) -> str:
        """The reference at which the new key waits until it is proven."""
        return stop_of(self.rotation.reference)

    @property
    def old(self) -> str:
        return f"{self.rotation.reference}@{self.rotation.old_version}"


def stop_of(reference: str) -> str:
    """Where the key that is to replace that of `reference` waits until it is proven."""
    return f"{reference}{STOP}"


def is_over(rotation: Rotation, now: datetime) -> bool:
    """Whether the old key's grace is over, and those who use it were told."""
    after = rotation.revoke_after
    return rotation.state is Stage.TOLD and after is not None and after <= now


def is_waiting_for_key(done: Replacement, bench: Bench) -> bool:
    """Whether there is no new key yet."""
    return done.rotation.state is Stage.BEGUN and _waiting(done, bench) is None


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
    begin_rotation(bench.store, rotation)
    _note(rotation, bench)
    reached("rotation_begun")
    return Replacement(ways=ways, rotation=rotation, params=params)


def resume(ways: Ways, rotation: Rotation, given: Mapping[str, str], bench: Bench) -> Replacement:
    """Go on with `rotation`, which has stopped: a key that has come to its stop is used, else another one is made."""
    named = {ways.name_param: rotation.key_name} if ways.name_param else {}
    done = Replacement(
        ways=ways, rotation=rotation, params=fresh_params(ways, {**given, **named}, now=bench.clock())
    )
    if rotation.state is not Stage.BEGUN or _waiting(done, bench) is not None:
        return done
    # A key of that name may have been made and lost: the next one must be told from it.
    params = fresh_params(ways, given, now=bench.clock())
    return _kept(replace(done, params=params), bench, key_name=params.get(ways.name_param, rotation.key_name))


def prove(done: Replacement, bench: Bench) -> Replacement:
    """Ask the site whether it accepts the new key, which has come to its stop; BEGUN becomes PROVEN.

    Raises:
        RunError: ``rotate.no_key``, there is none; ``rotate.not_accepted``, the site does not.
    """
    if done.rotation.state is not Stage.BEGUN:
        return done
    secret = _waiting(done, bench)
    if secret is None:
        raise RunError(
            f"no new key has come to {done.stop}",
            next_step=f"see how the run of {done.rotation.flow_id} ended",
            code="rotate.no_key",
        )
    accepts = _asked(done.ways, secret, bench)
    if accepts is not Accepts.YES:
        raise RunError(
            f"the new key for {done.rotation.reference} is at {done.stop}, and {accepts.value}",
            next_step=f"try again: tokenbroker rotate {done.rotation.reference}; if it stays refused, revoke the key "
            f"'{done.rotation.key_name}' at {done.ways.creator.site} and take it away, so that another is made: "
            f"tokenbroker secrets remove {done.stop}",
            code="rotate.not_accepted",
        )
    return _kept(done, bench, state=Stage.PROVEN)


def put_in_place(done: Replacement, bench: Bench) -> Replacement:
    """Let the reference lead to the new key; PROVEN becomes REPLACED.

    Raises:
        BrokerError: the sink's; the reference may lead to either key, and both work.
    """
    if done.rotation.state is not Stage.PROVEN:
        return done
    secret = _waiting(done, bench)
    sink = bench.open_sink(done.rotation.sink)
    put_id = f"rotation-{done.rotation.id}"
    reference = sink.find(put_id)  # it was put, and that was not heard of any more
    if secret is None and reference is None:
        raise RunError(
            f"the new key for {done.rotation.reference} is no longer at {done.stop}",
            next_step=f"somebody has removed it; revoke the key '{done.rotation.key_name}' at its site",
            code="rotate.no_key",
        )
    if reference is None and secret is not None:
        _require_unchanged(done, secret, bench)
        reference = sink.put(done.rotation.path, secret, put_id=put_id, actor=bench.actor)
    assert reference is not None  # one of the two is there
    remember(bench.store, _life_of(done, reference, bench))
    now = bench.clock()
    # Who reads through a cache may have the old key that long.
    grace = timedelta(seconds=max(done.ways.life.grace_s or 0, sink.stale_s))
    return _kept(done, bench, state=Stage.REPLACED, new_version=reference.version, revoke_after=now + grace)


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
    _kept(done, bench, state=Stage.GIVEN_UP, code="rotate.changed_meanwhile")
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
    _clear_stop(done, bench)
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
    return _kept(done, bench, state=Stage.TOLD, revoke_after=revoke_after)


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
    return _kept(done, bench, state=Stage.REVOKED)


def require_new(done: Replacement, bench: Bench) -> None:
    """Refuse to go on where the site does not accept the new key: the old one may be the only one that works.

    Raises:
        RunError: ``rotate.new_refused``, or ``rotate.not_told``: the site gave no clear answer.
    """
    version = done.rotation.new_version
    accepts = Accepts.UNKNOWN if version is None else _accepted(done, version, bench)
    if accepts is Accepts.YES:
        return
    raise RunError(
        f"of the new key {done.rotation.reference}@{version}: {accepts.value}; nothing more is done to the old one",
        next_step=f"see what has become of the key '{done.rotation.key_name}' at {done.ways.creator.site}",
        code="rotate.new_refused" if accepts is Accepts.NO else "rotate.not_told",
    )


def stopped(done: Replacement, code: str, bench: Bench) -> Replacement:
    """Keep why it could not go on; what has been reached stays, also where that was not heard of here."""
    note_stop(bench.store, done.rotation.id, code, at=bench.clock())
    rotation = replace(done.rotation, code=code)
    _note(rotation, bench)
    return replace(done, rotation=rotation)


def old_is_accepted(done: Replacement, bench: Bench) -> Accepts:
    """Whether the site accepts the old key now; asks it.

    Raises:
        PolicyDenied: `run.needs_live`.
    """
    return _accepted(done, done.rotation.old_version, bench)


def standing(done: Replacement, bench: Bench) -> str:
    """A sentence that says which key works, for a person whose rotation has stopped; asks the site."""
    rotation = done.rotation
    newest = rotation.new_version or rotation.old_version
    if _is_another(done, newest, bench):
        old = f"of the old one, {done.old}: {_told(done, rotation.old_version, bench).value}"
        return f"{rotation.reference} leads to a key that somebody else has stored there; {old}"
    leads = f"{rotation.reference} leads to {rotation.reference}@{newest}"
    sentence = f"{leads}, and {_told(done, newest, bench).value}"
    if rotation.new_version is not None and rotation.state is not Stage.REVOKED:
        return f"{sentence}; of the old one, {done.old}: {_told(done, rotation.old_version, bench).value}"
    if rotation.state is Stage.PROVEN:
        return f"{sentence}; the new one waits at {done.stop}"
    return sentence


def _is_another(done: Replacement, version: int, bench: Bench) -> bool:
    """Whether the reference leads to another key than that version, as far as its sink can tell now."""
    sink = bench.open_sink(done.rotation.sink)
    try:
        newest, known = (
            sink.get(done.rotation.path, version=each, actor=bench.actor) for each in (None, version)
        )
    except BrokerError:
        return False
    for secret in (newest, known):
        bench.learn(secret)
    return newest != known


def _told(done: Replacement, version: int, bench: Bench) -> Accepts:
    try:
        return _accepted(done, version, bench)
    except BrokerError:
        return Accepts.UNKNOWN


def _accepted(done: Replacement, version: int, bench: Bench) -> Accepts:
    sink = bench.open_sink(done.rotation.sink)
    try:
        secret = sink.get(done.rotation.path, version=version, actor=bench.actor)
    except BrokerError:
        return Accepts.UNKNOWN
    bench.learn(secret)
    return _asked(done.ways, secret, bench)


def _waiting(done: Replacement, bench: Bench) -> Secret | None:
    """The new key at its stop, or None."""
    sink = bench.open_sink(done.rotation.sink)
    try:
        secret = sink.get(f"{done.rotation.path}{STOP}", actor=bench.actor)
    except SecretNotFound:
        return None
    bench.learn(secret)
    return secret


def _asked(ways: Ways, secret: Secret, bench: Bench) -> Accepts:
    url = str(ways.proof.options["url"])
    address = bench.address_of(url)
    if origin_of(url) not in origins_of(ways.creator):
        raise RunError(
            f"the key would go to {origin_of(url)}, which {ways.creator.id} does not name",
            code="origin.not_declared",
        )
    if not address.startswith("https:") and not is_loopback(origin_of(address)):
        raise RunError("the key would go over the network in the clear", code="verify.in_the_clear")
    question = Question.of(ways.proof, address)
    status = ask_site(question, secret, timeout_s=bench.timeout_s)
    if isinstance(status, NoStatus):
        return Accepts.UNKNOWN
    if status == question.wanted:
        return Accepts.YES
    return Accepts.NO if status in _DEAD else Accepts.UNKNOWN


def _life_of(done: Replacement, reference: Reference, bench: Bench) -> Life:
    """What its flow has told of the new key, and of the old one what that leaves open."""
    old, rotation = done.ways.life, done.rotation
    lives = list(known_lives(bench.store, [rotation.sink]).values())
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


def _clear_stop(done: Replacement, bench: Bench) -> None:
    """Nothing waits at the stop any more; a sink that refuses that now is asked again at the next stage."""
    rotation = done.rotation
    bench.open_sink(rotation.sink).remove(f"{rotation.path}{STOP}", actor=bench.actor)
    forget(bench.store, rotation.sink, f"{rotation.path}{STOP}")


def _kept(done: Replacement, bench: Bench, **changes: object) -> Replacement:
    rotation = replace(done.rotation, **{"code": "", **changes})  # type: ignore[arg-type]  # by their names
    keep_rotation(bench.store, rotation, at=bench.clock())
    _note(rotation, bench)
    if "state" in changes and rotation.state is not Stage.GIVEN_UP:
        reached(f"rotation_{rotation.state.value}")
    return replace(done, rotation=rotation)


def _note(rotation: Rotation, bench: Bench) -> None:
    entry = AuditEntry(
        service_id=rotation.flow_id.partition("/")[0],
        action="rotate_token",
        actor=bench.actor,
        key=rotation.reference,
        result=rotation.code or OK,
        detail={
            "rotation": rotation.id,
            "state": rotation.state.value,
            "old_version": rotation.old_version,
            "new_version": rotation.new_version or 0,
        },
    )
    record(bench.store, entry, at=bench.clock())
