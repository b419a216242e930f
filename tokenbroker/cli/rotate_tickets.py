"""Which tokens a sitting of ``tokenbroker rotate`` is about, and what its stages work with."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tokenbroker.broker import Broker
from tokenbroker.errors import BrokerError, PolicyDenied, SecretNotFound, UsageError
from tokenbroker.flow.catalogue import find, flows, shown
from tokenbroker.flow.folders import configured_folders
from tokenbroker.flow.load import load
from tokenbroker.lifecycle.due import Waits, Wanted, known_life, leads_elsewhere, look, newest_of
from tokenbroker.lifecycle.hook import hook_of
from tokenbroker.lifecycle.replacement import Bench
from tokenbroker.lifecycle.tickets import Need, Ticket
from tokenbroker.lifecycle.ways import FindFlow, ways_of
from tokenbroker.policy.approve import NEEDS_LIVE
from tokenbroker.run.steps import STEPS
from tokenbroker.settings import Configuration, is_loopback, origin_of
from tokenbroker.sinks import Sink, split_reference
from tokenbroker.sinks.sink import StoredSecret
from tokenbroker.store.lives import Life
from tokenbroker.store.rotations import Rotation, rotations_under_way

_LIST = "tokenbroker validate FOLDER   says of each file of a folder whether it is a flow"


@dataclass(frozen=True, kw_only=True)
class Found:
    """The tokens of a sitting, and why others that are due can't be replaced."""

    tickets: tuple[Ticket, ...]
    refusals: tuple[BrokerError, ...] = ()


def tickets_for(broker: Broker, reference: str, given: Mapping[str, str], *, find: FindFlow) -> Found:
    """The ticket of one reference.

    Raises:
        UsageError, SecretNotFound: it can't be replaced, or what is known of it is of another store.
    """
    alias, path, version = split_reference(reference)
    if version is not None:
        raise UsageError("what is rotated is a reference, and not one of its versions; leave @VERSION away")
    lives = broker.lives()
    rotation = next((r for r in _under_way(broker) if (r.sink, r.path) == (alias, path)), None)
    listed = broker.sink(alias).list()
    if rotation is not None:
        if leads_elsewhere(rotation, lives, listed):
            raise _elsewhere(rotation)
        life = lives.get((alias, path, rotation.old_version))
        if life is None:
            raise _forgotten(rotation)
    else:
        stored = _newest(listed, alias, path)
        life = known_life(lives, alias, stored)
        if life is None:
            raise UsageError(
                f"nothing is known of the life of {alias}:{path}@{stored.version}: no flow has captured it",
                next_step=f"tokenbroker adopt {alias}:{path} --flow SITE/FLOW",
                code="rotate.unknown",
            )
    return Found(tickets=(Ticket(ways=ways_of(life, find), rotation=rotation, given=given),))


def tickets_due(broker: Broker, within: timedelta, given: Mapping[str, str], *, find: FindFlow) -> Found:
    """The tickets of every rotation that is under way, and of the tokens that have ended or will within that time.

    One that can't be replaced does not keep the others from it.

    Raises:
        UsageError: ``rotate.key_name``; several would give their new keys the one name that is given.
    """
    outlook = look(
        Wanted(within=within),
        aliases=broker.aliases,
        open_sink=broker.sink,
        lives=broker.lives(),
        rotations=_under_way(broker),
        now=broker.clock(),
    )
    busy = {each.rotation.reference for each in outlook.rotations}
    refusals = [error for _, error in outlook.refusals]
    wanted: list[tuple[Life, Rotation | None]] = []
    for each in outlook.rotations:
        if each.life is not None:
            wanted.append((each.life, each.rotation))
        else:
            is_elsewhere = each.waits is Waits.ELSEWHERE
            refusals.append(_elsewhere(each.rotation) if is_elsewhere else _forgotten(each.rotation))
    # Of a token without a life it is not known that it is due.
    wanted += [(each.life, None) for each in outlook.tokens if each.life and each.reference not in busy]
    tickets: list[Ticket] = []
    for life, rotation in wanted:
        try:
            tickets.append(Ticket(ways=ways_of(life, find), rotation=rotation, given=given))
        except BrokerError as error:
            refusals.append(error)
    _require_names_apart(tickets, given)
    return Found(tickets=tuple(tickets), refusals=tuple(refusals))


def grace_apart(tickets: Sequence[Ticket], now: datetime) -> tuple[tuple[Ticket, ...], tuple[Rotation, ...]]:
    """Those of `tickets` for which something can be done `now`, and the rotations that only wait for a grace."""
    waiting = {
        ticket.reference: rotation
        for ticket in tickets
        if (rotation := ticket.rotation) is not None
        and not rotation.code
        and not (ticket.lost or ticket.unsettled)
        and ticket.need(now) is Need.GRACE
    }
    return tuple(each for each in tickets if each.reference not in waiting), tuple(waiting.values())


