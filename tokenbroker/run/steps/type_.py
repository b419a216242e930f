"""``type``: fill a field."""

from collections.abc import Callable

from playwright.sync_api import Locator

from tokenbroker.flow.model import Step
from tokenbroker.flow.selector import Selector
from tokenbroker.human.checkpoint import Outcome
from tokenbroker.human.overlay import panel_of
from tokenbroker.run.by_hand import LOOK_MS, TYPED, ByHand, spoken
from tokenbroker.run.failure import StepFailed, attempt
from tokenbroker.run.stage import Stage
from tokenbroker.run.steps.act import acted_at_once, by_person, take_back, target_of
from tokenbroker.run.steps.step import PLACE, SELECTOR, VALUE_OPTIONS, StepKind, options
from tokenbroker.run.targets import Found, Purpose
from tokenbroker.secret import Secret

_WHAT = "typing into the field"


def _perform(step: Step, stage: Stage) -> str:
    value = stage.value(step)
    if isinstance(value, Secret):
        stage.require_declared_origin()
    text = value.reveal() if isinstance(value, Secret) else value
    selector = target_of(step)

    def fill(field: Locator) -> None:
        field.fill(text, timeout=stage.remaining_ms)

    if stage.guide is not None:
        return _typed_by_person(step, stage, value, fill)
    # A frame or window may be empty yet, and become any site's while its field is waited for: there the field comes
    # first, then the look at whose it is. The page itself gets no further than the gate lets it.
    look_first = isinstance(value, Secret) and stage.is_elsewhere
    # Filling twice is filling once, so the locator may look and act in one go; it refuses a second match.
    if not look_first and acted_at_once(stage, selector, fill, what=_WHAT):
        return ""
    purpose = Purpose.ACT if isinstance(value, Secret) else Purpose.LOOK
    while not _filled(stage, selector, purpose, fill, is_secret=isinstance(value, Secret)):
        pass
    return ""


def _typed_by_person(step: Step, stage: Stage, value: str | Secret, fill: Callable[[Locator], None]) -> str:
    """The person types, or lets the value be typed; what they type where a secret belongs is redacted from then on."""
    is_secret = isinstance(value, Secret)

    def find() -> Found:
        found = stage.find(target_of(step), purpose=Purpose.ACT if is_secret else Purpose.LOOK)
        if is_secret:
            stage.require_declared_origin()
        return found

    def holds(found: Found, moved_on: bool) -> bool:
        stands = found.element.input_value(timeout=LOOK_MS)
        return (moved_on and bool(stands)) if is_secret else stands == value

    policy, reference = stage.plan.flow.policy, str(step.options.get("value_ref", ""))
    by = ByHand(
        words=f"Type into the framed field{spoken(step.selector)}",
        detail=f"The value is kept as {reference}: it can be typed for you." if reference else "",
        literal="" if isinstance(value, Secret) else value,
        holds=holds,
        may_type=not reference or policy is None or policy.type_for_me,
    )
    if not is_secret:
        remark, found = by_person(step, stage, by, find)
    else:
        with panel_of(stage.page).listening() as typed:
            try:
                remark, found = by_person(step, stage, by, find)
            finally:  # also where they stop, or nothing more comes
                by_hand = typed()
                if by_hand is not None:
                    stage.redactor.add(by_hand, label=f"typed by hand for {reference}")
    if remark == TYPED:
        if found is None:
            raise StepFailed("the field has gone", code="target.detached")
        if is_secret:
            stage.require_declared_origin()  # the page may have gone elsewhere while the person thought
            assert stage.guide is not None  # asked for by the caller
            stage.guide.note(stage, f"Type {reference} for me", Outcome.DONE)
        attempt(lambda: fill(found.target), what=_WHAT)
    return remark


def _filled(
    stage: Stage, selector: Selector, purpose: Purpose, fill: Callable[[Locator], None], *, is_secret: bool
) -> bool:
    """Find the field and fill it; False where it went away before that, and there is time to look again."""
    found = stage.find(selector, purpose=purpose)
    if is_secret:
        stage.require_declared_origin()
    try:
        attempt(lambda: fill(found.target), what=_WHAT)
    except StepFailed as error:
        take_back(found.undo, error)
        if error.code == "target.detached" and stage.remaining_s() > 0.05:
            return False
        raise
    stage.acts.note(found.frame)
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
