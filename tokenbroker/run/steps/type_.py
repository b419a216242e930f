"""``type``: fill a field."""

from tokenbroker.flow.model import Step
from tokenbroker.run.failure import StepFailed, attempt
from tokenbroker.run.stage import Stage
from tokenbroker.run.steps.step import PLACE, SELECTOR, VALUE_OPTIONS, StepKind, options
from tokenbroker.run.targets import bare_text
from tokenbroker.secret import Secret

GRACE_S = 0.2


def _perform(step: Step, stage: Stage) -> str:
    value = stage.value(step)
    if isinstance(value, Secret):
        stage.require_declared_origin()
    text = value.reveal() if isinstance(value, Secret) else value
    selector = str(step.options["selector"])
    # A frame or window may be empty yet, and become any site's while its field is waited for: there the field comes
    # first, then the look at whose it is. The page itself gets no further than the gate lets it.
    look_first = isinstance(value, Secret) and stage.is_elsewhere
    # Filling twice is filling once, so the locator may look and act in one go; it refuses a second match.
    if not look_first and bare_text(selector) is None and _filled_at_once(stage, selector, text):
        return ""
    field = stage.seek().target(selector)
    if look_first:
        stage.require_declared_origin()
    attempt(lambda: field.fill(text, timeout=stage.remaining_ms), what="typing into the field")
    return ""


def _filled_at_once(stage: Stage, selector: str, text: str) -> bool:
    """Whether the one match took the text; False where it takes a closer look to say why not."""
    field = stage.frame().locator(selector)
    try:
        attempt(lambda: field.fill(text, timeout=stage.remaining_ms), what="typing into the field")
    except StepFailed as error:
        if error.code in ("target.ambiguous", "target.bad_selector"):
            return False
        if error.code == "step.timeout":
            stage.extend(GRACE_S)  # to tell a field that is not there from one that takes no text
            return False
        raise
    return True


TYPE = StepKind(
    verb="type",
    summary="Fill a field with a literal or with what a reference stands for.",
    options=options(
        {"selector": SELECTOR, **VALUE_OPTIONS, **PLACE},
        required=("selector",),
        oneOf=[{"required": ["value"]}, {"required": ["value_ref"]}],
        description="'type' takes a selector and either value or value_ref.",
    ),
    idempotent=True,
    perform=_perform,
)
