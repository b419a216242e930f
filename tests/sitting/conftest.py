"""Twelve services whose keys end soon, in a project of its own with a site of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.project import Project
from tests.project_fixtures import new_project
from tests.sitting.twelve import Twelve, opened

__all__ = ["new_project"]


@pytest.fixture
def twelve(new_project: Callable[[str], Project], tmp_path: Path) -> Iterator[Twelve]:
    with opened(new_project("project"), tmp_path / "site.sqlite") as scene:
        yield scene
