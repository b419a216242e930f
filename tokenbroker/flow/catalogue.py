"""Which flows a project has: those in its flow folders, and one of them by its id."""

import difflib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from tokenbroker.errors import FlowError, UsageError
from tokenbroker.flow.cases import cases_of
from tokenbroker.flow.folders import FLOW_ENDINGS
from tokenbroker.flow.model import Flow

ENDINGS = (".yaml", ".yml")
Reader = Callable[[Path], Flow]
"""Reads one file, and raises a FlowError where it is no flow."""


def is_inside(file: Path, folders: Sequence[Path]) -> bool:
    """Whether `file` lies below one of `folders`; a link that leads out of them does not."""
    real = Path(os.path.realpath(file))
    return any(
        file.is_relative_to(os.path.normpath(folder)) and real.is_relative_to(os.path.realpath(folder))
        for folder in folders
    )


def flow_files(folders: Sequence[Path], *, every_yaml: Sequence[Path]) -> list[Path]:
    """The files below `folders` that are meant to be flows, hidden ones aside.

    `every_yaml` are the folders in which each YAML file is one, whatever its ending.
    """
    found: dict[Path, None] = {}
    for folder in map(os.path.normpath, folders):
        for file in sorted(Path(folder).rglob("*")):
            hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
            if not hidden and _is_flow(file, every_yaml) and file.is_file() and is_inside(file, folders):
                found[file] = None
    return list(found)


def flows(
    folders: Sequence[Path], read: Reader, *, every_yaml: Sequence[Path]
) -> tuple[list[Flow], list[tuple[Path, FlowError]]]:
    """Every flow, by file, in each case of its matrix; and each file that was to be one and isn't."""
    found: list[Flow] = []
    mistakes = []
    for file in flow_files(folders, every_yaml=every_yaml):
        try:
            found += cases_of(read(file))
        except FlowError as error:
            mistakes.append((file, error))
    return found, mistakes


def find(known: Sequence[Flow], name: str, *, root: Path, next_step: str) -> Flow:
    """The one of `known` with the id `name`; the files of two are told from `root`.

    Raises:
        UsageError: `flow.not_found` with `next_step`, or `flow.ambiguous`.
    """
    found = [flow for flow in known if flow.id == name]
    _require_one_file(found, [flow.id for flow in known], name, root=root, next_step=next_step)
    return found[0]


def find_cases(known: Sequence[Flow], name: str, *, root: Path, next_step: str) -> list[Flow]:
    """As `find`, but the id of a flow with a matrix means each of its cases."""
    found = [flow for flow in known if name in (flow.id, f"{flow.site}/{flow.name}")]
    names = [name for flow in known for name in (f"{flow.site}/{flow.name}", flow.id)]
    _require_one_file(found, names, name, root=root, next_step=next_step)
    return found


def shown(path: Path, root: Path) -> str:
    """`path` as it is told: from `root` where it lies below it."""
    return os.path.relpath(path, root) if path.is_relative_to(root) else str(path)


def _require_one_file(
    found: Sequence[Flow], names: Sequence[str], name: str, *, root: Path, next_step: str
) -> None:
    files = list(dict.fromkeys(flow.path for flow in found))
    if len(files) > 1:
        raise UsageError(
            f"{name} is in more than one file: {' and '.join(shown(file, root) for file in files)}",
            next_step="name the file instead of the id, or give one of them another name",
            code="flow.ambiguous",
        )
    if not files:
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"there is no flow {name}{hint}", next_step=next_step, code="flow.not_found")


def _is_flow(file: Path, every_yaml: Sequence[Path]) -> bool:
    if file.name.endswith(FLOW_ENDINGS):
        return True
    return file.suffix in ENDINGS and any(file.is_relative_to(folder) for folder in every_yaml)
