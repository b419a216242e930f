"""``navigate``: go to an address."""

from tokenbroker.flow.model import Step
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
        raise StepFailed(f"the site answered {response.status}", code="navigation.refused")
    return ""


NAVIGATE = StepKind(
    verb="navigate",
    summary="Go to an address.",
    options=options(
        {"url": {"type": "string", "pattern": "^https?://[^\\s]+$", "description": "Where to go."}},
        required=("url",),
    ),
    shorthand="url",
    idempotent=True,
    perform=_perform,
)
