"""``tokenbroker adopt``: a key that exists already gets an end, an owner, and the flow that replaces it (FLOW-8)."""

import difflib
import secrets
import sys
from collections.abc import Mapping
from datetime import datetime
from functools import partial

import typer

from tokenbroker.broker import Broker
from tokenbroker.cli.asked_value import read_value
from tokenbroker.cli.due_words import how_long
from tokenbroker.cli.home import open_broker
from tokenbroker.cli.secrets import print_key_advice
from tokenbroker.errors import SecretNotFound, UsageError
from tokenbroker.flow.catalogue import find_cases, flows
from tokenbroker.flow.folders import configured_folders
from tokenbroker.flow.life import TokenLife, life_given
from tokenbroker.flow.load import load
from tokenbroker.flow.model import Flow
from tokenbroker.lifecycle.adopt import (
    Said,
    Source,
    adopted,
    keep_adopted,
    key_name_said,
    moment_said,
    source_of,
)
from tokenbroker.lifecycle.due import STOP
from tokenbroker.pytest_plugin.options import parse_params
from tokenbroker.run.steps import STEPS
from tokenbroker.sinks import Reference, split_reference
from tokenbroker.store.lives import Life

_LIST = "tokenbroker validate FOLDER   says of each file of a folder whether it is a flow"


def adopt(
    reference: str = typer.Argument(
        metavar="[SINK:]PATH[@VERSION]",
        help="Where the key is, or is to be stored; default: its newest version.",
    ),
    flow: str | None = typer.Option(
        None, metavar="SITE/FLOW", help="The flow that gets such a key; it fills in the rest."
    ),
    expires_in: str | None = typer.Option(
        None, metavar="SPAN", help="How long after its creation it ends: 12h, 90d, 6w."
    ),
    expires_at: str | None = typer.Option(None, metavar="DATE", help="The last day on which it works, UTC."),
    owner: str | None = typer.Option(None, metavar="NAME", help="Who answers for it: a team or a role."),
    label: list[str] = typer.Option(
        [],
        metavar="WORD",
        help="A word by which its owner finds it; may be repeated; they replace earlier ones.",
    ),
    grace: str | None = typer.Option(
        None, metavar="SPAN", help="How long it works on after another took its place: 24h."
    ),
    revokes: str | None = typer.Option(None, metavar="SITE/FLOW", help="The flow that revokes it."),
    key_name: str | None = typer.Option(None, metavar="NAME", help="Its name at the site."),
    param: list[str] = typer.Option(
        [], metavar="NAME=VALUE", help="A parameter with which --flow gets such a key; may be repeated."
    ),
    created_at: str | None = typer.Option(
        None,
        metavar="DATE",
        help="When the site created it: a date, UTC, or a time with its offset; default: now.",
    ),
) -> None:
    """Say of a key that exists already what a flow would have told: its end, its owner, how it is replaced.

    A key that is in no sink yet is asked for without echo, or read from standard input. Again, it changes only what is
    given.
    """
    alias, path, version = split_reference(reference)
    if path.endswith(STOP):
        raise UsageError(
            f"{path} is a stop on the way of a rotation", next_step="adopt the path without the ending"
        )
    given = {
        "expires_in": expires_in,
        "expires_at": expires_at,
        "owner": owner,
        "labels": label,
        "grace": grace,
        "revokes": revokes,
    }
    for option, name in (("--flow", flow), ("--revokes", revokes)):
        if name == "":  # of a variable that is not set
            raise UsageError(f"{option} takes SITE/FLOW", next_step=f"leave {option} away, or name the flow")
    life = TokenLife.of(life_given({name: said for name, said in given.items() if said not in (None, [])}))
    params = parse_params(param)
    with open_broker() as broker:
        now = broker.clock()
        place = _stored(broker, alias, path, version)
        known = _known(broker, place) if place else None
        source = _source(broker, flow, f"{alias}:{path}", params, known)
        if revokes:
            _cases(broker, revokes)
        said = Said(
            life=life,
            source=source,
            created_at=moment_said(created_at, now=now) if created_at is not None else None,
            key_name=key_name_said(key_name) if key_name is not None else "",
            params=params,
        )
        how = "Adopted {}, which was there already; no value was asked for"
        if place is None:
            how = "Stored and adopted {}"
            place = _put(broker, alias, path)
        kept = adopted(said, place, known, now=now)
        keep_adopted(broker.local.store, kept, actor=broker.actor, at=now)
        closing = f"{how.format(place)} (fingerprint {place.fingerprint})."
        print("\n".join([closing, *_told(kept, now), *_lacks(kept, now)]))
        print_key_advice(broker)


