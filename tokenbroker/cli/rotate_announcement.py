"""What ``tokenbroker rotate`` says before a sitting begins: what is to be done, and what a person will be asked for."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from tokenbroker.cli.rotate_words import count, is_in_place, say, still_to_do
from tokenbroker.flow.model import Flow
from tokenbroker.lifecycle.sign_on import Account, account_of, grouped, questions
from tokenbroker.lifecycle.tickets import Ticket
from tokenbroker.store.rotations import Stage


def announce(
    tickets: Sequence[Ticket], *, shares: bool, waits: bool, now: datetime, unasked: str | None = None
) -> None:
    """Say what is to be done at `now`, and early what a person will be asked for.

    `unasked` is why nobody can be asked at a terminal; None where somebody can.
    """
    to_replace = sum(not is_in_place(ticket.rotation) for ticket in tickets)
    parts = [(to_replace, "token", " to replace"), (len(tickets) - to_replace, "replacement", " to finish")]
    say(f"{', '.join(count(number, what) + act for number, what, act in parts if number)}:")
    width = max(len(_named(ticket)) for ticket in tickets)
    for ticket in tickets:
        ends_at = ticket.ways.life.ends_at
        ends = f"ends {ends_at:%Y-%m-%d %H:%M} UTC" if ends_at else "its end is not known"
        how = f"goes on: {still_to_do(ticket.rotation, now)}" if ticket.rotation else ticket.ways.creator.id
        say(f"  {_named(ticket):<{width}}  {ends}  {how}")
    for sentence in (
        *_first_revoked(tickets),
        *_signed_in(tickets, shares=shares, waits=waits, now=now),
        *_asked(tickets, shares=shares, waits=waits, now=now, unasked=unasked),
    ):
        say(sentence)


def _first_revoked(tickets: Sequence[Ticket]) -> Iterable[str]:
    for ticket in tickets:
        for intent in ticket.lost:
            yield (
                f"First the key '{intent.key_name}' at {intent.site} is revoked, which an earlier run for "
                f"{ticket.reference} may have made and lost: stop here if somebody uses it."
            )


def accounts(tickets: Sequence[Ticket], *, waits: bool, now: datetime) -> dict[Account, list[Flow]]:
    """Those whose session at a provider several of the sitting's runs would use."""
    told = (
        (_account(ticket, flow), flow) for ticket in tickets for flow in _ahead(ticket, waits=waits, now=now)
    )
    return {account: flows for account, flows in grouped(told).items() if len(flows) > 1}


def _account(ticket: Ticket, flow: Flow) -> Account | None:
    params = {**ticket.ways.life.params, **ticket.given}
    return account_of(flow, params, apart=ticket.ways.name_param)


def _ahead(ticket: Ticket, *, waits: bool, now: datetime) -> Iterator[Flow]:
    """The flows that the sitting may run for `ticket`."""
    rotation = ticket.rotation
    if rotation is None or rotation.state is Stage.BEGUN:
        yield ticket.ways.creator
    after = rotation.revoke_after if rotation else None
    is_surplus = rotation is not None and rotation.state is Stage.SURPLUS
    revokes_now = (is_surplus or not ticket.ways.life.grace_s) if after is None else after <= now
    if ticket.ways.revoker is not None and (waits or revokes_now or ticket.lost):
        yield ticket.ways.revoker


def _signed_in(tickets: Sequence[Ticket], *, shares: bool, waits: bool, now: datetime) -> Iterable[str]:
    for account, flows in accounts(tickets, waits=waits, now=now).items() if shares else ():
        sites = len({flow.site for flow in flows})
        yield (
            f"{account.sign_on} signs you in once for {sites} sites: its session goes from run to run in memory, and "
            "is dropped at the end (--separately: sign in for each run)."
            if sites > 1
            else f"{account.sign_on} signs you in once: its session is kept in memory for the next run, and is dropped "
            "at the end (--separately: sign in for each run)."
        )


def _asked(
    tickets: Sequence[Ticket], *, shares: bool, waits: bool, now: datetime, unasked: str | None
) -> Iterable[str]:
    shared = accounts(tickets, waits=waits, now=now) if shares else {}
    often: dict[str, int] = {}
    once: dict[tuple[Account, str], None] = {}
    for ticket in tickets:
        for flow in _ahead(ticket, waits=waits, now=now):
            account = _account(ticket, flow)
            for step in questions(flow):
                reason = str(step.options["reason"])
                if account is not None and account in shared and step.when is not None:
                    once[account, reason] = None
                else:
                    often[reason] = often.get(reason, 0) + 1
    asked = [*(f"{reason}, once" for _, reason in once)]
    asked += [
        f"{reason}, {f'up to {times} times' if times > 1 else 'once'}" for reason, times in often.items()
    ]
    if asked:
        yield f"You will be asked: {'; '.join(asked)}."
        if (
            unasked
        ):  # the project may reach a person in a way of its own, and a step with a `when` may not ask
            yield f"But {unasked}: a replacement that has to ask stops there, unless somebody is reached otherwise."
    by_hand = [ticket.reference for ticket in tickets if ticket.ways.revoker is None]
    if by_hand:
        yield f"No flow revokes the old keys of {', '.join(by_hand)}: you will have to, at their sites."


def _named(ticket: Ticket) -> str:
    return f"{ticket.reference}@{ticket.ways.life.version}"
