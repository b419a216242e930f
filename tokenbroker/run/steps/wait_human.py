"""``wait_human``: pause until a person has done what only a person may do (RUN-12)."""

from contextlib import suppress

from tokenbroker.errors import HumanTimeout
from tokenbroker.flow.model import Step
from tokenbroker.flow.selector import Selector, SelectorSet
from tokenbroker.human.checkpoint import ASKED_BY_FLOWS, Kind
from tokenbroker.run import captcha
from tokenbroker.run.asking import ask
from tokenbroker.run.challenge import Challenge
from tokenbroker.run.failure import StepFailed
from tokenbroker.run.hands import require_hands
from tokenbroker.run.one_time_code import answer_challenge, await_challenge
from tokenbroker.run.postcondition import Postcondition, left, sees, shown
from tokenbroker.run.quiet import rounds
from tokenbroker.run.stage import Stage
from tokenbroker.run.steps.step import LAST_LOOK_S, SELECTOR, StepKind, options


def _perform(step: Step, stage: Stage) -> str:
    asked_kind = Kind(str(step.options["kind"])) if "kind" in step.options else None
    until, denied = step.selector_at("until"), step.selector_at("denied")
    challenge = None
    if asked_kind is Kind.OTP or (asked_kind is None and until is None and denied is None):
        challenge = await_challenge(stage, must_come=asked_kind is Kind.OTP)
    if challenge is not None:
        return _one_time_code(step, stage, challenge, until)
    if asked_kind is Kind.OTP:
        raise StepFailed("the page shows no field for a one-time code", code="human.no_challenge")
    # Where the flow does not say what is asked, a CAPTCHA on the page says it.
    shows = captcha.find_captcha(stage.page) if asked_kind in (None, Kind.ACTION) else None
    kind = Kind.ACTION if shows else asked_kind or Kind.CONFIRM
    if shows:
        captcha.require_hands_for(shows, stage)
    elif kind is Kind.ACTION:
        require_hands(stage, "this step needs a person at the browser's window", code="human.no_window")
    condition, proof = _postcondition(kind, stage, until=until, denied=denied, shows_captcha=bool(shows))
    try:
        answer = ask(
            stage,
            kind,
            str(step.options["reason"]),
            attempt=1,
            deadline_s=step.timeout_s,
            page_says=condition.says,
            borne_out=condition.bear_out,
        )
    except HumanTimeout as error:
        if not proof:
            raise
        raise _unanswered(error, stage, until, proof) from None
    condition.require(proof)
    return f"{answer.outcome.value} by {answer.who} ({answer.channel})"


def _unanswered(error: HumanTimeout, stage: Stage, until: Selector | None, proof: str) -> HumanTimeout:
    """`error`, and that the page has not shown the `proof` either: the person may have acted all the same."""
    stage.extend(LAST_LOOK_S)
    why = ""
    if isinstance(until, SelectorSet):
        with suppress(StepFailed):  # the window may be closed: that nobody answered says more
            why = stage.seek().unseen(until)[0]
    return HumanTimeout(
        f"{error.sentence}, and the page did not show {proof}{why and f' ({why})'}",
        next_step="if the person has done it, mend `until`: the evidence folder shows the page as it is"
        if until is not None
        else "if the person has done it, say with `until` what the page shows then",
    )


def _perform_another(step: Step, stage: Stage) -> str:
    from tokenbroker.run.steps import perform  # which knows this verb, too

    return perform(step, stage)


def _postcondition(
    kind: Kind, stage: Stage, *, until: Selector | None, denied: Selector | None, shows_captcha: bool
) -> tuple[Postcondition, str]:
    """What ends the checkpoint in the page, and that in words for a person."""
    limit_s = stage.remaining_s()
    look, proof = shown(stage, until=until, denied=denied), str(until or "")
    if kind is Kind.DEVICE:
        look = left(stage, until=until, denied=denied)
        proof = str(until or "") or "another address than that of the page that waits"
    elif shows_captcha and until is None and denied is None:
        look = captcha.solved(stage)
    is_needed = until is not None or kind is Kind.DEVICE
    return Postcondition(stage=stage, look=look, is_needed=is_needed, limit_s=limit_s), proof


def _one_time_code(step: Step, stage: Stage, challenge: Challenge, until: Selector | None) -> str:
    reason = str(step.options["reason"])
    remark = answer_challenge(
        challenge, stage, reason=reason, deadline_s=step.timeout_s, perform=_perform_another
    )
    if until is not None and not any(sees(stage, until) for _ in rounds(stage.page, stage.remaining_s)):
        raise StepFailed(
            f"the code was taken, and the page should show {until}: it was not possible before the step's time-out",
            code="human.not_proven",
        )
    return remark


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
                "enum": [kind.value for kind in ASKED_BY_FLOWS],
                "description": "otp where the page shows a field for a code; else confirm, device or action.",
            },
            "until": {**SELECTOR, "description": "What the page shows once the person is done."},
            "denied": {
                **SELECTOR,
                "description": "What the page shows once it was denied; the run then ends.",
            },
        },
        required=("reason",),
    ),
    requires=frozenset({"human"}),
    perform=_perform,
)
