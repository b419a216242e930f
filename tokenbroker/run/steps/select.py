"""``select``: choose an entry of a select box."""

from playwright.sync_api import Locator

from tokenbroker.flow.model import Step
from tokenbroker.run.by_hand import LOOK_MS, ByHand, spoken
from tokenbroker.run.stage import Stage
from tokenbroker.run.steps.act import act_on_target
from tokenbroker.run.steps.step import CREATES, DIALOG, PLACE, SELECTOR, VALUE_OPTIONS, StepKind, options
from tokenbroker.secret import Secret


def _perform(step: Step, stage: Stage) -> str:
    value = stage.value(step)
    if isinstance(value, Secret):
        stage.require_declared_origin()
    entry = value.reveal() if isinstance(value, Secret) else value

    def choose(target: Locator) -> None:
        if isinstance(value, Secret):
            stage.require_declared_origin()  # the frame may have gone elsewhere before the target was there
        target.select_option(entry, timeout=stage.remaining_ms)

    # As when typing: where the page's own gate does not hold, the list is found before it is asked whose it is.
    look_first = isinstance(value, Secret) and stage.is_elsewhere
    is_secret = isinstance(value, Secret)
    by = ByHand(
        words=f"Choose an entry of the framed list{spoken(step.selector)}",
        detail=f"The entry is kept as {step.options['value_ref']}." if "value_ref" in step.options else "",
        literal="" if is_secret else entry,
        holds=lambda found, _: _chosen(found.element, entry),
    )
    return act_on_target(step, stage, choose, what="choosing the entry", look_first=look_first, by=by)


def _chosen(field: Locator, entry: str) -> bool:
    label = field.locator("option:checked").first.text_content(timeout=LOOK_MS) or ""
    return entry in (field.input_value(timeout=LOOK_MS), " ".join(label.split()))


SELECT = StepKind(
    verb="select",
    summary="Choose the entry of a select box that has this value or label.",
    options=options(
        {"selector": SELECTOR, **VALUE_OPTIONS, **PLACE, "dialog": DIALOG, "creates": CREATES},
        required=("selector",),
        oneOf=[{"required": ["value"]}, {"required": ["value_ref"]}],
        description="'select' takes a selector and either value or value_ref.",
    ),
    may_create=True,
    perform=_perform,
)
