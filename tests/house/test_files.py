"""What holds for the files of the repository."""

import ast
import os
import re
import subprocess
from pathlib import Path

import pytest

_HOMES = re.compile(r"/(?:home|Users)/(?!runner\b|user\b|you\b|me\b|NAME\b)[a-z][\w-]*/|/root/\.")
# Checkouts commonly lie in these; naming them betrays nothing of one machine.
_COMMON_PARENTS = {"/", "/tmp", "/home", "/root", "/srv", "/opt", "/app", "/src", "/usr/src"}


def _repository_files(root: Path) -> list[Path]:
    told = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode != 0:
        pytest.skip("not a git checkout")
    return [root / name for name in told.stdout.split("\0") if name and (root / name).is_file()]


def test_no_file_names_a_path_of_this_machine(root):
    parent = str(root.parent)
    told = [str(root)] if root.parent != Path("/") else []
    if parent not in _COMMON_PARENTS:
        told.append(parent + os.sep)
    found = [
        f"{path.relative_to(root)}: {hit}"
        for path in _repository_files(root)
        for text in [path.read_bytes().decode("utf-8", "replace")]
        for hit in [*_HOMES.findall(text), *(place for place in told if place in text)]
    ]
    assert found == []


def test_every_python_file_parses(root):
    for path in _repository_files(root):
        if path.suffix == ".py":
            ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def test_actions_of_ci_are_pinned_by_commit_and_may_only_read(root):
    workflow = (root / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    used = re.findall(r"uses: (\S+)", workflow)
    assert used
    assert [action for action in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action)] == []
    assert re.search(r"^permissions:\n  contents: read\n", workflow, re.MULTILINE)
    assert workflow.count("permissions:") == 1


@pytest.mark.parametrize("name", [".ci/run"])
def test_commands_can_be_executed(root, name):
    assert os.access(root / name, os.X_OK)
