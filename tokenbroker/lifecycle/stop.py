"""The stop of a rotation: where its new key waits, told from what else may lie there.

A stop belongs to a path, and outlives a rotation that was given up; another home that shares the sink uses it, too. So
a key counts only if a run of this rotation has brought it, which its life tells.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tokenbroker.errors import BrokerError, SecretNotFound
from tokenbroker.lifecycle.due import STOP, newest_of
from tokenbroker.lifecycle.replacement import Bench, Replacement
from tokenbroker.lifecycle.standing import Accepts, asked
from tokenbroker.secret import Secret
from tokenbroker.store.lives import Life, forget, known_lives


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A new key at its stop, and what is known of it."""

    secret: Secret
    life: Life

    def name(self, done: Replacement) -> str:
        """What it is called at its site."""
        return self.life.params.get(done.ways.name_param, "") or done.rotation.key_name


def waiting(done: Replacement, bench: Bench) -> Waiting | None:
    """The new key of this rotation at its stop, or None: what another one has left there is none."""
    sink = bench.open_sink(done.rotation.sink)
    for life in own_lives(done, bench):
        try:
            secret = sink.get(life.path, version=life.version, actor=bench.actor)
        except SecretNotFound:
            continue
        bench.learn(secret)
        return Waiting(secret=secret, life=life)
    return None


def with_strangers_noted(done: Replacement, bench: Bench) -> Replacement:
    """`done`, with a note for the person where a key waits at the stop that is not of this rotation."""
    for stranger in _strangers(done, bench):
        accepts = told(done, stranger.secret, bench)
        todo = (
            f"see at {done.ways.creator.site} whose it is, and revoke it if nobody needs it"
            if accepts is not Accepts.NO
            else "it is taken away at the end"
        )
        named = f" (it is called '{stranger.name}')" if stranger.name else ""
        done = done.noting(
            f"a key waits at {done.stop} that is not of this rotation{named}, and {accepts.value}: "
            f"it is not used; {todo}"
        )
    return done


def clear_stop(done: Replacement, bench: Bench) -> None:
    """Nothing of this rotation waits at the stop any more; a sink that refuses that now is asked again later.

    A key of another one, which its site accepts and the reference does not lead to, stays, and the whole stop with it.
    """
    sink, path = bench.open_sink(done.rotation.sink), _path(done)
    if all(told(done, each.secret, bench) is Accepts.NO for each in _strangers(done, bench)):
        sink.remove(path, actor=bench.actor)
        forget(bench.store, done.rotation.sink, path)


def _path(done: Replacement) -> str:
    return f"{done.rotation.path}{STOP}"


def own_lives(done: Replacement, bench: Bench) -> list[Life]:
    """What is known of the keys that runs of this rotation have brought to the stop, the likeliest first."""
    rotation, name_param = done.rotation, done.ways.name_param
    found = []
    for life in known_lives(bench.store, [rotation.sink]).values():
        is_named = bool(name_param) and life.params.get(name_param) == rotation.key_name
        # Also by its name: a clock may be set back.
        if life.path == _path(done) and (is_named or life.created_at >= rotation.begun_at):
            found.append((is_named, life.version, life))
    return [life for _, _, life in sorted(found, key=lambda each: each[:2], reverse=True)]


@dataclass(frozen=True, kw_only=True)
class _Stranger:
    secret: Secret
    name: str


def _strangers(done: Replacement, bench: Bench) -> Iterator[_Stranger]:
    """The keys at the stop that no run of this rotation has brought, and that the reference does not lead to."""
    sink, path = bench.open_sink(done.rotation.sink), _path(done)
    listed = sink.list()
    own = {life.version for life in own_lives(done, bench)}
    lives = known_lives(bench.store, [done.rotation.sink])
    in_place = newest_of(done.rotation.path, listed)
    for stored in listed:
        is_in_place = in_place is not None and stored.fingerprint == in_place.fingerprint
        if stored.path != path or stored.version in own or is_in_place:
            continue
        secret = sink.get(path, version=stored.version, actor=bench.actor)
        bench.learn(secret)
        life = lives.get((done.rotation.sink, path, stored.version))
        yield _Stranger(secret=secret, name=life.key_name if life else "")


def told(done: Replacement, secret: Secret, bench: Bench) -> Accepts:
    """What the site says of `secret`, as far as that can be told."""
    try:
        return asked(done.ways, secret, bench)
    except BrokerError:
        return Accepts.UNKNOWN
