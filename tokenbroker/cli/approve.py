"""``tokenbroker approve`` and ``tokenbroker deny``: questions of runs, answered from another terminal."""

import typer

from tokenbroker.cli.home import open_home, print_rows
from tokenbroker.errors import HumanUnreachable, UsageError
from tokenbroker.home import Home
from tokenbroker.human.board import answered, as_checkpoint
from tokenbroker.human.channels import TerminalChannel
from tokenbroker.human.checkpoint import Answer, Outcome
from tokenbroker.jobs.temporary import remove_abandoned
from tokenbroker.store.checkpoints import Waiting, claim, is_open, waiting

_ID = typer.Argument(
    "", metavar="[ID]", help="The question's id, or its beginning; without it, all are listed."
)
_CHANNEL = "approve"


def approve(
    question: str = _ID, as_json: bool = typer.Option(False, "--json", help="Print the list as JSON.")
) -> None:
    """List the questions that runs wait with, or answer one at this terminal."""
    with open_home() as home:
        if not question:
            remove_abandoned()  # of runs that were killed, as their questions
            _list(home, as_json=as_json)
            return
        asked = _find(home, question)
        terminal = TerminalChannel(clock=home.clock)
        why_not = terminal.unreachable()
        if why_not:
            raise HumanUnreachable(
                f"an answer is typed at a terminal, and {why_not}", next_step="run it at a terminal"
            )
        # Withdrawn or answered elsewhere meanwhile: nothing is left to answer.
        gone = Outcome.TIMED_OUT
        answer = terminal.ask(
            as_checkpoint(asked),
            lambda: None if is_open(home.local.store, asked.id, now=home.clock()) else gone,
        )
        _give(home, asked, answer)


def deny(question: str = typer.Argument(metavar="ID", help="The question's id, or its beginning.")) -> None:
    """Say no to a question: its run stops."""
    with open_home() as home:
        asked = _find(home, question)
        answer = Answer(outcome=Outcome.DENIED, who=home.actor, channel=_CHANNEL, at=home.clock())
        _give(home, asked, answer)


def _give(home: Home, asked: Waiting, answer: Answer) -> None:
    if answer.outcome is Outcome.TIMED_OUT or not claim(
        home.local.store, asked, answered(asked, answer, channel=_CHANNEL)
    ):
        raise _not_waiting(asked.id)
    print(f"{asked.flow_id} has its answer: {answer.outcome.value}.")


def _list(home: Home, *, as_json: bool) -> None:
    now = home.clock()
    rows = [
        {
            "id": each.id,
            "flow": each.flow_id,
            "kind": each.kind,
            "reason": "".join(sign if sign.isprintable() else " " for sign in each.reason),
            "origin": each.origin,
            "deadline": each.deadline.isoformat(timespec="seconds"),
            "parked_until": as_checkpoint(each).ends_at.isoformat(timespec="seconds")
            if as_checkpoint(each).parked_at(now)
            else None,
        }
        for each in waiting(home.local.store, now=now)
    ]
    columns = ("id", "flow", "kind", "reason", "origin", "deadline", "parked_until")
    print_rows(rows, columns=columns, as_json=as_json, empty="No run waits for an answer.")


def _find(home: Home, question: str) -> Waiting:
    found = [each for each in waiting(home.local.store, now=home.clock()) if each.id.startswith(question)]
    if not found:
        raise _not_waiting(question)
    if len(found) > 1:
        raise UsageError(
            f"{len(found)} questions begin with {question}",
            next_step="type more of the id: tokenbroker approve",
        )
    return found[0]


def _not_waiting(question: str) -> UsageError:
    return UsageError(
        f"no question {question} waits: it was answered, withdrawn, or its time is over",
        next_step="tokenbroker approve   lists what waits",
        code="human.not_waiting",
    )
