"""``tokenbroker rotate``: another key takes the place of one that ends."""

import gc
import json
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack

import typer

from tokenbroker.broker import Broker
from tokenbroker.cli.due import WITHIN
from tokenbroker.cli.home import configuration
from tokenbroker.cli.rotate_announcement import accounts, announce
from tokenbroker.cli.rotate_give_up import give_up as end_replacement
from tokenbroker.cli.rotate_tickets import (
    bench_of,
    flow_finder,
    grace_apart,
    require_known_params,
    tickets_due,
    tickets_for,
)
from tokenbroker.cli.rotate_words import Told, agrees, rows_of, say, say_end, say_graces
from tokenbroker.errors import ExitCode, HumanDenied, UsageError
from tokenbroker.flow.span import span_given
from tokenbroker.human.channels.terminal import TerminalChannel
from tokenbroker.lifecycle.hook import require_hook
from tokenbroker.lifecycle.losses import note_losses
from tokenbroker.lifecycle.one_sitting import only_sitting
from tokenbroker.lifecycle.tickets import Ticket
from tokenbroker.pytest_plugin.options import parse_params
from tokenbroker.pytest_plugin.own_session import own_temporary_folder
from tokenbroker.store.audit_log import AuditEntry, record


def rotate(
    reference: str = typer.Argument("", metavar="[REFERENCE]", help="Which token, SINK:PATH."),
    due: bool = typer.Option(
        False, "--due", help="All that end soon, and those that have stopped on the way."
    ),
    within: str | None = typer.Option(
        None, metavar="SPAN", help="With --due: how soon, such as 12h, 14d or 6w; default: 14d."
    ),
    param: list[str] = typer.Option(
        [], metavar="NAME=VALUE", help="A parameter of the flows; may be repeated."
    ),
    wait: bool = typer.Option(
        False, "--wait", help="Stay until the old keys' grace is over, and revoke them then."
    ),
    separately: bool = typer.Option(
        False, "--separately", help="Sign in for each run, also where one sign-on would do."
    ),
    yes: bool = typer.Option(False, "--yes", help="Don't ask before the sitting begins."),
    headed: bool = typer.Option(False, "--headed", help="Show the browser."),
    live: bool = typer.Option(False, "--live", help="Allow sites beyond this machine."),
    no_pictures: bool = typer.Option(False, "--no-pictures", help="Take no picture after each step."),
    give_up: bool = typer.Option(
        False, "--give-up", help="End the replacement of REFERENCE where it is; nothing is revoked."
    ),
    as_json: bool = typer.Option(
        False, "--json", help="Print the result as JSON; progress goes to standard error."
    ),
) -> None:
    """Replace a token, or all that are due: a new key is made, proven, put in its place, and the old one revoked."""
    flags = {"--headed": headed, "--live": live, "--no-pictures": no_pictures}
    if give_up:
        others = {
            "--due": due,
            "--within": within is not None,
            "--param": bool(param),
            "--wait": wait,
            "--separately": separately,
            **flags,
        }
        beside = [name for name, is_given in others.items() if is_given]
        end_replacement(configuration(), reference, beside=beside, yes=yes, as_json=as_json)
        return
    if bool(reference) == due:
        raise UsageError(
            "rotate takes one reference, or --due", next_step="tokenbroker due   shows what ends soon"
        )
    if within is not None and not due:
        raise UsageError(
            f"--within says what is due, and {reference} is rotated whenever it ends",
            next_step="leave --within away, or give --due in the place of the reference",
        )
    span = span_given("--within", WITHIN if within is None else within)
    given = parse_params(param)
    settings = configuration()
    require_hook(settings.settings.rotation.hook, folder=settings.root)
    with ExitStack() as held:
        with Broker(settings, environ=dict(os.environ)) as broker:
            held.enter_context(only_sitting(broker.home, broker.local.store))
            # A key that a run has read and not stored may be the one that is waited for.
            left = broker.recover()
            find = flow_finder(settings.root)
            found = (
                tickets_due(broker, span, given, find=find)
                if due
                else tickets_for(broker, reference, given, find=find)
            )
            require_known_params(found, given)
            note_losses(
                found.tickets,
                left,
                store=broker.local.store,
                lives=broker.lives(),
                open_sink=broker.sink,
            )
            for refusal in found.refusals:
                say(f"can't be replaced: {refusal}")
            tickets, in_grace = (
                grace_apart(found.tickets, broker.clock()) if due and not wait else (found.tickets, ())
            )
            say_graces(in_grace, broker.clock())
            if not (yes or sys.stdin.isatty()):  # only now: --yes would not help what can't be replaced
                raise UsageError("without a terminal rotate begins nothing unasked", next_step="give --yes")
            shares = bool(tickets) and _agreed(
                tickets, broker, separately=separately, yes=yes, waits=wait, headed=headed
            )
        told = Told(
            tickets,
            bench_of=bench_of(settings, live=live),
            waits=wait,
            shares=shares,
            clock=broker.clock,
            hook=next(iter(settings.settings.rotation.hook), ""),
        )
        if tickets:
            held.enter_context(own_temporary_folder())
            told.perform([name for name, is_given in flags.items() if is_given])
    if as_json:
        print(json.dumps(rows_of(told, found.refusals), indent=2))
    say_end(told, found.refusals)
    gc.freeze()  # as after a run
    raise typer.Exit(told.exit_code or (int(ExitCode.FAILED) if found.refusals else 0))


def _agreed(
    tickets: Sequence[Ticket],
    broker: Broker,
    *,
    separately: bool,
    yes: bool,
    waits: bool,
    headed: bool,
) -> bool:
    """Whether the person agrees to share the sessions at providers; audited.

    Raises:
        HumanDenied: they don't agree to the sitting at all.
        typer.Exit: with 130; they have ended the command instead of an answer.
    """
    asks = sys.stdin.isatty() and not yes
    shares = (yes or asks) and not separately
    now = broker.clock()
    announce(tickets, shares=shares, waits=waits, now=now, unasked=_unasked(broker, headed=headed))
    if asks and not agrees("Go on?", otherwise="nothing was begun"):
        raise HumanDenied("nothing was begun")
    for account, flows in accounts(tickets, waits=waits, now=now).items() if shares else ():
        entry = AuditEntry(
            service_id="",
            action="share_sign_on",
            actor=broker.actor,
            key=account.sign_on,
            detail={"runs": len(flows)},
        )
        record(broker.local.store, entry, at=broker.clock())
    return shares


def _unasked(broker: Broker, *, headed: bool) -> str | None:
    """Why nobody can be asked at a terminal; None where somebody can, or can elsewhere."""
    waits = broker.configuration.settings.human.unattended == "wait"
    return None if headed or waits else TerminalChannel().unreachable()
