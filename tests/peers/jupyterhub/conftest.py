"""One JupyterHub for the session, and for each test a project with a user of its own."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.jupyterhub.hub import RunningHub, running_hub
from tests.project import Project

SITE = "https://hub.example.com"
FLOWS = ("create_token", "revoke_token")
SETTINGS = """\
[sinks.tokens]
type = "local"

[origin_map]
"{site}" = "{url}"
"""


@pytest.fixture(scope="session")
def hub(peers: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """JupyterHub, in a process of its own."""
    with running_hub(peers, tmp_path_factory.mktemp("jupyterhub")) as running:
        yield running


@pytest.fixture
def user() -> str:
    """The name of somebody who has not been at the hub before."""
    return f"demo-only-{secrets.token_hex(4)}"


@pytest.fixture
def hub_project(project: Project, hub: RunningHub, user: str) -> Project:
    """The flows, and what a person would have stored with `tokenbroker secrets put`."""
    project.write("tokenbroker.toml", SETTINGS.format(site=SITE, url=hub.url))
    for name in FLOWS:
        text = Path(__file__).with_name(f"{name}.yaml").read_text(encoding="utf-8")
        project.write(f"flows/{name}.yaml", text)
    project.put("jupyterhub.username", user)
    project.put("jupyterhub.password", hub.password)
    return project
