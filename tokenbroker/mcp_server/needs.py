"""What a flow needs and does, told without running it."""

from pydantic import Field

from tokenbroker.flow.cases import PLACEHOLDER
from tokenbroker.flow.model import Flow, Step
from tokenbroker.inputs import line_that_gives
from tokenbroker.mcp_server.answers import Answer
from tokenbroker.run.steps import STEPS
from tokenbroker.settings import SinkSettings
from tokenbroker.sinks.env import variable_for


class ParamNeed(Answer):
    """A parameter of a flow."""

    name: str
    required: bool = Field(description="Whether a run needs it to be given.")
    default: str | None
    pattern: str | None = Field(description="A regular expression that the whole value must match.")
    personal: bool = Field(description="Whether the value is treated as a secret.")


class PersonNeed(Answer):
    """A point where only a person may act."""

    step: int
    kind: str = Field(
        description="otp, device, confirm or action; otp_or_confirm where the page decides; approval before it starts."
    )
    reason: str
    only_if: str = Field(
        description="A selector: the person is needed only if it is on the page. Empty: always."
    )


class SecretNeed(Answer):
    """A secret that a run reads; never its value."""

    reference: str = Field(description="Such as secrets:example.password or env:NAME.")
    there: bool | None = Field(description="Whether it is stored; null where that can't be told.")
    next_step: str = Field(description="What to do where it is missing; else empty.")


def params(flow: Flow) -> list[ParamNeed]:
    """What may be given: what a case of a matrix does not set itself."""
    return [
        ParamNeed(
            name=param.name,
            required=param.required and param.default is None,
            default=param.default,
            pattern=param.pattern,
            personal=param.personal,
        )
        for param in flow.params
        if param.name not in flow.matrix.get(flow.case, {})
    ]


def person(flow: Flow, *, needs_approval: bool) -> list[PersonNeed]:
    """Where a person is needed, in the order of the steps; an approval of the run comes first, as step 0."""
    approval = PersonNeed(step=0, kind="approval", reason="Approve the run before it starts", only_if="")
    wanted = [approval] if needs_approval else []
    return wanted + [
        PersonNeed(
            step=step.number,
            kind=str(step.options.get("kind", "otp_or_confirm")),
            reason=str(step.options.get("reason", step.title)),
            only_if=str(step.when or ""),
        )
        for step in flow.steps
        if "human" in STEPS[step.verb].requires
    ]


def secrets(
    flow: Flow,
    *,
    alias: str,
    settings: SinkSettings,
    stored: frozenset[str] | None,
    variables: frozenset[str],
) -> list[SecretNeed]:
    """What the flow reads, and whether it is there.

    `alias` is the sink of inputs, with its `settings`, and `stored` what it holds. `variables` are those of the
    environment.
    """
    needs = []
    for name in flow.references("secrets:"):
        path = variable_for(name, "").lower() if settings.type == "env" else name
        is_open = stored is None or PLACEHOLDER.search(name)  # a parameter decides
        there = None if is_open or stored is None else path in stored
        variable = variable_for(name, settings.prefix)
        reference = f"secrets:{name}"
        line = (
            f"start the server with the variable {variable}"  # it has its environment from whoever starts it
            if settings.type == "env"
            else line_that_gives(reference, alias, settings)
        )
        needs.append(_need(reference, there, line))
    return needs + [
        _need(f"env:{name}", name in variables, f"start the server with the variable {name}")
        for name in flow.references("env:")
    ]


def _need(reference: str, there: bool | None, next_step: str) -> SecretNeed:
    return SecretNeed(reference=reference, there=there, next_step="" if there else next_step)


def stores(flow: Flow) -> list[str]:
    """Where tokens go: the ``SINK:PATH`` of each capture."""
    return [str(step.options["secret_ref"]) for step in flow.steps if "sink" in STEPS[step.verb].requires]


def in_words(step: Step) -> str:
    """The step in words that all stand in its flow."""
    return f"{step.title}, if {step.when} is there" if step.when else step.title
