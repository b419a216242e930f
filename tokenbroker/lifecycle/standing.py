"""Which key works: what a site says of one, and what a reference leads to."""

from enum import StrEnum

from tokenbroker.errors import BrokerError, RunError, SecretNotFound
from tokenbroker.lifecycle.replacement import Bench, Replacement
from tokenbroker.lifecycle.ways import Ways
from tokenbroker.policy.approve import origins_of
from tokenbroker.run.site_status import NoStatus, Question, ask_site
from tokenbroker.secret import Secret
from tokenbroker.settings import is_loopback, origin_of
from tokenbroker.store.rotations import Stage

_DEAD = frozenset({401, 403})


class Accepts(StrEnum):
    """Whether a site accepts a key."""

    YES = "its site accepts it"
    NO = "its site refuses it"
    UNKNOWN = "whether its site accepts it can't be told now"
    GONE = "its store has dropped it, so its site can't be asked about it"


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
    if rotation.state is Stage.SURPLUS or _is_another(done, newest, bench):
        old = f"of the old one, {done.old}: {told(done, rotation.old_version, bench).value}"
        return f"{rotation.reference} leads to a key that somebody else has stored there; {old}"
    leads = f"{rotation.reference} leads to {rotation.reference}@{newest}"
    sentence = f"{leads}, and {told(done, newest, bench).value}"
    if rotation.new_version is not None and rotation.state is not Stage.REVOKED:
        return f"{sentence}; of the old one, {done.old}: {told(done, rotation.old_version, bench).value}"
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


def told(done: Replacement, key: Secret | int, bench: Bench) -> Accepts:
    """What the site says of `key`, or of that version of the reference, as far as that can be told; never an error."""
    try:
        return asked(done.ways, key, bench) if isinstance(key, Secret) else accepted(done, key, bench)
    except BrokerError:
        return Accepts.UNKNOWN


def accepted(done: Replacement, version: int | None, bench: Bench) -> Accepts:
    """Whether the site accepts that version now, or what the reference leads to; asks it."""
    sink = bench.open_sink(done.rotation.sink)
    try:
        secret = sink.get(done.rotation.path, version=version, actor=bench.actor)
    except SecretNotFound:
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
