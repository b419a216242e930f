"""``tokenbroker due``: tokens that end soon, and replacements under way (FLOW-8)."""

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import typer

from tokenbroker.cli.due_words import print_outlook, rotation_step, token_step
from tokenbroker.cli.home import open_home
from tokenbroker.clock import iso
from tokenbroker.errors import UsageError
from tokenbroker.flow.span import span_given
from tokenbroker.lifecycle.due import Outlook, Token, UnderWay, Wanted, look
from tokenbroker.store.lives import Life
from tokenbroker.store.rotations import rotations_under_way

WITHIN = "14d"


def due(
    within: str = typer.Option(
        WITHIN, metavar="SPAN", help="Tokens that end within this time: 12h, 14d, 6w."
    ),
    owner: str | None = typer.Option(None, metavar="NAME", help="Only those of this owner."),
    label: list[str] = typer.Option(
        [], metavar="WORD", help="Only those with this label; may be repeated: with each of them."
    ),
    everything: bool = typer.Option(
        False, "--all", help="Also those that end later, and those of which nobody has said when."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """List tokens that have ended or soon will, and replacements under way; never a value.

    Exit 0: nothing is due; 1: something is; 12: a sink can't be listed now.
    """
    if owner == "" or "" in label:
        # Of a variable that is not set: it would ask about everybody's, or about nobody's.
        raise UsageError("--owner and --label take a word", next_step="leave the empty one away")
    wanted = Wanted(
        within=span_given("--within", within),
        owner=owner or "",
        labels=frozenset(label),
        whatever_end=everything,
    )
    with open_home() as home:
        now = home.clock()
        outlook = look(
            wanted,
            aliases=home.aliases,
            open_sink=home.sink,
            lives=home.lives(),
            rotations=rotations_under_way(home.local.store, home.aliases),
            now=now,
        )
    if as_json:
        print(json.dumps(_records(outlook, now), indent=2))
    else:
        print_outlook(outlook, now=now, within=within, is_everybodys=not owner and not label)
    _require_all_listed(outlook)
    raise typer.Exit(1 if outlook.is_due else 0)


def _require_all_listed(outlook: Outlook) -> None:
    for alias, _ in outlook.refusals:
        print(f"The sink {alias} can't be listed now: what is due there is not known.", file=sys.stderr)
    for _, error in outlook.refusals[1:]:
        print(error, file=sys.stderr)
    if outlook.refusals:
        raise outlook.refusals[0][1]


def _records(outlook: Outlook, now: datetime) -> Sequence[dict[str, Any]]:
    return [
        *(_token_record(each, now) for each in outlook.tokens),
        *(_rotation_record(each) for each in outlook.rotations),
    ]


def _token_record(token: Token, now: datetime) -> dict[str, Any]:
    ends_at = token.life.ends_at if token.life else None
    return {
        "kind": "token",
        "reference": token.reference,
        "version": token.version,
        "state": token.state.value,
        "due": token.is_due,
        "ends_at": iso(ends_at) if ends_at else None,
        "ends_in_s": int((ends_at - now).total_seconds()) if ends_at else None,
        **_life_record(token.life),
        "flow": token.flow or None,
        "next": token_step(token),
    }


def _rotation_record(under_way: UnderWay) -> dict[str, Any]:
    rotation = under_way.rotation
    return {
        "kind": "rotation",
        "reference": rotation.reference,
        "version": rotation.old_version,
        "new_version": rotation.new_version,
        "state": under_way.waits.value,
        "due": under_way.is_due,
        "stage": rotation.state.value,
        "code": rotation.code or None,
        "begun_at": iso(rotation.begun_at),
        "revoke_after": iso(rotation.revoke_after) if rotation.revoke_after else None,
        **_life_record(under_way.life),
        "flow": rotation.flow_id,
        "next": rotation_step(under_way),
    }


def _life_record(life: Life | None) -> dict[str, Any]:
    return {
        "owner": life.owner or None if life else None,
        "labels": list(life.labels) if life else [],
        "key_name": life.key_name or None if life else None,
    }
