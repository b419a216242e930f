"""``tokenbroker validate``: whether files are flows, without running them."""

import json
import os
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import typer

from tokenbroker.errors import FlowError, UsageError
from tokenbroker.flow.load import mistakes_in
from tokenbroker.run.steps import STEPS

_ENDINGS = (".yaml", ".yml")


class Format(StrEnum):
    """How mistakes are told."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


def validate(
    paths: list[Path] = typer.Argument(metavar="PATH...", help="Flow files, and folders that hold them."),
    form: Format = typer.Option(
        Format.TEXT, "--format", help="github: annotations of the changed files in a workflow."
    ),
) -> None:
    """Check flow files as a run would, and start nothing. Exit 0: all are flows; 1: not all; 2: could not check."""
    files = [file for path in paths for file in _files(path)]
    if not files:
        raise UsageError(
            f"no flow file in {', '.join(map(str, paths))}", next_step="name a file, or another folder"
        )
    found = {file: mistakes_in(file, STEPS) for file in dict.fromkeys(files)}
    count = sum(map(len, found.values()))
    match form:
        case Format.JSON:
            told = [_record(file, each) for file, mistakes in found.items() for each in mistakes]
            print(json.dumps({"files": len(found), "mistakes": told}, indent=2))
        case Format.GITHUB:
            for file, mistakes in found.items():
                for each in mistakes:
                    print(_annotation(file, each))
        case Format.TEXT:
            for each in (each for mistakes in found.values() for each in mistakes):
                print(f"{each.sentence}\n       {each.code}\n")
            wrong = sum(bool(mistakes) for mistakes in found.values())
            print(
                f"{_number(len(found), 'file')} checked: {_number(count, 'mistake')}{f' in {wrong}' if wrong else ''}"
            )
    raise typer.Exit(1 if count else 0)


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    if not path.is_dir():
        raise UsageError(f"there is no file or folder {path}")
    for folder, inner, names in os.walk(path):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(names) if name.endswith(_ENDINGS))


def _record(file: Path, mistake: FlowError) -> dict[str, object]:
    place = {"file": str(file), "line": mistake.line, "column": mistake.column}
    return {**place, "code": mistake.code, "message": mistake.what}


def _annotation(file: Path, mistake: FlowError) -> str:
    """A workflow command of GitHub Actions; its values are escaped as its toolkit does."""
    place = {"file": str(file), "line": mistake.line, "col": mistake.column, "title": mistake.code}
    told = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in place.items())
    return f"::error {told}::{_escaped(mistake.what)}"


def _escaped(text: str, more: str = "") -> str:
    for letter in f"%\r\n{more}":
        text = text.replace(letter, f"%{ord(letter):02X}")
    return text


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
