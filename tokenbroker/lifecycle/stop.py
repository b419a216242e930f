"""The stop of a rotation: where its new key waits, told from what else may lie there.

A stop belongs to a path, and outlives a rotation that was given up; another home that shares the sink uses it, too. So
a key counts only if a run of this rotation has brought it, which its life tells.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tokenbroker.errors import BrokerError, SecretNotFound
from tokenbroker.lifecycle.due import STOP, newest_of
from tokenbroker.lifecycle.replacement import Bench, Replacement
from tokenbroker.lifecycle.standing import Accepts, told
from tokenbroker.secret import Secret
from tokenbroker.sinks.sink import StoredSecret
from tokenbroker.store.lives import Life, forget, known_lives


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A new key at its stop, and what is known of it."""

    secret: Secret
    life: Life

    def name(self, done: Replacement) -> str:
        """What it is called at its site."""
        return name_of(self.life, done)


def name_of(life: Life, done: Replacement) -> str:
    """What the key of `life`, one of this rotation, is called at its site."""
    return life.params.get(done.ways.name_param, "") or done.rotation.key_name


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
    for stranger in _strangers(done, bench.open_sink(done.rotation.sink).list(), bench):
        todo = (
            f"see at {done.ways.creator.site} whose it is, and revoke it if nobody needs it"
            if stranger.accepts is not Accepts.NO
            else "it is taken away once no key waits there that may work"
        )
        named = f" (it is called '{stranger.name}')" if stranger.name else ""
        done = done.noting(
            f"a key waits at {done.stop} that is not of this rotation{named}, and {stranger.accepts.value}: "
            f"it is not used; {todo}"
        )
    return done


def clear_stop(done: Replacement, bench: Bench) -> None:
    """Nothing of this rotation waits at the stop any more; a sink that refuses that now is asked again later.

    A key of another one, which its site may accept and the reference does not lead to, stays, and the whole stop with
    it.
    """
    sink, path = bench.open_sink(done.rotation.sink), _path(done)
    listed = sink.list()
    strangers = [*_strangers(done, listed, bench)]
    if any(stranger.accepts is not Accepts.NO for stranger in strangers):
        return
    # While the site was asked about those, one more may have come, and a removal takes all.
    if strangers and _at(path, sink.list()) != _at(path, listed):
        return
    if _at(path, listed):
        sink.remove(path, actor=bench.actor)
    forget(bench.store, done.rotation.sink, path)


def _at(path: str, listed: Sequence[StoredSecret]) -> list[StoredSecret]:
    return [stored for stored in listed if stored.path == path]


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
    name: str
    accepts: Accepts


def _strangers(done: Replacement, listed: Sequence[StoredSecret], bench: Bench) -> Iterator[_Stranger]:
    """The keys at the stop that no run of this rotation has brought, and that are known from nowhere else.

    Neither the key that the reference leads to, nor the old one, which came over that stop itself.
    """
    rotation = done.rotation
    own = {life.version for life in own_lives(done, bench)}
    lives = known_lives(bench.store, [rotation.sink])
    in_place = newest_of(rotation.path, listed)
    elsewhere = {done.ways.life.fingerprint, in_place.fingerprint if in_place else None}
    for stored in _at(_path(done), listed):
        if stored.version in own or stored.fingerprint in elsewhere:
            continue
        accepts = _accepted(done, stored, bench)
        if accepts is not Accepts.GONE:
            life = lives.get((rotation.sink, stored.path, stored.version))
            yield _Stranger(name=life.key_name if life else "", accepts=accepts)


def _accepted(done: Replacement, stored: StoredSecret, bench: Bench) -> Accepts:
    """Whether the site accepts that key at the stop; one that can't be read now may be one that works."""
    sink = bench.open_sink(done.rotation.sink)
    try:
        secret = sink.get(stored.path, version=stored.version, actor=bench.actor)
    except SecretNotFound:
        return Accepts.GONE
    except BrokerError:
        return Accepts.UNKNOWN
    bench.learn(secret)
    return told(done, secret, bench)
