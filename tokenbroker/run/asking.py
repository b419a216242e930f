"""Putting a checkpoint of the current step to the person, and what becomes of their answer (HUMAN-1)."""

from collections.abc import Callable
from datetime import timedelta

from tokenbroker.errors import HumanDenied, HumanTimeout, HumanUnreachable
from tokenbroker.human.checkpoint import Answer, Checkpoint, Kind, Outcome, PageChannel, PageSays
from tokenbroker.run.stage import Stage


def ask(
    stage: Stage,
    kind: Kind,
    reason: str,
    *,
    attempt: int,
    deadline_s: float | None,
    page_says: PageSays,
    borne_out: Callable[[Answer], Answer] = lambda answer: answer,
) -> Answer:
    """Ask the person of `stage`; `borne_out` sets the answer against what the page proves, before it counts.

    A code that they give is redacted from then on; the outcome is noted, whatever it is.

    Raises:
        HumanUnreachable, HumanDenied, HumanTimeout: no channel, a no, or no answer in time.
    """
    why_not = stage.channel.unreachable()
    if why_not:
        raise HumanUnreachable(
            f"this step needs a person ({reason}), and {why_not}", next_step="do it again at a terminal"
        )
    checkpoint = _checkpoint(stage, kind, reason, attempt=attempt, deadline_s=deadline_s)
    if stage.guide is not None:
        stage.guide.ahead.touch(pressed=True)  # the page is the person's while they are asked
    if isinstance(stage.channel, PageChannel):
        answer = stage.channel.ask_at_page(stage.page, checkpoint, page_says)
    else:
        answer = stage.channel.ask(checkpoint, page_says)
    answer = borne_out(answer)
    if answer.code is not None:
        stage.redactor.add(answer.code, label="one-time code")
    stage.on_checkpoint(checkpoint, answer)
    if answer.outcome is Outcome.DENIED:
        raise HumanDenied(f"it was denied ({reason}); asked was {answer.who} ({answer.channel})")
    if answer.outcome is Outcome.TIMED_OUT:
        parked = ", nor while it was parked" if checkpoint.parked_until else ""
        raise HumanTimeout(f"nobody answered before the deadline{parked} ({reason})")
    return answer


def _checkpoint(
    stage: Stage, kind: Kind, reason: str, *, attempt: int, deadline_s: float | None
) -> Checkpoint:
    deadline = stage.clock() + timedelta(seconds=deadline_s or stage.human_deadline_s)
    # A step that has failed has failed: it is not kept for a day until somebody looks.
    parking = timedelta(seconds=stage.human_parking_s if kind is not Kind.RETRY else 0)
    return Checkpoint(
        kind=kind,
        reason=reason,
        flow_id=stage.plan.flow.id,
        origin=stage.shown_origin,
        deadline=deadline,
        attempt=attempt,
        parked_until=deadline + parking if parking else None,
        asked=stage.plan.actor,
    )
