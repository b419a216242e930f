"""Which flows of a sitting may share one session at an identity provider."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tokenbroker.flow.cases import filled
from tokenbroker.flow.model import Flow, Step
from tokenbroker.lifecycle.ways import own


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """One account at one provider, as far as flows tell.

    Attributes:
        sign_on: the provider's origin.
        inputs: the references of all that the flow types and a person has stored: two flows that type the same sign in
            as the same; more can't be known before they run, so a flow that types anything else stands alone.
    """

    sign_on: str
    inputs: frozenset[str]


def account_of(flow: Flow, params: Mapping[str, str]) -> Account | None:
    """The account that `flow` signs in with; None where it names no provider."""
    if not flow.sign_on:
        return None
    known = filled(flow, own(flow, params))
    said = (str(step.options["value_ref"]) for step in known.steps if "value_ref" in step.options)
    personal = {f"param:{param.name}" for param in flow.params if param.personal}
    inputs = frozenset(ref for ref in said if ref.startswith(("secrets:", "env:")) or ref in personal)
    return Account(sign_on=flow.sign_on, inputs=inputs)


def grouped(flows: Sequence[tuple[Flow, Mapping[str, str]]]) -> dict[Account, list[Flow]]:
    """The flows of each account, by account; those that name no provider are left out."""
    groups: dict[Account, list[Flow]] = {}
    for flow, params in flows:
        account = account_of(flow, params)
        if account is not None:
            groups.setdefault(account, []).append(flow)
    return groups


def questions(flow: Flow) -> Iterable[Step]:
    """The steps of `flow` at which a person is asked."""
    return (step for step in flow.steps if step.verb == "wait_human")
