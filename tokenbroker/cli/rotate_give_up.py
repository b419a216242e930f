"""``tokenbroker rotate REFERENCE --give-up``: a replacement ends that can't come to its end, and nothing is revoked."""

import json
import os
import sys
from collections.abc import Sequence

from tokenbroker.broker import Broker
from tokenbroker.cli.rotate_words import agrees, say, still_to_do
from tokenbroker.errors import HumanDenied, UsageError
from tokenbroker.lifecycle.giving_up import end_by_hand, keys_left
from tokenbroker.lifecycle.one_sitting import only_sitting
from tokenbroker.settings import Configuration
from tokenbroker.sinks import split_reference
from tokenbroker.store.engine import Store
from tokenbroker.store.lives import known_lives
from tokenbroker.store.rotations import Rotation, rotations_under_way


def give_up(
    settings: Configuration, reference: str, *, beside: Sequence[str], yes: bool, as_json: bool
) -> None:
    """End the replacement of `reference` durably; the person is told of both keys, and agrees.

    Raises:
        UsageError: options stand `beside` it that would say nothing, or no replacement of it is under way.
        HumanDenied: the person does not agree.
        RunError, BrokerError: as `end_by_hand`.
    """
    if beside or not reference:
        raise UsageError(
            "--give-up ends the replacement of one reference, and runs nothing",
            next_step=f"leave {', '.join(beside)} away" if beside else "name the reference",
        )
    if not (yes or sys.stdin.isatty()):
        raise UsageError("without a terminal rotate ends nothing unasked", next_step="give --yes")
    with (
        Broker(settings, environ=dict(os.environ)) as broker,
        only_sitting(broker.home, broker.local.store),
    ):
        store = broker.local.store
        rotation = _under_way(store, reference)
        keys = [*keys_left(rotation, known_lives(store, [rotation.sink]))]
        stands = still_to_do(rotation, broker.clock())
        say(
            f"The replacement of {rotation.reference} is to be given up ({stands}): nothing is revoked, and what the "
            "reference leads to stays."
        )
        for sentence in keys:
            say(f"  {sentence}")
        if not yes and not agrees("Give it up?", otherwise="it is as it was"):
            raise HumanDenied("it is as it was")
        ended = end_by_hand(rotation, store=store, actor=broker.actor, at=broker.clock())
    say("It is given up.")
    if as_json:
        print(json.dumps([_row(ended, keys)], indent=2))


def _under_way(store: Store, reference: str) -> Rotation:
    alias, path, version = split_reference(reference)
    found = [each for each in rotations_under_way(store, [alias]) if each.path == path]
    if version is not None or not found:
        raise UsageError(
            f"no replacement of {reference} is under way",
            next_step="tokenbroker due   shows those that are",
        )
    return found[0]


def _row(rotation: Rotation, notes: Sequence[str]) -> dict[str, object]:
    """As ``rotate --json`` tells of each token."""
    return {
        "reference": rotation.reference,
        "state": rotation.state.value,
        "old_version": rotation.old_version,
        "new_version": rotation.new_version,
        "revoke_after": None,
        "code": None,
        "standing": None,
        "notes": [*notes],
    }
