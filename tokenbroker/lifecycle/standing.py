"""Which key works: what a site says of one, and what a reference leads to."""

from enum import StrEnum

from tokenbroker.errors import BrokerError, RunError, SecretNotFound
from tokenbroker.lifecycle.due import STOP
from tokenbroker.lifecycle.replacement import Bench, Replacement
from tokenbroker.lifecycle.ways import Ways
from tokenbroker.policy.approve import origins_of
from tokenbroker.run.site_status import NoStatus, Question, ask_site
from tokenbroker.secret import Secret
from tokenbroker.settings import is_loopback, origin_of
from tokenbroker.sinks.sink import SecretChanged
from tokenbroker.store.rotations import Stage

_DEAD = frozenset({401, 403})


class Accepts(StrEnum):
    """Whether a site accepts a key."""

    YES = "its site accepts it"
    NO = "its site refuses it"
    UNKNOWN = "whether its site accepts it can't be told now"
    GONE = "its store does not have it any more, so its site can't be asked about it"


def old_is_accepted(done: Replacement, bench: Bench) -> Accepts:
    """Whether the site accepts the old key now; asks it.

    Raises:
        PolicyDenied: `run.needs_live`.
    """
    return accepted(done, done.rotation.old_version, bench)


def standing(done: Replacement, bench: Bench) -> str:
    """A sentence that says which key works, for a person whose rotation has stopped; asks the site."""
    rotation = done.rotation
    newest = rotation.new_version or rotation.old_version
    another = _another(done, newest, bench)
    if rotation.state is Stage.SURPLUS or another is not None:
        old = f"of the old one, {done.old}: {told(done, rotation.old_version, bench).value}"
        if another is not None and _is_proven_one(done, another, bench):
            return f"{rotation.reference} leads to the new key, and {told(done, another, bench).value}; {old}"
        return f"{rotation.reference} leads to a key that somebody else has stored there; {old}"
    leads = f"{rotation.reference} leads to {rotation.reference}@{newest}"
    sentence = f"{leads}, and {told(done, newest, bench).value}"
    if rotation.new_version is not None and rotation.state is not Stage.REVOKED:
        return f"{sentence}; of the old one, {done.old}: {told(done, rotation.old_version, bench).value}"
    if rotation.state is Stage.PROVEN:
        return f"{sentence}; the new one waits at {done.stop}"
    return sentence


def _another(done: Replacement, version: int, bench: Bench) -> Secret | None:
    """What the reference leads to, where that is another key than that version, as far as its sink can tell now."""
    sink = bench.open_sink(done.rotation.sink)
    try:
        newest, known = (
            sink.get(done.rotation.path, version=each, actor=bench.actor) for each in (None, version)
        )
    except BrokerError:
        return None
    for secret in (newest, known):
        bench.learn(secret)
    return newest if newest != known else None


def _is_proven_one(done: Replacement, key: Secret, bench: Bench) -> bool:
    """Whether `key` is the proven one that waits at the stop: it was put in place, and that was not heard of."""
    if done.rotation.state is not Stage.PROVEN:
        return False
    try:
        waits = bench.open_sink(done.rotation.sink).get(f"{done.rotation.path}{STOP}", actor=bench.actor)
    except BrokerError:
        return False
    bench.learn(waits)
    return waits == key


def told(done: Replacement, key: Secret | int, bench: Bench) -> Accepts:
    """What the site says of `key`, or of that version of the reference, as far as that can be told; never an error."""
    try:
        return asked(done.ways, key, bench) if isinstance(key, Secret) else accepted(done, key, bench)
    except BrokerError:
        return Accepts.UNKNOWN


def require_same(done: Replacement, bench: Bench) -> None:
    """Refuse to begin where the old key is not what its number stood for first: nobody could ask about it later.

    One that its store has dropped, and keeps in a later version, will do.

    Raises:
        RunError: ``rotate.changed_meanwhile``.
        BrokerError: the sink's.
    """
    rotation, is_changed = done.rotation, False
    try:
        sink = bench.open_sink(rotation.sink)
        bench.learn(sink.get(rotation.path, version=rotation.old_version, actor=bench.actor))
    except SecretNotFound:
        return
    except SecretChanged:
        is_changed = True
    if is_changed:
        raise RunError(
            f"{done.old} is another secret than the one that was listed first: somebody has changed it in its store "
            "more than once, so its site could not be asked about it later; nothing is begun",
            next_step=f"put it anew: tokenbroker secrets put {rotation.reference}, then: tokenbroker adopt "
            f"{rotation.reference} --flow {rotation.flow_id}",
            code="rotate.changed_meanwhile",
        )


def accepted(done: Replacement, version: int | None, bench: Bench) -> Accepts:
    """Whether the site accepts that version now, or what the reference leads to; asks it."""
    sink = bench.open_sink(done.rotation.sink)
    try:
        secret = sink.get(done.rotation.path, version=version, actor=bench.actor)
    except (SecretNotFound, SecretChanged):
        return Accepts.GONE
    except BrokerError:
        return Accepts.UNKNOWN
    bench.learn(secret)
    return asked(done.ways, secret, bench)


def asked(ways: Ways, secret: Secret, bench: Bench) -> Accepts:
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
