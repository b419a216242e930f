"""The end of a recording, at the terminal: what became of it is looked at, kept or thrown away (REC-1, REC-2)."""

import os
import secrets
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import typer

from tokenbroker.broker import Broker
from tokenbroker.cli.record_words import in_words
from tokenbroker.cli.run import run_once
from tokenbroker.errors import HumanDenied
from tokenbroker.flow.document import parse_document
from tokenbroker.flow.lint import Finding, lint_document
from tokenbroker.flow.rule import Severity
from tokenbroker.jobs.variables import Withheld
from tokenbroker.record.compose import compose
from tokenbroker.record.draft import Draft
from tokenbroker.record.emit.spec import emit_spec, emit_support
from tokenbroker.record.emit.yaml import emit_yaml
from tokenbroker.record.recording import Recording
from tokenbroker.record.sanitise import Rule, Sanitised, sanitise
from tokenbroker.record.sanitise.token_shape import choose
from tokenbroker.record.save import save
from tokenbroker.run.steps import STEPS
from tokenbroker.secret import Secret
from tokenbroker.settings import Configuration

SUPPORT: Final = "tokenbroker.ts"
_CHOICES: Final = (
    "[s]ave, save and [r]eplay, show the [y]aml or the [t]est file, [k]eep a text that you typed, [d]iscard"
)


@dataclass(frozen=True, kw_only=True)
class Names:
    """What the flow is called, and where it goes."""

    configuration: Configuration
    site: str
    flow: str
    sink: str

    @classmethod
    def of(cls, configuration: Configuration, *, site: str, flow: str, sink: str) -> "Names":
        """Checked: the sink is one that the settings know; raises SettingsError."""
        configuration.settings.sink(sink)
        return cls(configuration=configuration, site=site, flow=flow, sink=sink)

    @property
    def yaml(self) -> Path:
        return self.configuration.root / "flows" / self.site / f"{self.flow}.yaml"

    @property
    def spec(self) -> Path:
        return self.configuration.root / "specs" / self.site / f"{self.flow}.spec.ts"

    @property
    def support(self) -> Path:
        """What all the Playwright Test files share."""
        return self.configuration.root / "specs" / SUPPORT

    @property
    def files(self) -> tuple[Path, Path]:
        return self.yaml, self.spec


@dataclass(frozen=True, kw_only=True)
class Made:
    """What was made of a recording, with what the person has said so far."""

    sanitised: Sanitised
    draft: Draft
    yaml: str
    spec: str
    findings: tuple[Finding, ...]


