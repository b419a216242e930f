"""Which flows of a sitting may share one session at an identity provider."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tokenbroker.errors import UsageError
from tokenbroker.flow.cases import PLACEHOLDER, filled
from tokenbroker.flow.model import Flow, Step
from tokenbroker.lifecycle.ways import own


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """One account at one provider, as far as flows tell.

    Attributes:
        sign_on: the provider's origin.
        inputs: all that the flow types: references of what is stored, parameters with their values (a personal one by
            its name: a sitting has one value of each), and literals.
    """

    sign_on: str
    inputs: frozenset[str]


def account_of(flow: Flow, params: Mapping[str, str], *, apart: str = "") -> Account | None:
    """The account that `flow` signs in with; two flows that type the same sign in as the same.

    The parameter `apart`, which names the key that the flow is about, does not count. None where the flow names no
    provider, types nothing, or can't be filled with `params`: it stands alone.
    """
    if not flow.sign_on:
        return None
    defaults = {param.name: param.default for param in flow.params if param.default and not param.personal}
    values = {**defaults, **own(flow, params)}
    try:
        known = filled(flow, values)
    except UsageError:  # its run says what is wrong
        return None
    inputs = {told for step in known.steps if (told := _typed(step, values, apart))}
    if not inputs or any(PLACEHOLDER.search(each) for each in inputs):
        return None
    return Account(sign_on=flow.sign_on, inputs=frozenset(inputs))


def _typed(step: Step, values: Mapping[str, str], apart: str) -> str:
    if step.verb == "type" and "value" in step.options:
        return f"value:{step.options['value']}"
    reference = str(step.options.get("value_ref", ""))
    kind, _, name = reference.partition(":")
    if kind != "param":
        return reference
    return f"{reference}={values.get(name, '')}" if name != apart else ""


def grouped(accounts: Iterable[tuple[Account | None, Flow]]) -> dict[Account, list[Flow]]:
    """The flows of each account, by account; those that stand alone are left out."""
    groups: dict[Account, list[Flow]] = {}
    for account, flow in accounts:
        if account is not None:
            groups.setdefault(account, []).append(flow)
    return groups


def questions(flow: Flow) -> Iterable[Step]:
    """The steps of `flow` at which a person is asked."""
    return (step for step in flow.steps if step.verb == "wait_human")
