"""A one-time code from its question to the site's verdict (RUN-12)."""

from collections.abc import Callable

from tokenbroker.errors import HumanDenied
from tokenbroker.flow.model import Step
from tokenbroker.human.checkpoint import Answer, Kind, Outcome
from tokenbroker.run.asking import ask
from tokenbroker.run.challenge import Challenge, Submission, find_challenge
from tokenbroker.run.failure import StepFailed, attempt
from tokenbroker.run.postcondition import asks_for_password, pause
from tokenbroker.run.quiet import POLL_S
from tokenbroker.run.stage import Stage
from tokenbroker.run.start_again import go_again, is_thrown_back

# How long a challenge that is not there yet is looked for.
MAY_COME_S = 1.0
MUST_COME_S = 10.0
MAX_CODES = 3
MAX_QUESTIONS = 10
"""A page that draws its challenge anew, again and again, must not ask for ever."""
LOOK_AGAIN_MS = 50


def await_challenge(stage: Stage, *, must_come: bool) -> Challenge | None:
    """The challenge on the page; one that is late is waited for within the step's time: `MAY_COME_S` (1 s), or where
    the flow says that one comes, `MUST_COME_S` (10 s); somewhat longer where looking itself is slow.
    """
    for _ in range(round((MUST_COME_S if must_come else MAY_COME_S) / POLL_S)):
        challenge = find_challenge(stage.page)
        if challenge is not None or stage.remaining_s() <= POLL_S:
            return challenge
        pause(stage)
    return None


def answer_challenge(
    challenge: Challenge,
    stage: Stage,
    *,
    reason: str,
    deadline_s: float | None,
    perform: Callable[[Step, Stage], str],
) -> str:
    """Ask for the code and type it, three times at most, until the challenge has gone; answers a remark.

    Where a wrong code threw the person back to the start, `perform` does the steps that lead here again.

    Raises:
        HumanDenied: `human.code_refused`; the site refused three codes, or ended the sign-in after a wrong one.
        HumanDenied, HumanTimeout, HumanUnreachable: the person said no, nothing, or can't be asked.
        StepFailed: `origin.not_declared`, and what typing failed with.
    """
    limit_s = stage.remaining_s()
    typed = 0
    current: Challenge | None = challenge
    for _ in range(MAX_QUESTIONS):
        if current is None or typed == MAX_CODES:
            break
        stage.require_declared_origin()
        answer = ask(
            stage,
            Kind.OTP,
            reason,
            attempt=typed + 1,
            deadline_s=deadline_s,
            page_says=lambda asked=current: Outcome.DONE if asked.is_over() else None,  # type: ignore[misc]  # bound
        )
        # The person's time is not the page's: the page gets its whole time from here on.
        stage.extend(limit_s)
        typed += (
            answer.code is not None
        )  # in the window the person may have sent a code, or asked for a new one
        current = _submitted(current, answer, stage)
        if current is None and typed < MAX_CODES and is_thrown_back(stage):
            go_again(stage, perform, limit_s=limit_s)
            current = await_challenge(stage, must_come=True)
            if current is None:
                break
            continue
        if current is None and typed > 1 and asks_for_password(stage):
            break  # after wrong codes the site has ended the sign-in: the challenge went, but unanswered
        if current is None:
            how = f"code {typed} of {MAX_CODES} at most" if typed else "typed into the page by hand"
            return f"{answer.outcome.value} by {answer.who} ({answer.channel}), {how}"
    raise HumanDenied(
        f"the site refused {typed} codes",
        next_step="check the phone's clock or ask for a new code",
        code="human.code_refused",
    )


def _submitted(challenge: Challenge, answer: Answer, stage: Stage) -> Challenge | None:
    """Send the code that was answered, if any; answers the challenge that the site then shows again."""
    try:
        return _sent(challenge, answer, stage)
    except StepFailed:
        # A person at the window may have asked for a new code meanwhile: the fields are others now.
        anew = challenge.again() if challenge.is_over() else None
        if anew is None:
            raise
    return _sent(anew, answer, stage)


def _sent(challenge: Challenge, answer: Answer, stage: Stage) -> Challenge | None:
    with Submission(challenge) as sent:
        if answer.code is not None:
            # Minutes may have gone by since the person was asked. From here on the fields are those of this document.
            stage.require_declared_origin()
            challenge.answer(answer.code, timeout_ms=stage.remaining_ms)
        return _outcome(stage, challenge, sent)


def _outcome(stage: Stage, challenge: Challenge, sent: Submission) -> Challenge | None:
    """Wait until the challenge has gone (None) or has come back (a challenge to ask for again)."""
    came_back = False
    while stage.remaining_s() > POLL_S:
        if sent.brings_a_page(timeout_ms=min(LOOK_AGAIN_MS, stage.remaining_ms)) or challenge.is_over():
            attempt(
                lambda: stage.page.wait_for_load_state("domcontentloaded", timeout=stage.remaining_ms),
                what="waiting for the site's answer",
            )
            # Asked first: what is found before may stand in the page that is just leaving.
            on_new_page = sent.has_navigated
            again = challenge.again()
            if again is None:
                return None
            if on_new_page:
                return again
            # On the same page it may only have been drawn anew, while the site still thinks.
            challenge, came_back = again, True
        if (came_back or challenge.looks_refused(sent)) and sent.is_at_rest():
            return challenge
    return challenge.again()
