"""``tokenbroker policy``: whether a flow may run, and why; nothing is started."""

import json
import os
from pathlib import Path

import typer

from tokenbroker.broker import Broker
from tokenbroker.errors import ExitCode, UsageError
from tokenbroker.flow.load import load
from tokenbroker.policy.approve import NO_HISTORY, Request
from tokenbroker.policy.explain import Explanation, explain
from tokenbroker.pytest_plugin.options import parse_mode, parse_params
from tokenbroker.run.steps import STEPS
from tokenbroker.settings import load_configuration

app = typer.Typer(help="What policy says of a flow.", no_args_is_help=True, add_completion=False)


@app.callback()
def _group() -> None:
    """Keeps `check` a command of its own."""


@app.command()
def check(
    flow: Path = typer.Argument(metavar="FLOW", help="The flow file."),
    mode: str = typer.Option("", help="semi_auto or guided; default: what the flow allows."),
    param: list[str] = typer.Option(
        [], metavar="NAME=VALUE", help="A parameter of the flow; may be repeated."
    ),
    live: bool = typer.Option(False, "--live", help="As if sites beyond this machine were allowed."),
    again: bool = typer.Option(False, "--again", help="As if another key were asked for."),
    as_json: bool = typer.Option(False, "--json", help="Print the decision as JSON."),
) -> None:
    """Say whether FLOW may run now, and what each condition says. Exit 0: it may; 10: it may not."""
    if not flow.is_file():
        raise UsageError(f"there is no flow file {flow}")
    loaded = load(flow, STEPS)
    configuration = load_configuration(Path.cwd(), dict(os.environ))
    with Broker(configuration, environ={}) as broker:
        request = Request(
            actor=broker.actor,
            mode=parse_mode(mode),
            params=parse_params(param),
            origin_map=configuration.settings.origin_map,
            live=live,
            again=again,
        )
        has_home = (broker.home / "store.db").exists()  # asking makes none
        history = broker.history(loaded, request) if has_home else NO_HISTORY
        told = explain(loaded, request, clock=broker.clock, history=history, project=broker.project_policy())
    print(json.dumps(_record(loaded.id, told), indent=2) if as_json else _text(told))
    raise typer.Exit(0 if told.allowed else ExitCode.REFUSED)


def _record(flow_id: str, told: Explanation) -> dict[str, object]:
    return {
        "flow": flow_id,
        "allowed": told.allowed,
        "code": told.code,
        "sentence": told.sentence,
        "mode": told.mode,
        "next_step": told.next_step,
        "checks": [each.as_record() for each in told.checks],
    }


def _text(told: Explanation) -> str:
    lines = [f"{'allowed' if told.allowed else 'not allowed'}: {told.code}", f"  {told.sentence}"]
    lines += [f"  to do  {told.next_step}"] if told.next_step else []
    lines += [
        "",
        *(f"  {'✓' if each.holds else '✗'} {each.condition:<12}  {each.sentence}" for each in told.checks),
    ]
    return "\n".join(lines).rstrip()
