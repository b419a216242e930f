"""A recorded flow is saved: what it needs is stored, and it is run, as far as the person wants."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

import typer

from tokenbroker.broker import Broker
from tokenbroker.cli.asking import Ask, NoAnswer
from tokenbroker.cli.record_names import Names, shown
from tokenbroker.cli.record_store import Storing, put_by_hand
from tokenbroker.cli.record_words import and_all
from tokenbroker.cli.run import run_once
from tokenbroker.errors import HumanDenied
from tokenbroker.jobs.variables import Withheld
from tokenbroker.record.capture import may_be_whole
from tokenbroker.record.draft import Draft
from tokenbroker.record.recording import Recording
from tokenbroker.record.sanitise.token_shape import choose
from tokenbroker.secret import Secret
from tokenbroker.settings import is_loopback, origin_of


@dataclass(frozen=True, kw_only=True)
class Finish:
    """What is left to be done once the files are there.

    Attributes:
        inputs: what was typed, by its reference.
        params: what was typed, by the parameter that stands for it.
        is_ready: the flow could run as it is.
        environment: that of the command, whole.
    """

    recording: Recording = field(repr=False)
    names: Names
    draft: Draft
    inputs: Mapping[str, Secret] = field(repr=False)
    params: Mapping[str, str] = field(repr=False)
    is_ready: bool
    environment: Withheld
    headed: bool
    ask: Ask

    def finish(self, *, replays: bool) -> None:
        """Store, then run or say how it is run.

        Raises:
            HumanDenied: `record.cancelled`; the person has left.
            typer.Exit: the exit code, where it is not 0 by itself.
        """
        code, has_left = 0, False
        # A broker takes what it needs out of its environment; a run needs that there again.
        with Broker(self.names.configuration, environ=Withheld(self.environment)) as broker:
            storing = Storing(broker=broker, ask=self.ask)
            try:
                self._store(storing)
            except NoAnswer:
                has_left = True
            code = next((int(each.exit_code) for each in storing.refusals), 0)
            if not replays or code or has_left:  # a run says it by itself
                storing.end()
        if has_left:
            raise HumanDenied(
                "stopped: the flow is saved, and nothing is stored but what was told so",
                next_step=f"once its inputs are stored: {self._command()}",
                code="record.cancelled",
            )
        if not replays or code:
            self._say_next(replays=replays)
            raise typer.Exit(code)
        raise typer.Exit(self._replay())

    def _store(self, storing: Storing) -> None:
        wanted = {str(each.options.get("value_ref", "")) for each in self.draft.steps}
        named = {
            ref.removeprefix("secrets:"): secret
            for ref, secret in self.inputs.items()
            if ref.startswith("secrets:") and ref in wanted
        }
        if named:
            storing.inputs(named)
        seen = [each.token for each in self.recording.events if each.token is not None]
        if not seen:
            return
        captured = [
            str(each.options["secret_ref"]) for each in self.draft.steps if "secret_ref" in each.options
        ]
        alias, _, path = captured[-1].partition(":") if captured else (self.names.sink, ":", self.names.id)
        if may_be_whole(seen[-1]) and (token := choose(seen[-1]).value):
            storing.token(alias, path, Secret(token))
        else:
            print("\nThe key that you have just created was not shown whole: it is not stored. To store it:")
            print(f"  {put_by_hand(alias, path)}")

    def _replay(self) -> int:
        """Run it as `tokenbroker run` would, in this process: no argument of a process tells what was typed."""
        os.environ.clear()
        os.environ.update(self.environment)
        given = [f"--param={name}={value}" for name, value in self.params.items()]
        options = ["--live", "--again", "--mode=semi_auto", *given, *(["--headed"] if self.headed else [])]
        print("\nThe replay")
        return run_once(shown(self.names.yaml), "", options).exit_code

    def _say_next(self, *, replays: bool) -> None:
        if not self.is_ready:
            print(f"\nNext: mend what was found, then tokenbroker validate {self._file()}")
            return
        print(f"\n{'Not replayed. ' if replays else ''}Next: {self._command()}")
        if self.params:
            # Not in the line above: who copies that would make a key of such a name.
            print(f"      with --param NAME=VALUE for {and_all([*self.params])}")

    def _command(self) -> str:
        live = ["--live"] if self._leaves_this_machine() else []
        return " ".join(["tokenbroker run", self._file(), *live])

    def _file(self) -> str:
        return shlex.quote(str(shown(self.names.yaml)))

    def _leaves_this_machine(self) -> bool:
        origin_map = self.names.configuration.settings.origin_map
        said = [str(each.options["url"]) for each in self.draft.steps if each.verb == "navigate"]
        origins = {*self.draft.origins, *map(origin_of, said)}
        return not all(is_loopback(origin_map.get(each, each)) for each in origins)