class Desk:
    """Where a recording is reviewed. It is in memory until it is saved."""

    def __init__(
        self, recording: Recording, names: Names, variables: Withheld, *, may_replace: bool, headed: bool
    ) -> None:
        self._recording = recording
        self._names = names
        self._variables = variables
        self._may_replace = may_replace
        self._headed = headed
        self._keep: frozenset[str] = frozenset()

    def review(self) -> None:
        """Show it, and do what the person says.

        Raises:
            HumanDenied: `record.cancelled`.
            BrokerError: a file or a sink could not be written.
        """
        made = self._make()
        self._show(made)
        while True:
            match typer.prompt(_CHOICES, prompt_suffix="\n> ", default="s").strip().casefold()[:1]:
                case "s" | "r" as choice:
                    if not self._may_be_saved(made):
                        continue
                    self._save(made)
                    self._finish(made, replays=choice == "r")
                    return
                case "y":
                    print(f"\n{made.yaml}")
                case "t":
                    print(f"\n{made.spec}")
                case "k":
                    made = self._keep_one(made)
                case "d":
                    raise HumanDenied("discarded: nothing was kept", code="record.cancelled")

    def _make(self) -> Made:
        names = self._names
        sanitised = sanitise(self._recording, site=names.site, keep=self._keep)
        draft = compose(sanitised.recording, site=names.site, flow=names.flow, sink=names.sink)
        yaml = emit_yaml(draft)
        document = parse_document(yaml.encode(), names.yaml)
        findings = (each for each in lint_document(document, STEPS) if each.severity is not Severity.NOTE)
        return Made(sanitised=sanitised, draft=draft, yaml=yaml, spec=emit_spec(draft), findings=(*findings,))

    def _show(self, made: Made) -> None:
        for line in in_words(
            made.draft, made.sanitised.replacements, made.findings, ended=self._recording.ended
        ):
            print(line)

    def _may_be_saved(self, made: Made) -> bool:
        """The last proof, on the texts themselves."""
        if made.sanitised.is_clean(made.yaml) and made.sanitised.is_clean(made.spec):
            return True
        print(
            "record.unclean: the flow still holds something that looks like yours, and is not written\n"
            "  to do: look at it (y), and record again without that, or discard it"
        )
        return False

    def _keep_one(self, made: Made) -> Made:
        """Let a text that the person typed stand in the flow as it is."""
        offered = [each for each in made.sanitised.replacements if each.rule is Rule.TYPED and each.reference]
        if not offered:
            print("There is none: what you typed is personal or secret, or stands in the flow already.")
            return made
        for number, each in enumerate(offered, 1):
            print(f"  {number}  {each.reference}: {each.masked}, {', '.join(each.where)}")
        chosen = typer.prompt("Which one may stand in the flow as it is? (0: none)", type=int, default=0)
        if not 0 < chosen <= len(offered):
            return made
        self._keep |= {self._typed_for(offered[chosen - 1].reference, made)}
        made = self._make()
        self._show(made)
        return made

    def _typed_for(self, reference: str, made: Made) -> str:
        events = zip(self._recording.events, made.sanitised.recording.events, strict=True)
        return next(raw.value for raw, safe in events if safe.ref == reference)

    def _save(self, made: Made) -> None:
        files: dict[Path, str] = {self._names.yaml: made.yaml, self._names.spec: made.spec}
        save(files, may_replace=self._may_replace)
        for path in files:
            print(f"written: {self._shown(path)}")
        if not self._names.support.exists():
            save({self._names.support: emit_support()}, may_replace=False)
            print(f"written: {self._shown(self._names.support)}")

    def _finish(self, made: Made, *, replays: bool) -> None:
        """The secrets come to rest where the flow looks for them; then the flow is run, if that was wanted."""
        with Broker(self._names.configuration, environ=self._variables) as broker:
            self._store_inputs(made, broker)
            self._store_token(broker)
        if replays:
            self._replay(made)
        else:
            print(f"\nNext: {self._command(made)}")

    def _store_inputs(self, made: Made, broker: Broker) -> None:
        alias = self._names.configuration.settings.inputs.sink
        named = {
            ref.removeprefix("secrets:"): secret
            for ref, secret in made.sanitised.inputs.items()
            if ref.startswith("secrets:") and f'"{ref}"' in made.yaml
        }
        if not named:
            return
        print(f"\nThe flow reads {_and([*named])}, which you have typed, from the sink '{alias}'.")
        if not typer.confirm("Store what you typed there, so that it can run?", default=True):
            return
        sink = broker.sink(alias)
        for path, secret in named.items():
            stored = sink.put(path, secret, put_id=f"record-{secrets.token_hex(16)}", actor=broker.actor)
            print(f"stored as {stored}")

    def _store_token(self, broker: Broker) -> None:
        """The sitting has made a key, too: it need not be made again."""
        seen = [each.token for each in self._recording.events if each.token is not None]
        token = choose(seen[-1]).value if seen else ""
        if not token:
            return
        path = f"{self._names.site}/{self._names.flow}"
        print("\nThe key that you have just created by hand is not stored anywhere yet.")
        if not typer.confirm(f"Store it as {self._names.sink}:{path}?", default=True):
            return
        sink = broker.sink(self._names.sink)
        stored = sink.put(path, Secret(token), put_id=f"record-{secrets.token_hex(16)}", actor=broker.actor)
        print(f"stored as {stored} (fingerprint {stored.fingerprint})")

    def _replay(self, made: Made) -> None:
        """Run it as `tokenbroker run` would; that it creates another key was said where it was chosen."""
        os.environ.update(self._variables)
        given = [f"--param={name}={self._typed_for(f'param:{name}', made)}" for name in _params(made.draft)]
        options = ["--live", "--again", "--mode=semi_auto", *given, *(["--headed"] if self._headed else [])]
        outcome = run_once(self._names.yaml, "", options)
        raise typer.Exit(outcome.exit_code)

    def _command(self, made: Made) -> str:
        given = [f"--param {name}=…" for name in _params(made.draft)]
        return " ".join(
            ["tokenbroker run", shlex.quote(str(self._shown(self._names.yaml))), *given, "--live"]
        )

    def _shown(self, path: Path) -> Path:
        here = Path.cwd()
        return path.relative_to(here) if path.is_relative_to(here) else path


def _params(draft: Draft) -> list[str]:
    return [each.name for each in draft.params if each.required]


def _and(names: list[str]) -> str:
    *before, last = names
    return f"{', '.join(before)} and {last}" if before else last
