"""The folders that hold a project's flows: those that were named, else those that pytest's own settings name."""

import shlex
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import iniconfig

from tokenbroker.errors import UsageError

OPTION = "tokenbroker_flows"
# As `tokenbroker.pytest_plugin` has them, which imports nothing of ours; a test compares the two.
FLOW_ENDINGS = (".flow.yaml", ".flow.yml")
DEFAULT_FOLDERS = ("flows",)
# In pytest's own order: the first that has a section of pytest's counts.
_FILES = (
    ("pytest.toml", ("pytest",)),
    (".pytest.toml", ("pytest",)),
    ("pytest.ini", ("pytest",)),
    (".pytest.ini", ("pytest",)),
    ("pyproject.toml", ("tool", "pytest")),
    ("tox.ini", ("pytest",)),
    ("setup.cfg", ("tool:pytest",)),
)


def configured_folders(root: Path) -> tuple[Path, ...]:
    """What pytest's ini setting `tokenbroker_flows` says in the folder `root`, else ``flows``; absolute.

    Raises:
        UsageError: it can't be split into words, which pytest does as a shell would.
    """
    section = next(_sections(root), {})
    named = section.get(OPTION) or DEFAULT_FOLDERS
    try:
        words = shlex.split(named) if isinstance(named, str) else [str(each) for each in named]
    except ValueError as error:
        raise UsageError(
            f"pytest's setting {OPTION} can't be read ({error})", next_step="mend its quotes"
        ) from None
    return tuple(root / word for word in words)


def named_folders(root: Path, names: Sequence[Path]) -> tuple[Path, ...]:
    """`names` as absolute paths, relative ones from `root`.

    Raises:
        UsageError: one is no folder.
    """
    folders = tuple(root / name for name in names)
    missing = [folder for folder in folders if not folder.is_dir()]
    if missing:
        raise UsageError(f"there is no folder {missing[0]}", next_step="name folders that hold flows")
    return folders


def _sections(root: Path) -> Iterator[dict[str, Any]]:
    for name, keys in _FILES:
        file = root / name
        if not file.is_file():
            continue
        try:
            found = _toml(file, keys) if file.suffix == ".toml" else _ini(file, keys[0])
        except (OSError, ValueError, iniconfig.ParseError):
            continue  # pytest itself will say what is wrong with it
        if found is not None:
            yield found


def _toml(file: Path, keys: tuple[str, ...]) -> dict[str, Any] | None:
    found: Any = tomllib.loads(file.read_text(encoding="utf-8"))
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        return None
    options = found.get("ini_options")
    return options if isinstance(options, dict) else found


def _ini(file: Path, section: str) -> dict[str, Any] | None:
    parsed = iniconfig.IniConfig(str(file))
    return dict(parsed[section].items()) if section in parsed else None
