"""The end of a recording, at the terminal: what became of it is looked at, kept or thrown away (REC-1, REC-2)."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tokenbroker.cli.asking import Ask, NoAnswer, ask_at_terminal
from tokenbroker.cli.record_finish import Finish
from tokenbroker.cli.record_names import Names, shown
from tokenbroker.cli.record_words import in_words
from tokenbroker.errors import BrokerError, HumanDenied, UsageError
from tokenbroker.flow.document import parse_document
from tokenbroker.flow.excerpt import printable_line
from tokenbroker.flow.lint import Finding, lint_document
from tokenbroker.flow.rule import Severity
from tokenbroker.jobs.variables import Withheld
from tokenbroker.record.compose import compose
from tokenbroker.record.draft import Draft
from tokenbroker.record.emit.spec import emit_spec, emit_support
from tokenbroker.record.emit.yaml import emit_yaml
from tokenbroker.record.recording import Recording, What
from tokenbroker.record.sanitise import Replacement, Rule, Sanitised, sanitise
from tokenbroker.record.sanitise.ledger import called
from tokenbroker.record.save import save
from tokenbroker.run.steps import STEPS

_KEYS: Final = "srytknd"


@dataclass(frozen=True, kw_only=True)
class Made:
    """What was made of a recording, with what the person has said so far."""

    sanitised: Sanitised
    draft: Draft
    yaml: str
    spec: str
    findings: tuple[Finding, ...]

    @property
    def has_errors(self) -> bool:
        """Whether it could not run as it is."""
        return any(each.severity is Severity.ERROR for each in self.findings)

    @property
    def keepable(self) -> list[Replacement]:
        """Texts that the person typed, and that are neither personal nor secret as far as can be told."""
        told = self.sanitised.replacements
        return [each for each in told if each.rule is Rule.TYPED and each.reference and not each.reason]


class Desk:
    """Where a recording is reviewed. It is in memory until it is saved.

    `environment` is that of the command before anything was taken out of it: the sinks and a replay need it.
    """

    def __init__(
        self,
        recording: Recording,
        names: Names,
        environment: Withheld,
        *,
        headed: bool,
        ask: Ask = ask_at_terminal,
    ) -> None:
        self._recording = recording
        self._names = names
        self._environment = environment
        self._headed = headed
        self._ask = ask
        self._keep: frozenset[str] = frozenset()

    def review(self) -> None:
        """Show it, and do what the person says, until it is saved.

        Raises:
            HumanDenied: `record.cancelled`; nothing is kept, or nothing more than was told.
            typer.Exit: the exit code, where a sink has refused or the flow was replayed.
        """
        made = self._make()
        self._show(made)
        self._print_menu(made)
        while (choice := self._choice(made)) not in ("s", "r"):
            made = self._done(choice, made)
        self._finish(made).finish(replays=choice == "r")

    def _choice(self, made: Made) -> str:
        """What the person wants next; "s" and "r" once the files are written."""
        # A flow that stores nothing is saved by who says so.
        stores = any(each.verb == "capture_token" for each in made.draft.steps)
        default = "s" if stores and not made.has_errors else ""
        *others, last = [each for each in _KEYS if each != "k" or made.keepable]
        prompt = f"{', '.join(others)} or {last}{f' [{default}]' if default else ''}> "
        try:
            said = self._ask(prompt).strip().casefold() or default
        except NoAnswer:
            return "d"
        if said == "r" and made.has_errors:
            print(
                "It would not run as it is: see the findings above. Save it (s), mend the file, and run it then."
            )
            return ""
        return said if said not in ("s", "r") or self._is_saved(made) else ""

    def _done(self, choice: str, made: Made) -> Made:
        """Do what is no end; answers what is on the desk then."""
        match choice:
            case "":
                pass
            case "y" | "t":
                text = made.yaml if choice == "y" else made.spec
                print("\n" + "\n".join(map(printable_line, text.splitlines())) + "\n")
            case "k":
                return self._keep_one(made)
            case "n":
                return self._rename(made)
            case "d":
                raise HumanDenied(
                    f"discarded: nothing was kept{self._left_at_site()}", code="record.cancelled"
                )
            case _:
                print("That is none of these:")
                self._print_menu(made)
        return made

    def _make(self) -> Made:
        names = self._names
        sanitised = sanitise(self._recording, site=names.site, keep=self._keep)
        draft = compose(
            sanitised.recording,
            site=names.site,
            flow=names.flow,
            sink=names.sink,
            personal=[each.name for each in sanitised.params if each.personal],
        )
        yaml = emit_yaml(draft)
        document = parse_document(yaml.encode(), shown(names.yaml))
        findings = (each for each in lint_document(document, STEPS) if each.severity is not Severity.NOTE)
        return Made(sanitised=sanitised, draft=draft, yaml=yaml, spec=emit_spec(draft), findings=(*findings,))

    def _show(self, made: Made) -> None:
        width = shutil.get_terminal_size().columns
        told = made.sanitised.replacements
        for line in in_words(made.draft, told, made.findings, ended=self._recording.ended, width=width):
            print(line)

    def _print_menu(self, made: Made) -> None:
        for line in self._menu(made):
            print(line)

    def _menu(self, made: Made) -> Iterator[str]:
        names = self._names
        yield f"  s  save it as {shown(names.yaml)}"
        yield f"     and {shown(names.spec)}"
        verbs = {each.verb for each in made.draft.steps}
        does = ["creates another key"] if "capture_token" in verbs else []
        does += ["asks for a code again"] if "wait_human" in verbs else []
        again = f": {', '.join(does)}" if does else ""
        yield f"  r  save it, and replay it at once{again}"
        yield "  y  show the YAML"
        yield "  t  show the Playwright Test file"
        if made.keepable:
            yield "  k  keep a text that you typed as it is, in place of a parameter"
        yield "  n  give it another name"
        yield "  d  discard it: nothing is kept"

    def _keep_one(self, made: Made) -> Made:
        """Let a text that the person typed stand in the flow as it is."""
        offered = made.keepable
        if not offered:
            print("There is none: what you typed is personal or secret, or stands in the flow already.")
            return made
        for number, each in enumerate(offered, 1):
            print(
                f"  {number}  {each.reference}: {printable_line(each.masked)}, {printable_line(each.where[0])}"
            )
        try:
            said = self._ask("Which one may stand in the flow, readable for all who get it? [none]: ").strip()
        except NoAnswer:
            said = ""
        if not (said.isascii() and said.isdigit() and 0 < int(said) <= len(offered)):
            print("None is kept.")
            return made
        self._keep |= {self._typed_for(offered[int(said) - 1].reference, made)}
        made = self._make()
        self._show(made)
        return made

    def _typed_for(self, reference: str, made: Made) -> str:
        """What the person typed where `reference` stands now."""
        events = zip(self._recording.events, made.sanitised.recording.events, strict=True)
        return next((raw.value for raw, safe in events if safe.ref == reference), "")

    def _rename(self, made: Made) -> Made:
        try:
            name = self._ask(f"FLOW, or SITE/FLOW [{self._names.id}]: ").strip()
            if name:
                self._names = self._names.renamed(name)
                made = self._make()
                print(f"It is called {self._names.id} now.")
        except NoAnswer:
            pass
        except BrokerError as error:
            self._complain(error)
        return made

    def _is_saved(self, made: Made) -> bool:
        """Write the files, if the last proof on their very texts allows it; else it is still on the desk."""
        names = self._names
        files = {names.yaml: made.yaml, names.spec: made.spec}
        try:
            for path, text in files.items():
                self._require_clean(made.sanitised, text, str(shown(path)))
            if not names.support.exists():
                files[names.support] = emit_support()
            save(files, may_replace=names.may_replace)
        except BrokerError as error:
            self._complain(error)
            return False
        print("\nSaved")
        for path in files:
            print(f"  {shown(path)}")
        return True

    def _require_clean(self, sanitised: Sanitised, text: str, path: str) -> None:
        rule = sanitised.why_not(text)
        if rule is None:
            return
        lines = enumerate(text.splitlines(), 1)
        line = next(
            (f", line {number}," for number, each in lines if sanitised.why_not(each) is not None), ""
        )
        raise UsageError(
            f"{path}{line} still holds {called(rule)}, and is not written",
            next_step="look at it (y, t); give it another name (n), or discard it (d) and record without that",
            code="record.unclean",
        )

    def _complain(self, error: BrokerError) -> None:
        print(f"\n{error}\n", file=sys.stderr, flush=True)

    def _left_at_site(self) -> str:
        if any(each.what is What.TOKEN for each in self._recording.events):
            return ". The key that you created is still at the site: revoke it there if you don't need it"
        return ""

    def _finish(self, made: Made) -> Finish:
        params = [each.name for each in made.draft.params if each.required]
        return Finish(
            recording=self._recording,
            names=self._names,
            draft=made.draft,
            inputs=made.sanitised.inputs,
            params={name: self._typed_for(f"param:{name}", made) for name in params},
            is_ready=not made.has_errors,
            environment=self._environment,
            headed=self._headed,
            ask=self._ask,
        )
