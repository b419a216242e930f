"""``tokenbroker policy``: whether a flow may run, and why; nothing is started."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from tokenbroker.broker import Broker
from tokenbroker.cli.flow_file import require_flow_file
from tokenbroker.flow.cases import case_of
from tokenbroker.flow.load import load
from tokenbroker.flow.model import Flow, Mode
from tokenbroker.policy.approve import NEEDS_LIVE, Request
from tokenbroker.policy.explain import Explanation
from tokenbroker.pytest_plugin.options import parse_mode, parse_params
from tokenbroker.run.steps import STEPS
from tokenbroker.settings import Configuration, load_configuration

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
    case: str = typer.Option("", metavar="NAME", help="Which case of the flow's matrix."),
    live: bool = typer.Option(False, "--live", help="As if sites beyond this machine were allowed."),
    again: bool = typer.Option(False, "--again", help="As if another key were asked for."),
    as_json: bool = typer.Option(False, "--json", help="Print the decision as JSON."),
) -> None:
    """Say whether FLOW may run now, and what each condition says. Exit 0: it may; 10: it may not."""
    asked = Asked.of(flow, mode=mode, param=param, case=case, live=live, again=again)
    told = asked.explanation()
    record = {"flow": asked.flow.id, **as_record(told)}
    print(json.dumps(record, indent=2) if as_json else "\n".join(in_words(told)))
    raise typer.Exit(told.exit_code)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What policy is asked about: a flow, as a run with these options would be."""

    flow: Flow
    configuration: Configuration
    mode: Mode | None
    params: Mapping[str, str]
    live: bool
    again: bool

    @classmethod
    def of(cls, path: Path, *, mode: str, param: list[str], case: str, live: bool, again: bool) -> "Asked":
        """Of the flow file at `path` and the settings here; raises as `load` and `load_configuration` do."""
        require_flow_file(path)
        return cls(
            flow=case_of(load(path, STEPS), case),
            configuration=load_configuration(Path.cwd(), dict(os.environ)),
            mode=parse_mode(mode),
            params=parse_params(param),
            live=live,
            again=again,
        )

    @property
    def origin_map(self) -> Mapping[str, str]:
        """Where the settings lead origins."""
        return self.configuration.settings.origin_map

    def lacking(self) -> dict[str, str]:
        """What the flow types and is not there, as far as that can be told, each with the line that gives it."""
        with Broker(self.configuration, environ=dict(os.environ)) as broker:
            return broker.lacking(self.flow, self.params)

    def explanation(self) -> Explanation:
        """What policy says now; asking makes no home where there is none."""
        with Broker(self.configuration, environ={}) as broker:
            request = Request(
                actor=broker.actor,
                mode=self.mode,
                params=self.params,
                origin_map=self.origin_map,
                live=self.live,
                again=self.again,
            )
            return broker.explain(self.flow, request)


def as_record(told: Explanation) -> dict[str, Any]:
    """For machines."""
    return {
        "allowed": told.allowed,
        "code": told.code,
        "sentence": told.sentence,
        "mode": told.mode,
        "next_step": told.next_step,
        "checks": [each.as_record() for each in told.checks],
    }


def in_words(told: Explanation) -> list[str]:
    """For a person, a line each."""
    lines = [f"{'allowed' if told.allowed else 'not allowed'}: {told.code}", f"  {told.sentence}"]
    lines += [f"  to do  {told.next_step}"] if told.next_step else []
    if told.code == NEEDS_LIVE:
        lines.append(
            "  note   judged by the settings alone: an origin_map of a conftest.py, such as the demo's, is not asked"
        )
    lines += [""] if told.checks else []
    return [
        *lines,
        *(f"  {'✓' if each.holds else '✗'} {each.condition:<12}  {each.sentence}" for each in told.checks),
    ]