def require_known_params(found: Found, given: Mapping[str, str]) -> None:
    """Refuse a parameter that no flow of the sitting has: it would say nothing.

    Raises:
        UsageError: ``param.unknown``.
    """
    flows_of = [flow for each in found.tickets for flow in (each.ways.creator, each.ways.revoker) if flow]
    known = {param.name for flow in flows_of for param in flow.params}
    unknown = [name for name in given if name not in known]
    if unknown and found.tickets and not found.refusals:
        raise UsageError(
            f"no flow of this has a parameter '{unknown[0]}' (they have: {', '.join(sorted(known)) or 'none'})",
            next_step=f"leave --param {unknown[0]} away, or mend it",
            code="param.unknown",
        )


def _require_names_apart(tickets: Sequence[Ticket], given: Mapping[str, str]) -> None:
    for name in given:
        named = [ticket.reference for ticket in tickets if ticket.waits_for_name(name)]
        if len(named) > 1:
            raise UsageError(
                f"--param {name} names one key, and {len(named)} tokens would get one of that name: {', '.join(named)}",
                next_step=f"leave --param {name} away, so that each gets a name of its own; or give it for one: "
                f"tokenbroker rotate {named[0]} --param {name}=NAME",
                code="rotate.key_name",
            )


def _elsewhere(rotation: Rotation) -> UsageError:
    reference = rotation.reference
    return UsageError(
        f"a rotation of {reference} is under way, and '{rotation.sink}' leads to another store now than when it began, "
        "or somebody has changed or removed by hand what was there",
        next_step=f"let sinks.{rotation.sink} lead where it led; or where it is the same store, see that a key is at "
        f"{reference} that works, and: tokenbroker adopt {reference} --flow {rotation.flow_id}; then: "
        f"tokenbroker rotate {reference}   (or end it as it is: tokenbroker rotate {reference} --give-up)",
        code="rotate.elsewhere",
    )


def _forgotten(rotation: Rotation) -> UsageError:
    old = f"{rotation.reference}@{rotation.old_version}"
    return UsageError(
        f"a rotation of {rotation.reference} is under way, and nothing is known any more of the life of {old}",
        next_step=f"tokenbroker adopt {old} --flow {rotation.flow_id}, then: tokenbroker rotate {rotation.reference}",
        code="rotate.unknown",
    )


def bench_of(configuration: Configuration, *, live: bool) -> Callable[[pytest.Item], Bench]:
    """What the stages work with, of a session's own fixtures."""
    settings = configuration.settings

    def bench(item: pytest.Item) -> Bench:
        fixtures: dict[str, Any] = item.funcargs  # type: ignore[attr-defined]  # of a Function
        broker: Broker = fixtures["tokenbroker_broker"]
        origin_map: Mapping[str, str] = item._request.getfixturevalue("origin_map")  # type: ignore[attr-defined]

        def address_of(url: str) -> str:
            origin = origin_of(url)
            address = origin_map.get(origin, origin) + url.removeprefix(origin)
            if not live and not is_loopback(origin_of(address)):
                raise PolicyDenied(
                    f"asking {origin} whether it accepts a key needs --live: it is beyond this machine",
                    next_step="give --live",
                    code=NEEDS_LIVE,
                )
            return address

        open_sink: Callable[[str], Sink] = fixtures["secret_sink"]
        hook = hook_of(
            settings.rotation.hook,
            folder=configuration.root,
            timeout_s=settings.rotation.hook_timeout_s,
            redact=lambda said, told: _redacted(said, told, broker, open_sink),
        )
        return Bench(
            store=broker.local.store,
            open_sink=open_sink,
            actor=broker.actor,
            clock=broker.clock,
            address_of=address_of,
            hook=hook,
            learn=lambda secret: broker.redactor.add(secret, label="a key that is replaced"),
            timeout_s=settings.step_timeout_s,
        )

    return bench


def _redacted(said: str, told: Mapping[str, object], broker: Broker, open_sink: Callable[[str], Sink]) -> str:
    """What a hook has said, without either key: it may have read them. "" where they can't be read to look for them."""
    for name in ("reference", "replaced"):
        alias, path, version = split_reference(str(told[name]))
        try:
            secret = open_sink(alias).get(path, version=version, actor=broker.actor)
        except BrokerError:
            return ""
        broker.redactor.add(secret, label="a key that is replaced")
    return broker.redactor.text(said)


def flow_finder(root: Path) -> FindFlow:
    """Finds a flow of the project at `root` by its id.

    Raises:
        UsageError: its flow folders can't be told.
    """
    folders = configured_folders(root)
    known, mistakes = flows(folders, lambda path: load(path, STEPS), every_yaml=folders)
    # One of them may be the flow that is looked for.
    broken = "; ".join(shown(path, root) for path, _ in mistakes)
    next_step = (
        f"tokenbroker validate {broken.replace('; ', ' ')}   tells what is wrong there" if broken else _LIST
    )
    return lambda name: find(known, name, root=root, next_step=next_step)


def _under_way(broker: Broker) -> list[Rotation]:
    return rotations_under_way(broker.local.store, broker.aliases)


def _newest(listed: Iterable[StoredSecret], alias: str, path: str) -> StoredSecret:
    newest = newest_of(path, listed)
    if newest is None:
        raise SecretNotFound(
            f"there is no secret at {alias}:{path}",
            next_step="tokenbroker secrets list   shows what there is",
        )
    return newest
