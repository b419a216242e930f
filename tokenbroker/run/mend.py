"""A step that failed before a person's eyes: they may mend the page, and the run goes on from that step."""

from tokenbroker.errors import HumanDenied, HumanTimeout, HumanUnreachable
from tokenbroker.flow.model import Step
from tokenbroker.human.checkpoint import Kind
from tokenbroker.run.failure import StepFailed
from tokenbroker.run.stage import Stage

# Nothing that a person does in the page changes these.
_FINAL = ("target.bad_selector", "browser.", "page.closed", "press.unknown_key", "human.")


def is_mended(error: StepFailed, step: Step, stage: Stage, *, attempt: int, may_have_created: bool) -> bool:
    """Ask the person whether `step`, which failed with `error`, is to be done again; False for a no, or no answer.

    `may_have_created`: a key may have been made by it; the person is told to look first.
    """
    if error.code.startswith(_FINAL) or stage.page.is_closed():
        return False
    reason = f"Step {step.number} ({step.title}) failed: {error.sentence}"
    if may_have_created:
        reason += " It may have made a key already: look at the site first, and let it be done again only if it has not"
    try:
        stage.ask(
            Kind.RETRY,
            stage.redactor.text(reason),
            attempt=attempt,
            deadline_s=None,
            page_says=lambda: None,
        )
    except (HumanDenied, HumanTimeout, HumanUnreachable):
        return False
    return True
