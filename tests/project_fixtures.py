"""The fixtures around `tests.project`; a conftest of the faces' tests imports them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demo_site.launch import Account, RunningDemo, SeedKey, generate_account, start
from tests.project import SEEDED, Project

ACCOUNTS = 40
"""More than a session's tests use: each takes one of its own, so that none meets another's keys or codes."""


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningDemo, Iterator[Account]]]:
    """One site for the session's tests, and its unused accounts."""
    accounts = [generate_account(keys=(SeedKey(name=SEEDED, scopes=("read",)),)) for _ in range(ACCOUNTS)]
    with start(database=tmp_path_factory.mktemp("demo") / "site.sqlite", accounts=accounts) as site:
        yield site, iter(accounts)


@pytest.fixture
def new_project(tmp_path: Path) -> Iterator[Callable[[str], Project]]:
    """A factory of projects; at the end none of their processes may be left."""
    made: list[Project] = []

    def make(name: str) -> Project:
        made.append(Project(folder=tmp_path / name))
        return made[-1]

    yield make
    assert [left for project in made for left in project.end_processes()] == []


@pytest.fixture
def project(new_project: Callable[[str], Project]) -> Project:
    """An empty project."""
    return new_project("project")


@pytest.fixture
def demo_project(project: Project, demo: tuple[RunningDemo, Iterator[Account]]) -> Project:
    """A project whose site is the demo, with an account of its own; a person answers at a terminal only."""
    site, accounts = demo
    project.attach_demo(site, next(accounts))
    return project


@pytest.fixture
def attended(demo_project: Project) -> Project:
    """`demo_project` with a simulated person."""
    demo_project.play_person()
    return demo_project
