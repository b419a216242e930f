"""``wait_for``: wait until something is to be seen, has gone, or the address has changed."""

from tokenbroker.flow.model import Step
from tokenbroker.flow.schema import ADDRESS
from tokenbroker.flow.selector import SelectorSet
from tokenbroker.run.failure import StepFailed, Tried, attempt
from tokenbroker.run.postcondition import sees
from tokenbroker.run.quiet import rounds
from tokenbroker.run.stage import Stage
from tokenbroker.run.steps.act import target_of
from tokenbroker.run.steps.step import LAST_LOOK_S, PLACE, SELECTOR, StepKind, options


def _perform(step: Step, stage: Stage) -> str:
    if "url" in step.options:
        pattern = stage.plan.address(str(step.options["url"]))
        attempt(
            lambda: stage.page.wait_for_url(pattern, timeout=stage.remaining_ms, wait_until="commit"),
            what="waiting for the address",
            timeout_code="wait_for.timeout",
        )
        return ""
    selector = target_of(step)
    state = str(step.options.get("state", "visible"))
    if isinstance(selector, SelectorSet):
        _wait_for_set(selector, stage, state)
        return ""
    code = _waited(selector, stage, state)
    while code == "target.frame_detached":
        code = _waited(selector, stage, state)  # the frame went, and may come back
    if code:
        why = "nothing visible matches" if state == "visible" else "it is still to be seen"
        why = "it is not a selector that Playwright understands" if code == "target.bad_selector" else why
        tried = Tried(selector=selector, why=why)
        raise StepFailed(f"what was waited for did not come: {why}", code=code, tried=(tried,))
    return ""


def _wait_for_set(selector: SelectorSet, stage: Stage, state: str) -> None:
    is_so = _shows if state == "visible" else _is_gone
    for _ in rounds(stage.page, stage.remaining_s):
        if is_so(stage, selector):
            return
    why, tried = (
        "it is still to be seen",
        tuple(Tried(selector=each.told, why="it is still to be seen") for each in selector.alternatives),
    )
    if state == "visible":
        stage.extend(LAST_LOOK_S)
        why, tried = stage.seek().unseen(selector) if stage.has_frame() else ("its frame is not there", ())
    raise StepFailed(f"what was waited for did not come: {why}", code="wait_for.timeout", tried=tried)


def _shows(stage: Stage, selector: SelectorSet) -> bool:
    return stage.has_frame() and sees(stage, selector)


def _is_gone(stage: Stage, selector: SelectorSet) -> bool:
    return not stage.has_frame() or stage.seek().is_gone(selector)


def _waited(selector: str, stage: Stage, state: str) -> str:
    """Wait until `selector` is in `state`; answers the code of what went wrong, or ""."""
    if state == "hidden" and not stage.has_frame():
        return ""  # it went with its frame
    match = stage.seek().visible(selector)
    try:
        attempt(
            lambda: match.wait_for(state=state, timeout=stage.remaining_ms),  # type: ignore[arg-type]  # schema: a literal
            what=f"waiting until it is {state}",
            timeout_code="wait_for.timeout",
        )
    except StepFailed as error:
        return error.code
    return ""


WAIT_FOR = StepKind(
    verb="wait_for",
    summary="Wait until something is visible (or hidden), or until the address is as given.",
    options=options(
        {
            "selector": {**SELECTOR, "description": "What to wait for; one visible match is enough."},
            "state": {"enum": ["visible", "hidden"], "description": "visible (the default) or hidden."},
            "url": {
                **ADDRESS,
                "description": "The address to wait for; * stands for anything within a part, ** for anything.",
            },
            **PLACE,
        },
        oneOf=[{"required": ["selector"]}, {"required": ["url"]}],
        dependentRequired={"frame": ["selector"]},
        description="'wait_for' takes either selector or url; 'frame' goes with a selector.",
    ),
    shorthand="selector",
    idempotent=True,
    looks=True,
    perform=_perform,
)
