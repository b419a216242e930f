"""``wait_human``: pause until a person has done what only a person may do (RUN-12)."""

from tokenbroker.errors import HumanDenied
from tokenbroker.flow.model import Step
from tokenbroker.human.checkpoint import Kind
from tokenbroker.run.challenge import Challenge, Submission, find_challenge
from tokenbroker.run.failure import StepFailed, attempt
from tokenbroker.run.quiet import POLL_S
from tokenbroker.run.stage import Stage
from tokenbroker.run.steps.step import SELECTOR, StepKind, options

MAX_CODES = 3
LOOK_ROUNDS = 20
LOOK_AGAIN_MS = 250


def _perform(step: Step, stage: Stage) -> str:
    asked_kind = step.options.get("kind")
    until = step.options.get("until")
    challenge = None
    if asked_kind in (None, Kind.OTP.value) and until is None:
        challenge = _look_for_challenge(stage, wait=asked_kind == Kind.OTP.value)
    if challenge is not None:
        return _one_time_code(step, stage, challenge)
    if asked_kind == Kind.OTP.value:
        raise StepFailed("the page shows no field for a one-time code", code="human.no_challenge")
    kind = Kind(str(asked_kind)) if asked_kind else Kind.CONFIRM
    answer = stage.ask(
        kind,
        str(step.options["reason"]),
        attempt=1,
        deadline_s=step.timeout_s,
        page_says_done=lambda: until is not None and _is_visible(stage, str(until)),
    )
    if until is not None:
        # The person's word is good; the page's is better. It has the usual time to show it.
        match = stage.seek().visible(str(until))
        attempt(
            lambda: match.wait_for(state="visible", timeout=stage.remaining_ms),
            what=f"the person is done, and the page should show {until}",
            timeout_code="human.not_proven",
        )
    return f"{answer.outcome.value} by {answer.who} ({answer.channel})"


def _look_for_challenge(stage: Stage, *, wait: bool) -> Challenge | None:
    """The challenge on the page; one that is late by less than a second or so is waited for."""
    for _ in range(LOOK_ROUNDS * (10 if wait else 1)):
        challenge = find_challenge(stage.page)
        if challenge is not None or stage.remaining_s() <= POLL_S:
            return challenge
        attempt(lambda: stage.page.wait_for_timeout(POLL_S * 1000), what="waiting for the challenge")
    return None


def _one_time_code(step: Step, stage: Stage, challenge: Challenge | None) -> str:
    limit_s = stage.remaining_s()
    for number in range(1, MAX_CODES + 1):
        if challenge is None:
            break
        stage.require_declared_origin()
        with Submission(challenge) as sent:
            answer = stage.ask(
                Kind.OTP,
                str(step.options["reason"]),
                attempt=number,
                deadline_s=step.timeout_s,
                page_says_done=challenge.is_over,
            )
            # The person's time is not the page's: the page gets its whole time from here on.
            stage.extend(limit_s)
            sent.restart()
            if answer.code is not None:
                challenge.answer(answer.code, timeout_ms=stage.remaining_ms)
            challenge = _outcome(stage, challenge, sent)
        if challenge is None and number > 1 and _asks_for_password(stage):
            break  # after wrong codes the site has ended the sign-in: the challenge went, but unanswered
        if challenge is None:
            return f"{answer.outcome.value} by {answer.who} ({answer.channel}), code {number} of {MAX_CODES} at most"
    raise HumanDenied(
        f"the site refused {number} codes",
        next_step="check the phone's clock or ask for a new code",
        code="human.code_refused",
    )


def _outcome(stage: Stage, challenge: Challenge, sent: Submission) -> Challenge | None:
    """Wait until the challenge has gone (None) or has come back (a challenge to ask for again)."""
    came_back = False
    while stage.remaining_s() > POLL_S:
        if challenge.wait_until_over(timeout_ms=min(LOOK_AGAIN_MS, stage.remaining_ms)):
            attempt(
                lambda: stage.page.wait_for_load_state("domcontentloaded", timeout=stage.remaining_ms),
                what="waiting for the site's answer",
            )
            again = challenge.again()
            if again is None:
                return None
            # On the same page it may only have been drawn anew, while the site still thinks.
            challenge, came_back = again, True
        if came_back and sent.has_navigated:
            return challenge
        if (came_back or challenge.looks_refused(sent)) and sent.is_at_rest():
            return challenge
    return challenge.again()


def _asks_for_password(stage: Stage) -> bool:
    """Whether the page is back at a sign-in form."""
    return _is_visible(stage, "input[type=password]")


def _is_visible(stage: Stage, selector: str) -> bool:
    try:
        return attempt(
            stage.seek().visible(selector).is_visible, what="looking for the end of the checkpoint"
        )
    except StepFailed:
        return False


WAIT_HUMAN = StepKind(
    verb="wait_human",
    summary="Pause until a person has answered: a one-time code, an approval, or an act by hand.",
    options=options(
        {
            "reason": {
                "type": "string",
                "minLength": 3,
                "description": "What the person is asked for, and why.",
            },
            "kind": {
                "enum": [kind.value for kind in Kind],
                "description": "otp where the page shows a field for a code; else confirm, device or action.",
            },
            "until": {**SELECTOR, "description": "What the page shows once the person is done."},
        },
        required=("reason",),
    ),
    requires=frozenset({"human"}),
    perform=_perform,
)
