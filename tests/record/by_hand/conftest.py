"""A recorder at a terminal, and a person at its browser who is a process of its own."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from demo_site.launch import Account, RunningDemo, SeedKey, generate_account, start
from tests.played import played
from tests.ports import free_port
from tests.project import SETTINGS, SITE, Project, Terminal
from tests.project_fixtures import demo_project, new_project, project
from tests.record.by_hand.journeys import EARLIER, Act
from tokenbroker.run.chromium import find_browser

__all__ = ["demo_project", "new_project", "project"]
ROOT = Path(__file__).parents[3]
ACCOUNTS = 40


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningDemo, Iterator[Account]]]:
    """One site, and its unused accounts: each has made a key before."""
    accounts = [generate_account(keys=(SeedKey(name=EARLIER),)) for _ in range(ACCOUNTS)]
    with start(database=tmp_path_factory.mktemp("demo") / "site.sqlite", accounts=accounts) as site:
        yield site, iter(accounts)


@pytest.fixture
def recorded_project(demo_project: Project) -> Project:
    """`demo_project`, whose browser can be used over a port of this machine by somebody else."""
    assert demo_project.demo is not None
    demo_project.settle(SETTINGS, origins=f'"https://keys.example.com" = "{demo_project.demo.keys_url}"\n')
    return open_to_others(demo_project)


def open_to_others(project: Project) -> Project:
    """`project`, with a browser that can be used over a port of this machine, noted in ``port.json``."""
    port = free_port()
    project.write("port.json", json.dumps(port))
    real = find_browser(None).path
    wrapper = project.folder / "browser-with-a-port"
    wrapper.write_text(f'#!/bin/sh\nexec "{real}" "$@" --remote-debugging-port={port}\n')
    wrapper.chmod(0o755)
    project.variables["TOKENBROKER_BROWSER"] = str(wrapper)
    return project


@contextmanager
def maker(
    project: Project, acts: Sequence[Act], log: Path, *, seed: int = 1, **more: Any
) -> Iterator[Callable[[], str]]:
    """The person who does `acts` at the project's browser; answers what they have done so far. `more` are further
    orders for them."""
    orders: dict[str, Any] = {
        "port": json.loads((project.folder / "port.json").read_text()),
        "phone": project.phone if project.demo else "",
        "acts": list(acts),
        "seed": seed,
        "places": {SITE: project.demo.url} if project.demo else {},
        **more,
    }
    with played("tests.record.by_hand.person", orders, log) as told:
        yield told


@pytest.fixture
def recorder_at(tmp_path: Path) -> Callable[..., Any]:
    """Records what a person does: ``with recorder_at(project, acts, "--flow", "x") as (terminal, told):``; the
    terminal is at the review then, or wherever the acts have led."""

    @contextmanager
    def at(
        project: Project, acts: Sequence[Act], *options: str, url: str, seed: int = 1
    ) -> Iterator[tuple[Terminal, Callable[[], str]]]:
        with (
            maker(project, acts, tmp_path / "person.log", seed=seed) as told,
            project.terminal("record", url, "--headless", *options) as terminal,
        ):
            yield terminal, told

    return at


def plain(screen: str) -> str:
    """What a terminal has shown, without colours and returns."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen).replace("\r", "")
