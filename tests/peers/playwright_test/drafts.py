"""The demo's flows as drafts: what a recorder would have made of each."""

from pathlib import Path
from typing import Any

from tokenbroker.flow.document import read_document
from tokenbroker.flow.load import load
from tokenbroker.flow.model import Param, Step
from tokenbroker.record.draft import Draft, DraftParam, DraftStep
from tokenbroker.run.steps import STEPS

FLOWS = Path(__file__).parents[3] / "flows" / "examplecloud"


def draft_of(name: str, *, account: str = "example", shape: str = "") -> Draft:
    """The draft that the flow `name` could have been written from.

    `account` is what its references begin with; `shape` is that of the captured token. What a step does only `when`
    something is to be seen was done in the recording.
    """
    path = FLOWS / f"{name}.yaml"
    flow, description = load(path, STEPS), str(read_document(path).data.get("description", ""))
    return Draft(
        site=flow.site,
        flow=flow.name,
        description=description,
        steps=tuple(_step(step, account, shape) for step in flow.steps),
        params=tuple(map(_param, flow.params)),
    )


def _step(step: Step, account: str, shape: str) -> DraftStep:
    options: dict[str, Any] = dict(step.options)
    if "value_ref" in options:
        options["value_ref"] = str(options["value_ref"]).replace("secrets:example.", f"secrets:{account}.")
    return DraftStep(verb=step.verb, options=options, shape=shape if step.verb == "capture_token" else "")


def _param(param: Param) -> DraftParam:
    return DraftParam(
        name=param.name,
        required=param.required,
        personal=param.personal,
        default=param.default,
        pattern=param.pattern or "",
    )
