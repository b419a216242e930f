"""``type``: fill a field."""

from tokenbroker.flow.model import Step
from tokenbroker.run.failure import attempt
from tokenbroker.run.stage import Stage
from tokenbroker.run.steps.step import SELECTOR, VALUE_OPTIONS, StepKind, options
from tokenbroker.secret import Secret


def _perform(step: Step, stage: Stage) -> str:
    value = stage.value(step)
    field = stage.seek().target(str(step.options["selector"]))
    if isinstance(value, Secret):
        stage.require_declared_origin()
    text = value.reveal() if isinstance(value, Secret) else value
    attempt(lambda: field.fill(text, timeout=stage.remaining_ms), what="typing into the field")
    stage.last_acted = field
    return ""


TYPE = StepKind(
    verb="type",
    summary="Fill a field with a literal or with what a reference stands for.",
    options=options(
        {"selector": SELECTOR, **VALUE_OPTIONS},
        required=("selector",),
        oneOf=[{"required": ["value"]}, {"required": ["value_ref"]}],
        description="'type' takes a selector and either value or value_ref.",
    ),
    idempotent=True,
    perform=_perform,
)
