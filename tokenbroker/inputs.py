"""The values behind the references of a flow, before a browser starts."""

from tokenbroker.errors import SecretNotFound
from tokenbroker.evidence.one_run import SinkOpener
from tokenbroker.home import Home
from tokenbroker.policy.approve import Plan
from tokenbroker.secret import Secret
from tokenbroker.settings import SinkSettings
from tokenbroker.sinks.env import variable_for


def inputs_of(plan: Plan, home: Home, open_sink: SinkOpener) -> dict[str, str | Secret]:
    """The values behind the references of the plan's flow; the secrets among them are redacted from now on.

    Raises:
        SecretNotFound: names every missing one, with the line that stores it.
    """
    values: dict[str, str | Secret] = {f"param:{name}": value for name, value in plan.params.items()}
    for name in plan.flow.references("env:"):
        if name in home.taken:
            values[f"env:{name}"] = home.taken[name]
    alias = home.configuration.settings.inputs.sink
    for name in plan.flow.references("secrets:"):
        try:
            values[f"secrets:{name}"] = open_sink(alias).get(name, actor=plan.actor)
        except SecretNotFound:
            continue
    wanted = [str(s.options["value_ref"]) for s in plan.flow.steps if "value_ref" in s.options]
    missing = [ref for ref in dict.fromkeys(wanted) if ref not in values]
    if missing:
        raise _missing(missing, alias, plan.flow.id, home.configuration.sink(alias))
    for ref, value in values.items():
        if isinstance(value, Secret):
            home.redactor.add(value, label=ref)
    return values


def _missing(references: list[str], alias: str, flow_id: str, settings: SinkSettings) -> SecretNotFound:
    lines = []
    for reference in references:
        kind, _, name = reference.partition(":")
        target = name if alias == "local" else f"{alias}:{name}"
        lines.append(
            {
                "secrets": f"export {variable_for(name, settings.prefix)}=…"
                if settings.type == "env"
                else f"tokenbroker secrets put {target}",
                "env": f"export {name}=…",
                "param": f"--param {name}=…",
            }[kind]
        )
    names = ", ".join(references)
    return SecretNotFound(f"{flow_id} needs {names}, which is not there", next_step="\n         ".join(lines))
