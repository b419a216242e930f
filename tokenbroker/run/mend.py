"""A step that failed before a person's eyes: they may mend the page, and the run goes on from that step."""

from tokenbroker.errors import HumanDenied, HumanTimeout, HumanUnreachable
from tokenbroker.flow.model import Step
from tokenbroker.human.checkpoint import Kind
from tokenbroker.run.asking import ask
from tokenbroker.run.failure import StepFailed, shown_address
from tokenbroker.run.stage import Stage

# Nothing that a person does in the page changes these.
_FINAL = ("target.bad_selector", "browser.", "page.closed", "press.unknown_key", "human.")


def is_mended(error: StepFailed, step: Step, stage: Stage, *, is_again: bool, in_doubt: bool) -> bool:
    """Ask the person whether `step`, which failed with `error`, is to be done again; False for a no, or no answer.

    `is_again`: it has failed before. `in_doubt`: a key may have been made that was not captured yet; the person is told
    to look first.
    """
    if error.code.startswith(_FINAL) or stage.page.is_closed():
        return False
    where = f"{stage.plan.flow.path.name}:{step.position.line}"
    page = shown_address(stage.page.url)
    failed = "failed again" if is_again else "failed"
    reason = f"Step {step.number} ({step.title}; {where}) {failed} at {page}: {error.sentence}."
    if in_doubt:
        reason += (
            " A key may have been made by now: look at the site before you let anything be pressed again."
        )
    try:
        ask(
            stage, Kind.RETRY, stage.redactor.text(reason), attempt=1, deadline_s=None, page_says=lambda: None
        )
    except (HumanDenied, HumanTimeout, HumanUnreachable):
        return False
    return True
