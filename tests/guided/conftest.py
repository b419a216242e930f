"""Guided runs with a person at the browser, who is a process of its own."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.played import played
from tests.ports import free_port
from tests.project import Project
from tests.project_fixtures import demo, demo_project, new_project, project

__all__ = ["demo", "demo_project", "new_project", "project"]
ROOT = Path(__file__).parents[2]

LOOKED_AT = """\
import json
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    port = json.loads(Path(__file__).with_name("port.json").read_text())
    own = browser_type_launch_args.get("args", [])
    return {**browser_type_launch_args, "args": [*own, f"--remote-debugging-port={port}"]}
"""
"""A conftest that lets somebody look into the browser from elsewhere."""


@pytest.fixture
def seen(demo_project: Project) -> Project:
    """`demo_project`, whose browser can be seen and used over a port of this machine."""
    demo_project.write("port.json", json.dumps(free_port()))
    demo_project.write("conftest.py", LOOKED_AT)
    demo_project.variables["TOKENBROKER_HUMAN__DEADLINE_S"] = "30"
    return demo_project


Played = Callable[..., Any]


@pytest.fixture
def person_at(tmp_path: Path) -> Played:
    """Starts the person at a project's browser: ``with person_at(seen, presses={…}) as told:``; `told` answers what
    they have been told so far."""

    @contextmanager
    def at(project: Project, **habits: Any) -> Iterator[Callable[[], str]]:
        log = tmp_path / "person.log"
        orders = {
            "port": json.loads((project.folder / "port.json").read_text()),
            "phone": project.phone,
            **habits,
        }
        with played("tests.guided.person", orders, log) as told:
            yield told

    return at
