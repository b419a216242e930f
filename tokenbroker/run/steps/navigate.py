"""``navigate``: go to an address."""

from tokenbroker.flow.model import Step
from tokenbroker.flow.schema import ADDRESS
from tokenbroker.run.failure import StepFailed, attempt
from tokenbroker.run.stage import Stage
from tokenbroker.run.steps.step import StepKind, options


def _perform(step: Step, stage: Stage) -> str:
    address = stage.plan.address(str(step.options["url"]))
    for last_try in (False, True):
        try:
            response = attempt(
                lambda: stage.page.goto(address, timeout=stage.remaining_ms, wait_until="domcontentloaded"),
                what="going to the address",
                timeout_code="navigation.timeout",
            )
            break
        except StepFailed as error:
            # A page that was still sending itself elsewhere: going there again changes nothing on the site.
            if last_try or error.code != "navigation.interrupted":
                raise
    if response is not None and response.status >= 400:
        # 502 and 504 are also what our own proxy answers where nobody listens.
        down = response.status >= 500
        next_step = "see whether the site is up at this address" if down else ""
        sentence = (
            f"the site did not answer, or answered {response.status}"
            if down
            else f"the site answered {response.status}"
        )
        raise StepFailed(sentence, code="navigation.refused", next_step=next_step, is_transient=down)
    return ""


NAVIGATE = StepKind(
    verb="navigate",
    summary="Go to an address.",
    options=options(
        {
            "url": {
                **ADDRESS,
                "description": "Where to go.",
            }
        },
        required=("url",),
    ),
    shorthand="url",
    idempotent=True,
    retries=2,
    perform=_perform,
)
