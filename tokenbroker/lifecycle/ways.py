"""How a token can be replaced: which flow gets another, what proves it, and what revokes the old one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tokenbroker.errors import UsageError
from tokenbroker.flow.cases import PLACEHOLDER, filled
from tokenbroker.flow.model import Flow, Step
from tokenbroker.store.lives import Life

FindFlow = Callable[[str], Flow]
"""The project's flow of an id, ``site/flow`` or ``site/flow[case]``; raises UsageError where there is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ways:
    """How the token of `life` can be replaced.

    Attributes:
        life: what is known of it.
        creator: the flow that gets another.
        reference: where that flow brings it, without a version.
        proof: its step ``verify_token``.
        name_param: the parameter that names the key at its site; "" where the flow gives every key one name.
        revoker: the flow that revokes the old one; None where a person has to, also because the flow could not tell the
            old key from the new one: it is told the key's name, by the parameter that names it.
    """

    life: Life
    creator: Flow
    reference: str
    proof: Step
    name_param: str
    revoker: Flow | None


def ways_of(life: Life, find: FindFlow) -> Ways:
    """How the token of `life` can be replaced.

    Raises:
        UsageError: it can't: ``flow.not_found``, ``rotate.other_target`` or ``rotate.no_proof``.
    """
    reference = f"{life.sink}:{life.path}"
    if not (life.rotates or life.flow_id):
        raise UsageError(
            f"no flow is known that gets another key in the place of {reference}",
            next_step=f"tokenbroker adopt {reference} --flow SITE/FLOW",
            code="rotate.unknown",
        )
    creator = find(life.rotates or life.flow_id)
    creator_filled = filled(creator, own(creator, life.params))
    captures = [step for step in creator_filled.steps if step.verb == "capture_token"]
    if [step.options["secret_ref"] for step in captures] != [reference]:
        raise UsageError(
            f"{creator.id} does not bring one token to {reference} and nothing else, so it can't replace what is there",
            next_step=f"name the flow that does: tokenbroker adopt {reference} --flow SITE/FLOW",
            code="rotate.other_target",
        )
    later = creator.steps[captures[0].number :]
    proof = next((step for step in later if step.verb == "verify_token"), None)
    if proof is None:
        raise UsageError(
            f"{creator.id} has no step verify_token behind its capture, so nothing could prove that a new key works",
            next_step=f"add one to {creator.path}: verify_token: {{ url: … }}",
            code="rotate.no_proof",
        )
    name_param = _name_param(creator)
    return Ways(
        life=life,
        creator=creator,
        reference=reference,
        proof=proof,
        name_param=name_param,
        revoker=_revoker(life, name_param, find),
    )


def _revoker(life: Life, name_param: str, find: FindFlow) -> Flow | None:
    flow = find(life.revokes) if life.revokes else None
    is_named = bool(name_param and (life.params.get(name_param) or life.key_name))
    takes_name = flow is not None and name_param in own(flow, {name_param: ""})
    return flow if is_named and takes_name else None


def own(flow: Flow, params: Mapping[str, str]) -> dict[str, str]:
    """Those of `params` that `flow` declares, but for what its case sets."""
    fixed = flow.matrix.get(flow.case, {})
    names = {param.name for param in flow.params} - {*fixed}
    return {name: value for name, value in params.items() if name in names}


def _name_param(creator: Flow) -> str:
    """The parameter in the name of the key that `creator` says it creates."""
    said = (
        str(step.options["creates"].get("name", "")) for step in creator.steps if "creates" in step.options
    )
    found = (PLACEHOLDER.search(name) for name in said)
    names = {param.name for param in creator.params if not param.personal} - {
        *creator.matrix.get(creator.case, {})
    }
    return next((hole[1] for hole in found if hole and hole[1] in names), "")
