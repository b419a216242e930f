"""``tokenbroker audit log``: who did what to which secret, and when."""

from collections.abc import Iterator
from typing import Any

import typer

from tokenbroker.cli.home import open_home, print_rows
from tokenbroker.clock import iso
from tokenbroker.errors import UsageError
from tokenbroker.flow.span import span_given
from tokenbroker.sinks import split_reference
from tokenbroker.store.audit_acts import Act, Asked, actions, acts
from tokenbroker.store.engine import Store

LAST_MAX = 100_000

_COLUMNS = ("when", "who", "act", "to", "result", "detail")


def log(
    reference: str = typer.Argument(
        "", metavar="[[SINK:]PATH|SITE/FLOW]", help="What was done to this reference, or with this flow."
    ),
    action: str = typer.Option(
        "", metavar="NAME", help="Only these acts, such as rotate_token or get_token."
    ),
    actor: str = typer.Option("", metavar="NAME", help="Only what this one did."),
    within: str | None = typer.Option(
        None, metavar="SPAN", help="Only of this time until now: 12h, 14d, 6w."
    ),
    last: int = typer.Option(100, min=1, max=LAST_MAX, metavar="NUMBER", help="So many of the newest."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """List the acts of the audit log, newest first: who did what to which secret; never a value."""
    span = span_given("--within", within) if within is not None else None
    with open_home() as home:
        asked = Asked(
            keys=_keys(reference),
            action=action,
            actor=actor,
            since=home.clock() - span if span is not None else None,
            last=last + 1,
        )
        databases, refusals = home.sinks.databases() if home.has_home() else ([], [])
        stores = [database.store for database in databases]
        found = sorted(_found(stores, asked), key=lambda each: each[1].at, reverse=True)
        known = sorted({name for store in stores for name in actions(store)}) if action and not found else []
    rows = [_row(store, act, as_json=as_json) for store, act in found[:last]]
    on = f" on {asked.keys[0]}" if asked.keys else ""
    has = f"; it has: {', '.join(known)}" if known else ""
    print_rows(rows, columns=_COLUMNS, as_json=as_json, empty=f"No such act{on} is in the audit log{has}.")
    if len(found) > last and not as_json:
        print(f"\nOlder ones are not shown: {way_to_older(last)}")
    if refusals:
        raise refusals[0]


def way_to_older(last: int) -> str:
    """What shows acts that are older than the `last` ones."""
    if last == LAST_MAX:
        return "leave others out with --within, --action or --actor"
    return f"--last {min(10 * last, LAST_MAX)}"


def _keys(reference: str) -> tuple[str, ...]:
    if not reference:
        return ()
    alias, path, version = split_reference(reference)
    if version is not None:
        raise UsageError("the acts of all versions are listed; leave @VERSION away")
    return reference, f"{alias}:{path}"


def _found(stores: list[Store], asked: Asked) -> Iterator[tuple[Store, Act]]:
    for store in stores:
        for act in acts(store, asked):
            yield store, act


def _row(store: Store, act: Act, *, as_json: bool) -> dict[str, Any]:
    if as_json:
        return {
            "store": store.described,
            "id": act.id,
            "at": iso(act.at),
            "service": act.service_id,
            "action": act.action,
            "actor": act.actor,
            "key": act.key,
            "result": act.result,
            "detail": dict(act.detail),
        }
    return {
        "when": f"{act.at:%Y-%m-%d %H:%M:%S}Z",
        "who": act.actor,
        "act": act.action,
        "to": act.key,
        "result": act.result,
        "detail": ", ".join(f"{name} {value}" for name, value in act.detail.items()),
    }
