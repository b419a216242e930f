"""``tokenbroker plan``: what a flow would do, before it does it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path

import typer

from tokenbroker.cli.policy import Asked, as_record, in_words
from tokenbroker.flow.lint import lint
from tokenbroker.flow.model import Flow
from tokenbroker.flow.rules.literal_secret import RULE as SECRETS
from tokenbroker.policy.approve import origins_of
from tokenbroker.run.outline import Asking, Kept, Made, Outline, Sent, Typed, Written, outline_of
from tokenbroker.run.steps import STEPS

_LIFE = {
    "expires_in": "it ends after",
    "expires_at": "it ends after",
    "grace": "once replaced it works on for",
    "rotates": "to replace it: the flow",
    "revokes": "to revoke it: the flow",
    "owner": "owner",
    "labels": "labels",
}


def plan(
    flow: Path = typer.Argument(metavar="FLOW", help="The flow file."),
    mode: str = typer.Option("", help="semi_auto or guided; default: what the flow allows."),
    param: list[str] = typer.Option(
        [], metavar="NAME=VALUE", help="A parameter of the flow; may be repeated."
    ),
    case: str = typer.Option("", metavar="NAME", help="Which case of the flow's matrix."),
    live: bool = typer.Option(False, "--live", help="As if sites beyond this machine were allowed."),
    again: bool = typer.Option(False, "--again", help="As if another key were asked for."),
    as_json: bool = typer.Option(False, "--json", help="Print it as JSON."),
) -> None:
    """Tell what FLOW would do, and whether it may: where it goes, what it types where, whom it asks, what it stores.

    Starts nothing and reads no secret. Exit 0: it may run; 10: it may not.
    """
    asked = Asked.of(flow, mode=mode, param=param, case=case, live=live, again=again)
    told = asked.explanation()
    outline = _covered(outline_of(asked.flow, needs_approval=told.needs_approval), asked.flow)
    origins = {origin: asked.origin_map.get(origin, origin) for origin in origins_of(asked.flow)}
    settings = asked.configuration.settings
    sinks = {each.secret_ref: settings.sink(each.secret_ref.partition(":")[0]).type for each in outline.kept}
    lacking = asked.lacking()
    if as_json:
        record = {
            "flow": asked.flow.id,
            "file": str(flow),
            "origins": origins,
            "sign_on": asked.flow.sign_on,
            **asdict(outline),
            "sinks": sinks,
            "lacking": lacking,
        }
        print(json.dumps({**record, "policy": as_record(told)}, indent=2))
    else:
        parts = _parts(asked.flow, outline, origins, sinks, lacking)
        print("\n".join([f"{asked.flow.id}  ({flow})", *parts, "", *in_words(told)]))
    raise typer.Exit(told.exit_code)


def _covered(outline: Outline, flow: Flow) -> Outline:
    """`outline` without the literals that `validate` takes for secrets: what is printed may be kept in a log."""
    lines = {each.region.line for each in lint(flow.path, STEPS, wants=lambda rule: rule == SECRETS.id)}
    secret = {
        step.number
        for step in flow.steps
        if "value" in step.options and step.option_positions["value"].line in lines
    }
    covered = "a secret that stands in the file (tokenbroker validate)"
    written = (replace(each, text=covered) if each.step in secret else each for each in outline.written)
    return replace(outline, written=tuple(written))


def _parts(
    flow: Flow,
    outline: Outline,
    origins: Mapping[str, str],
    sinks: Mapping[str, str],
    lacking: Mapping[str, str],
) -> Iterator[str]:
    led = [one if one == to else f"{one}, which the origin map leads to {to}" for one, to in origins.items()]
    parts = {
        "It can reach these, and nothing else": led,
        "It signs in at this identity provider, whose session a sitting may share": filter(
            None, (flow.sign_on,)
        ),
        "It types secrets, and only where the page and all that holds it belong to those": (
            _typed(each, lacking) for each in outline.typed
        ),
        "It fills in what is no secret": map(_written, outline.written),
        "It waits for a person": map(_asking, outline.asked),
        "It creates a key at the site": map(_made, outline.made),
        "It reads a token, and stores it": (_kept(each, sinks) for each in outline.kept),
        "It sends the token with one request, and looks at the status of the answer": map(
            _sent, outline.sent
        ),
        "Before it runs, give it what is not there": lacking.values(),
    }
    for head, lines in parts.items():
        told = [*lines]
        if told:
            yield from ("", head, *(f"  {line}" for line in told))


def _typed(each: Typed, lacking: Mapping[str, str]) -> str:
    where = f"in the window '{each.window}'" if each.window else f"after {each.page}" if each.page else ""
    places = [*(["in a frame"] if each.frame else []), *([where] if where else [])]
    missing = "not set yet" if each.reference.startswith("env:") else "not stored yet"
    lack = f" ({missing})" if each.reference in lacking else ""
    return f"{_at(each)}  {each.reference}{lack} into {', '.join([each.field, *places])}"


def _written(each: Written) -> str:
    text = each.text if each.text.startswith("param:") else json.dumps(each.text, ensure_ascii=False)
    return f"{_at(each)}  {text} into {each.field}"


def _asking(each: Asking) -> str:
    only_if = f", if {each.only_if} is there" if each.only_if else ""
    return f"{_at(each)}  {each.reason} ({each.kind}{only_if})"


def _made(each: Made) -> str:
    name = f", called {each.name}" if each.name else ""
    guess = "" if each.is_said else ", or a later act before the capture ('creates' would say which)"
    return f"{_at(each)}  {each.what}{guess}{name}{f'; to revoke it: {each.revoke}' if each.revoke else ''}"


def _kept(each: Kept, sinks: Mapping[str, str]) -> str:
    told = f"{_at(each)}  {each.source} -> {each.secret_ref} (sink type {sinks[each.secret_ref]})"
    # Labels stand in one text, with a space between.
    words = {name: ", ".join(said.split()) if name == "labels" else said for name, said in each.life.items()}
    life = "; ".join(f"{_LIFE[name]} {said}" for name, said in words.items())
    return f"{told}\n{' ' * (len(_at(each)) + 4)}{life}" if life else told


def _sent(each: Sent) -> str:
    return f"{_at(each)}  {each.secret_ref or 'what was captured last'} -> {each.url}"


def _at(each: Typed | Written | Asking | Made | Kept | Sent) -> str:
    return f"step {each.step:>2}, line {each.line:>2}" if each.step else "before any step"
