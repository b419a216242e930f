"""``tokenbroker run``: the same pytest item, followed live at a terminal."""

import gc
import json
import os
import sys
from contextlib import suppress
from pathlib import Path

import typer

from tokenbroker.broker import Broker
from tokenbroker.cli.flow_file import require_flow_file
from tokenbroker.cli.secrets import print_key_advice
from tokenbroker.errors import UsageError
from tokenbroker.human.checkpoint import Checkpoint, parked_in_words
from tokenbroker.policy.approve import WOULD_DUPLICATE, Approval, Plan
from tokenbroker.pytest_plugin.options import parse_mode, parse_params
from tokenbroker.pytest_plugin.own_session import own_temporary_folder
from tokenbroker.pytest_plugin.single import SingleRun
from tokenbroker.run.result import RunEvent, RunResult, Status, StepResult, StepStarted
from tokenbroker.settings import load_configuration

_MARKS = {Status.PASSED: "✓", Status.FAILED: "✗", Status.SKIPPED: "-", Status.INTERRUPTED: "!"}


def run(
    flow: Path = typer.Argument(metavar="FLOW", help="The flow file."),
    mode: str = typer.Option("", help="guided or semi_auto; default: what the flow allows."),
    param: list[str] = typer.Option(
        [], metavar="NAME=VALUE", help="A parameter of the flow; may be repeated."
    ),
    case: str = typer.Option("", metavar="NAME", help="Which case of the flow's matrix."),
    headed: bool = typer.Option(False, "--headed", help="Show the browser."),
    live: bool = typer.Option(False, "--live", help="Allow sites beyond this machine."),
    again: bool = typer.Option(False, "--again", help="Create another key where an earlier run created one."),
    no_pictures: bool = typer.Option(False, "--no-pictures", help="Take no picture after each step."),
    traceback: bool = typer.Option(
        False, "--flow-traceback", help="Show tokenbroker's own frames, redacted."
    ),
    as_json: bool = typer.Option(
        False, "--json", help="Print the result as JSON; progress goes to standard error."
    ),
) -> None:
    """Run one flow and watch it; asks at the terminal where only a person may act."""
    require_flow_file(flow)
    if "[" in str(flow) or "::" in str(flow):
        raise UsageError(
            f"pytest can't name the file {flow}: its path holds '[' or '::'",
            next_step="rename the file or folder",
        )
    parse_mode(mode)
    parse_params(param)
    load_configuration(Path.cwd(), dict(os.environ))  # all that is wrong, at once, before anything starts
    flags = {"--headed": headed, "--live": live, "--no-pictures": no_pictures, "--flow-traceback": traceback}
    options = [name for name, given in flags.items() if given]
    options += [f"--param={pair}" for pair in param] + ([f"--mode={mode}"] if mode else [])
    # A session moves the key and the secrets out of the environment; a second one needs them there again.
    before = dict(os.environ) if sys.stdin.isatty() and not again else {}
    outcome = run_once(flow, case, [*options, *(["--again"] if again else [])])
    refused = outcome.refusal
    if refused and refused.code == WOULD_DUPLICATE and before and typer.confirm("Create another key?"):
        os.environ.clear()
        os.environ.update(before)
        before.clear()
        outcome = run_once(flow, case, [*options, "--again"])
    if as_json:
        print(json.dumps(outcome.summary(), indent=2))
    if refused is not None and outcome.exit_code == 0:
        _say(f"{flow}: not begun, as it expects: {refused.code}: {refused.sentence}")
    gc.freeze()  # a last look for garbage among all that was imported would take a quarter of a second
    raise typer.Exit(outcome.exit_code)


class Shown(SingleRun):
    """Prints what happens as it happens."""

    def __init__(self, flow: Path, case: str) -> None:
        super().__init__(flow, case=case)
        self._named = flow
        self._live = sys.stderr.isatty()
        self.attended = sys.stdin.isatty()

    def summary(self) -> dict[str, object]:
        """What `--json` prints."""
        result = self.result
        if result is None:
            code = self.refusal.code if self.refusal else None
            return {"flow": str(self._named), "status": "refused", "code": code}
        return {
            "run": result.run,
            "flow": result.flow,
            "status": result.status,
            "code": result.code,
            "stored": [each.reference for each in result.stored],
            "possibly_created": list(result.possibly_created),
            "notes": list(result.notes),
            "blocked": result.blocked,
            "evidence": result.evidence,
            "bundle": result.bundle,
        }

    def trouble(self, code: str, text: str) -> None:
        _say(f"\n{text}")

    def allowed(self, plan: Plan) -> None:
        _say(f"{plan.flow.id}: {plan.mode.value} ({plan.mode_reason})")

    def approved(self, approval: Approval) -> None:
        _say(f"approved by {approval.who} ({approval.channel})")

    def shows_panel(self, mark: str, *, leads: bool) -> None:
        does = "leads you" if leads else "asks what only you can answer"
        _say(f'A panel in the browser {does}; it bears the words "{mark}". One without them is not ours.')

    def waiting(self, checkpoint: Checkpoint, question: str) -> None:
        until = f"{checkpoint.deadline:%H:%M} UTC"
        _say(f"\n{checkpoint.reason}: it waits until {until}; answer with: tokenbroker approve {question}")

    def parked(self, checkpoint: Checkpoint) -> None:
        _say(f"\n{parked_in_words(checkpoint)}")

    def event(self, event: RunEvent) -> None:
        if isinstance(event, StepStarted):
            if self._live:
                _say(f"  … {event.number:>2}/{event.total} {event.title}", end="")
        elif isinstance(event, StepResult):
            remark = f"  {event.remark}" if event.remark else ""
            start = "\r\x1b[K" if self._live else ""
            _say(
                f"{start}  {_MARKS[event.status]} {event.number:>2} {event.title}  {event.duration_s:.2f} s{remark}"
            )

    def finished(self, result: RunResult, folder: str, broker: Broker) -> None:
        super().finished(result, folder, broker)
        for blocked in result.blocked:
            _say(f"  blocked: {blocked.count} x {blocked.method} to {blocked.origin}")
        for reference in result.references:
            ends = f", ends {result.ends[reference]:%Y-%m-%d %H:%M} UTC" if reference in result.ends else ""
            _say(f"\nThe token is stored as {reference} (fingerprint {reference.fingerprint}){ends}.")
        for sentence in (*result.possibly_created, *result.notes):
            _say(f"! {sentence}")
        _say(f"Evidence: {folder}")
        if result.references:
            print_key_advice(broker, file=sys.stderr)


def run_once(flow: Path, case: str, options: list[str]) -> Shown:
    """One run of `flow` with pytest's `options`, told as it goes."""
    shown = Shown(flow, case)
    with own_temporary_folder():
        shown.perform(options)
    return shown


def _say(text: str, *, end: str = "\n") -> None:
    """Tell the person, if one still listens: a closed pipe must not end a run that has just created a key."""
    try:
        print(text, end=end, file=sys.stderr, flush=True)
    except BrokenPipeError:
        # What is left in the buffer would fail again at the end of the process, and change its exit code.
        with suppress(OSError, ValueError), Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), sys.stderr.fileno())
    except OSError:
        pass  # a full disk may have room again for the next line
