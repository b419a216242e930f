"""``tokenbroker validate``: whether files are flows, and good ones, without running them (LINT-1)."""

import os
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import typer

from tokenbroker.cli.findings import as_github, as_json, as_sarif, as_text
from tokenbroker.errors import UsageError
from tokenbroker.flow.lint import ABOUT_SUPPRESSIONS, Finding, lint
from tokenbroker.flow.rule import Severity
from tokenbroker.flow.rules import RULES
from tokenbroker.run.steps import STEPS

_ENDINGS = (".yaml", ".yml")
_WILDCARDS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


class Format(StrEnum):
    """How findings are told."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


def validate(
    paths: list[Path] = typer.Argument(metavar="PATH...", help="Flow files, and folders that hold them."),
    form: Format = typer.Option(
        Format.TEXT,
        "--format",
        help="github: annotations of the changed files in a workflow; sarif: for code scanning.",
    ),
    exclude: list[str] = typer.Option(
        [],
        metavar="GLOB",
        help="Files and folders that are not looked at, by name or by the end of their path (drafts, flows/**/old-*); "
        "may be repeated.",
    ),
    select: list[str] = typer.Option(
        [],
        metavar="RULES",
        help="Only these rules: ids or their beginnings, with commas (TB1,TB501). What keeps a file from being a flow "
        "is told all the same.",
    ),
    ignore: list[str] = typer.Option(
        [], metavar="RULES", help="All rules but these; those that can't be suppressed stay."
    ),
    notes: bool = typer.Option(False, "--notes", help="Tell notes, too; they change no exit code."),
) -> None:
    """Check flow files, and start nothing. Exit 0: nothing was found; 1: something was; 2: could not check."""
    chosen, left_out = _rules(select), _rules(ignore)
    there = list(dict.fromkeys(file for path in paths for file in _files(path)))
    files = _without(there, exclude)
    excluded = len(there) - len(files)
    if not files:
        rest = " but what --exclude leaves out" if excluded else ""
        raise UsageError(
            f"no flow file in {', '.join(map(str, paths))}{rest}", next_step="name a file, or another folder"
        )

    critical = {rule.id for rule in RULES if rule.is_critical}
    for each in left_out:
        if each in critical:
            raise UsageError(f"{each} can't be ignored: what it finds endangers a secret")

    def wants(name: str) -> bool:
        return (not chosen or name.startswith(chosen)) and not (
            left_out and name.startswith(left_out) and name not in critical
        )

    everything = [each for file in files for each in lint(file, STEPS, wants=wants)]
    kept = [each for each in everything if notes or each.severity is not Severity.NOTE]
    open_ones = [each for each in kept if each.reason is None]
    counting = [each for each in open_ones if each.severity is not Severity.NOTE]
    match form:
        case Format.JSON:
            print(as_json(kept, files=len(files), excluded=excluded))
        case Format.SARIF:
            print(as_sarif(kept))
        case Format.GITHUB:
            for line in as_github(open_ones):
                print(line)
        case Format.TEXT:
            for line in as_text(open_ones):
                print(line)
            print(
                _summary(
                    files, everything, counting, excluded=excluded if exclude else None, tells_notes=notes
                )
            )
    raise typer.Exit(1 if counting else 0)


def _summary(
    files: list[Path],
    everything: list[Finding],
    counting: list[Finding],
    *,
    excluded: int | None,
    tells_notes: bool,
) -> str:
    wrong = len({each.file for each in counting})
    left_out = f", {excluded} left out" if excluded is not None else ""
    said = f"{_number(len(files), 'file')} checked{left_out}: {_number(len(counting), 'finding')}"
    said += f" in {wrong}" if wrong else ""
    no_flows = len({each.file for each in everything if not each.id.startswith("TB")})
    said += f" ({_number(no_flows, 'file')} no flow yet: the rules come after that)" if no_flows else ""
    suppressed = sum(each.reason is not None for each in everything)
    said += f", {suppressed} suppressed" if suppressed else ""
    notes = sum(each.severity is Severity.NOTE and each.reason is None for each in everything)
    hint = "" if tells_notes else " (--notes tells them)"
    return said + (f", {_number(notes, 'note')}{hint}" if notes else "")


def _rules(said: list[str]) -> tuple[str, ...]:
    """The beginnings of ids that an option names; each must be that of some rule."""
    known = [*(rule.id for rule in RULES), *ABOUT_SUPPRESSIONS]
    wanted = tuple(each.strip().upper() for each in ",".join(said).split(",") if each.strip())
    for each in wanted:
        if not any(name.startswith(each) for name in known):
            raise UsageError(f"there is no rule {each}", next_step="`tokenbroker rule` lists them")
    return wanted


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    if not path.is_dir():
        raise UsageError(f"there is no file or folder {path}")
    for folder, inner, names in os.walk(path):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(names) if name.endswith(_ENDINGS))


def _without(files: list[Path], globs: list[str]) -> list[Path]:
    """The `files` that no glob matches, neither itself nor a folder that it is in."""
    patterns = [_pattern(glob) for glob in globs if glob]
    return [file for file in files if not any(each.search(file.as_posix()) for each in patterns)]


def _pattern(glob: str) -> re.Pattern[str]:
    """What finds `glob` in a path, from one separator to another; only ``**`` goes beyond one."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob.removeprefix("./").strip("/"))
    inner = "".join(_WILDCARDS.get(part, re.escape(part)) for part in parts)
    return re.compile(f"(?:^|/){inner}(?:/|$)")


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
