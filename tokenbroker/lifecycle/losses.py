"""Keys that earlier runs for a rotation may have made and lost: revoked once where that is safe, else told."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from sqlalchemy import select

from tokenbroker.errors import BrokerError
from tokenbroker.lifecycle.due import Lives, known_life, newest_of
from tokenbroker.lifecycle.replacement import Bench, stop_of
from tokenbroker.lifecycle.tickets import Loss, Need, Ticket
from tokenbroker.run.intent import UNKNOWN, Intent
from tokenbroker.run.recover import Outcome, Recovered
from tokenbroker.sinks.sink import Sink
from tokenbroker.store.audit_log import AuditEntry, record
from tokenbroker.store.engine import Store
from tokenbroker.store.models import AUDIT_LOG

_ACTION: Final = "revoke_lost"


def note_losses(
    tickets: Sequence[Ticket],
    left: Sequence[Recovered],
    *,
    store: Store,
    lives: Lives,
    open_sink: Callable[[str], Sink],
) -> None:
    """Tell each ticket of the keys that runs for it may have made and lost.

    A flow revokes one first only if its name is that of no key that is known, if the name of the key that the reference
    leads to is known (a person may have rescued the lost one and put it there), and if none has tried before: what it
    could not find then may never have been made, and only a person can tell.

    Raises:
        SecretUnavailable: the store can't be read.
    """
    lost = [
        each.intent for each in left if each.outcome is Outcome.POSSIBLY_CREATED and each.intent is not None
    ]
    tried = _tried(store, [intent.run_id for intent in lost])
    for ticket in tickets:
        for intent in lost:
            if stop_of(ticket.reference) not in intent.targets:
                continue
            why = _why_not(ticket, intent, lives) or _may_be_in_place(ticket, lives, open_sink)
            if not why and intent.run_id in tried:
                why = _tried_by(ticket)
            if why:
                ticket.unsettled += (Loss(intent=intent, why=why),)
            else:
                ticket.lost += (intent,)


def not_revoked(ticket: Ticket, intent: Intent, bench: Bench, *, has_run: bool) -> None:
    """The flow could not revoke the key of `intent`: the person is told, and once it `has_run`, none tries it again.

    Raises:
        SecretUnavailable: the store can't be written.
    """
    ticket.unsettled += (
        Loss(intent=intent, why=_tried_by(ticket) if has_run else "the flow that revokes it was not run"),
    )
    if not has_run:
        return
    entry = AuditEntry(
        service_id=intent.site,
        action=_ACTION,
        actor=bench.actor,
        key=intent.run_id,
        result="rotate.run_failed",
    )
    record(bench.store, entry, at=bench.clock())


def _why_not(ticket: Ticket, intent: Intent, lives: Lives) -> str:
    """Why no flow may revoke the key of `intent`; "" where one may."""
    if intent.key_name == UNKNOWN:
        return "its name is not known"
    if ticket.flow_for(Need.CLEANING) is None:
        return "no flow is known that revokes it"
    names = {intent.key_name, ticket.lost_name(intent)}
    param = ticket.ways.name_param
    for life in lives.values():
        is_of_site = life.flow_id.partition("/")[0] in ("", intent.site)
        if is_of_site and names & {life.key_name, life.params.get(param)}:
            return f"{life.sink}:{life.path}@{life.version} is a key of that name"
    return ""


def _may_be_in_place(ticket: Ticket, lives: Lives, open_sink: Callable[[str], Sink]) -> str:
    """Why the reference of `ticket` may lead to a key that counts as lost; "" where it does not."""
    token = ticket.ways.life
    try:
        seen = newest_of(token.path, open_sink(token.sink).list())
    except BrokerError:
        return f"what {ticket.reference} leads to can't be told now"
    known = known_life(lives, token.sink, seen) if seen is not None else token
    if known is None or not (known.key_name or known.params.get(ticket.ways.name_param)):
        return f"{ticket.reference} leads to a key that was put there by hand, which may be that one"
    return ""


def _tried_by(ticket: Ticket) -> str:
    flow = ticket.flow_for(Need.CLEANING)
    return f"{flow.id if flow else 'a flow'} could not revoke it"


def _tried(store: Store, run_ids: Iterable[str]) -> set[str]:
    """Those of `run_ids` whose key a flow has tried to revoke, and could not."""
    query = select(AUDIT_LOG.c.key).where(AUDIT_LOG.c.key.in_([*run_ids]), AUDIT_LOG.c.action == _ACTION)
    return store.read(lambda connection: {*connection.execute(query).scalars()})