def _source(
    broker: Broker, flow: str | None, target: str, params: Mapping[str, str], known: Life | None
) -> Source | None:
    """What the flow says that is named, or that is known already and gets other parameters; None for no flow."""
    known_flow = known.flow_id if known else ""
    name = flow or (known_flow if params else "")
    if params and not name:
        raise UsageError("--param says what a flow is given", next_step="name it with --flow")
    if not name:
        return None
    earlier = known.params if known and known_flow.partition("[")[0] == name.partition("[")[0] else {}
    return source_of(_cases(broker, name), target, {**earlier, **params})


def _cases(broker: Broker, name: str) -> list[Flow]:
    """The flow of that id, in each of its cases, among those of the project."""
    root = broker.configuration.root
    folders = configured_folders(root)
    known, _ = flows(folders, partial(load, steps=STEPS), every_yaml=folders)
    return find_cases(known, name, root=root, next_step=_LIST)


def _known(broker: Broker, place: Reference) -> Life | None:
    life = broker.lives().get((place.sink, place.path, place.version))
    return life if life is not None and life.is_of(place.fingerprint) else None


def _stored(broker: Broker, alias: str, path: str, version: int | None) -> Reference | None:
    """The version that is meant, or None where the path holds nothing.

    Raises:
        SecretNotFound: it holds others only.
        UsageError: the sink is none that the settings name.
    """
    sink = broker.sink(alias)
    if alias not in broker.aliases:  # nobody would look there for what is due
        raise UsageError(
            f"the sink {alias} is none of this project's", next_step=f'name it: inputs.sink = "{alias}"'
        )
    found = {each.version: each for each in sink.list() if each.path == path}
    chosen = found.get(version if version is not None else max(found, default=0))
    if chosen is None:
        if version is None:
            return None
        raise SecretNotFound(
            f"there is no secret at {alias}:{path}@{version}",
            next_step="tokenbroker secrets list   shows what there is",
        )
    return Reference(sink=alias, path=path, version=chosen.version, fingerprint=chosen.fingerprint)


def _put(broker: Broker, alias: str, path: str) -> Reference:
    sink = broker.sink(alias)
    sink.probe()
    near = difflib.get_close_matches(path, {each.path for each in sink.list()}, n=1)
    hint = f" (did you mean {alias}:{near[0]}?)" if near else ""
    way_out = " Ctrl-C stores nothing." if sys.stdin.isatty() else ""
    print(
        f"There is no secret at {alias}:{path} yet{hint}. "
        f"The value that you give now is stored there, and adopted.{way_out}",
        file=sys.stderr,
        flush=True,
    )
    value = read_value(f"{alias}:{path}")
    return sink.put(path, value, put_id=f"put-{secrets.token_hex(16)}", actor=broker.actor)


def _told(life: Life, now: datetime) -> list[str]:
    told: Mapping[str, str] = {
        "ends": f"{life.ends_at:%Y-%m-%d %H:%M}Z, {how_long(life.ends_at, now)}" if life.ends_at else "",
        "owner": life.owner,
        "labels": ", ".join(life.labels),
        "name at its site": life.key_name,
        "to replace it": f"the flow {life.rotates or life.flow_id}" if life.rotates or life.flow_id else "",
        "to revoke it": f"the flow {life.revokes}" if life.revokes else life.revoke_at,
        "once replaced it works on for": f"{life.grace_s // 60} min" if life.grace_s is not None else "",
        "revoked": f"{life.revoked_at:%Y-%m-%d %H:%M}Z" if life.revoked_at else "",
    }
    return [f"  {name}: {said}" for name, said in told.items() if said]


def _lacks(life: Life, now: datetime) -> list[str]:
    has_ended = life.ends_at is not None and life.ends_at <= now and life.revoked_at is None
    lacks = {
        f"it has ended already: tokenbroker rotate {life.sink}:{life.path}   gets another": has_ended
        and bool(life.rotates or life.flow_id),
        "it has ended already: --flow says which flow gets another": has_ended
        and not (life.rotates or life.flow_id),
        "no end is known: --expires-in or --expires-at says it": life.ends_at is None,
        "no owner is known: --owner says it": not life.owner,
        "no flow is known that gets another: --flow says it": not has_ended
        and not (life.rotates or life.flow_id),
        "no way to revoke it is known: --revokes says it": not (life.revokes or life.revoke_at),
        "its name at the site is not known: --key-name says it": not life.key_name,
    }
    return [f"  {sentence}" for sentence, is_so in lacks.items() if is_so]
